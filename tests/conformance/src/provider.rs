//! What a provider says of itself: in its Cargo.toml, next to its code.

use anyhow::{Context as _, Result};
use plugboard_harness::components::root;
use serde::Deserialize;

#[derive(Clone, Debug)]
pub(crate) struct Provider {
    /// The name of the folder and of the component: `kv-redis`.
    pub(crate) name: String,
    pub(crate) capabilities: Capabilities,
}

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

#[derive(Deserialize)]
struct Manifest {
    package: Package,
}

#[derive(Deserialize)]
struct Package {
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    plugboard: Plugboard,
}

#[derive(Deserialize)]
struct Plugboard {
    capabilities: Capabilities,
}

impl Provider {
    pub(crate) fn load(name: &str) -> Result<Provider> {
        let manifest = root().join("providers").join(name).join("Cargo.toml");
        let text = std::fs::read_to_string(&manifest)
            .with_context(|| format!("there is no provider `{name}`: cannot read {}", manifest.display()))?;
        let manifest: Manifest = toml::from_str(&text)
            .with_context(|| format!("the capabilities of `{name}` in {}", manifest.display()))?;
        Ok(Provider { name: name.to_owned(), capabilities: manifest.package.metadata.plugboard.capabilities })
    }

    /// `redis-timeout` for `timeout`: the names of all providers' settings follow one pattern.
    pub(crate) fn setting(&self, name: &str) -> String {
        format!("{}-{name}", self.name.split_once('-').map_or(self.name.as_str(), |(_, stem)| stem))
    }
}

/// The names of all providers of keyvalue that there are.
pub(crate) fn all() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(root().join("providers"))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.starts_with("kv-") {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}
