use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use plugboard_faults::{Answer, Fault, Upstream, When};

use super::equal;
use super::operations::Operation;
use crate::app::App;
use crate::case::Case;
use crate::cx::Cx;
use crate::fixture::Settings;
use crate::reply::{Reply, failed_with};
use crate::secrets::Scanner;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::each("all.errors", "wrong-credentials-are-access-denied", wrong_credentials),
        Case::each("all.errors", "a-missing-setting-is-named", missing_settings),
        Case::each("all.errors", "a-malformed-setting-is-named", malformed_settings),
        Case::each("all.secrets", "nothing-in-the-log-of-a-debugging-provider", debug_log),
        Case::each("all.secrets", "the-suite-notices-a-secret", a_secret),
        Case::each("all.secrets", "credentials-are-in-their-header-only", header_only),
        Case::each("all.secrets", "no-credentials-over-plain-http", plain_http),
        Case::each("all.no-trap", "answers-over-the-limit", answers_over_the_limit),
        Case::each("all.no-trap", "what-is-no-plain-value", not_plain)
            .unless(|p| (!p.capabilities.other_types).then_some("the service has plain values only")),
        Case::each("all.no-trap", "keys-of-a-MiB", huge_keys),
        Case::each("all.no-trap", "names-of-a-MiB", huge_names),
        Case::each("all.no-trap", "batches-of-20000", huge_batches),
    ]
}

/// The first failure of an app that cannot work: at `open`, or at the operation.
fn first_call(app: &App, key: &str) -> Reply<()> {
    let session = app.session();
    let bucket = session.open("")?;
    bucket.get(key).map(drop)
}

fn wrong_credentials(cx: &Cx) -> Result<()> {
    let session = cx.app_with_settings(&cx.fixture().wrong_credentials())?.session();
    let bucket = session.open("")?;
    for operation in Operation::ALL {
        // A swap needs a handle, which it does not get.
        if operation != Operation::Swap && operation.flavors().contains(&cx.flavor) {
            let mut prepared = operation.prepare(cx, &bucket)?;
            failed_with(prepared.run(), &["access-denied"]).context(operation.name())?;
            prepared.check(cx, Some("access-denied"))?;
        }
    }
    Ok(())
}

fn missing_settings(cx: &Cx) -> Result<()> {
    for name in cx.fixture().required() {
        let app = cx.app_with_settings(&Settings::from([((*name).to_owned(), String::new())]))?;
        let sentence = failed_with(first_call(&app, &cx.key("k")), &["config"])?;
        ensure!(sentence.contains(&format!("`{name}`")), "{sentence:?} does not name `{name}`");
    }
    Ok(())
}

fn malformed_settings(cx: &Cx) -> Result<()> {
    for (name, value) in cx.fixture().malformed() {
        let app = cx.app_with_settings(&Settings::from([(name.to_owned(), value.to_owned())]))?;
        let sentence = failed_with(first_call(&app, &cx.key("k")), &["config"])
            .with_context(|| format!("`{name}` = `{value}`"))?;
        ensure!(sentence.contains(&format!("`{name}`")), "{sentence:?} does not name `{name}`");
    }
    Ok(())
}

/// Good calls, bad calls and broken answers, with everything logged.
fn debug_log(cx: &Cx) -> Result<()> {
    let proxied = cx.proxied(&[("log", "debug"), ("timeout", "10s")])?;
    let session = proxied.app.session();
    let bucket = session.open("")?;
    for operation in Operation::ALL {
        if operation.flavors().contains(&cx.flavor) {
            operation.prepare(cx, &bucket)?.run()?;
            let mut prepared = operation.prepare(cx, &bucket)?;
            let answer = Answer::garbage_bytes();
            proxied.proxy().arm(Fault::Answer { answer, upstream: Upstream::Skipped }, When::always());
            let _ = prepared.run(); // whatever it is, its sentence is scanned
            proxied.proxy().clear();
        }
    }
    proxied.proxy().refuse_connections();
    failed_with(bucket.get(&cx.key("k")), &["unavailable"])?;
    let log = proxied.app.deployment.log();
    ensure!(log.contains(&format!("{}:", cx.provider.name)), "the provider logs nothing: {log:?}");
    proxied.app.scanner.scan(log.as_bytes(), "the log")?;

    let mut settings = cx.fixture().wrong_credentials();
    settings.insert(cx.provider.setting("log"), "debug".to_owned());
    let app = cx.app_with_settings(&settings)?;
    failed_with(first_call(&app, &cx.key("k")), &["access-denied"])?;
    app.scanner.scan(app.deployment.log().as_bytes(), "the log")
}

/// A value that is a secret makes the probe print one: were it not noticed, no trial would mean much.
fn a_secret(cx: &Cx) -> Result<()> {
    let secrets = cx.fixture().secrets();
    for secret in &secrets {
        // With a scanner of its own, as findings fail the run.
        let app = App { scanner: Arc::new(Scanner::new(&secrets)?), ..cx.app()? };
        let key = cx.key("k");
        cx.outside().set(key.as_bytes(), secret.as_bytes())?;
        let session = app.session();
        let got = session.open("")?.get(&key);
        let error = got.err().context("a secret in a response is not noticed")?;
        ensure!(error.to_string().contains("all.secrets"), "another error: {error}");
    }
    cx.outside().delete(cx.key("k").as_bytes())
}

