//! The settings `redis-*`. README.md has the table.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use plugboard_config::{Secret, Settings};
use plugboard_credentials::check_plain;
use plugboard_error::Result;
use plugboard_http::{Endpoint, Log};
use plugboard_keyvalue::Buckets;

#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) endpoint: Endpoint,
    pub(crate) dialect: Dialect,
    /// The value of the Authorization field.
    pub(crate) authorization: Option<Secret>,
    /// In front of every key of the default bucket.
    pub(crate) prefix: String,
    pub(crate) buckets: Buckets,
    /// How long a pair lives after it was written; for ever without.
    pub(crate) ttl: Option<Duration>,
    pub(crate) timeout: Duration,
    /// The longest request and the longest answer in bytes.
    pub(crate) max_request: u64,
    pub(crate) log: Log,
}

/// How the gateway wants its commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Webdis {
        /// In front of every command where it is set; the gateway's own database otherwise.
        database: Option<u32>,
    },
    Upstash,
}

/// All that there are.
const NAMES: [&str; 12] = [
    "url",
    "dialect",
    "user",
    "password",
    "token",
    "prefix",
    "buckets",
    "ttl",
    "timeout",
    "max-request",
    "allow-http",
    "log",
];

const DEFAULT_MAX_REQUEST: u64 = 64 << 20;

impl Config {
    pub(crate) fn read(settings: &Settings) -> Result<Config> {
        settings.check_names(&[&NAMES])?;
        let mut endpoint = read_url(settings)?;
        let authorization = read_authorization(settings)?;
        let bearer = matches!(authorization, Some(Authorization::Bearer(_)));
        let upstash = settings.choice("dialect", &[("webdis", false), ("upstash", true)])?.unwrap_or(bearer);
        match (upstash, &authorization) {
            (true, None) => return Err(settings.error("token", "is not set, which Upstash needs")),
            (true, Some(Authorization::Basic(_))) => {
                return Err(settings.error("user", "is set, but Upstash takes `redis-token` only"));
            }
            (false, Some(Authorization::Bearer(_))) => {
                return Err(
                    settings.error("token", "is set, but Webdis takes `redis-user` and `redis-password`")
                );
            }
            _ => {}
        }
        let allow_http = settings.flag("allow-http")?;
        if authorization.is_some() {
            check_plain(settings, "url", &endpoint, allow_http)?;
        }
        // Webdis takes the number for one of 32 bits, and one that Redis does not have for 0.
        let database = take_database(&mut endpoint)
            .map_err(|()| settings.error("url", "ends in a number that is too large for a database"))?;
        let dialect = match (upstash, database) {
            (false, database) => Dialect::Webdis { database },
            (true, None | Some(0)) => Dialect::Upstash,
            (true, Some(_)) => {
                return Err(settings.error("url", "names a database, but Upstash has only one"));
            }
        };
        Ok(Config {
            endpoint,
            dialect,
            authorization: authorization.map(Authorization::into_field),
            prefix: settings.text("prefix")?.unwrap_or_default(),
            buckets: Buckets::new(settings.key("buckets"), settings.list("buckets")?),
            ttl: read_ttl(settings)?,
            timeout: settings.deadline("timeout")?,
            max_request: settings.size("max-request")?.unwrap_or(DEFAULT_MAX_REQUEST),
            log: settings.choice("log", &Log::CHOICES)?.unwrap_or_default(),
        })
    }
}

/// Redis counts the milliseconds since 1970 in 64 bits, and fails, after an increment was made, where they are
/// not enough.
fn read_ttl(settings: &Settings) -> Result<Option<Duration>> {
    const LONGEST: Duration = Duration::from_secs(36_500 * 86_400);
    match settings.duration("ttl")? {
        Some(ttl) if ttl > LONGEST => Err(settings.error("ttl", "is longer than a hundred years, `36500d`")),
        ttl => Ok(ttl),
    }
}

