//! config-env: settings are variables of the environment.

use anyhow::{Result, ensure};

use crate::Case;
use crate::bench::{Bench, CONFIG, use_favorites};
use crate::secret::SECRET;
use plugboard_harness::components::{Surface, component};
use plugboard_harness::http::request;

pub(crate) const TRIALS: &[Case] = &[
    ("config-env/imports-the-environment", imports_the_environment),
    ("config-env/variables-are-settings", variables_are_settings),
    ("config-env/an-app-is-served-with-it", an_app_is_served_with_it),
    ("config-env/an-empty-variable-is-not-set", an_empty_variable_is_not_set),
];

fn imports_the_environment(_: &Bench) -> Result<()> {
    let found = Surface::read(&component("config-env")?)?.imports;
    ensure!(found.iter().eq(["wasi:cli/environment@0.2.12"]), "it imports {found:?}");
    Ok(())
}

fn variables_are_settings(bench: &Bench) -> Result<()> {
    let config = component("config-env")?;
    let environment =
        ["REDIS_URL=http://h:1", "REDIS_PREFIX=", "redis-user=me", "Path=x", "S3_URL=1", "S3_URL=2"];
    let flags = environment.iter().flat_map(|pair| ["--env", pair]).collect::<Vec<_>>();
    for name in [CONFIG, "wasi:config/store@0.2.0-draft-2024-09-27", "wasi:config/store@0.2.0-draft"] {
        let cases = [
            (r#"get("redis-url")"#, r#"ok(some("http://h:1"))"#),
            (r#"get("redis-prefix")"#, r#"ok(some(""))"#),
            (r#"get("redis-token")"#, "ok(none)"),
            // Other spellings name nothing, so that every setting has one name.
            (r#"get("redis-user")"#, "ok(none)"),
            (r#"get("redis_url")"#, "ok(none)"),
            (r#"get("REDIS_URL")"#, "ok(none)"),
            (r#"get("path")"#, "ok(none)"),
            (r#"get("s3-url")"#, r#"ok(some("2"))"#),
            ("get-all()", r#"ok([("redis-url", "http://h:1"), ("redis-prefix", ""), ("s3-url", "2")])"#),
        ];
        for (call, expected) in cases {
            let found = bench.ask(&config, name, &flags, call)?;
            ensure!(found == expected, "{name}: {call} gave {found}, expected {expected}");
        }
    }
    Ok(())
}

fn an_app_is_served_with_it(bench: &Bench) -> Result<()> {
    let (redis, webdis) = bench.store("shop", SECRET)?;
    let out = bench.seal("favorites", &component("config-env")?)?;
    let url = format!("REDIS_URL={}", webdis.url());
    let password = format!("REDIS_PASSWORD={SECRET}");
    let flags = ["-S", "cli", "--env", &url, "--env", "REDIS_USER=shop", "--env", &password];
    let served = bench.serve_with(&out, None, &flags)?;
    use_favorites(served.url(), &redis)
}

fn an_empty_variable_is_not_set(bench: &Bench) -> Result<()> {
    let out = bench.seal("favorites", &component("config-env")?)?;
    let served = bench.serve_with(&out, None, &["-S", "cli", "--env", "REDIS_URL="])?;
    let (status, body) = request("GET", &format!("{}/users/ada", served.url()), "")?;
    ensure!(status == 500 && body.contains("config: `redis-url` is not set"), "{status} {body}");
    Ok(())
}
