//! What a provider of wasi:keyvalue says of itself.

use serde::Deserialize;

/// `[package.metadata.plugboard.capabilities]`; docs/semantics.md says what each is for.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Capabilities {
    pub(crate) cas: Cas,
    pub(crate) draft_cursor: DraftCursor,
    pub(crate) increment: Integer,
    /// Whether another client sees all or none of a set-many.
    pub(crate) atomic_batch: bool,
    pub(crate) read_your_writes: bool,
    /// Whether other clients can have keys that are not UTF-8.
    pub(crate) byte_keys: bool,
    /// Whether other clients can have something at a key that is no plain value.
    pub(crate) other_types: bool,
    /// Pairs in one request; none where one request takes them all.
    pub(crate) batch_limit: Option<usize>,
    /// Bytes in a key; none where the service has no limit that matters.
    pub(crate) max_key: Option<usize>,
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