fn read_url(settings: &Settings) -> Result<Endpoint> {
    const GATEWAYS: &str = "expected the address of a gateway in front of Redis: Webdis, such as \
                            `http://127.0.0.1:7379`, or Upstash, such as `https://eu1-name-1234.upstash.io`";
    let Some(url) = settings.text("url")? else {
        return Err(settings.error("url", &format!("is not set; {GATEWAYS}")));
    };
    let scheme = url.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    match scheme.as_deref() {
        Some(scheme @ ("redis" | "rediss" | "unix")) => Err(settings.error(
            "url",
            &format!("begins with `{scheme}://`, but this component speaks HTTP, not the Redis protocol; {GATEWAYS}"),
        )),
        _ => Endpoint::parse(&url).map_err(|fault| settings.error("url", &format!("{fault}; {GATEWAYS}"))),
    }
}

enum Authorization {
    /// User and password between a colon.
    Basic(Secret),
    Bearer(Secret),
}

impl Authorization {
    fn into_field(self) -> Secret {
        Secret::new(match self {
            Authorization::Basic(pair) => format!("Basic {}", BASE64_STANDARD.encode(pair.expose())),
            Authorization::Bearer(token) => format!("Bearer {}", token.expose()),
        })
    }
}

fn read_authorization(settings: &Settings) -> Result<Option<Authorization>> {
    let user = settings.secret("user")?;
    let password = settings.secret("password")?;
    let token = settings.secret("token")?;
    match (user, password, token) {
        (None, None, None) => Ok(None),
        (Some(user), Some(password), None) if !user.expose().contains(':') => {
            Ok(Some(Authorization::Basic(Secret::new(format!("{}:{}", user.expose(), password.expose())))))
        }
        (Some(_), Some(_), None) => {
            Err(settings.error("user", "holds a `:`, which Basic authentication cannot carry"))
        }
        (None, None, Some(token)) if token.expose().bytes().all(|b| b.is_ascii_graphic()) => {
            Ok(Some(Authorization::Bearer(token)))
        }
        (None, None, Some(_)) => Err(settings.error("token", "holds a character that no token has")),
        (_, _, Some(_)) => Err(settings.error("token", "is set beside `redis-user` or `redis-password`")),
        (Some(_), None, None) => Err(settings.error("password", "is not set, but `redis-user` is")),
        (None, Some(_), None) => Err(settings.error("user", "is not set, but `redis-password` is")),
    }
}

