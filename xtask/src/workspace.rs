//! What the workspace holds, as `cargo metadata` tells it.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
pub use plugboard_harness::components::{root, target};
use serde_json::Value;

/// One component to build: a package, or a package with other features (a variant).
#[derive(Clone, Debug)]
pub struct Component {
    /// The file's name without `.wasm`.
    pub name: String,
    pub package: String,
    /// The folder of the package below the workspace root, such as `providers/kv-redis`.
    pub folder: String,
    pub version: String,
    pub license: String,
    pub description: String,
    pub features: Vec<String>,
}

impl Component {
    /// Whether users get it; the components below tests/ stay at home.
    pub fn shipped(&self) -> bool {
        self.folder.starts_with("providers/")
    }
}

/// Where the finished components are.
pub fn component_path(name: &str) -> PathBuf {
    target().join("components").join(format!("{name}.wasm"))
}

pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// Every component of the workspace, providers first. A package says that it is one by
/// `[package.metadata.plugboard] component = true`, and names builds with other features in `variants`.
pub fn components() -> Result<Vec<Component>> {
    let output = cargo().args(["metadata", "--no-deps", "--format-version", "1"]).output()?;
    ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let mut components = Vec::new();
    for package in metadata["packages"].as_array().context("cargo metadata without packages")? {
        let ours = &package["metadata"]["plugboard"];
        if ours["component"] != true {
            continue;
        }
        let text = |key: &str| package[key].as_str().unwrap_or_default().to_owned();
        let manifest = PathBuf::from(text("manifest_path"));
        let folder =
            manifest.parent().and_then(|f| f.strip_prefix(root()).ok()).context("outside the workspace")?;
        let plain = Component {
            name: text("name"),
            package: text("name"),
            folder: folder.to_string_lossy().replace('\\', "/"),
            version: text("version"),
            license: text("license"),
            description: text("description"),
            features: Vec::new(),
        };
        for variant in ours["variants"].as_array().into_iter().flatten() {
            let name = variant["name"].as_str().context("a variant without a name")?;
            let features = variant["features"].as_array().into_iter().flatten();
            components.push(Component {
                name: name.to_owned(),
                features: features.filter_map(|f| f.as_str().map(str::to_owned)).collect(),
                ..plain.clone()
            });
        }
        components.push(plain);
    }
    components.sort_by_key(|c| (!c.shipped(), c.name.clone()));
    Ok(components)
}

/// Builds a native program of the workspace and gives its path.
pub fn build_native(package: &str) -> Result<PathBuf> {
    let status = cargo().args(["build", "--locked", "--package", package]).status()?;
    ensure!(status.success(), "cargo build of {package} failed");
    Ok(target().join("debug").join(package))
}
