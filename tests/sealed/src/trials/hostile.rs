//! An app that asks `wasi:config` for everything, and makes the store talk, does not learn the credentials of a
//! provider that is sealed with them.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use plugboard_harness::components::{Surface, component, targets};
use plugboard_harness::http::request;
use plugboard_harness::servers::Wasmtime;
use serde_json::{Value, json};

use crate::Case;
use crate::bench::{Bench, CONFIG};
use crate::secret::{SECRET, kept};

pub(crate) const TRIALS: &[Case] = &[
    ("hostile/reads-the-configuration-of-the-host", reads_the_configuration_of_the_host),
    ("hostile/reads-nothing-where-the-provider-is-sealed", reads_nothing_where_the_provider_is_sealed),
    ("hostile/reads-its-own-configuration-only", reads_its_own_configuration_only),
    ("hostile/learns-nothing-from-a-refused-password", learns_nothing_from_a_refused_password),
    ("hostile/learns-nothing-from-a-store-that-is-down", learns_nothing_from_a_store_that_is_down),
    ("hostile/learns-nothing-from-wrong-settings", learns_nothing_from_wrong_settings),
];

/// Everything that the app has heard, and all that the host and the provider have logged meanwhile.
fn heard(served: &Wasmtime) -> Result<(Value, String)> {
    let (status, body) = request("GET", served.url(), "")?;
    ensure!(status == 200, "{status} {body}");
    Ok((serde_json::from_str(&body)?, format!("{body}\n{}", served.server().log())))
}

/// The trial that can fail: on the host's configuration the same app has it all.
fn reads_the_configuration_of_the_host(bench: &Bench) -> Result<()> {
    let (_redis, webdis) = bench.store("shop", SECRET)?;
    let out = bench.plug(&component("hostile")?, &[&component("kv-redis")?], "out.wasm")?;
    let config =
        [("redis-url", webdis.url()), ("redis-user", "shop".into()), ("redis-password", SECRET.into())];
    let (heard, text) = heard(&bench.serve(&out, Some(&config))?)?;
    ensure!(heard["store"]["set"] == "Ok(())", "the store does not work: {text}");
    ensure!(heard["get-all"]["redis-password"] == SECRET, "get-all: {text}");
    ensure!(heard["get"]["redis-password"] == SECRET, "get: {text}");
    ensure!(kept(&text, "the answer").is_err(), "the scan does not find it: {text}");
    Ok(())
}

fn reads_nothing_where_the_provider_is_sealed(bench: &Bench) -> Result<()> {
    let (_redis, webdis) = bench.store("shop", SECRET)?;
    let out = sealed(bench, &webdis.url())?;
    ensure!(Surface::read(&out)?.imports.contains(CONFIG), "the app does not even ask");
    let (heard, text) = heard(&bench.serve(&out, Some(&[]))?)?;
    ensure!(heard["store"]["set"] == "Ok(())", "the store does not work: {text}");
    ensure!(heard["get-all"] == json!({}), "{text}");
    let got = heard["get"].as_object().context("no object")?;
    ensure!(got.len() == 12 && got.values().all(Value::is_null), "{text}");
    ensure!(text.contains(":: kv-redis: PUT 127.0.0.1:"), "the provider logs nothing: {text}");
    kept(&text, "the answer, or the log,")
}

fn reads_its_own_configuration_only(bench: &Bench) -> Result<()> {
    let (_redis, webdis) = bench.store("shop", SECRET)?;
    let kv = bench.plug(&component("kv-redis")?, &[&bake(bench, &webdis.url())?], "kv.wasm")?;
    let own = bench.bake(&[("greeting", "hello")], "own.wasm")?;
    let out = bench.plug(&component("hostile")?, &[&kv, &own], "out.wasm")?;
    targets(&out, "sealed")?;
    let (heard, text) = heard(&bench.serve(&out, None)?)?;
    ensure!(heard["store"]["set"] == "Ok(())", "the store does not work: {text}");
    ensure!(heard["get-all"] == json!({ "greeting": "hello" }), "{text}");
    kept(&text, "the answer, or the log,")
}

fn learns_nothing_from_a_refused_password(bench: &Bench) -> Result<()> {
    let (_redis, webdis) = bench.store("shop", "another")?;
    let (heard, text) = heard(&bench.serve(&sealed(bench, &webdis.url())?, Some(&[]))?)?;
    ensure!(heard["store"]["set"].as_str().is_some_and(|said| said.contains("AccessDenied")), "{text}");
    kept(&text, "the answer, or the log,")
}

fn learns_nothing_from_a_store_that_is_down(bench: &Bench) -> Result<()> {
    let (_redis, webdis) = bench.store("shop", SECRET)?;
    let out = sealed(bench, &webdis.url())?;
    webdis.stop();
    let (heard, text) = heard(&bench.serve(&out, Some(&[]))?)?;
    ensure!(heard["store"]["set"].as_str().is_some_and(|said| said.contains("unavailable: ")), "{text}");
    kept(&text, "the answer, or the log,")
}

fn learns_nothing_from_wrong_settings(bench: &Bench) -> Result<()> {
    let url = ("redis-url", "http://127.0.0.1:1");
    let with_user = format!("http://shop:{SECRET}@127.0.0.1:1");
    let two_lines = format!("{SECRET}\n");
    let cases: [&[(&str, &str)]; 4] = [
        &[url, ("redis-password", SECRET)],
        &[url, ("redis-user", "shop"), ("redis-password", &two_lines)],
        &[url, ("redis-dialect", "upstash"), ("redis-user", "shop"), ("redis-password", SECRET)],
        &[("redis-url", &with_user)],
    ];
    for settings in cases {
        let out = bench.seal("hostile", &bench.bake(settings, "config.wasm")?)?;
        let (heard, text) = heard(&bench.serve(&out, Some(&[]))?)?;
        ensure!(heard["store"]["error"].as_str().is_some_and(|said| said.contains("config: ")), "{text}");
        kept(&text, "the answer, or the log,")?;
    }
    Ok(())
}

/// The app on a provider that has its credentials baked in, and logs all it may.
fn sealed(bench: &Bench, url: &str) -> Result<PathBuf> {
    bench.seal("hostile", &bake(bench, url)?)
}

fn bake(bench: &Bench, url: &str) -> Result<PathBuf> {
    let settings = [
        ("redis-url", url),
        ("redis-user", "shop"),
        ("redis-password", SECRET),
        ("redis-log", "debug"),
        ("redis-timeout", "1s"),
    ];
    let config = bench.bake(&settings, "config.wasm")?;
    holds_the_secret(&config)?;
    Ok(config)
}

/// It does: that is why it must not be pushed to where others read.
fn holds_the_secret(config: &Path) -> Result<()> {
    let bytes = std::fs::read(config)?;
    ensure!(
        bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes()),
        "the secret is not baked in"
    );
    Ok(())
}
