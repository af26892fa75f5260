//! What the trials of wasi:keyvalue need of a service.

use anyhow::Result;
use plugboard_faults::Request;

use super::Operation;
use crate::fixture::{self, Settings};

pub(crate) trait Fixture: fixture::Fixture {
    /// What to set so that a limit for values comes near.
    fn value_limit(&self) -> Limit;

    /// Of an operation that must happen once, which requests are the writing; none where all of them are. Others read
    /// before it what is written then.
    fn writes_what_was_read(&self) -> Option<fn(&Request) -> bool> {
        None
    }

    /// Whether the answer to the last request of an operation that succeeds has a body.
    fn answers_in_words(&self, _: Operation) -> bool {
        true
    }

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
