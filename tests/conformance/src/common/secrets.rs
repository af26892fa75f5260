use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use plugboard_faults::{Answer, Fault, Upstream, When};

use super::Operation as _;
use crate::case::Case;
use crate::cx::Cx;
use crate::fixture::Fixture as _;
use crate::interface::Interface;
use crate::reply::failed_with;
use crate::secrets::Scanner;
use crate::session::App;

pub(super) fn cases<I: Interface>() -> Vec<Case<I>> {
    vec![
        Case::new("all.secrets", "nothing-in-the-log-of-a-debugging-provider", I::EACH, debug_log)
            .credentials(),
        Case::new("all.secrets", "the-suite-notices-a-secret", I::EACH, a_secret).credentials(),
        Case::new("all.secrets", "credentials-are-in-their-header-only", I::EACH, header_only),
    ]
}

/// Good calls, bad calls and broken answers, with everything logged.
fn debug_log<I: Interface>(cx: &Cx<I>) -> Result<()> {
    let proxied = cx.proxied(&[("log", "debug"), ("timeout", "10s")])?;
    let session = proxied.app.session();
    for operation in I::Operation::ALL {
        if operation.flavors().contains(&cx.flavor) {
            operation.prepare(cx, &session)?.run()?;
            let mut prepared = operation.prepare(cx, &session)?;
            let answer = Answer::garbage_bytes();
            proxied.proxy().arm(Fault::Answer { answer, upstream: Upstream::Skipped }, When::always());
            let _ = prepared.run(); // whatever it is, its sentence is scanned
            proxied.proxy().clear();
        }
    }
    let mut read = I::Operation::READ.prepare(cx, &session)?;
    proxied.proxy().refuse_connections();
    failed_with(read.run(), &["unavailable"])?;
    let log = proxied.app.deployment.log();
    ensure!(log.contains(&format!("{}:", cx.provider.name)), "the provider logs nothing: {log:?}");
    proxied.app.scanner.scan(log.as_bytes(), "the log")?;

    let mut settings = cx.fixture().credentials().wrong.clone();
    settings.insert(cx.provider.setting("log"), "debug".to_owned());
    let app = cx.app_with_settings(&settings)?;
    failed_with(I::echo(cx, &app.session(), "theirs"), &["access-denied"])?;
    app.scanner.scan(app.deployment.log().as_bytes(), "the log")
}

/// A value that is a secret makes the probe print one: were it not noticed, no trial would mean much.
fn a_secret<I: Interface>(cx: &Cx<I>) -> Result<()> {
    let secrets = &cx.fixture().credentials().secrets;
    for secret in secrets {
        // With a scanner of its own, as findings fail the run.
        let app = App { scanner: Arc::new(Scanner::new(secrets)?), ..cx.app()? };
        let got = I::echo(cx, &app.session(), secret);
        let error = got.err().context("a secret in a response is not noticed")?;
        ensure!(error.to_string().contains("all.secrets"), "another error: {error}");
    }
    // Nobody else shall come across the last one.
    Ok(I::echo(cx, &cx.session()?, "theirs")?)
}

/// Gateways and proxies on the way log addresses. What is exchanged for a token has to be said once.
fn header_only<I: Interface>(cx: &Cx<I>) -> Result<()> {
    let proxied = cx.proxied(&[])?;
    let session = proxied.app.session();
    proxied.proxy().take_requests();
    for operation in I::Operation::ALL {
        if operation.flavors().contains(&cx.flavor) {
            operation.prepare(cx, &session)?.run()?;
        }
    }
    let requests = proxied.proxy().take_requests();
    ensure!(!requests.is_empty(), "no request came through the proxy");
    let for_token = |target: &str| cx.fixture().token_path() == Some(target);
    for recorded in requests.iter().filter(|recorded| !for_token(&recorded.request.target)) {
        let rest = recorded.request.outside_authorization();
        proxied.app.scanner.scan(&rest, "a request, outside of `Authorization`,")?;
    }
    Ok(())
}
