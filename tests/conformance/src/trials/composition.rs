use anyhow::{Result, ensure};
use plugboard_harness::Run;

use crate::case::{Case, Flavor};
use crate::compose::{compose, targets};
use crate::cx::Cx;
use crate::provider::component;

pub(super) fn cases() -> Vec<Case> {
    vec![Case::each("all.composition", "leaves-nothing-open", leaves_nothing_open).only(Flavor::SHAPES)]
}

fn leaves_nothing_open(cx: &Cx) -> Result<()> {
    let suffix = cx.flavor.suffix();
    let run = Run::new("composition")?;
    let app = component(&format!("probe{suffix}"));
    compose(&app, &component(&format!("{}{suffix}", cx.provider.name)), run.path())?;
    // The proof can fail: the app alone, and a provider of the other shape, leave something open.
    ensure!(targets(&app, run.path()).is_err(), "`wac targets` accepts an app without a provider");
    let other = if suffix.is_empty() { "-batch-a" } else { "" };
    let mismatch = compose(&app, &component(&format!("{}{other}", cx.provider.name)), run.path());
    ensure!(mismatch.is_err(), "`wac targets` accepts a provider with the other shape of get-many");
    Ok(())
}
