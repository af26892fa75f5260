//! The trials about the suite itself.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use libtest_mimic::{Failed, Trial};
use plugboard_harness::components::root;

use crate::case::Case;
use crate::{fixture, provider};

pub(crate) fn trials(cases: &[Case]) -> Result<Vec<Trial>> {
    let tried = cases.iter().map(|case| case.rule.to_owned()).collect::<BTreeSet<_>>();
    let all = cases.to_vec();
    Ok(vec![
        Trial::test("suite/every-rule-has-a-trial", move || failed(every_rule_has_a_trial(&tried))),
        Trial::test("suite/every-provider-has-running-trials", move || failed(every_provider_runs(&all))),
    ])
}

fn failed(result: Result<()>) -> Result<(), Failed> {
    result.map_err(|error| Failed::from(format!("{error:#}")))
}

/// The rules of docs/semantics.md are headings: `### kv.open`.
fn every_rule_has_a_trial(tried: &BTreeSet<String>) -> Result<()> {
    let text = std::fs::read_to_string(root().join("docs/semantics.md"))?;
    let written =
        text.lines().filter_map(|line| line.strip_prefix("### ")).map(|rule| rule.trim().to_owned());
    let written = written.collect::<BTreeSet<_>>();
    let untried = written.difference(tried).collect::<Vec<_>>();
    let unwritten = tried.difference(&written).collect::<Vec<_>>();
    ensure!(untried.is_empty(), "rules without a trial: {untried:?}");
    ensure!(unwritten.is_empty(), "trials of rules that docs/semantics.md does not have: {unwritten:?}");
    Ok(())
}

/// Nobody passes by declaring exceptions from everything, or by not being there.
fn every_provider_runs(cases: &[Case]) -> Result<()> {
    for name in provider::all()? {
        ensure!(fixture::ALL.iter().any(|entry| entry.provider == name), "`{name}` has no fixture");
        let provider = provider::Provider::load(&name)?;
        let runs = cases.iter().any(|case| (case.exception)(&provider).is_none());
        ensure!(runs, "all trials of `{name}` are ignored");
    }
    Ok(())
}
