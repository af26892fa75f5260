//! What a provider says of itself: in its Cargo.toml, next to its code.

use anyhow::{Context as _, Result};
use plugboard_harness::components::root;
use serde::Deserialize;

use crate::interface::Interface;

#[derive(Clone)]
pub(crate) struct Provider<I: Interface> {
    /// The name of the folder and of the component: `kv-redis`.
    pub(crate) name: String,
    pub(crate) capabilities: I::Capabilities,
}

#[derive(Deserialize)]
struct Manifest<C> {
    package: Package<C>,
}

#[derive(Deserialize)]
struct Package<C> {
    metadata: Metadata<C>,
}

#[derive(Deserialize)]
struct Metadata<C> {
    plugboard: Plugboard<C>,
}

#[derive(Deserialize)]
struct Plugboard<C> {
    capabilities: C,
}

impl<I: Interface> Provider<I> {
    pub(crate) fn load(name: &str) -> Result<Provider<I>> {
        let manifest = root().join("providers").join(name).join("Cargo.toml");
        let text = std::fs::read_to_string(&manifest)
            .with_context(|| format!("there is no provider `{name}`: cannot read {}", manifest.display()))?;
        let manifest: Manifest<I::Capabilities> = toml::from_str(&text)
            .with_context(|| format!("the capabilities of `{name}` in {}", manifest.display()))?;
        Ok(Provider { name: name.to_owned(), capabilities: manifest.package.metadata.plugboard.capabilities })
    }

    /// `redis-timeout` for `timeout`: the names of all providers' settings follow one pattern.
    pub(crate) fn setting(&self, name: &str) -> String {
        format!("{}-{name}", self.name.split_once('-').map_or(self.name.as_str(), |(_, stem)| stem))
    }
}

/// The names of all providers of the interface that there are.
pub(crate) fn all<I: Interface>() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(root().join("providers"))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.starts_with(&format!("{}-", I::STEM)) {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}
