//! The components that `cargo xtask build` has made, and what stock `wac` makes of them.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, bail, ensure};
use wasmparser::{Parser, Payload};

use crate::tools;

/// The workspace's root folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("two folders below the root").to_owned()
}

/// The folder that cargo builds into, and `cargo xtask build` too: components/ and wit/.
pub fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// The component of that name.
pub fn component(name: &str) -> Result<PathBuf> {
    let path = target().join("components").join(format!("{name}.wasm"));
    ensure!(path.is_file(), "there is no {}; run `cargo xtask build`", path.display());
    Ok(path)
}

/// `wac plug`.
pub fn plug(app: &Path, plugs: &[&Path], out: &Path) -> Result<()> {
    let mut command = Command::new(tools::wac()?);
    command.arg("plug").arg(app);
    for plug in plugs {
        command.arg("--plug").arg(plug);
    }
    done(command.arg("--output").arg(out)).map(drop)
}

/// `wac targets`: the component imports nothing that the world has not. The worlds are `app` and `sealed`.
pub fn targets(component: &Path, world: &str) -> Result<()> {
    let mut command = Command::new(tools::wac()?);
    command.arg("targets").arg(component).arg("--wit").arg(target().join("wit"));
    done(command.args(["--world", world])).map(drop)
}

/// Runs a command that must succeed; an error has what it said.
pub fn done(command: &mut Command) -> Result<Output> {
    let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
    if !output.status.success() {
        bail!("{command:?} failed: {}", said(&output));
    }
    Ok(output)
}

/// What a command printed.
pub fn said(output: &Output) -> String {
    [&output.stdout[..], &output.stderr[..]].map(String::from_utf8_lossy).concat().trim().to_owned()
}

/// The names that a component imports and exports, without those of what is inside.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Surface {
    pub imports: BTreeSet<String>,
    pub exports: BTreeSet<String>,
}

impl Surface {
    pub fn read(component: &Path) -> Result<Surface> {
        let bytes = fs::read(component).with_context(|| format!("cannot read {}", component.display()))?;
        Self::parse(&bytes)
    }

    pub fn parse(component: &[u8]) -> Result<Surface> {
        let (mut surface, mut depth) = (Surface::default(), 0);
        for payload in Parser::new(0).parse_all(component) {
            match payload? {
                Payload::Version { .. } => depth += 1,
                Payload::End(_) => depth -= 1,
                Payload::ComponentImportSection(section) if depth == 1 => {
                    for import in section {
                        surface.imports.insert(import?.name.name.to_owned());
                    }
                }
                Payload::ComponentExportSection(section) if depth == 1 => {
                    for export in section {
                        surface.exports.insert(export?.name.name.to_owned());
                    }
                }
                _ => {}
            }
        }
        Ok(surface)
    }
}
