//! The settings `dynamodb-*`. README.md has the table.

use std::time::Duration;

use plugboard_config::Settings;
use plugboard_credentials::aws::{self, Access};
use plugboard_error::Result;
use plugboard_http::{Endpoint, Log};
use plugboard_keyvalue::Buckets;

use crate::places::{Layout, Places};

#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) endpoint: Endpoint,
    pub(crate) access: Access,
    pub(crate) places: Places,
    pub(crate) buckets: Buckets,
    /// How long a pair lives after it was written; for ever without.
    pub(crate) ttl: Option<Duration>,
    pub(crate) timeout: Duration,
    pub(crate) log: Log,
}

/// All that there are, beside those of the cloud.
const NAMES: [&str; 8] = ["table", "layout", "prefix", "buckets", "ttl", "timeout", "allow-http", "log"];

impl Config {
    pub(crate) fn read(settings: &Settings) -> Result<Config> {
        settings.check_names(&[&NAMES, &aws::NAMES])?;
        let access = Access::read(settings, settings.flag("allow-http")?)?;
        let endpoint = match &access.endpoint {
            Some(endpoint) => endpoint.clone(),
            None => Endpoint::parse(&aws::address("dynamodb", &access.region))
                .map_err(|fault| settings.error("region", &fault))?,
        };
        let (places, buckets) = read_places(settings)?;
        Ok(Config {
            endpoint,
            access,
            places,
            buckets,
            ttl: settings.duration("ttl")?,
            timeout: settings.deadline("timeout")?,
            log: settings.choice("log", &Log::CHOICES)?.unwrap_or_default(),
        })
    }
}

fn read_places(settings: &Settings) -> Result<(Places, Buckets)> {
    let layouts = [("partition", Layout::Partition), ("table", Layout::Table)];
    let layout = settings.choice("layout", &layouts)?.unwrap_or(Layout::Partition);
    let Some(table) = settings.text("table")? else {
        return Err(settings.error("table", "is not set; expected the name of the table"));
    };
    check_table(&table).map_err(|fault| settings.error("table", fault))?;
    let (mut names, mut tables) = (Vec::new(), Vec::new());
    for entry in settings.list("buckets")? {
        let Some((name, table)) = entry.split_once('=') else {
            names.push(entry);
            continue;
        };
        let wrong = |fault: &str| settings.error("buckets", &["has `", &entry, "`, ", fault].concat());
        match layout {
            Layout::Partition => return Err(wrong("but tables go with `dynamodb-layout` = `table` only")),
            Layout::Table if matches!(name, "" | "default" | "*") => {
                return Err(wrong("expected `name` or `name=table`, and a name that is one bucket's"));
            }
            Layout::Table => check_table(table).map_err(|fault| wrong(&["whose table ", fault].concat()))?,
        }
        names.push(name.to_owned());
        tables.push((name.to_owned(), table.to_owned()));
    }
    let prefix = settings.text("prefix")?.unwrap_or_default();
    let places = Places { layout, table, prefix, tables };
    if let Some(name) = places.meets_another(&names) {
        let fault = ["has `", name, "` in the table of another bucket, or twice"];
        return Err(settings.error("buckets", &fault.concat()));
    }
    Ok((places, Buckets::new(settings.key("buckets"), names)))
}

/// A name, or the ARN that a table of another account is called by
/// (docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html).
fn check_table(table: &str) -> Result<(), &'static str> {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"_-.".contains(&b);
    let name = match table.strip_prefix("arn:") {
        Some(rest) => rest.rsplit_once(":table/").map_or("", |(_, name)| name),
        None => table,
    };
    match name.len() {
        3..=255 if name.bytes().all(legal) => Ok(()),
        3..=255 => Err("holds a character that no table has in its name: letters, digits, `_`, `-` and `.`"),
        _ => Err("is no name of a table, which has 3 to 255 characters"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use plugboard_keyvalue::Bucket;

    use super::*;

    const ENOUGH: [(&str, &str); 4] = [
        ("dynamodb-region", "eu-central-1"),
        ("dynamodb-access-key-id", "AKID"),
        ("dynamodb-secret-access-key", "secret"),
        ("dynamodb-table", "pairs"),
    ];

    fn read(changes: &[(&'static str, &'static str)]) -> Result<Config> {
        let mut all = BTreeMap::from(ENOUGH);
        all.extend(changes.iter().copied());
        Config::read(&Settings::new("dynamodb", &all))
    }

    fn fault(name: &'static str, value: &'static str) -> String {
        read(&[(name, value)]).unwrap_err().to_string()
    }

    #[test]
    fn the_region_tells_where_the_service_is() {
        let config = read(&[]).unwrap();
        assert_eq!(config.endpoint, Endpoint::parse("https://dynamodb.eu-central-1.amazonaws.com").unwrap());
        assert_eq!(
            (config.timeout.as_secs(), config.ttl, config.places.layout),
            (30, None, Layout::Partition)
        );
        let local = read(&[("dynamodb-endpoint", "http://localhost:8000")]).unwrap();
        assert_eq!(local.endpoint.authority, "localhost:8000");
    }

    #[test]
    fn a_bucket_may_have_a_table_of_its_own_name() {
        let list = ("dynamodb-buckets", "carts users=prod.users");
        let config = read(&[("dynamodb-layout", "table"), list]).unwrap();
        assert_eq!(config.buckets.open("users"), Ok(Bucket::Named("users".into())));
        assert_eq!(config.places.tables, [("users".to_owned(), "prod.users".to_owned())]);
        assert_eq!(
            fault("dynamodb-buckets", "users=prod.users"),
            "config: `dynamodb-buckets` has `users=prod.users`, but tables go with `dynamodb-layout` = `table` only"
        );
    }

    #[test]
    fn no_two_buckets_share_a_table() {
        let table = |list| read(&[("dynamodb-layout", "table"), ("dynamodb-buckets", list)]);
        for fine in ["a b=other", "a=one b=two", "* users=prod-users", "a a"] {
            assert!(table(fine).is_ok(), "{fine}");
        }
        for bad in [
            "a=same b=same",
            "a=one a=two",
            "a=pairs",
            "a=pairs.b b",
            "a=pairs.b *",
            "default=other",
            "*=other",
            "=other",
        ] {
            let error = table(bad).unwrap_err().to_string();
            assert!(error.starts_with("config: `dynamodb-buckets` has `"), "{bad}: {error}");
        }
    }

    #[test]
    fn what_is_no_table_is_refused() {
        for fine in ["a.b", "A-b_9", "arn:aws:dynamodb:us-east-1:123456789012:table/pairs"] {
            assert_eq!(check_table(fine), Ok(()), "{fine}");
        }
        for bad in ["ab", "a/b/c", "täble", "arn:aws:dynamodb:us-east-1:123456789012:pairs", "a b c"] {
            assert!(check_table(bad).is_err(), "{bad}");
        }
        let list = [("dynamodb-layout", "table"), ("dynamodb-buckets", "a=x")];
        let start = "config: `dynamodb-buckets` has `a=x`, whose table is no name of a table";
        assert!(read(&list).unwrap_err().to_string().starts_with(start));
        assert!(
            read(&[("dynamodb-table", "")]).unwrap_err().sentence.starts_with("`dynamodb-table` is not set")
        );
    }
}
