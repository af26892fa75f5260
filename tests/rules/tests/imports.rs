//! What each component imports and exports is a reviewed fact: a new import is a new demand on hosts.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use plugboard_harness::components::{Surface, target};
use rules::golden;

#[test]
fn imports_and_exports_are_as_reviewed() -> Result<()> {
    let mut seen = 0;
    for entry in std::fs::read_dir(target().join("components")).context("run `cargo xtask build` first")? {
        let path = entry?.path();
        let name = path.file_stem().context("a name")?.to_string_lossy().into_owned();
        // Components that are only for tests may import what they like.
        if !["kv-", "blob-", "cli-", "config-", "favorites", "files"]
            .iter()
            .any(|start| name.starts_with(start))
        {
            continue;
        }
        golden(&format!("imports/{name}.txt"), &surface(&path)?)?;
        seen += 1;
    }
    ensure!(seen > 0, "there are no components; run `cargo xtask build` first");
    Ok(())
}

fn surface(component: &Path) -> Result<String> {
    let Surface { imports, exports } = Surface::read(component)?;
    let exports = exports.iter().map(|name| format!("export {name}\n"));
    Ok(exports.chain(imports.iter().map(|name| format!("import {name}\n"))).collect())
}
