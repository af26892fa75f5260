//! The seam between the trials, which know no service, and the services: one fixture for each way in which a
//! provider can be run.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use anyhow::Result;
use plugboard_harness::Run;

pub(crate) type Settings = BTreeMap<String, String>;

/// A service that is running.
pub(crate) trait Fixture: Send + Sync {
    /// Where it listens for HTTP.
    fn address(&self) -> SocketAddr;

    /// The settings with which the provider reaches the service at this address, which may be a proxy's.
    fn settings(&self, address: SocketAddr) -> Settings;

    /// What to change in the settings for the service to refuse the credentials.
    fn wrong_credentials(&self) -> Settings;

    /// Settings that the provider cannot do without.
    fn required(&self) -> &[&str];

    /// Settings that are malformed, one by one, and so errors of kind `config`.
    fn malformed(&self) -> Vec<(&str, &str)>;

    /// Every credential in use, the wrong ones too.
    fn secrets(&self) -> Vec<String>;

    /// What to set so that a limit for values comes near.
    fn value_limit(&self) -> Limit;

    fn outside(&self) -> &dyn Outside;
}

/// Values around the largest that can be written.
pub(crate) struct Limit {
    pub(crate) settings: Settings,
    /// A size that is written.
    pub(crate) fits: usize,
    /// A size that is refused.
    pub(crate) exceeds: usize,
}

/// Another client of the service, with the means of the service.
pub(crate) trait Outside: Send + Sync {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>>;
    fn set(&self, key: &[u8], value: &[u8]) -> Result<()>;
    fn delete(&self, key: &[u8]) -> Result<()>;
    fn keys(&self) -> Result<Vec<Vec<u8>>>;
    /// Puts something at the key that is no plain value; only where the provider declares `other-types`.
    fn put_other(&self, key: &[u8]) -> Result<()>;
}

/// How to start one.
pub(crate) struct Entry {
    pub(crate) provider: &'static str,
    pub(crate) name: &'static str,
    pub(crate) start: fn(&Run) -> Result<Box<dyn Fixture>>,
}

pub(crate) const ALL: &[Entry] = &[
    Entry { provider: "kv-redis", name: "webdis", start: crate::fixtures::redis::webdis },
    Entry { provider: "kv-redis", name: "upstash-redis", start: crate::fixtures::redis::upstash_redis },
    Entry { provider: "kv-redis", name: "upstash-embedded", start: crate::fixtures::redis::upstash_embedded },
];

/// For the message that there is no such one.
pub(crate) fn names() -> String {
    ALL.iter().map(|entry| format!("{}/{}", entry.provider, entry.name)).collect::<Vec<_>>().join(", ")
}
