//! The trials about the suite itself.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use libtest_mimic::{Failed, Trial};
use plugboard_harness::components::root;

use crate::blobstore::Blobstore;
use crate::case::Case;
use crate::interface::Interface;
use crate::keyvalue::Keyvalue;
use crate::provider;

pub(crate) fn trials<I: Interface>(cases: &[Case<I>]) -> Vec<Trial> {
    let tried = cases.iter().map(|case| case.rule.to_owned()).collect::<BTreeSet<_>>();
    let all = cases.to_vec();
    let name = |what: &str| format!("suite/{}/{what}", I::STEM);
    vec![
        Trial::test(name("every-rule-has-a-trial"), move || failed(every_rule_has_a_trial::<I>(&tried))),
        Trial::test(name("every-provider-has-running-trials"), move || failed(every_provider_runs(&all))),
        Trial::test(name("every-way-to-authenticate-has-a-fixture"), || failed(every_way_is_tried::<I>())),
    ]
}

fn failed(result: Result<()>) -> Result<(), Failed> {
    result.map_err(|error| Failed::from(format!("{error:#}")))
}

/// How the names of rules begin.
const STEMS: [&str; 3] = ["all", Keyvalue::STEM, Blobstore::STEM];

/// The rules of docs/semantics.md are headings: `### kv.open`. Those of all interfaces need trials of each.
fn every_rule_has_a_trial<I: Interface>(tried: &BTreeSet<String>) -> Result<()> {
    let text = std::fs::read_to_string(root().join("docs/semantics.md"))?;
    let mut written = BTreeSet::new();
    for rule in text.lines().filter_map(|line| line.strip_prefix("### ")) {
        let stem = rule.split('.').next().unwrap_or_default();
        ensure!(STEMS.contains(&stem), "the rule `{rule}` is of no interface");
        if ["all", I::STEM].contains(&stem) {
            written.insert(rule.to_owned());
        }
    }
    let untried = written.difference(tried).collect::<Vec<_>>();
    let unwritten = tried.difference(&written).collect::<Vec<_>>();
    ensure!(untried.is_empty(), "rules without a trial: {untried:?}");
    ensure!(unwritten.is_empty(), "trials of rules that docs/semantics.md does not have: {unwritten:?}");
    Ok(())
}

/// Nobody passes by declaring exceptions from everything, or by not being there.
fn every_provider_runs<I: Interface>(cases: &[Case<I>]) -> Result<()> {
    for name in provider::all::<I>()? {
        ensure!(I::FIXTURES.iter().any(|entry| entry.provider == name), "`{name}` has no fixture");
        let provider = provider::Provider::load(&name)?;
        let runs = cases.iter().any(|case| (case.exception)(&provider).is_none());
        ensure!(runs, "all trials of `{name}` are ignored");
    }
    Ok(())
}

/// What a provider declares to know was tried, and what was tried is declared.
fn every_way_is_tried<I: Interface>() -> Result<()> {
    for name in provider::all::<I>()? {
        let provider = provider::Provider::<I>::load(&name)?;
        let entries = I::FIXTURES.iter().filter(|entry| entry.provider == name);
        let tried = entries.map(|entry| entry.auth.to_owned()).collect::<BTreeSet<_>>();
        let declared = I::auth(&provider.capabilities);
        ensure!(tried == *declared, "`{name}` declares {declared:?}, its fixtures use {tried:?}");
    }
    Ok(())
}