/// Gateways and proxies on the way log addresses.
fn header_only(cx: &Cx) -> Result<()> {
    let proxied = cx.proxied(&[])?;
    let session = proxied.app.session();
    let bucket = session.open("")?;
    proxied.proxy().take_requests();
    for operation in Operation::ALL {
        if operation.flavors().contains(&cx.flavor) {
            operation.prepare(cx, &bucket)?.run()?;
        }
    }
    let requests = proxied.proxy().take_requests();
    ensure!(!requests.is_empty(), "no request came through the proxy");
    for recorded in &requests {
        let rest = recorded.request.outside_authorization();
        proxied.app.scanner.scan(&rest, "a request, outside of `Authorization`,")?;
    }
    Ok(())
}

fn plain_http(cx: &Cx) -> Result<()> {
    // An address that is in use nowhere (RFC 5737).
    let far = cx.fixture().settings("192.0.2.1:80".parse()?);
    let sentence = failed_with(first_call(&cx.app_with_settings(&far)?, &cx.key("k")), &["config"])?;
    let name = cx.provider.setting("allow-http");
    ensure!(sentence.contains(&name), "{sentence:?} does not name `{name}`");
    let mut allowed = far;
    allowed.insert(name, "true".to_owned());
    allowed.insert(cx.provider.setting("timeout"), "500ms".to_owned());
    let started = Instant::now();
    failed_with(first_call(&cx.app_with_settings(&allowed)?, &cx.key("k")), &["timeout", "unavailable"])?;
    ensure!(started.elapsed().as_secs() < 10, "it took {:?}", started.elapsed());
    Ok(())
}

fn answers_over_the_limit(cx: &Cx) -> Result<()> {
    let limit = cx.fixture().value_limit();
    let session = cx.app_with_settings(&limit.settings)?.session();
    let bucket = session.open("")?;
    let (key, small) = (cx.key("k"), cx.key("small"));
    cx.outside().set(key.as_bytes(), &vec![b'v'; 3 * limit.exceeds])?;
    cx.outside().set(small.as_bytes(), b"v")?;
    failed_with(bucket.get(&key), &["too-large"])?;
    failed_with(bucket.get_many(&[&small, &key]), &["too-large"])?;
    if cx.flavor.draft() == probe::Draft::Draft2 {
        failed_with(bucket.cas(&key), &["too-large"])?;
    }
    equal("exists", bucket.exists(&key)?, true)?;
    bucket.delete(&key)?;
    equal("exists", bucket.exists(&key)?, false)
}

fn not_plain(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let bucket = session.open("")?;
    let key = cx.key("k");
    cx.outside().put_other(key.as_bytes())?;
    failed_with(bucket.get(&key), &["invalid"])?;
    equal("exists", bucket.exists(&key)?, false)?;
    bucket.set(&key, "plain")?;
    equal("get after set", bucket.get(&key)?, super::some("plain"))?;
    bucket.delete(&key)?;
    cx.outside().put_other(key.as_bytes())?;
    bucket.delete(&key)?;
    equal("another client's get", cx.outside().get(key.as_bytes())?, None)
}

fn huge_keys(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let bucket = session.open("")?;
    let key = cx.key(&"k".repeat(1 << 20));
    // It works, or every call refuses it.
    match bucket.set(&key, "v") {
        Ok(()) => {
            equal("get", bucket.get(&key)?, super::some("v"))?;
            equal("exists", bucket.exists(&key)?, true)?;
            bucket.delete(&key)?;
            equal("increment", bucket.increment(&key, 1)?, 1)?;
            bucket.delete_many(&[&key])?;
        }
        refused => {
            failed_with(refused, &["invalid", "too-large"])?;
            failed_with(bucket.get(&key), &["invalid", "too-large"])?;
            failed_with(bucket.exists(&key), &["invalid", "too-large"])?;
            failed_with(bucket.increment(&key, 1), &["invalid", "too-large"])?;
            failed_with(bucket.delete_many(&[&key]), &["invalid", "too-large"])?;
        }
    }
    Ok(())
}

fn huge_names(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let name = cx.bucket(&"n".repeat(1 << 20));
    let outcome = session.open(&name).and_then(|bucket| {
        bucket.set("k", "v")?;
        equal("get", bucket.get("k")?, super::some("v"))?;
        bucket.delete("k")
    });
    match outcome {
        Ok(()) => Ok(()),
        refused => failed_with(refused, &["no-such-store", "invalid", "too-large"]).map(drop),
    }
}

fn huge_batches(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let bucket = session.open(&cx.bucket("batches"))?;
    let keys = (0..20_000).map(|n| n.to_string()).collect::<Vec<_>>();
    let pairs = keys.iter().map(|key| (key, key)).collect::<Vec<_>>();
    match bucket.set_many(&pairs) {
        Ok(()) => {
            let values = bucket.get_many(&keys)?.into_iter().map(|pair| pair.1);
            let wrong = values.zip(&keys).find(|(value, key)| value.as_deref() != Some(key.as_bytes()));
            ensure!(wrong.is_none(), "get-many: {wrong:?}");
            bucket.delete_many(&keys)?;
            equal("exists", bucket.exists(&keys[19_999])?, false)?;
        }
        refused => {
            failed_with(refused, &["invalid", "too-large"])?;
            equal("a key of the refused set-many", bucket.exists(&keys[0])?, false)?;
        }
    }
    Ok(())
}