/// A last segment of digits is a database, as in `redis://` addresses; the rest is the gateway's path.
fn take_database(endpoint: &mut Endpoint) -> Result<Option<u32>, ()> {
    let Some((path, last)) = endpoint.base_path.rsplit_once('/') else { return Ok(None) };
    if last.is_empty() || !last.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(None);
    }
    let database = last.parse().ok().filter(|n| *n <= i32::MAX as u32).ok_or(())?;
    endpoint.base_path = path.to_owned();
    Ok(Some(database))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn read(pairs: &[(&'static str, &'static str)]) -> Result<Config> {
        Config::read(&Settings::new("redis", &BTreeMap::from_iter(pairs.iter().copied())))
    }

    fn fault(pairs: &[(&'static str, &'static str)]) -> String {
        read(pairs).unwrap_err().to_string()
    }

    #[test]
    fn webdis_is_the_default() {
        let config = read(&[("redis-url", "http://127.0.0.1:7379")]).unwrap();
        assert_eq!(config.dialect, Dialect::Webdis { database: None });
        assert_eq!((config.timeout.as_secs(), config.max_request, config.ttl), (30, 64 << 20, None));
    }

    #[test]
    fn a_token_means_upstash() {
        let config = read(&[("redis-url", "https://x.upstash.io"), ("redis-token", "t")]).unwrap();
        assert_eq!(config.dialect, Dialect::Upstash);
        assert_eq!(config.authorization.unwrap().expose(), "Bearer t");
    }

    #[test]
    fn user_and_password_are_basic() {
        let webdis =
            [("redis-url", "http://[::1]:1"), ("redis-user", "Aladdin"), ("redis-password", "open sesame")];
        let config = read(&webdis).unwrap();
        // The example of RFC 7617, section 2.
        assert_eq!(config.authorization.unwrap().expose(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    }

    #[test]
    fn the_path_may_end_in_a_database() {
        let config = read(&[("redis-url", "http://h/gateway/7/")]).unwrap();
        assert_eq!(config.dialect, Dialect::Webdis { database: Some(7) });
        assert_eq!(config.endpoint.base_path, "/gateway");
    }

    #[test]
    fn a_database_that_webdis_would_take_for_another_is_refused() {
        for url in ["http://h/4294967298", "http://h/99999999999999999999"] {
            let start = "config: `redis-url` ends in a number that is too large for a database";
            assert_eq!(fault(&[("redis-url", url)]), start);
        }
    }

    #[test]
    fn a_time_to_live_that_redis_cannot_count_is_refused() {
        let url = ("redis-url", "http://h");
        assert!(read(&[url, ("redis-ttl", "36500d")]).is_ok());
        let sentence = "config: `redis-ttl` is longer than a hundred years, `36500d`";
        assert_eq!(fault(&[url, ("redis-ttl", "106751991167d")]), sentence);
    }

    #[test]
    fn a_redis_address_is_explained() {
        let sentence = fault(&[("redis-url", "redis://127.0.0.1:6379")]);
        assert!(
            sentence
                .starts_with("config: `redis-url` begins with `redis://`, but this component speaks HTTP")
        );
        assert!(sentence.contains("Webdis"), "{sentence}");
    }

    #[test]
    fn wrong_combinations_name_the_setting() {
        let url = ("redis-url", "http://localhost:1");
        let cases: [(&[(&'static str, &'static str)], &str); 9] = [
            (&[], "config: `redis-url` is not set"),
            (&[url, ("redis-user", "u")], "config: `redis-password` is not set"),
            (&[url, ("redis-password", "p")], "config: `redis-user` is not set"),
            (&[url, ("redis-token", "t"), ("redis-user", "u")], "config: `redis-token` is set beside"),
            (
                &[url, ("redis-token", "t"), ("redis-dialect", "webdis")],
                "config: `redis-token` is set, but Webdis",
            ),
            (&[url, ("redis-dialect", "upstash")], "config: `redis-token` is not set"),
            (
                &[url, ("redis-dialect", "upstash"), ("redis-user", "u"), ("redis-password", "p")],
                "config: `redis-user` is set, but Upstash",
            ),
            (
                &[("redis-url", "http://h/3"), ("redis-token", "t")],
                "config: `redis-url` leads to plain `http://`",
            ),
            (&[("redis-url", "https://h/3"), ("redis-token", "t")], "config: `redis-url` names a database"),
        ];
        for (settings, start) in cases {
            let sentence = fault(settings);
            assert!(sentence.starts_with(start), "{sentence}");
        }
    }

    #[test]
    fn credentials_stay_off_plain_http_unless_allowed() {
        let far = [("redis-url", "http://h"), ("redis-token", "t"), ("redis-allow-http", "true")];
        assert!(read(&far).is_ok());
        assert!(read(&far[..2]).is_err());
    }

    #[test]
    fn a_malformed_setting_is_named_also_where_it_does_not_matter() {
        let sentence = "config: `redis-allow-http` is `yes`; expected `true` or `false`";
        assert_eq!(fault(&[("redis-url", "http://localhost"), ("redis-allow-http", "yes")]), sentence);
    }

    #[test]
    fn debug_shows_no_credential() {
        let near =
            [("redis-url", "http://localhost"), ("redis-user", "hunter"), ("redis-password", "hunter2")];
        assert!(!format!("{:?}", read(&near).unwrap()).contains("hunter"));
    }
}
