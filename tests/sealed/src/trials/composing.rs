//! What compose/README.md says of `wac`: what is refused, what is skipped without a word, and what finds it.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use anyhow::{Context as _, Result, ensure};

use crate::Case;
use crate::bench::{Bench, CONFIG, refused};
use crate::secret::finds_every_form;
use plugboard_harness::components::{Surface, component, root, targets};

pub(crate) const TRIALS: &[Case] = &[
    ("composing/the-three-names-have-the-same-signatures", the_three_names_have_the_same_signatures),
    ("composing/plugs-do-not-see-each-other", plugs_do_not_see_each_other),
    ("composing/two-plugs-of-one-interface-are-refused", two_plugs_of_one_interface_are_refused),
    ("composing/a-plug-that-fits-nowhere-is-refused", a_plug_that_fits_nowhere_is_refused),
    ("composing/targets-finds-what-is-open", targets_finds_what_is_open),
    ("composing/an-unconfigured-provider-says-so", an_unconfigured_provider_says_so),
    ("secrets/are-found-in-every-form", |_| finds_every_form()),
];

fn the_three_names_have_the_same_signatures(_: &Bench) -> Result<()> {
    let interface = |folder: &str| -> Result<String> {
        let text = std::fs::read_to_string(root().join("wit").join(folder).join("store.wit"))?;
        let start = text.find("interface store").unwrap_or_default();
        let lines = text[start..].lines().map(str::trim).filter(|line| !line.starts_with("///"));
        Ok(lines
            .take_while(|line| !line.starts_with("world"))
            .collect::<Vec<_>>()
            .join("\n")
            .trim()
            .to_owned())
    };
    let ours = interface("config")?;
    ensure!(ours.contains("get-all: func()"), "where is the interface? {ours}");
    for other in ["config-spin", "config-draft"] {
        let found = interface(other)?;
        ensure!(found == ours, "wit/{other} has\n{found}\nwhere wit/config has\n{ours}");
    }
    Ok(())
}

fn plugs_do_not_see_each_other(bench: &Bench) -> Result<()> {
    let config = bench.bake(&[("redis-url", "http://h:1")], "config.wasm")?;
    let out = bench.plug(&component("favorites")?, &[&component("kv-redis")?, &config], "out.wasm")?;
    ensure!(Surface::read(&out)?.imports.contains(CONFIG), "the provider found its configuration");
    Ok(())
}

fn two_plugs_of_one_interface_are_refused(bench: &Bench) -> Result<()> {
    let mut command = bench.wac()?;
    command.arg("plug").arg(component("kv-redis")?).arg("--plug").arg(component("config-env")?);
    command.arg("--plug").arg(component("config-static")?).arg("-o").arg(bench.file("out.wasm"));
    let said = refused(&mut command)?;
    ensure!(said.contains(&format!("argument `{CONFIG}` has already been passed")), "it said {said}");
    Ok(())
}

fn a_plug_that_fits_nowhere_is_refused(bench: &Bench) -> Result<()> {
    let mut command = bench.wac()?;
    command.arg("plug").arg(component("favorites")?).arg("--plug").arg(component("config-env")?);
    let said = refused(command.arg("-o").arg(bench.file("out.wasm")))?;
    ensure!(said.contains("the socket component had no matching imports"), "it said {said}");
    Ok(())
}

fn targets_finds_what_is_open(bench: &Bench) -> Result<()> {
    let open = bench.plug(&component("favorites")?, &[&component("kv-redis")?], "open.wasm")?;
    targets(&open, "app")?;
    let error = targets(&open, "sealed").err().map(|error| format!("{error:#}")).unwrap_or_default();
    ensure!(error.contains(CONFIG), "it said {error}");
    let error = targets(&component("favorites")?, "app").err().map(|error| format!("{error:#}"));
    ensure!(error.as_ref().is_some_and(|error| error.contains("wasi:keyvalue/")), "it said {error:?}");
    Ok(())
}

/// From plain `wasmtime serve`, as a newcomer meets it.
fn an_unconfigured_provider_says_so(bench: &Bench) -> Result<()> {
    let open = bench.plug(&component("favorites")?, &[&component("kv-redis")?], "open.wasm")?;
    let mut command = bench.wasmtime()?;
    command.args(["serve", "--addr", "127.0.0.1:0"]).arg(open).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let lines = BufReader::new(child.stderr.take().context("no output")?).lines().map_while(Result::ok);
    let said = lines.take_while(|line| !line.contains("Serving HTTP")).collect::<Vec<_>>().join("\n");
    let _ = child.kill(); // for where it serves after all
    child.wait()?;
    let message =
        format!("component imports instance `{CONFIG}`, but a matching implementation was not found");
    ensure!(said.contains(&message), "it said {said}");
    Ok(())
}
