use std::time::Duration;

use plugboard_error::{Error, Kind, Result};

use crate::Secret;
use crate::value::{self, Parsed};

const DEFAULT_DEADLINE: Duration = Duration::from_secs(30);

/// What some providers keep an app to, and whoever knows one of them may expect of another.
const LIMITS: [&str; 8] =
    ["buckets", "containers", "content-type", "deny", "max-request", "path-style", "prefix", "ttl"];

/// Where the text of a setting comes from: the host, or a table in a test.
pub trait Source {
    fn get(&self, key: &str) -> Result<Option<String>>;

    /// The keys that there are; none where they cannot be had.
    fn keys(&self) -> Vec<String>;
}

/// The settings of one provider: `url` is read from `<prefix>-url`.
pub struct Settings<'a> {
    prefix: &'static str,
    source: &'a dyn Source,
}

impl<'a> Settings<'a> {
    pub fn new(prefix: &'static str, source: &'a dyn Source) -> Self {
        Settings { prefix, source }
    }

    /// Refuses a key that is one slip away from one in these lists, or that another provider has: a limit that was
    /// misspelled would be no limit. Keys that are nothing like them may be those of somebody else.
    pub fn check_names(&self, names: &[&[&str]]) -> Result<()> {
        for key in self.source.keys() {
            let name = key.strip_prefix(self.prefix).and_then(|rest| rest.strip_prefix('-'));
            if let Some(name) = name.filter(|name| LIMITS.contains(name))
                && !names.iter().any(|some| some.contains(&name))
            {
                let sentence = ["`", &key, "` is no setting: this provider has no `", name, "`"].concat();
                return Err(Error::new(Kind::Config, sentence));
            }
            // Most are told apart by their lengths.
            let near = |name: &&&str| key.len().abs_diff(self.prefix.len() + 1 + name.len()) <= 1;
            let near = names.iter().copied().flatten().filter(near).map(|name| self.key(name));
            let near = near.filter(|meant| is_slip(&key, meant)).collect::<Vec<_>>();
            if let Some(meant) = near.first().filter(|_| !near.contains(&key)) {
                let sentence = ["`", &key, "` is no setting; `", meant, "` is"].concat();
                return Err(Error::new(Kind::Config, sentence));
            }
        }
        Ok(())
    }

    pub fn prefix(&self) -> &'static str {
        self.prefix
    }

    /// The whole key, for sentences.
    pub fn key(&self, name: &str) -> String {
        [self.prefix, "-", name].concat()
    }

    pub fn text(&self, name: &str) -> Result<Option<String>> {
        Ok(self.source.get(&self.key(name))?.filter(|text| !text.is_empty()))
    }

    /// A credential: one line of text, as it has to fit into a header field.
    pub fn secret(&self, name: &str) -> Result<Option<Secret>> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        if text.chars().any(char::is_control) {
            return Err(self.error(name, "holds a line break or another control character"));
        }
        Ok(Some(Secret::new(text)))
    }

    pub fn flag(&self, name: &str) -> Result<bool> {
        Ok(self.parsed(name, value::flag)?.unwrap_or(false))
    }

    pub fn duration(&self, name: &str) -> Result<Option<Duration>> {
        self.parsed(name, value::duration)
    }

    pub fn size(&self, name: &str) -> Result<Option<u64>> {
        self.parsed(name, value::size)
    }

    pub fn list(&self, name: &str) -> Result<Vec<String>> {
        Ok(self.text(name)?.map(|text| value::list(&text)).unwrap_or_default())
    }

    /// One of the given words; none where it is not set.
    pub fn choice<T: Copy>(&self, name: &str, choices: &[(&str, T)]) -> Result<Option<T>> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        match choices.iter().find(|(word, _)| *word == text) {
            Some((_, choice)) => Ok(Some(*choice)),
            None => {
                let words = choices.iter().map(|(word, _)| format!("`{word}`")).collect::<Vec<_>>();
                Err(self.error(name, &format!("is `{text}`; expected {}", words.join(" or "))))
            }
        }
    }

    /// How long one call may take: every provider has such a setting.
    pub fn deadline(&self, name: &str) -> Result<Duration> {
        Ok(self.duration(name)?.unwrap_or(DEFAULT_DEADLINE))
    }

    /// The error that a setting is wrong. `fault` continues the sentence that the key begins.
    pub fn error(&self, name: &str, fault: &str) -> Error {
        Error::new(Kind::Config, format!("`{}` {fault}", self.key(name)))
    }

    fn parsed<T>(&self, name: &str, parse: fn(&str) -> Parsed<T>) -> Result<Option<T>> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        match parse(&text) {
            Ok(value) => Ok(Some(value)),
            Err(expected) => Err(self.error(name, &format!("is `{text}`; expected {expected}"))),
        }
    }
}

