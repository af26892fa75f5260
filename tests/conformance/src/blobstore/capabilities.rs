//! What a provider of wasi:blobstore says of itself.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Capabilities {
    pub(crate) created_at: CreatedAt,
    /// Whether `.` and `..` can be segments of an object's name.
    pub(crate) dot_segments: bool,
    /// Whether `\` can be in an object's name.
    pub(crate) backslash: bool,
    /// UTF-16 units in the name of an object, where it is those that the service counts.
    max_name: Option<usize>,
    /// Bytes in it, where it is those.
    max_name_bytes: Option<usize>,
    /// How many requests an operation takes, where it is not one; `upload` is what an object takes beside its blocks.
    #[serde(default)]
    pub(crate) requests: BTreeMap<String, usize>,
    /// Names in one request that deletes; none where each takes one.
    pub(crate) delete_many: Option<usize>,
    /// Bytes in an object, as the service's documents have it.
    #[expect(dead_code, reason = "for the table of the README")]
    pub(crate) max_object: u64,
    /// In the words of the service's documents.
    #[expect(dead_code, reason = "for the table of the README")]
    pub(crate) consistency: String,
    pub(crate) auth: BTreeSet<String>,
}

impl Capabilities {
    /// How many of that character make the longest name of an object.
    pub(crate) fn longest_name(&self, of: char) -> usize {
        let units = self.max_name.map(|most| most / of.len_utf16());
        let bytes = self.max_name_bytes.map(|most| most / of.len_utf8());
        units.into_iter().chain(bytes).min().unwrap_or(usize::MAX)
    }

    /// Requests that an object takes beside its blocks.
    pub(crate) fn beside_blocks(&self) -> usize {
        self.requests.get("upload").copied().unwrap_or(1)
    }
}

/// For what the service keeps the time of its creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum CreatedAt {
    All,
    /// Of a container there is the time of its last change.
    Object,
}
