//! The settings `etcd-*`. README.md has the table.

use std::time::Duration;

use plugboard_config::{Secret, Settings};
use plugboard_credentials::check_plain;
use plugboard_error::Result;
use plugboard_http::{Endpoint, Log};
use plugboard_keyvalue::Buckets;

#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) endpoint: Endpoint,
    pub(crate) credentials: Option<Credentials>,
    /// In front of every key of the default bucket.
    pub(crate) prefix: String,
    pub(crate) buckets: Buckets,
    /// How many seconds a pair lives after it was written; for ever without.
    pub(crate) ttl: Option<i64>,
    pub(crate) timeout: Duration,
    /// The longest request as etcd counts it, and so the longest value, in bytes.
    pub(crate) max_request: u64,
    pub(crate) log: Log,
}

#[derive(Debug)]
pub(crate) struct Credentials {
    pub(crate) user: Secret,
    pub(crate) password: Secret,
}

/// All that there are.
const NAMES: [&str; 10] =
    ["url", "user", "password", "prefix", "buckets", "ttl", "timeout", "max-request", "allow-http", "log"];

/// That of etcd's `--max-request-bytes`.
const DEFAULT_MAX_REQUEST: u64 = 3 << 19;
/// What a request has beside keys and values is some hundred bytes.
const LEAST_MAX_REQUEST: u64 = 4 << 10;

impl Config {
    pub(crate) fn read(settings: &Settings) -> Result<Config> {
        settings.check_names(&[&NAMES])?;
        let endpoint = read_url(settings)?;
        let credentials = read_credentials(settings)?;
        let allow_http = settings.flag("allow-http")?;
        if credentials.is_some() {
            check_plain(settings, "url", &endpoint, allow_http)?;
        }
        Ok(Config {
            endpoint,
            credentials,
            prefix: settings.text("prefix")?.unwrap_or_default(),
            buckets: Buckets::new(settings.key("buckets"), settings.list("buckets")?),
            ttl: read_ttl(settings)?,
            timeout: settings.deadline("timeout")?,
            max_request: read_max_request(settings)?,
            log: settings.choice("log", &Log::CHOICES)?.unwrap_or_default(),
        })
    }
}

fn read_url(settings: &Settings) -> Result<Endpoint> {
    const MEMBER: &str = "expected the address at which a member of the cluster listens for clients, such as \
                          `http://127.0.0.1:2379`";
    let Some(url) = settings.text("url")? else {
        return Err(settings.error("url", &["is not set; ", MEMBER].concat()));
    };
    Endpoint::parse(&url).map_err(|fault| settings.error("url", &[&fault, "; ", MEMBER].concat()))
}

fn read_credentials(settings: &Settings) -> Result<Option<Credentials>> {
    match (settings.secret("user")?, settings.secret("password")?) {
        (None, None) => Ok(None),
        (Some(user), Some(password)) => Ok(Some(Credentials { user, password })),
        (Some(_), None) => Err(settings.error("password", "is not set, but `etcd-user` is")),
        (None, Some(_)) => Err(settings.error("user", "is not set, but `etcd-password` is")),
    }
}

fn read_max_request(settings: &Settings) -> Result<u64> {
    match settings.size("max-request")?.unwrap_or(DEFAULT_MAX_REQUEST) {
        ..LEAST_MAX_REQUEST => Err(settings.error("max-request", "is less than `4KiB`")),
        max_request => Ok(max_request),
    }
}

/// Leases are counted in whole seconds; a pair lives rather a little longer than too short.
fn read_ttl(settings: &Settings) -> Result<Option<i64>> {
    const LONGEST: i64 = 36_500 * 86_400;
    let Some(ttl) = settings.duration("ttl")? else { return Ok(None) };
    let seconds = i64::try_from(ttl.as_millis().div_ceil(1000)).ok();
    match seconds.filter(|seconds| *seconds <= LONGEST) {
        None => Err(settings.error("ttl", "is longer than a hundred years, `36500d`")),
        seconds => Ok(seconds),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn read(pairs: &[(&'static str, &'static str)]) -> Result<Config> {
        Config::read(&Settings::new("etcd", &BTreeMap::from_iter(pairs.iter().copied())))
    }

    fn fault(pairs: &[(&'static str, &'static str)]) -> String {
        read(pairs).unwrap_err().to_string()
    }

    const URL: (&str, &str) = ("etcd-url", "http://127.0.0.1:2379");

    #[test]
    fn an_address_is_enough() {
        let config = read(&[URL]).unwrap();
        assert_eq!((config.timeout.as_secs(), config.max_request, config.ttl), (30, 1_572_864, None));
        assert!(config.credentials.is_none());
    }

    #[test]
    fn a_time_to_live_is_rounded_up_to_seconds() {
        let ttl = |text| read(&[URL, ("etcd-ttl", text)]).map(|config| config.ttl);
        for (text, seconds) in [("1ms", 1), ("1s", 1), ("1001ms", 2), ("7d", 604_800)] {
            assert_eq!(ttl(text), Ok(Some(seconds)), "{text}");
        }
        assert!(ttl("36500d").is_ok());
        let sentence = "config: `etcd-ttl` is longer than a hundred years, `36500d`";
        assert_eq!(ttl("36501d").unwrap_err().to_string(), sentence);
    }

    #[test]
    fn wrong_combinations_name_the_setting() {
        let cases: [(&[(&'static str, &'static str)], &str); 6] = [
            (&[], "config: `etcd-url` is not set; expected the address"),
            (
                &[("etcd-url", "127.0.0.1:2379")],
                "config: `etcd-url` has no `http://` or `https://` in front; ",
            ),
            (&[URL, ("etcd-user", "u")], "config: `etcd-password` is not set"),
            (&[URL, ("etcd-password", "p")], "config: `etcd-user` is not set"),
            (&[URL, ("etcd-max-request", "4095")], "config: `etcd-max-request` is less than `4KiB`"),
            (&[URL, ("etcd-timeuot", "1s")], "config: `etcd-timeuot` is no setting"),
        ];
        for (settings, start) in cases {
            let sentence = fault(settings);
            assert!(sentence.starts_with(start), "{sentence}");
        }
    }

    #[test]
    fn credentials_stay_off_plain_http_unless_allowed() {
        let far = [
            ("etcd-url", "http://h:2379"),
            ("etcd-user", "u"),
            ("etcd-password", "p"),
            ("etcd-allow-http", "true"),
        ];
        assert!(read(&far).is_ok());
        assert!(fault(&far[..3]).contains("`etcd-allow-http`"));
        assert!(read(&far[..1]).is_ok());
    }

    #[test]
    fn debug_shows_no_credential() {
        let near = [URL, ("etcd-user", "hunter"), ("etcd-password", "hunter2")];
        assert!(!format!("{:?}", read(&near).unwrap()).contains("hunter"));
    }
}
