//! What the settings let an app do, of every provider alike.

use plugboard_config::Settings;
use plugboard_error::{Error, Kind, Result};

use crate::content_type::content_type;

#[derive(Debug)]
pub struct Policy {
    /// What the provider's settings begin with, for the sentences of errors: `azure`.
    settings: &'static str,
    containers: Containers,
    /// Creating containers, deleting them, deleting all that is in one.
    deny_create: bool,
    deny_delete: bool,
    deny_clear: bool,
    /// Whether opening a container asks the service if there is one.
    pub(crate) check_container: bool,
    /// In place of what a name's extension says.
    content_type: Option<String>,
}

/// The containers that an app may use, under the names that it knows them by.
#[derive(Debug, PartialEq, Eq)]
struct Containers {
    /// Names and what the service calls them; none where any may be used.
    allowed: Option<Vec<(String, String)>>,
}

impl Containers {
    /// Of a list of names, each of them `name` or `name=the-service's-name`; an empty one allows any. The error
    /// continues the sentence that the setting's name begins.
    fn parse(list: &[String]) -> std::result::Result<Self, String> {
        if list.is_empty() {
            return Ok(Containers { allowed: None });
        }
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
    /// The settings that it is read from.
    pub const NAMES: [&'static str; 4] = ["containers", "check-container", "deny", "content-type"];

    pub fn read(settings: &Settings) -> Result<Policy> {
        let deny = settings.list("deny")?;
        if let Some(word) = deny.iter().find(|word| !matches!(word.as_str(), "create" | "delete" | "clear")) {
            let fault = format!("has `{word}`; expected `create`, `delete` or `clear`");
            return Err(settings.error("deny", &fault));
        }
        let denies = |word: &str| deny.iter().any(|other| other == word);
        let containers = Containers::parse(&settings.list("containers")?);
        let checks = settings.choice("check-container", &[("true", true), ("false", false)])?;
        let content_type = settings.text("content-type")?;
        let legal = |text: &String| text.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
        if content_type.as_ref().is_some_and(|text| !legal(text)) {
            return Err(settings.error("content-type", "holds a character that no media type has"));
        }
        Ok(Policy {
            settings: settings.prefix(),
            containers: containers.map_err(|fault| settings.error("containers", &fault))?,
            deny_create: denies("create"),
            deny_delete: denies("delete"),
            deny_clear: denies("clear"),
            check_container: checks.unwrap_or(true),
            content_type,
        })
    }

    /// The service's names of the containers that an app may use; none where any may be used.
    pub fn containers(&self) -> impl Iterator<Item = &str> {
        self.containers.allowed.iter().flatten().map(|(_, real)| real.as_str())
    }

    /// What an object of that name is written as.
    pub fn content_type(&self, name: &str) -> String {
        self.content_type.clone().unwrap_or_else(|| content_type(name).to_owned())
    }

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
    use std::collections::BTreeMap;

    use super::*;

    fn read(pairs: &[(&'static str, &'static str)]) -> Result<Policy> {
        Policy::read(&Settings::new("azure", &BTreeMap::from_iter(pairs.iter().copied())))
    }

    #[test]
    fn nothing_is_set() {
        let policy = read(&[]).unwrap();
        assert_eq!(policy.container("x"), Ok("x"));
        assert_eq!((policy.may_create(), policy.may_delete(), policy.may_clear()), (Ok(()), Ok(()), Ok(())));
        assert!(policy.check_container);
        assert_eq!(policy.content_type("a.html"), "text/html; charset=utf-8");
    }

    #[test]
    fn an_app_sees_the_containers_of_the_list() {
        let policy = read(&[("azure-containers", "docs photos=prod-photos")]).unwrap();
        assert_eq!(policy.container("docs"), Ok("docs"));
        assert_eq!(policy.container("photos"), Ok("prod-photos"));
        assert!(policy.containers().eq(["docs", "prod-photos"]));
        let error = policy.container("prod-photos").unwrap_err();
        assert_eq!(error.to_string(), "no-such-container: `prod-photos` is not in `azure-containers`");
    }

    #[test]
    fn a_denial_names_the_setting() {
        let policy = read(&[("azure-deny", "create"), ("azure-check-container", "false")]).unwrap();
        assert_eq!(policy.may_create().unwrap_err().to_string(), "access-denied: `azure-deny` has `create`");
        assert_eq!((policy.may_delete(), policy.may_clear()), (Ok(()), Ok(())));
        assert!(!policy.check_container);
    }

    #[test]
    fn the_content_type_of_the_settings_is_that_of_every_object() {
        assert_eq!(read(&[("azure-content-type", "a/b; c=d")]).unwrap().content_type("a.html"), "a/b; c=d");
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (name, value) in [
            ("azure-containers", "=x"),
            ("azure-containers", "x="),
            ("azure-containers", "="),
            ("azure-containers", "a a=b"),
            ("azure-deny", "create writes"),
            ("azure-check-container", "no"),
            ("azure-content-type", "text/plain\r\nx: y"),
        ] {
            let sentence = read(&[(name, value)]).unwrap_err().to_string();
            assert!(sentence.starts_with(&format!("config: `{name}`")), "{sentence}");
        }
    }
}
