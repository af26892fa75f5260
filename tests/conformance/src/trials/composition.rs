use anyhow::{Result, ensure};
use plugboard_harness::Run;
use plugboard_harness::components::{component, targets};
use probe::Step;

use crate::case::{Case, Flavor};
use crate::compose::compose;
use crate::cx::Cx;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::each("all.composition", "leaves-nothing-open", leaves_nothing_open).only(Flavor::SHAPES),
        Case::each("all.no-trap", "the-suite-notices-a-trap", a_trap).only(Flavor::SHAPES),
    ]
}

/// A program that is wrong makes the probe trap: were it not noticed, no trial would mean much.
fn a_trap(cx: &Cx) -> Result<()> {
    let app = cx.app()?;
    let wrong = [Step::Get { bucket: "never opened".into(), key: "k".into() }];
    let trapped = |outcome: Result<_>| outcome.is_err_and(|error| format!("{error:#}").contains("trapped"));
    ensure!(trapped(app.run(&wrong)), "a trap in a program is not noticed");
    let session = app.session();
    ensure!(trapped(session.steps(wrong.to_vec())), "a trap in a session is not noticed");
    ensure!(cx.session()?.open("")?.get(&cx.key("k"))?.is_none(), "the next instance");
    Ok(())
}

fn leaves_nothing_open(cx: &Cx) -> Result<()> {
    let suffix = cx.flavor.suffix();
    let run = Run::new("composition")?;
    let app = format!("probe{suffix}");
    compose(&app, &format!("{}{suffix}", cx.provider.name), run.path())?;
    // The proof can fail: the app alone, and a provider of the other shape, leave something open.
    ensure!(targets(&component(&app)?, "app").is_err(), "`wac targets` accepts an app without a provider");
    let other = if suffix.is_empty() { "-batch-a" } else { "" };
    let mismatch = compose(&app, &format!("{}{other}", cx.provider.name), run.path());
    ensure!(mismatch.is_err(), "`wac targets` accepts a provider with the other shape of get-many");
    Ok(())
}
