//! What a provider of wasi:blobstore says of itself.

use serde::Deserialize;

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Capabilities {
    pub(crate) created_at: CreatedAt,
    /// Whether `.` and `..` can be segments of an object's name.
    pub(crate) dot_segments: bool,
    /// Whether `\` can be in an object's name.
    pub(crate) backslash: bool,
    /// UTF-16 units in the name of an object.
    pub(crate) max_name: usize,
}

/// For what the service keeps the time of its creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum CreatedAt {
    All,
    /// Of a container there is the time of its last change.
    Object,
}
