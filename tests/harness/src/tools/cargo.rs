//! Tools that have to be built: `cargo install` into the cache.

use std::{env, path::PathBuf, process::Command};

use anyhow::Result;

use super::cache::{Cache, Stage};

pub(super) struct Crate<'a> {
    pub(super) name: &'a str,
    pub(super) version: &'a str,
    pub(super) bin: &'a str,
    pub(super) features: &'a [&'a str],
    /// What the build takes on two cores, for those who wait.
    pub(super) minutes: u32,
}

pub(super) fn install(cache: &Cache, krate: &Crate) -> Result<PathBuf> {
    let note = format!(" (about {} minutes on two cores)", krate.minutes);
    cache.get(krate.name, krate.version, krate.bin, &note, |stage| build(stage, krate))
}

fn build(stage: &Stage, krate: &Crate) -> Result<()> {
    // The cargo that runs us, and with it the toolchain that the workspace pins.
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .args(["install", "--locked", krate.name, "--version", krate.version, "--root"])
        .arg(&stage.dir)
        .args(["--features", &krate.features.join(",")])
        .current_dir(&stage.dir) // away from the workspace's .cargo/config.toml
        .env("CARGO_TARGET_DIR", &stage.scratch);
    // These run for seconds in all: a quick build is worth more than a quick tool.
    for (setting, value) in [
        ("OPT_LEVEL", "1"),
        ("LTO", "off"),
        ("CODEGEN_UNITS", "16"),
        ("DEBUG", "false"),
        ("STRIP", "symbols"),
    ] {
        cargo.env(format!("CARGO_PROFILE_RELEASE_{setting}"), value);
    }
    stage.run(cargo)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_that_does_not_exist() {
        let dir = tempfile::tempdir().unwrap();
        let krate = Crate { name: "wac-cli", version: "0.0.999", bin: "wac", features: &[], minutes: 0 };
        let error = format!("{:#}", install(&Cache::at(dir.path()), &krate).unwrap_err());
        assert!(error.contains("cannot install wac-cli 0.0.999"), "{error}");
        assert!(error.contains("could not find `wac-cli`"), "cargo's own words: {error}");
    }
}
