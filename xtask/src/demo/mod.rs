//! The first ten minutes: build, compose, start a store, serve, say what to type.

mod favorites;
mod files;

use std::any::Any;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, ValueEnum};
use plugboard_harness::http::request;
use plugboard_harness::servers::{Serve, Wasmtime};
use plugboard_harness::{Run, tools};

use crate::{build, compose, workspace};

#[derive(Args)]
pub struct Demo {
    /// What to show: profiles on Redis, or files on Azure
    #[arg(value_enum, default_value = "favorites")]
    example: Name,
    /// Where the composed app listens
    #[arg(long, default_value = "127.0.0.1:8080")]
    addr: SocketAddr,
    /// Another setting of the provider, such as `redis-prefix=demo:` (may be repeated). With `azure-account`,
    /// `azure-endpoint` or `azure-connection-string` files are in your Azure, and else in Azurite
    #[arg(long = "config", value_name = "KEY=VALUE", value_parser = setting)]
    settings: Vec<Setting>,
    #[command(flatten)]
    redis: favorites::Redis,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Name {
    Favorites,
    Files,
}

type Setting = (String, String);

/// An app, the provider that it is shown on, and the words for it.
struct Example {
    app: &'static str,
    provider: &'static str,
    /// A path that can be read before anything was written, and what that is answered with.
    first: (&'static str, &'static [u16]),
    /// What there is to try on the app at this address.
    commands: fn(&str) -> String,
}

/// A store that is there while this value is.
struct Store {
    _running: Box<dyn Any>,
    /// What the provider has to know.
    settings: Vec<Setting>,
    /// Where the data is.
    place: String,
}

fn setting(text: &str) -> Result<Setting, String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("expected KEY=VALUE".to_owned()),
    }
}

pub fn run(demo: &Demo) -> Result<()> {
    let started = Instant::now();
    let step = |what: &str| println!("[{:>3} s] {what}", started.elapsed().as_secs());
    let Example { app, provider, first, commands } = match demo.example {
        Name::Favorites => favorites::EXAMPLE,
        Name::Files => files::EXAMPLE,
    };
    // Better now than after the build.
    drop(TcpListener::bind(demo.addr).with_context(|| {
        format!("cannot listen on {}; `--addr 127.0.0.1:PORT` takes another address", demo.addr)
    })?);
    check_settings(provider, &demo.settings)?;
    ensure!(
        demo.example == Name::Favorites || demo.redis.is_default(),
        "--redis-url, --embedded and --data are for the example on Redis"
    );

    step(&format!("building {app}.wasm and {provider}.wasm"));
    build::run(&[app.into(), provider.into()])?;
    let composed = workspace::target().join(format!("demo/{app}-on-{provider}.wasm"));
    step(&format!("composing them, as `wac plug {app}.wasm --plug {provider}.wasm` does"));
    compose::plug(&workspace::component_path(app), &[&workspace::component_path(provider)], &composed)?;
    tools::wasmtime(tools::Version::LongTerm)?;

    Run::scope("demo", |run| {
        let mut store = match demo.example {
            Name::Favorites => demo.redis.start(run, &step)?,
            Name::Files => files::start(&demo.settings, run, &step)?,
        };
        store.settings.extend(demo.settings.iter().cloned());
        step("serving with wasmtime");
        let served = serve(demo.addr, run, &composed, &store.settings)?;
        step("asking it for the first time");
        let url = served.url();
        let (path, expected) = first;
        let (status, answer) = request("GET", &format!("{url}{path}"), "")?;
        ensure!(expected.contains(&status), "the app answered {status}: {answer}");
        step("ready");
        let (commands, place) = (commands(url), &store.place);
        println!(
            "\n{provider}.wasm is plugged into {app}.wasm, whose data is now in {place}. In another terminal:\n\n\
             {commands}\nCtrl-C stops everything."
        );
        served.server().wait()?;
        print!("{}", served.server().log());
        bail!("wasmtime ended by itself");
    })
}

/// A setting that does not exist would be passed over without a word, and data land where nobody meant it to.
fn check_settings(provider: &str, settings: &[Setting]) -> Result<()> {
    let readme: PathBuf = ["providers", provider, "README.md"].iter().collect();
    for (key, value) in settings {
        let text = std::fs::read_to_string(workspace::root().join(&readme))
            .with_context(|| format!("cannot read {}", readme.display()))?;
        let known = text.lines().any(|line| line.starts_with(&format!("| `{key}` |")));
        ensure!(known, "{provider} has no setting `{key}`; {} lists them", readme.display());
        ensure!(key != "redis-url", "`redis-url` is the option --redis-url");
        ensure!(
            !value.contains(','),
            "wasmtime's command line cannot pass the comma in the value of `{key}`"
        );
    }
    Ok(())
}

fn serve(addr: SocketAddr, run: &Run, composed: &Path, settings: &[Setting]) -> Result<Wasmtime> {
    let settings = settings.iter().map(|(key, value)| (key.as_str(), value.clone())).collect::<Vec<_>>();
    Serve { addr, config: Some(&settings), ..Serve::new(composed) }.start(run)
}
