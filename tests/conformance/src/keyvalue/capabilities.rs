//! What a provider of wasi:keyvalue says of itself.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

/// `[package.metadata.plugboard.capabilities]`; docs/semantics.md says what each is for.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Capabilities {
    pub(crate) cas: Cas,
    pub(crate) draft_cursor: DraftCursor,
    pub(crate) increment: Integer,
    pub(crate) atomic_batch: AtomicBatch,
    pub(crate) read_your_writes: bool,
    /// Whether other clients can have keys that are not UTF-8.
    pub(crate) byte_keys: bool,
    /// Whether other clients can have something at a key that is no plain value.
    pub(crate) other_types: bool,
    /// Whether named buckets are elsewhere than among the keys of the default one.
    #[serde(default)]
    pub(crate) separate_buckets: bool,
    /// Whether there is a setting that pairs end by.
    #[serde(default)]
    pub(crate) ttl: bool,
    /// Letters in the name of a bucket; none where 500 are no problem.
    pub(crate) max_bucket: Option<usize>,
    /// Bytes in a key; none where the service has no limit that matters.
    pub(crate) max_key: Option<usize>,
    /// Bytes in a value; none where the settings are the limit.
    pub(crate) max_value: Option<usize>,
    #[serde(default)]
    pub(crate) batch: Batch,
    /// How many requests an operation takes, where it is not one.
    #[serde(default)]
    pub(crate) requests: BTreeMap<String, usize>,
    /// In the words of the service's documents.
    #[expect(dead_code, reason = "for the table of the README")]
    pub(crate) consistency: String,
    pub(crate) auth: BTreeSet<String>,
}

/// Pairs in one request; none where one request takes them all.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Batch {
    pub(crate) get: Option<usize>,
    pub(crate) set: Option<usize>,
    pub(crate) delete: Option<usize>,
    /// Whether a key that is missing has each key of its request deleted by a request of its own.
    #[serde(default)]
    pub(crate) missing_apart: bool,
}

/// What of a batch, as far as it is one request, happens at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum AtomicBatch {
    /// All that are read, and all that are written.
    All,
    /// All that are written; a reader of many may see some of them before and some after.
    Set,
    None,
}

/// What a swap compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Cas {
    Value,
    Version,
}

/// What draft's u64 cursor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum DraftCursor {
    /// The service's own: it outlives the instance, and what is garbage the service decides.
    Native,
    /// The number of something that the instance remembers.
    Instance,
}

/// What the service counts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Integer {
    I64,
    U64,
}
