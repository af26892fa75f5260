//! config-static: what is baked in comes out, and nothing wrong gets in.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, ensure};

use crate::Case;
use crate::bench::{Bench, CONFIG, refused, with_input};
use crate::secret::{SECRET, kept};
use plugboard_harness::components::{Surface, component, said};

pub(crate) const TRIALS: &[Case] = &[
    ("config-static/imports-nothing", imports_nothing),
    ("config-static/stdin-imports-what-a-proxy-has", stdin_imports_what_a_proxy_has),
    ("config-static/values-come-out-as-they-went-in", values_come_out_as_they_went_in),
    ("config-static/lines-come-out-as-they-went-in", lines_come_out_as_they_went_in),
    ("config-static/no-setting-is-a-configuration", no_setting_is_a_configuration),
    ("config-static/unbaked-says-so", unbaked_says_so),
    ("config-static/wrong-settings-fail-the-command", wrong_settings_fail_the_command),
    ("config-static/wrong-lines-fail-the-command", wrong_lines_fail_the_command),
    ("config-static/is-baked-once", is_baked_once),
];

/// Each of the names that the interface has.
const NAMES: [&str; 3] =
    [CONFIG, "wasi:config/store@0.2.0-draft-2024-09-27", "wasi:config/store@0.2.0-draft"];

fn imports_nothing(bench: &Bench) -> Result<()> {
    let baked = bench.bake(&[("redis-url", "http://h:1")], "config.wasm")?;
    for config in [component("config-static")?, baked] {
        let found = Surface::read(&config)?.imports;
        ensure!(found.is_empty(), "{} imports {found:?}", config.display());
    }
    Ok(())
}

fn stdin_imports_what_a_proxy_has(bench: &Bench) -> Result<()> {
    let config = bake_lines(bench, b"a=b")?;
    let found = Surface::read(&config)?.imports;
    let expected = ["wasi:cli/stdin@0.2.12", "wasi:io/error@0.2.12", "wasi:io/streams@0.2.12"];
    ensure!(found.iter().map(String::as_str).eq(expected), "it imports {found:?}");
    Ok(())
}

