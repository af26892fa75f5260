//! The trials of the configuration components and of the recipes in compose/: real `wac`, real `wasmtime`, a real
//! Redis behind a real Webdis. What a sealed composition promises is tried with an app that is after the secrets.
//!
//! It needs the components of `cargo xtask build`; trials are named `[<wasmtime>/]<about>/<what>`.

mod bench;
mod secret;
mod trials;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};
use plugboard_harness::{Run, tools::Version};

use bench::Bench;

/// A trial's name, and the trial.
type Case = (&'static str, fn(&Bench) -> anyhow::Result<()>);

fn main() -> ExitCode {
    let mut trials = Vec::new();
    for (what, case) in trials::WITHOUT {
        trials.push(trial((*what).into(), *case, Version::LongTerm));
    }
    for (name, version) in [("long-term", Version::LongTerm), ("newest", Version::Newest)] {
        for (what, case) in trials::WITH_WASMTIME.into_iter().flatten() {
            trials.push(trial(format!("{name}/{what}"), *case, version));
        }
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn trial(name: String, case: fn(&Bench) -> anyhow::Result<()>, version: Version) -> Trial {
    Trial::test(name, move || {
        let done = Run::scope("sealed", |run| case(&Bench { run, version }));
        done.map_err(|error| Failed::from(format!("{error:#}")))
    })
}
