//! What the settings let an app do.

use plugboard_error::{Error, Kind, Result};

pub struct Policy {
    /// What the provider's settings begin with, for the sentences of errors: `azure`.
    pub settings: &'static str,
    pub containers: Containers,
    /// Creating containers, deleting them, deleting all that is in one.
    pub deny_create: bool,
    pub deny_delete: bool,
    pub deny_clear: bool,
    /// Whether opening a container asks the service if there is one.
    pub check_container: bool,
}

/// The containers that an app may use, under the names that it knows them by.
#[derive(Debug, PartialEq, Eq)]
pub struct Containers {
    /// Names and what the service calls them; none where any may be used.
    allowed: Option<Vec<(String, String)>>,
}

impl Containers {
    pub fn any() -> Self {
        Containers { allowed: None }
    }

    /// Of a list of names, each of them `name` or `name=the-service's-name`. The error continues the sentence that
    /// the setting's name begins.
    pub fn parse<'a>(list: impl IntoIterator<Item = &'a str>) -> std::result::Result<Self, String> {
        let mut allowed = Vec::<(String, String)>::new();
        for entry in list {
            let (name, real) = entry.split_once('=').unwrap_or((entry, entry));
            if name.is_empty() || real.is_empty() {
                return Err(format!("has `{entry}`; expected `name` or `name=name-of-the-container`"));
            }
            if allowed.iter().any(|(other, _)| other == name) {
                return Err(format!("names `{name}` twice"));
            }
            allowed.push((name.to_owned(), real.to_owned()));
        }
        Ok(Containers { allowed: Some(allowed) })
    }

    fn real<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        match &self.allowed {
            None => Some(name),
            Some(allowed) => allowed.iter().find(|(other, _)| other == name).map(|(_, real)| real.as_str()),
        }
    }
}

impl Policy {
    /// The service's name of a container; an app's name that is not allowed is that of no container.
    pub(crate) fn container<'a>(&'a self, name: &'a str) -> Result<&'a str> {
        self.containers.real(name).ok_or_else(|| {
            let sentence = format!("`{name}` is not in `{}-containers`", self.settings);
            Error::new(Kind::NoSuchContainer, sentence)
        })
    }

    pub(crate) fn may_create(&self) -> Result<()> {
        self.may(!self.deny_create, "create")
    }

    pub(crate) fn may_delete(&self) -> Result<()> {
        self.may(!self.deny_delete, "delete")
    }

    pub(crate) fn may_clear(&self) -> Result<()> {
        self.may(!self.deny_clear, "clear")
    }

    fn may(&self, allowed: bool, what: &str) -> Result<()> {
        if allowed {
            return Ok(());
        }
        Err(Error::new(Kind::AccessDenied, format!("`{}-deny` has `{what}`", self.settings)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(list: &str) -> Policy {
        Policy {
            settings: "azure",
            containers: Containers::parse(list.split_whitespace()).unwrap(),
            deny_create: true,
            deny_delete: false,
            deny_clear: false,
            check_container: true,
        }
    }

    #[test]
    fn an_app_sees_the_containers_of_the_list() {
        let policy = policy("docs photos=prod-photos");
        assert_eq!(policy.container("docs"), Ok("docs"));
        assert_eq!(policy.container("photos"), Ok("prod-photos"));
        let error = policy.container("prod-photos").unwrap_err();
        assert_eq!(error.to_string(), "no-such-container: `prod-photos` is not in `azure-containers`");
        assert_eq!(Containers::any().real("x"), Some("x"));
    }

    #[test]
    fn a_denial_names_the_setting() {
        let policy = policy("a");
        assert_eq!(policy.may_create().unwrap_err().to_string(), "access-denied: `azure-deny` has `create`");
        assert_eq!((policy.may_delete(), policy.may_clear()), (Ok(()), Ok(())));
    }

    #[test]
    fn lists_that_make_no_sense_are_refused() {
        for bad in ["=x", "x=", "=", "a a=b"] {
            assert!(Containers::parse(bad.split_whitespace()).is_err(), "{bad}");
        }
    }
}
