use std::time::Instant;

use anyhow::{Context as _, Result, ensure};

use super::{Operation as _, faults};
use crate::case::Case;
use crate::cx::Cx;
use crate::fixture::{Fixture as _, Settings};
use crate::interface::Interface;
use crate::reply::failed_with;

pub(super) fn cases<I: Interface>() -> Vec<Case<I>> {
    vec![
        Case::new("all.errors", "wrong-credentials-are-access-denied", I::EACH, wrong_credentials)
            .credentials(),
        Case::new("all.errors", "a-missing-setting-is-named", I::EACH, missing_settings).credentials(),
        Case::new("all.errors", "a-malformed-setting-is-named", I::EACH, malformed_settings).credentials(),
        Case::new("all.errors", "tokens-that-ended-are-replaced", I::EACH, ended_tokens).credentials(),
        Case::new("all.secrets", "no-credentials-over-plain-http", I::EACH, plain_http).credentials(),
    ]
}

fn wrong_credentials<I: Interface>(cx: &Cx<I>) -> Result<()> {
    let session = cx.app_with_settings(&cx.fixture().credentials().wrong)?.session();
    for operation in I::Operation::ALL {
        if !operation.continues() && operation.flavors().contains(&cx.flavor) {
            let mut prepared = operation.prepare(cx, &session)?;
            let kind = faults::expected(prepared.run(), operation.refused()).context(operation.name())?;
            prepared.check(cx, kind.as_deref())?;
        }
    }
    Ok(())
}

/// The first call that needs the setting says so.
fn names_setting<I: Interface>(cx: &Cx<I>, settings: &Settings, name: &str) -> Result<()> {
    let session = cx.app_with_settings(settings)?.session();
    let sentence = failed_with(I::echo(cx, &session, "theirs"), &["config"])?;
    ensure!(sentence.contains(&format!("`{name}`")), "{sentence:?} does not name `{name}`");
    Ok(())
}

fn missing_settings<I: Interface>(cx: &Cx<I>) -> Result<()> {
    for name in &cx.fixture().credentials().required {
        names_setting(cx, &Settings::from([(name.clone(), String::new())]), name)?;
    }
    Ok(())
}

fn malformed_settings<I: Interface>(cx: &Cx<I>) -> Result<()> {
    let of_credentials = cx.fixture().credentials().malformed.iter().cloned();
    let everywhere = cx.fixture().malformed().iter();
    let everywhere = everywhere.map(|&(name, value)| (name.to_owned(), value.to_owned()));
    for (name, value) in everywhere.chain(of_credentials) {
        names_setting(cx, &Settings::from([(name.clone(), value.clone())]), &name)
            .with_context(|| format!("`{name}` = `{value}`"))?;
    }
    Ok(())
}

/// Also in the middle, and for what must happen once: what is refused was not done.
fn ended_tokens<I: Interface>(cx: &Cx<I>) -> Result<()> {
    let session = cx.session()?;
    let decisive = |operation: &&I::Operation| operation.once() || **operation == I::Operation::WRITE;
    for operation in I::Operation::ALL.iter().filter(decisive) {
        if operation.flavors().contains(&cx.flavor) {
            let mut prepared = operation.prepare(cx, &session)?;
            cx.fixture().end_tokens();
            prepared.run()?;
            prepared.check(cx, None)?;
        }
    }
    Ok(())
}

fn plain_http<I: Interface>(cx: &Cx<I>) -> Result<()> {
    // An address that is in use nowhere (RFC 5737).
    let far = cx.fixture().settings("192.0.2.1:80".parse()?);
    let name = cx.provider.setting("allow-http");
    // Some fixtures have no other credentials than the wrong ones.
    let with_credentials = far.clone().into_iter().chain(cx.fixture().credentials().wrong.clone()).collect();
    names_setting(cx, &with_credentials, &name)?;
    let mut allowed = far;
    allowed.insert(name, "true".to_owned());
    allowed.insert(cx.provider.setting("timeout"), "500ms".to_owned());
    let started = Instant::now();
    let session = cx.app_with_settings(&allowed)?.session();
    failed_with(I::echo(cx, &session, "theirs"), &["timeout", "unavailable"])?;
    ensure!(started.elapsed().as_secs() < 10, "it took {:?}", started.elapsed());
    Ok(())
}