/// Whether the two differ in one letter: one more, one less, another one, or two that have changed places.
fn is_slip(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let same = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let (one, other) = (one.get(same..).unwrap_or_default(), other.get(same..).unwrap_or_default());
    let same = one.iter().rev().zip(other.iter().rev()).take_while(|(a, b)| a == b).count();
    let left = |rest: &[u8]| rest.len() - same;
    match (one.get(..left(one)), other.get(..left(other))) {
        (Some([] | [_]), Some([] | [_])) => true,
        (Some([a, b]), Some([c, d])) => a == d && b == c,
        _ => false,
    }
}

/// A table of settings, for tests of providers.
impl Source for std::collections::BTreeMap<&str, &str> {
    fn get(&self, key: &str) -> Result<Option<String>> {
        Ok(std::collections::BTreeMap::get(self, key).map(|&text| text.to_owned()))
    }

    fn keys(&self) -> Vec<String> {
        std::collections::BTreeMap::keys(self).map(|key| (*key).to_owned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn error_of<T: std::fmt::Debug>(result: Result<T>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn an_empty_value_is_not_set() {
        let source = BTreeMap::from([("redis-url", "")]);
        assert_eq!(Settings::new("redis", &source).text("url"), Ok(None));
    }

    #[test]
    fn an_error_names_the_key_the_value_and_what_was_expected() {
        let source = BTreeMap::from([("redis-timeout", "soon"), ("redis-dialect", "resp")]);
        let settings = Settings::new("redis", &source);
        assert_eq!(
            error_of(settings.duration("timeout")),
            "config: `redis-timeout` is `soon`; expected a duration above zero such as `30s` or `1500ms` \
             (units: ms, s, m, h, d)"
        );
        assert_eq!(
            error_of(settings.choice("dialect", &[("webdis", 1), ("upstash", 2)])),
            "config: `redis-dialect` is `resp`; expected `webdis` or `upstash`"
        );
    }

    #[test]
    fn every_provider_has_a_deadline() {
        let of = |timeout| {
            Settings::new("redis", &BTreeMap::from([("redis-timeout", timeout)])).deadline("timeout")
        };
        assert_eq!(of("").map(|time| time.as_millis()), Ok(30_000));
        assert_eq!(of("1500ms").map(|time| time.as_millis()), Ok(1500));
    }

    #[test]
    fn a_misspelled_name_is_refused_and_that_of_somebody_else_is_not() {
        let check = |key| {
            Settings::new("azure", &BTreeMap::from([(key, "x")])).check_names(&[&["deny"], &["timeout"]])
        };
        for slip in
            ["azure-timeuot", "azure-timout", "azure-timeouts", "azure-timeaut", "azure-den", "azure-edny"]
        {
            assert!(check(slip).is_err(), "{slip}");
        }
        // Also in front of the name.
        for slip in ["azure_deny", "azuredeny", "azur-deny", "Azure-deny"] {
            assert!(check(slip).is_err(), "{slip}");
        }
        for fine in
            ["azure-deny", "azure-timeout", "azure-table", "azure-timeto", "azure", "redis-den", "deny"]
        {
            assert_eq!(check(fine), Ok(()), "{fine}");
        }
        assert_eq!(
            check("azure-denny").unwrap_err().to_string(),
            "config: `azure-denny` is no setting; `azure-deny` is"
        );
        // A limit that another provider has would be none here.
        assert_eq!(
            check("azure-ttl").unwrap_err().to_string(),
            "config: `azure-ttl` is no setting: this provider has no `ttl`"
        );
        assert_eq!(check("azure-table-ttl"), Ok(()));
    }

    #[test]
    fn a_malformed_secret_is_not_shown() {
        let source = BTreeMap::from([("redis-token", "hunter2\n")]);
        assert_eq!(
            error_of(Settings::new("redis", &source).secret("token")),
            "config: `redis-token` holds a line break or another control character"
        );
    }
}
