//! What a provider talks to in the demo: yours, or a stand-in that is started here.

use anyhow::Result;
use plugboard_harness::Run;
use plugboard_harness::servers::StandIn;

use super::Setting;
use super::redis::Redis;

/// A store that is there while this value is.
pub(super) struct Store {
    pub(super) _running: Box<dyn std::any::Any>,
    /// What the provider has to know, beside what the user says.
    pub(super) settings: Vec<Setting>,
    /// Where the data is, as the end of a sentence.
    pub(super) place: String,
}

impl Store {
    /// One whose place the user has named.
    pub(super) fn named(what: &str) -> Store {
        let place = format!("the {what} that you named");
        Store { _running: Box::new(()), settings: Vec::new(), place }
    }
}

/// What a provider can be shown on.
#[derive(Clone, Copy)]
pub(super) struct Kind {
    pub(super) provider: &'static str,
    /// What a user may have one of.
    service: &'static str,
    /// The settings that say where that is.
    places: &'static [&'static str],
}

pub(super) const REDIS: Kind = Kind {
    provider: "kv-redis",
    service: "Redis",
    // The option `--redis-url`, as it decides more.
    places: &[],
};

pub(super) const ETCD: Kind = Kind { provider: "kv-etcd", service: "etcd", places: &["etcd-url"] };

pub(super) const DYNAMODB: Kind = Kind {
    provider: "kv-dynamodb",
    service: "table of DynamoDB",
    places: &["dynamodb-table", "dynamodb-region"],
};

pub(super) const AZURE_TABLE: Kind = Kind {
    provider: "kv-azure-table",
    service: "Azure account",
    places: &["azure-table-account", "azure-table-endpoint", "azure-table-connection-string"],
};

pub(super) const S3: Kind =
    Kind { provider: "blob-s3", service: "S3", places: &["s3-region", "s3-endpoint"] };

pub(super) const AZURE: Kind = Kind {
    provider: "blob-azure",
    service: "Azure account",
    places: &["azure-account", "azure-endpoint", "azure-connection-string"],
};

impl Kind {
    /// `given` are the settings that the user gave for this provider.
    pub(super) fn start(
        &self,
        given: &[Setting],
        redis: &Redis,
        run: &Run,
        step: &dyn Fn(&str),
    ) -> Result<Store> {
        if self.provider == REDIS.provider {
            return redis.start(run, step);
        }
        if given.iter().any(|(key, _)| self.places.contains(&key.as_str())) {
            return Ok(Store::named(self.service));
        }
        let places = self.places.iter().map(|place| format!("`--config {place}=…`")).collect::<Vec<_>>();
        step(&format!(
            "starting what takes the place of your {} (no {} was given)",
            self.service,
            places.join(" or ")
        ));
        stand_in(run, self.provider)
    }
}

/// One that keeps nothing.
pub(super) fn stand_in(run: &Run, provider: &str) -> Result<Store> {
    let stand_in = StandIn::start(run, provider)?;
    let settings = stand_in.settings.iter().map(|(key, value)| ((*key).to_owned(), value.clone()));
    Ok(Store {
        settings: settings.collect(),
        place: format!("{}, started here (nothing is kept)", stand_in.name),
        _running: Box::new(stand_in),
    })
}
