//! config-spin. Spin itself is not here: config-static plays it, as it exports the interface under Spin's name too.

use anyhow::{Result, ensure};

use crate::Case;
use crate::bench::{Bench, CONFIG, use_favorites};
use crate::secret::SECRET;
use plugboard_harness::components::{Surface, component};

const SPIN: &str = "wasi:config/store@0.2.0-draft-2024-09-27";

pub(crate) const TRIALS: &[Case] = &[
    ("config-spin/imports-spins-name", imports_spins_name),
    ("config-spin/variables-are-settings", variables_are_settings),
    ("config-spin/an-app-is-served-with-it", an_app_is_served_with_it),
    ("config-spin/an-error-comes-through", an_error_comes_through),
];

fn imports_spins_name(_: &Bench) -> Result<()> {
    let found = Surface::read(&component("config-spin")?)?.imports;
    ensure!(found.iter().eq([SPIN]), "it imports {found:?}");
    Ok(())
}

fn variables_are_settings(bench: &Bench) -> Result<()> {
    let variables = [("redis_url", "http://h:1"), ("redis_prefix", ""), ("a", "1"), ("redis-user", "me")];
    let spin = bench.bake(&variables, "spin.wasm")?;
    let config = bench.plug(&component("config-spin")?, &[&spin], "config.wasm")?;
    let cases = [
        (r#"get("redis-url")"#, r#"ok(some("http://h:1"))"#),
        (r#"get("redis-prefix")"#, r#"ok(some(""))"#),
        (r#"get("redis-token")"#, "ok(none)"),
        (r#"get("redis_url")"#, "ok(none)"),
        ("get-all()", r#"ok([("redis-url", "http://h:1"), ("redis-prefix", ""), ("a", "1")])"#),
    ];
    for (call, expected) in cases {
        let found = bench.ask(&config, CONFIG, &[], call)?;
        ensure!(found == expected, "{call} gave {found}, expected {expected}");
    }
    Ok(())
}

fn an_app_is_served_with_it(bench: &Bench) -> Result<()> {
    let (redis, webdis) = bench.store("shop", SECRET)?;
    let out = bench.seal("favorites", &component("config-spin")?)?;
    let found = Surface::read(&out)?
        .imports
        .into_iter()
        .filter(|name| name.starts_with("wasi:config"))
        .collect::<Vec<_>>();
    ensure!(found == [SPIN], "it imports {found:?}");
    let variables = [("redis_url", &*webdis.url()), ("redis_user", "shop"), ("redis_password", SECRET)];
    let spin = bench.bake(&variables, "spin.wasm")?;
    let served = bench.serve(&bench.plug(&out, &[&spin], "spun.wasm")?, None)?;
    use_favorites(served.url(), &redis)
}

fn an_error_comes_through(bench: &Bench) -> Result<()> {
    let config = bench.plug(&component("config-spin")?, &[&component("config-static")?], "config.wasm")?;
    for call in [r#"get("redis-url")"#, "get-all()"] {
        let found = bench.ask(&config, CONFIG, &[], call)?;
        ensure!(
            found.starts_with("err(upstream(\"config-static has not been configured"),
            "{call} gave {found}"
        );
    }
    Ok(())
}
