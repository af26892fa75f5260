use anyhow::{Result, ensure};
use plugboard_harness::Run;
use plugboard_harness::components::component;

use crate::case::Case;
use crate::compose::compose;
use crate::cx::Cx;
use crate::interface::{Flavor as _, Interface};

pub(super) fn cases<I: Interface>() -> Vec<Case<I>> {
    vec![
        Case::new("all.composition", "leaves-nothing-open", I::COMPONENTS, leaves_nothing_open),
        Case::new("all.no-trap", "the-suite-notices-a-trap", I::COMPONENTS, a_trap),
    ]
}

/// A program that is wrong makes the probe trap: were it not noticed, no trial would mean much.
fn a_trap<I: Interface>(cx: &Cx<I>) -> Result<()> {
    let app = cx.app()?;
    let trapped = |outcome: Result<_>| outcome.is_err_and(|error| format!("{error:#}").contains("trapped"));
    ensure!(trapped(app.run(&I::wrong_program())), "a trap in a program is not noticed");
    let session = app.session();
    ensure!(trapped(session.steps(I::wrong_program())), "a trap in a session is not noticed");
    Ok(I::echo(cx, &cx.session()?, "the next instance")?)
}

fn leaves_nothing_open<I: Interface>(cx: &Cx<I>) -> Result<()> {
    let suffix = cx.flavor.suffix();
    let run = Run::new("composition")?;
    let app = format!("{}{suffix}", I::APP);
    compose(&app, &format!("{}{suffix}", cx.provider.name), cx.flavor, run.path())?;
    // The proof can fail: the app alone, and a provider of another kind, leave something open.
    ensure!(cx.flavor.closed(&component(&app)?).is_err(), "an app without a provider passes");
    if let Some(other) = cx.flavor.mismatch() {
        let mismatch = compose(&app, &format!("{}{other}", cx.provider.name), cx.flavor, run.path());
        ensure!(mismatch.is_err(), "a provider that does not match the app passes");
    }
    Ok(())
}
