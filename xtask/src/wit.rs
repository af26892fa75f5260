//! The worlds that composed apps fit into, for `wac targets`: `wasi:http/proxy` with `wasi:config`, and without.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;
use wit_parser::{InterfaceId, Resolve, World, WorldItem};

use crate::workspace;

const WORLD: &str = "package plugboard:composed;

world app {
    include wasi:http/proxy@0.2.12;
    import wasi:config/store@0.2.0-rc.1;
}

world sealed {
    include wasi:http/proxy@0.2.12;
}
";

/// Writes target/wit. The text of WASI 0.2 comes from the crate that the components are built with.
pub fn write() -> Result<()> {
    let folder = workspace::target().join("wit");
    let deps = folder.join("deps");
    std::fs::create_dir_all(deps.join("config"))?;
    for entry in std::fs::read_dir(wasi_text()?)? {
        let entry = entry?;
        std::fs::copy(entry.path(), deps.join(entry.file_name()))?;
    }
    std::fs::copy(workspace::root().join("wit/config/store.wit"), deps.join("config/store.wit"))?;
    Ok(std::fs::write(folder.join("app.wit"), WORLD)?)
}

fn wasi_text() -> Result<PathBuf> {
    let output = workspace::cargo().args(["metadata", "--locked", "--format-version", "1"]).output()?;
    let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata")?;
    let packages = metadata["packages"].as_array().context("cargo metadata without packages")?;
    let wasip2 =
        packages.iter().find(|package| package["name"] == "wasip2").context("there is no crate wasip2")?;
    let manifest = wasip2["manifest_path"].as_str().context("a package without a manifest")?;
    Ok(Path::new(manifest).with_file_name("wit").join("deps"))
}

/// The packages in wit/wasi, each after those that it uses.
const WASI: [&str; 7] = ["io", "clocks", "random", "filesystem", "sockets", "cli", "http"];

/// WASI 0.2, and what else a blob provider imports and exports.
pub fn resolve() -> Result<Resolve> {
    let wit = workspace::root().join("wit");
    let mut resolve = Resolve::default();
    for name in WASI {
        resolve.push_file(wit.join("wasi").join(name).with_extension("wit"))?;
    }
    resolve.push_dir(wit.join("config"))?;
    resolve.push_dir(wit.join("inner"))?;
    Ok(resolve)
}

/// The interfaces that a world imports, each after those that it uses.
pub fn imports(resolve: &Resolve, world: &str) -> Result<Vec<InterfaceId>> {
    // Whatever its version.
    let named = |found: &&World| {
        let package = found.package.map(|id| &resolve.packages[id].name);
        package
            .is_some_and(|package| format!("{}:{}/{}", package.namespace, package.name, found.name) == world)
    };
    let mut worlds = resolve.worlds.iter().map(|(_, world)| world);
    let world = worlds.find(named).with_context(|| format!("there is no world `{world}`"))?;
    let interface = |item: &WorldItem| match item {
        WorldItem::Interface { id, .. } => Some(*id),
        _ => None,
    };
    Ok(world.imports.values().filter_map(interface).collect())
}
