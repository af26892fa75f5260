//! What each component imports and exports is a reviewed fact: a new import is a new demand on hosts.

use anyhow::{Context, Result, ensure};
use rules::{components, golden};
use wasmparser::{Parser, Payload};

#[test]
fn imports_and_exports_are_as_reviewed() -> Result<()> {
    let mut seen = 0;
    for entry in std::fs::read_dir(components()).context("run `cargo xtask build` first")? {
        let path = entry?.path();
        let name = path.file_stem().context("a name")?.to_string_lossy().into_owned();
        // Components that are only for tests may import what they like.
        if !["kv-", "blob-", "config-", "favorites"].iter().any(|start| name.starts_with(start)) {
            continue;
        }
        golden(&format!("imports/{name}.txt"), &surface(&std::fs::read(&path)?)?)?;
        seen += 1;
    }
    ensure!(seen > 0, "there are no components; run `cargo xtask build` first");
    Ok(())
}

fn surface(component: &[u8]) -> Result<String> {
    let mut lines = Vec::new();
    let mut depth = 0;
    for payload in Parser::new(0).parse_all(component) {
        match payload? {
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::ComponentImportSection(section) if depth == 1 => {
                for import in section {
                    lines.push(format!("import {}\n", import?.name.name));
                }
            }
            Payload::ComponentExportSection(section) if depth == 1 => {
                for export in section {
                    lines.push(format!("export {}\n", export?.name.name));
                }
            }
            _ => {}
        }
    }
    lines.sort();
    Ok(lines.concat())
}
