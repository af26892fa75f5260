//! Every suite, one after the other, and what they counted.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use crate::{build, workspace};

/// A suite: its name, the arguments for cargo that run it, and those for the suite itself.
struct Suite(&'static str, &'static [&'static str], &'static [&'static str]);

const SUITES: &[Suite] = &[
    // The pure logic: what plain `cargo test` runs.
    Suite("logic", &["test", "--no-fail-fast"], &[]),
    Suite("xtask", &["test", "--no-fail-fast", "--package", "xtask"], &[]),
    Suite("rules", &["test", "--no-fail-fast", "--package", "rules"], &[]),
    Suite("harness", &["test", "--no-fail-fast", "--package", "plugboard-harness"], &[]),
    Suite("faults", &["test", "--no-fail-fast", "--package", "plugboard-faults"], &[]),
    Suite("upstash", &["test", "--no-fail-fast", "--package", "upstash-local"], &[]),
    Suite("aws", &["test", "--no-fail-fast", "--package", "aws-strict"], &[]),
    Suite("azure", &["test", "--no-fail-fast", "--package", "azure-strict"], &[]),
    Suite("sign", &["test", "--no-fail-fast", "--package", "sign"], &[]),
    Suite("oci", &["test", "--no-fail-fast", "--package", "oci"], &[]),
    Suite("readme", &["test", "--no-fail-fast", "--package", "readme"], &[]),
    Suite("examples", &["test", "--no-fail-fast", "--package", "examples"], &[]),
    Suite("welded", &["test", "--no-fail-fast", "--package", "welded"], &[]),
    Suite("sealed", &["run", "--quiet", "--package", "sealed"], &[]),
    Suite("conformance", &["run", "--quiet", "--package", "conformance"], &[]),
    // The other ways to reach and to convince a service are no matter of the host.
    Suite("conformance-newest", &["run", "--quiet", "--package", "conformance"], &["--newest", "--first"]),
];

#[derive(Args)]
pub struct Test {
    /// Only these suites
    #[arg(value_parser = clap::builder::PossibleValuesParser::new(SUITES.iter().map(|Suite(name, ..)| *name)))]
    suites: Vec<String>,
    /// What goes to the suite itself, such as the name of a trial
    #[arg(last = true)]
    filter: Vec<String>,
}

#[derive(Clone, Copy, Default)]
struct Count {
    passed: usize,
    failed: usize,
    skipped: usize,
}

pub fn run(test: &Test) -> Result<()> {
    ensure!(test.filter.is_empty() || test.suites.len() == 1, "a filter goes with one suite");
    let wanted = |name: &str| test.suites.is_empty() || test.suites.iter().any(|suite| suite == name);
    let suites = SUITES.iter().filter(|Suite(name, ..)| wanted(name)).collect::<Vec<_>>();

    let started = Instant::now();
    println!("[  0 s] components");
    build::run(&[])?;
    // The stand-in for Upstash, which several suites start.
    workspace::build_native("upstash-local")?;
    let mut total = Count::default();
    let mut failed = Vec::new();
    for (i, suite) in suites.iter().enumerate() {
        let Suite(name, ..) = suite;
        println!("[{:>3} s] {} of {}: {name}", started.elapsed().as_secs(), i + 1, suites.len());
        let count = run_suite(suite, &test.filter)?;
        total.passed += count.passed;
        total.failed += count.failed;
        total.skipped += count.skipped;
        if count.failed > 0 {
            failed.push(*name);
        }
    }
    println!("[{:>3} s] done", started.elapsed().as_secs());
    if !failed.is_empty() {
        println!("failed: {}; again with `cargo xtask test {}`", failed.join(", "), failed.join(" "));
    }
    println!("{} passed, {} failed, {} skipped", total.passed, total.failed, total.skipped);
    if total.failed > 0 {
        bail!("tests failed");
    }
    Ok(())
}

/// The golden files are those of the suite `rules`.
pub fn bless() -> Result<()> {
    build::run(&[])?;
    let mut command = workspace::cargo();
    command.args(["test", "--package", "rules"]).env("PLUGBOARD_BLESS", "1");
    ensure!(command.status()?.success(), "a rule is broken that no golden file can mend");
    Ok(())
}

/// Runs a suite, hands its output through, and adds up its closing lines.
fn run_suite(Suite(_, cargo, own): &Suite, filter: &[String]) -> Result<Count> {
    let mut command = workspace::cargo();
    // An error of a test is its sentence; the way through the harness says nothing.
    command
        .args(*cargo)
        .arg("--")
        .args(*own)
        .args(filter)
        .env("RUST_LIB_BACKTRACE", "0")
        .stdout(Stdio::piped());
    let mut child = command.spawn().context("cannot run cargo")?;
    let mut count = Count::default();
    let mut results = 0;
    for line in BufReader::new(child.stdout.take().context("no output")?).lines() {
        let line = line?;
        println!("{line}");
        if let Some(one) = closing_line(&line) {
            count.passed += one.passed;
            count.failed += one.failed;
            count.skipped += one.skipped;
            results += 1;
        }
    }
    let status = child.wait()?;
    // A suite that was not built, or died, or ran nothing at all has failed.
    let nothing = count.passed + count.failed + count.skipped == 0;
    if nothing && !filter.is_empty() {
        println!("no test has `{}` in its name", filter.join(" "));
    }
    if (!status.success() && count.failed == 0) || results == 0 || nothing {
        count.failed += 1;
    }
    Ok(count)
}

/// `test result: ok. 12 passed; 0 failed; 1 ignored; …`, as Rust's own harness and libtest-mimic print it.
fn closing_line(line: &str) -> Option<Count> {
    let rest = line.strip_prefix("test result: ")?;
    let number = |word: &str| {
        let part = rest.split(['.', ';']).find(|part| part.trim_end().ends_with(word))?;
        part.trim().split(' ').next()?.parse().ok()
    };
    Some(Count { passed: number(" passed")?, failed: number(" failed")?, skipped: number(" ignored")? })
}
