//! `cargo xtask`: everything that is done with this repository. CI calls these commands and nothing else.

mod bench;
mod build;
mod compose;
mod demo;
mod facade;
mod lint;
mod publish;
mod small;
mod test;
mod wit;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write every component to target/components/<name>.wasm
    Build {
        /// Only the components with these names
        names: Vec<String>,
    },
    /// Build, compose and serve an example, with a store if you have none; Ctrl-C stops it all
    Demo(demo::Demo),
    /// Run every test; the last line is `N passed, N failed, N skipped`
    Test(test::Test),
    /// Measure requests, throughput, sizes, cold start and memory, and print one table
    Bench(bench::Bench),
    /// Check format, lints, licences and sources of dependencies
    Lint,
    /// Push the components of providers/ to an OCI registry
    Publish(publish::Publish),
    /// Write the golden files anew from what is there now
    Bless,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The sentence and its causes; the way through this program is of no use to who reads it.
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    match Cli::parse().command {
        Command::Build { names } => build::run(&names).map(drop),
        Command::Demo(demo) => demo::run(&demo),
        Command::Test(test) => test::run(&test),
        Command::Bench(bench) => bench::run(&bench),
        Command::Lint => lint::run(),
        Command::Publish(publish) => publish::run(&publish),
        Command::Bless => test::bless(),
    }
}
