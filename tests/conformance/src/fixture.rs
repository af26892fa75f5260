//! The seam between the trials, which know no service, and the services: one fixture for each way in which a
//! provider can be run.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use anyhow::Result;
use plugboard_harness::Run;

use crate::case::Case;
use crate::credentials::Credentials;
use crate::interface::Interface;

pub(crate) type Settings = BTreeMap<String, String>;

/// A service that is running.
pub(crate) trait Fixture: Send + Sync {
    /// Where it listens for HTTP.
    fn address(&self) -> SocketAddr;

    /// The settings with which the provider reaches the service at this address, which may be a proxy's, but for its
    /// credentials.
    fn place(&self, address: SocketAddr) -> Settings;

    fn credentials(&self) -> &Credentials;

    /// Settings that are malformed, one by one, whatever the credentials, and so errors of kind `config`.
    fn malformed(&self) -> &[(&str, &str)];

    /// Where the service gives out tokens for credentials, which an instance gets before its first operation.
    fn token_path(&self) -> Option<&str> {
        None
    }

    /// Waits until the tokens that were given out have ended, where they do within a trial's time.
    fn end_tokens(&self) {}

    /// All that the provider needs.
    fn settings(&self, address: SocketAddr) -> Settings {
        let mut settings = self.place(address);
        settings.extend(self.credentials().settings.clone());
        settings
    }
}

/// How to start one.
pub(crate) struct Entry<I: Interface> {
    pub(crate) provider: &'static str,
    pub(crate) name: &'static str,
    /// How the provider authenticates: one of the ways that it declares.
    pub(crate) auth: &'static str,
    pub(crate) trials: Trials,
    pub(crate) start: fn(&Run) -> Result<Box<I::Fixture>>,
}

/// Which trials are worth their time with a fixture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trials {
    All,
    /// Those that are marked so: the fixture differs from another in its credentials alone.
    Credentials,
    /// The same but for those that count requests: the service wants more of them than others do.
    Slow,
    /// Those of these names, or of rules of these names: in nothing else the imitation stands for the service.
    Named(&'static [&'static str]),
}

impl Trials {
    pub(crate) fn has<I: Interface>(self, case: &Case<I>) -> bool {
        match self {
            Trials::All => true,
            Trials::Credentials => case.credentials,
            Trials::Slow => case.credentials && !case.rule.ends_with(".requests"),
            Trials::Named(names) => {
                let name = [case.rule, "/", &case.what].concat();
                names.iter().any(|one| case.rule == *one || name == *one)
            }
        }
    }
}

/// For the message that there is no such one.
pub(crate) fn names<I: Interface>() -> String {
    I::FIXTURES
        .iter()
        .map(|entry| format!("{}/{}", entry.provider, entry.name))
        .collect::<Vec<_>>()
        .join(", ")
}
