use plugboard_error::{Error, Kind, Result};

/// A bucket that the configuration allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bucket {
    /// The service's own keys: what other clients wrote is readable here.
    Default,
    Named(String),
}

/// Which buckets `open` gives: the default one always, others as `<provider>-buckets` lists them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Buckets {
    all: bool,
    names: Vec<String>,
}

impl Buckets {
    /// The names from the setting; `*` among them allows any.
    pub fn new(names: Vec<String>) -> Self {
        Buckets { all: names.iter().any(|name| name == "*"), names }
    }

    pub fn open(&self, identifier: &str) -> Result<Bucket> {
        match identifier {
            "" | "default" => Ok(Bucket::Default),
            name if self.all || self.names.iter().any(|n| n == name) => Ok(Bucket::Named(name.to_owned())),
            // The interface has no sentence for this case.
            _ => Err(Error::new(Kind::NoSuchStore, "")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_bucket_has_two_names() {
        let none = Buckets::new(vec![]);
        assert_eq!(none.open(""), Ok(Bucket::Default));
        assert_eq!(none.open("default"), Ok(Bucket::Default));
        assert_eq!(none.open("Default").unwrap_err().kind, Kind::NoSuchStore);
    }

    #[test]
    fn others_must_be_listed() {
        let listed = Buckets::new(vec!["a".into(), "b".into()]);
        assert_eq!(listed.open("b"), Ok(Bucket::Named("b".into())));
        assert_eq!(listed.open("c").unwrap_err().kind, Kind::NoSuchStore);
        assert_eq!(Buckets::new(vec!["*".into()]).open("c"), Ok(Bucket::Named("c".into())));
    }
}
