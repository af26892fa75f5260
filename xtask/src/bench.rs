//! What the providers cost, measured by the crate `bench`.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::Args;

use crate::{build, workspace};

#[derive(Args)]
pub struct Bench {
    /// How long the throughput of kv-redis may take; every minute begun gives thirty rounds more
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    /// Measure one capability only
    #[arg(long, value_parser = ["keyvalue", "blobs"])]
    only: Option<String>,
    /// Where to write the table as JSON [default: target/bench.json]
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

pub fn run(bench: &Bench) -> Result<()> {
    build::run(&[])?;
    // The far end of blobs must be faster than what is measured.
    let mut sink = workspace::cargo();
    sink.args(["build", "--locked", "--profile", "fast", "--package", "sink"]);
    ensure!(sink.status()?.success(), "cargo build of sink failed");
    let mut command = workspace::cargo();
    command.args([
        "run",
        "--quiet",
        "--locked",
        "--package",
        "bench",
        "--",
        "--seconds",
        &bench.seconds.to_string(),
    ]);
    if let Some(part) = &bench.only {
        command.args(["--only", part]);
    }
    if let Some(file) = &bench.json {
        command.arg("--json").arg(std::path::absolute(file)?);
    }
    for component in workspace::components()?.iter().filter(|component| component.shipped()) {
        command.arg(&component.name);
    }
    ensure!(command.status()?.success(), "the bench did not come to its end");
    Ok(())
}
