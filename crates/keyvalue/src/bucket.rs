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
    /// The name of the setting, for the sentence of an error.
    setting: String,
    all: bool,
    names: Vec<String>,
}

impl Buckets {
    /// `*` among the names allows any.
    pub fn new(setting: String, names: Vec<String>) -> Self {
        Buckets { setting, all: names.iter().any(|name| name == "*"), names }
    }

    pub fn open(&self, identifier: &str) -> Result<Bucket> {
        match identifier {
            "" | "default" => Ok(Bucket::Default),
            name if self.all || self.names.iter().any(|n| n == name) => Ok(Bucket::Named(name.to_owned())),
            name => {
                let sentence = ["`", name, "` is not in `", &self.setting, "`"].concat();
                Err(Error::new(Kind::NoSuchStore, sentence))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buckets(names: &[&str]) -> Buckets {
        Buckets::new("redis-buckets".into(), names.iter().map(|&name| name.into()).collect())
    }

    #[test]
    fn the_default_bucket_has_two_names() {
        let none = buckets(&[]);
        assert_eq!(none.open(""), Ok(Bucket::Default));
        assert_eq!(none.open("default"), Ok(Bucket::Default));
        assert_eq!(
            none.open("Default").unwrap_err().to_string(),
            "no-such-store: `Default` is not in `redis-buckets`"
        );
    }

    #[test]
    fn others_must_be_listed() {
        let listed = buckets(&["a", "b"]);
        assert_eq!(listed.open("b"), Ok(Bucket::Named("b".into())));
        assert_eq!(listed.open("c").unwrap_err().kind, Kind::NoSuchStore);
        assert_eq!(buckets(&["*"]).open("c"), Ok(Bucket::Named("c".into())));
    }
}