fn values_come_out_as_they_went_in(bench: &Bench) -> Result<()> {
    let settings =
        [("redis-url", "http://h:1/?a=b,c"), ("redis-password", "\"quoted\" \\ é\n"), ("redis_prefix", "")];
    let config = bench.bake(&settings, "config.wasm")?;
    for name in NAMES {
        let get = |call: &str| bench.ask(&config, name, &[], call);
        same(&get(r#"get("redis-url")"#)?, r#"ok(some("http://h:1/?a=b,c"))"#)?;
        same(&get(r#"get("redis-password")"#)?, r#"ok(some("\"quoted\" \\ é\n"))"#)?;
        same(&get(r#"get("redis_prefix")"#)?, r#"ok(some(""))"#)?;
        same(&get(r#"get("redis-prefix")"#)?, "ok(none)")?;
        same(
            &get("get-all()")?,
            r#"ok([("redis-url", "http://h:1/?a=b,c"), ("redis-password", "\"quoted\" \\ é\n"), ("redis_prefix", "")])"#,
        )?;
    }
    Ok(())
}

fn lines_come_out_as_they_went_in(bench: &Bench) -> Result<()> {
    let config = bake_lines(bench, b"# the shop\n\nredis-url=http://h:1/?a=b,c\r\nredis-password= #\"1 ")?;
    let all = bench.ask(&config, CONFIG, &[], "get-all()")?;
    same(&all, r#"ok([("redis-url", "http://h:1/?a=b,c"), ("redis-password", " #\"1 ")])"#)?;
    // More than one read's worth.
    let long = format!("a={}\n", "x".repeat(200_000));
    let all = bench.ask(&bake_lines(bench, long.as_bytes())?, CONFIG, &[], r#"get("a")"#)?;
    ensure!(all.len() == 200_000 + r#"ok(some(""))"#.len(), "{} bytes", all.len());
    Ok(())
}

fn no_setting_is_a_configuration(bench: &Bench) -> Result<()> {
    let config = bench.bake(&[], "config.wasm")?;
    same(&bench.ask(&config, CONFIG, &[], r#"get("redis-url")"#)?, "ok(none)")?;
    same(&bench.ask(&config, CONFIG, &[], "get-all()")?, "ok([])")
}

fn unbaked_says_so(bench: &Bench) -> Result<()> {
    for config in ["config-static", "config-static-stdin"] {
        for call in [r#"get("redis-url")"#, "get-all()"] {
            let answer = bench.ask(&component(config)?, CONFIG, &[], call)?;
            let sentence =
                "config-static has not been configured; bake the settings in with `wasmtime wizer`";
            same(&answer, &format!("err(upstream(\"{sentence}\"))"))?;
        }
    }
    Ok(())
}

fn wrong_settings_fail_the_command(bench: &Bench) -> Result<()> {
    let cases = [
        (("a", ""), "setting 2: the key `a` is given twice"),
        (("", ""), "setting 2: the key is empty"),
        (
            ("REDIS_URL", ""),
            "setting 2: the key holds more than lower-case letters, digits, `-`, `_` and `.`",
        ),
    ];
    for (pair, sentence) in cases {
        let said = refused(&mut bench.wizer(&[("a", SECRET), pair], "config.wasm")?)?;
        ensure!(said.contains(&format!("err(\"{sentence}\")")), "it said {said}");
        kept(&said, "the refusal")?;
        ensure!(!bench.file("config.wasm").exists(), "something was baked all the same");
    }
    // Not a list of pairs: wasmtime says that itself.
    let mut command = bench.wasmtime()?;
    command.args(["wizer", "--init-func", r#"configure(["a", "b"])"#]).arg(component("config-static")?);
    refused(command.arg("-o").arg(bench.file("config.wasm")))?;
    ensure!(!bench.file("config.wasm").exists(), "something was baked all the same");
    Ok(())
}

fn wrong_lines_fail_the_command(bench: &Bench) -> Result<()> {
    let too_long = format!("a={}", "x".repeat(1 << 20));
    let cases = [
        (format!("# x\na={SECRET}\na=2\n").into_bytes(), "line 3: the key `a` is given twice"),
        (format!("a=1\n{SECRET}\n").into_bytes(), "line 2: there is no `=`; expected `key=value`"),
        (
            format!("{SECRET}=a").into_bytes(),
            "line 1: the key holds more than lower-case letters, digits, `-`, `_` and `.`",
        ),
        (b"=a".to_vec(), "line 1: the key is empty"),
        (b"a=\xff".to_vec(), "standard input is not UTF-8"),
        (too_long.into_bytes(), "standard input is longer than 1 MiB"),
        (Vec::new(), "there are no settings on standard input; expected lines of `key=value`"),
    ];
    for (lines, sentence) in cases {
        let output = with_input(&mut lines_command(bench)?, &lines)?;
        let said = said(&output);
        ensure!(!output.status.success(), "it succeeded: {said}");
        ensure!(said.contains(&format!("err(\"{sentence}\")")), "it said {said}");
        kept(&said, "the refusal")?;
        ensure!(!bench.file("lines.wasm").exists(), "something was baked all the same");
    }
    Ok(())
}

/// `wasmtime wizer` leaves `configure` where it is, so this is for the component itself to refuse.
fn is_baked_once(bench: &Bench) -> Result<()> {
    let baked = bench.bake(&[("a", "1")], "config.wasm")?;
    let mut command = bench.wasmtime()?;
    command.args(["wizer", "--init-func", r#"configure([("a", "2")])"#]).arg(baked);
    let said = refused(command.arg("-o").arg(bench.file("again.wasm")))?;
    ensure!(said.contains("err(\"the settings are baked in already\")"), "it said {said}");
    Ok(())
}

fn lines_command(bench: &Bench) -> Result<Command> {
    let mut command = bench.wasmtime()?;
    command.args(["wizer", "-S", "cli", "--init-func", "configure()"]).arg(component("config-static-stdin")?);
    command.arg("-o").arg(bench.file("lines.wasm"));
    Ok(command)
}

fn bake_lines(bench: &Bench, lines: &[u8]) -> Result<PathBuf> {
    let output = with_input(&mut lines_command(bench)?, lines)?;
    ensure!(output.status.success(), "{}", said(&output));
    Ok(bench.file("lines.wasm"))
}

fn same(found: &str, expected: &str) -> Result<()> {
    ensure!(found == expected, "found {found}, expected {expected}");
    Ok(())
}
