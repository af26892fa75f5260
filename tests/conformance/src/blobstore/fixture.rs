//! What the trials of wasi:blobstore need of a service.

use std::sync::OnceLock;

use anyhow::Result;
use axum::http::{Method, Uri};
use plugboard_faults::Request;
use serde::Deserialize;

use super::Operation;
use crate::fixture;

pub(crate) trait Fixture: fixture::Fixture {
    /// One that is there, for all trials whose objects have names of their own.
    fn container(&self) -> &str;

    /// The name of one with many objects, which the first trial that reads it fills.
    fn filled(&self) -> &OnceLock<String>;

    /// The bytes of a block, of which the settings make few.
    fn block(&self) -> u64;

    /// The same where nothing is set.
    fn default_block(&self) -> u64;

    /// Whether a request is the one that makes an object of its blocks.
    fn is_commit(&self) -> fn(&Request) -> bool;

    /// Whether a request is not for a block of an object.
    fn is_no_block(&self) -> fn(&Request) -> bool;

    /// Whether a request deletes the object.
    fn deletes(&self) -> fn(&Request, &str) -> bool;

    /// Whether the provider reads a document in answer to the operation, and not only a status and an object.
    fn answers_in_words(&self, operation: Operation) -> bool;

    /// What the service would say to a request so that it may go on, where it would say anything.
    fn consent(&self) -> fn(&Method, &Uri) -> &'static str;

    /// Names of containers that the service does not take.
    fn forbidden_containers(&self) -> &[&str];

    fn outside(&self) -> &dyn Outside;
}

/// Another client of the service, with the means of the service.
pub(crate) trait Outside: Send + Sync {
    fn containers(&self) -> Result<Vec<String>>;
    fn create_container(&self, container: &str) -> Result<()>;
    /// Changes something about the container, but not what is in it.
    fn touch_container(&self, container: &str) -> Result<()>;
    fn get(&self, container: &str, name: &str) -> Result<Option<Vec<u8>>>;
    fn put(&self, container: &str, name: &str, bytes: &[u8]) -> Result<()>;
    fn delete(&self, container: &str, name: &str) -> Result<()>;
    fn names(&self, container: &str) -> Result<Vec<String>>;
    fn about(&self, container: &str, name: &str) -> Result<Option<About>>;
}

/// What the service keeps beside the bytes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct About {
    pub(crate) size: u64,
    pub(crate) content_type: String,
}
