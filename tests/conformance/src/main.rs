//! The conformance suite of wasi:keyvalue: black-box trials of every rule in docs/semantics.md.
//!
//! `conformance [--provider kv-redis] [--fixture webdis] [filter]` composes the probe with each provider by
//! `wac plug`, serves it with `wasmtime serve` next to real servers, and runs the same trials against each. Trials
//! are named `<provider>/<fixture>/<draft>/<rule>/<what>`. It needs the components of `cargo xtask build`.

mod app;
mod case;
mod compose;
mod contract;
mod cx;
mod fixture;
mod fixtures;
mod provider;
mod reply;
mod runner;
mod secrets;
mod subject;
mod trials;

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use clap::Parser as _;
use libtest_mimic::{Failed, Trial};
use plugboard_harness::Run;
use plugboard_harness::tools::Version;

use case::{Case, Flavor};
use cx::Cx;
use provider::Provider;
use runner::Runner;
use subject::{Ground, Subject};

/// Trials mostly wait, for a server or for a deadline.
const THREADS: usize = 20;

#[derive(clap::Parser)]
struct Cli {
    /// Only this provider
    #[arg(long)]
    provider: Option<String>,

    /// Only this fixture of it
    #[arg(long)]
    fixture: Option<String>,

    /// Serve with the newest wasmtime instead of the long-term one
    #[arg(long)]
    newest: bool,

    #[command(flatten)]
    test: libtest_mimic::Arguments,
}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(mut arguments: Cli) -> Result<ExitCode> {
    arguments.test.test_threads.get_or_insert(THREADS);
    let version = if arguments.newest { Version::Newest } else { Version::LongTerm };
    let run = Run::new("conformance")?;
    let ground = Ground { run: run.clone(), runner: Runner::start()?, version };
    let cases = trials::all();

    let mut subjects = Vec::new();
    for entry in fixture::ALL {
        let wanted = |name: &Option<String>, is: &str| name.as_deref().is_none_or(|name| name == is);
        if wanted(&arguments.provider, entry.provider) && wanted(&arguments.fixture, entry.name) {
            let provider = Provider::load(entry.provider)?;
            subjects.push(Arc::new(Subject::new(provider, entry, ground.clone())));
        }
    }
    anyhow::ensure!(
        !subjects.is_empty(),
        "there is no such provider and fixture; there are: {}",
        fixture::names()
    );

    let mut trials = contract::trials(&cases)?;
    let mut ignored = Vec::new();
    for subject in &subjects {
        for case in &cases {
            for flavor in case.flavors {
                let (trial, reason) = trial(subject, case, *flavor);
                ignored.extend(reason);
                trials.push(trial);
            }
        }
    }
    let listing = arguments.test.list;
    let conclusion = libtest_mimic::run(&arguments.test, trials);
    if listing {
        return Ok(ExitCode::SUCCESS);
    }
    for (name, reason) in &ignored {
        if arguments.test.filter.as_ref().is_none_or(|filter| name.contains(filter)) {
            eprintln!("ignored: {name}: {reason}");
        }
    }
    let findings = subjects.iter().flat_map(|subject| subject.findings()).collect::<Vec<_>>();
    for finding in &findings {
        eprintln!("FAILED: {finding}");
    }
    drop(subjects);
    if conclusion.has_failed() || !findings.is_empty() {
        run.keep();
        return Ok(ExitCode::from(101));
    }
    Ok(ExitCode::SUCCESS)
}

/// The trial, and its name with the reason if it is to be ignored.
fn trial(subject: &Arc<Subject>, case: &Case, flavor: Flavor) -> (Trial, Option<(String, &'static str)>) {
    let name = format!(
        "{}/{}/{}/{}/{}",
        subject.provider.name,
        subject.entry.name,
        flavor.name(),
        case.rule,
        case.what
    );
    let reason = (case.exception)(&subject.provider);
    let ignored = reason.map(|reason| (name.clone(), reason));
    let (subject, case) = (subject.clone(), case.clone());
    let trial = Trial::test(name, move || {
        let outcome = run_case(&subject, &case, flavor);
        // What a trial says of a failure is output too.
        outcome.map_err(|error| Failed::from(subject.censored(&format!("{error:#}"))))
    });
    (trial.with_ignored_flag(ignored.is_some()), ignored)
}

fn run_case(subject: &Subject, case: &Case, flavor: Flavor) -> Result<()> {
    let cx = Cx::new(subject, flavor)?;
    let outcome = (case.run)(&cx);
    outcome.and(cx.finish()).with_context(|| format!("rule `{}`", case.rule))
}
