//! The settings `azure-table-*`. README.md has the table.

use std::time::Duration;

use plugboard_config::Settings;
use plugboard_credentials::azure::{self, Access, Service};
use plugboard_error::Result;
use plugboard_http::Log;
use plugboard_keyvalue::Buckets;

use crate::keys::Keys;

pub(crate) struct Config {
    pub(crate) access: Access,
    /// The table's name.
    pub(crate) name: String,
    /// In front of every key of the default bucket.
    pub(crate) prefix: String,
    pub(crate) buckets: Buckets,
    pub(crate) timeout: Duration,
    pub(crate) log: Log,
}

/// All that there are, but for those of credentials.
const NAMES: [&str; 6] = ["name", "prefix", "buckets", "timeout", "allow-http", "log"];

impl Config {
    pub(crate) fn read(settings: &Settings) -> Result<Config> {
        settings.check_names(&[&NAMES, &azure::NAMES])?;
        let allow_http = settings.flag("allow-http")?;
        Ok(Config {
            access: Access::read(settings, Service::Table, allow_http)?,
            name: read_name(settings)?,
            prefix: read_prefix(settings)?,
            buckets: Buckets::new(settings.key("buckets"), settings.list("buckets")?),
            timeout: settings.deadline("timeout")?,
            log: settings.choice("log", &Log::CHOICES)?.unwrap_or_default(),
        })
    }
}

fn read_prefix(settings: &Settings) -> Result<String> {
    let prefix = settings.text("prefix")?.unwrap_or_default();
    match Keys::have_room_behind(&prefix) {
        true => Ok(prefix),
        false => Err(settings.error("prefix", "leaves no room for a key: both together have 512 characters")),
    }
}

/// learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model, "Table names"
fn read_name(settings: &Settings) -> Result<String> {
    let Some(name) = settings.text("name")? else {
        return Err(settings.error("name", "is not set; expected the name of a table that exists"));
    };
    if name.eq_ignore_ascii_case("tables") {
        return Err(settings.error("name", "is `Tables`, which the service keeps for itself"));
    }
    let legal = (3..=63).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric())
        && name.bytes().next().is_some_and(|b| b.is_ascii_alphabetic());
    match legal {
        true => Ok(name),
        false => {
            Err(settings.error("name", "is no table's name: 3 to 63 letters and digits, the first a letter"))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use plugboard_keyvalue::Bucket;

    use super::*;

    type Pair = (&'static str, &'static str);

    const ENOUGH: [Pair; 3] =
        [("azure-table-account", "shop"), ("azure-table-key", "QUJDRA=="), ("azure-table-name", "Pairs")];

    fn read(more: &[Pair]) -> Result<Config> {
        let settings = ENOUGH.iter().chain(more).copied().collect::<BTreeMap<_, _>>();
        Config::read(&Settings::new("azure-table", &settings))
    }

    #[test]
    fn an_account_its_key_and_a_table_are_enough() {
        let config = read(&[]).unwrap();
        assert_eq!(config.access.endpoint.authority, "shop.table.core.windows.net");
        assert_eq!((config.name.as_str(), config.prefix.as_str()), ("Pairs", ""));
        assert_eq!((config.timeout, config.log), (Duration::from_secs(30), Log::Refusals));
        assert!(config.buckets.open("a").is_err());
    }

    #[test]
    fn the_rest() {
        let config = read(&[
            ("azure-table-endpoint", "http://127.0.0.1:10002/shop"),
            ("azure-table-prefix", "app/"),
            ("azure-table-buckets", "a b"),
            ("azure-table-timeout", "1500ms"),
            ("azure-table-log", "debug"),
        ])
        .unwrap();
        assert_eq!(config.access.endpoint.base_path, "/shop");
        assert_eq!(
            (config.prefix.as_str(), config.timeout.as_millis(), config.log),
            ("app/", 1500, Log::Debug)
        );
        assert_eq!(config.buckets.open("b"), Ok(Bucket::Named("b".into())));
    }

    #[test]
    fn a_prefix_that_leaves_no_room_is_refused() {
        let prefix = |text: String| read(&[("azure-table-prefix", text.leak())]).err();
        assert!(prefix("p".repeat(511)).is_none());
        let error = prefix("%".repeat(171)).unwrap().to_string();
        assert!(error.starts_with("config: `azure-table-prefix` leaves no room"), "{error}");
    }

    #[test]
    fn malformed_values_name_the_setting() {
        for (name, value) in [
            ("azure-table-name", ""),
            ("azure-table-name", "ab"),
            ("azure-table-name", "1ab"),
            ("azure-table-name", "a-b"),
            ("azure-table-name", "a/b('"),
            ("azure-table-name", "Tables"),
            ("azure-table-naem", "Pairs"),
            ("azure-table-account", "Shop"),
            ("azure-table-endpoint", "http://h"),
            ("azure-table-timeout", "soon"),
            ("azure-table-allow-http", "yes"),
            ("azure-table-log", "loud"),
        ] {
            let sentence = read(&[(name, value)]).err().unwrap().to_string();
            assert!(sentence.starts_with(&format!("config: `{name}`")), "{sentence}");
        }
    }
}
