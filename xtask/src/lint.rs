//! What a reader would stumble over: format, lints, licences.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use plugboard_harness::tools;

use crate::{build, workspace};

pub fn run() -> Result<()> {
    step("format");
    check(workspace::cargo().args(["fmt", "--all", "--check"]))?;
    step("lints, natively");
    check(clippy().args(["--workspace", "--all-targets"]).args(DENY))?;
    step("lints, as components");
    build::ensure_target()?;
    let mut command = clippy();
    command.args(["--target", build::TARGET]);
    for component in workspace::components()?.iter().filter(|c| c.features.is_empty()) {
        command.args(["--package", &component.package]);
    }
    check(command.args(DENY))?;
    step("licences, sources and bans of dependencies");
    deny(&["bans", "licenses", "sources"])?;
    advisories()
}

const DENY: [&str; 3] = ["--", "--deny", "warnings"];

fn clippy() -> Command {
    let mut command = workspace::cargo();
    command.args(["clippy", "--quiet", "--locked"]);
    command
}

fn deny(checks: &[&str]) -> Result<()> {
    let mut command = Command::new(tools::cargo_deny()?);
    check(command.current_dir(workspace::root()).args(["--log-level", "error", "check"]).args(checks))
}

/// The database of advisories is a git repository; without a way to it there is nothing to check against.
fn advisories() -> Result<()> {
    let mut fetch = Command::new(tools::cargo_deny()?);
    let fetched = fetch.current_dir(workspace::root()).args(["fetch", "db"]).output()?;
    if !fetched.status.success() {
        step("advisories: NOT checked, their database cannot be had from here");
        return Ok(());
    }
    step("advisories");
    deny(&["advisories"])
}

fn step(what: &str) {
    println!("lint: {what}");
}

fn check(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot run {:?}", command.get_program()))?;
    ensure!(status.success(), "{:?} found something", command.get_program());
    Ok(())
}
