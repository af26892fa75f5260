//! The conformance suite: black-box trials of every rule in docs/semantics.md.
//!
//! `conformance [--provider kv-redis] [--fixture webdis] [filter]` composes the probe with each provider by
//! `wac plug`, serves it with `wasmtime serve` next to real servers, and runs the same trials against each. Trials
//! are named `<provider>/<fixture>/<flavor>/<rule>/<what>`. It needs the components of `cargo xtask build`.

mod blobstore;
mod case;
mod check;
mod common;
mod compose;
mod contract;
mod credentials;
mod cx;
mod fixture;
mod interface;
mod keyvalue;
mod provider;
mod reply;
mod runner;
mod script;
mod secrets;
mod session;
mod subject;

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use clap::Parser as _;
use libtest_mimic::{Failed, Trial};
use plugboard_harness::Run;
use plugboard_harness::tools::Version;

use blobstore::Blobstore;
use case::Case;
use cx::Cx;
use interface::{Flavor as _, Interface};
use keyvalue::Keyvalue;
use provider::Provider;
use runner::Runner;
use subject::{Findings, Ground, Subject};

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

    /// Only the first fixture of each provider
    #[arg(long, conflicts_with = "fixture")]
    first: bool,

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
    let mut suite =
        Suite { ground, arguments: &arguments, subjects: vec![], trials: vec![], ignored: vec![] };
    suite.add::<Keyvalue>()?;
    suite.add::<Blobstore>()?;
    anyhow::ensure!(
        !suite.subjects.is_empty(),
        "there is no such provider and fixture; there are: {}, {}",
        fixture::names::<Keyvalue>(),
        fixture::names::<Blobstore>()
    );
    let Suite { subjects, trials, ignored, .. } = suite;
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

/// All that is to be run.
struct Suite<'a> {
    ground: Ground,
    arguments: &'a Cli,
    subjects: Vec<Arc<dyn Findings>>,
    trials: Vec<Trial>,
    /// The names of the trials that are ignored, and why.
    ignored: Vec<(String, &'static str)>,
}

impl Suite<'_> {
    /// Adds an interface: the trials of its rules and of those for all, with each of its fixtures.
    fn add<I: Interface>(&mut self) -> Result<()> {
        let cases = common::cases().into_iter().chain(I::cases()).collect::<Vec<Case<I>>>();
        self.trials.extend(contract::trials(&cases));
        let wanted = |name: &Option<String>, is: &str| name.as_deref().is_none_or(|name| name == is);
        for (number, entry) in I::FIXTURES.iter().enumerate() {
            let earlier = I::FIXTURES.iter().take(number).any(|other| other.provider == entry.provider);
            if self.arguments.first && earlier {
                continue;
            }
            if wanted(&self.arguments.provider, entry.provider) && wanted(&self.arguments.fixture, entry.name)
            {
                let provider = Provider::load(entry.provider)?;
                let subject = Arc::new(Subject::<I>::new(provider, entry, self.ground.clone()));
                for case in &cases {
                    if entry.trials.has(case) {
                        self.add_case(&subject, case);
                    }
                }
                self.subjects.push(subject);
            }
        }
        Ok(())
    }

    fn add_case<I: Interface>(&mut self, subject: &Arc<Subject<I>>, case: &Case<I>) {
        for flavor in case.flavors {
            let name = format!(
                "{}/{}/{}/{}/{}",
                subject.provider.name,
                subject.entry.name,
                flavor.name(),
                case.rule,
                case.what
            );
            let reason = (case.exception)(&subject.provider);
            self.ignored.extend(reason.map(|reason| (name.clone(), reason)));
            let (subject, case, flavor) = (subject.clone(), case.clone(), *flavor);
            let trial = Trial::test(name, move || {
                let outcome = run_case(&subject, &case, flavor);
                // What a trial says of a failure is output too.
                outcome.map_err(|error| Failed::from(subject.censored(&format!("{error:#}"))))
            });
            self.trials.push(trial.with_ignored_flag(reason.is_some()));
        }
    }
}

fn run_case<I: Interface>(subject: &Subject<I>, case: &Case<I>, flavor: I::Flavor) -> Result<()> {
    let cx = Cx::new(subject, flavor)?;
    let outcome = (case.run)(&cx);
    outcome.and(cx.finish()).with_context(|| format!("rule `{}`", case.rule))
}
