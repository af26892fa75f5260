//! The first ten minutes: build, compose, start a store, serve, say what to type.

mod redis;
mod stores;

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, ValueEnum};
use plugboard_harness::http::request;
use plugboard_harness::servers::{Serve, Wasmtime};
use plugboard_harness::{Run, tools};
use sha2::{Digest as _, Sha256};

use crate::{build, compose, workspace};

#[derive(Args)]
pub struct Demo {
    /// What to show: profiles in a key-value store, or files in an object store [default: favorites, or what `--kv` and
    /// `--blob` are for]
    #[arg(value_enum)]
    example: Option<Name>,
    /// Show `favorites` on this store
    #[arg(long, value_enum)]
    kv: Option<Kv>,
    /// Show `files` on this store
    #[arg(long, value_enum)]
    blob: Option<Blob>,
    /// Where the composed app listens; of two apps the second listens on the next port
    #[arg(long, default_value = "127.0.0.1:8080")]
    addr: SocketAddr,
    /// Another setting of a provider, such as `redis-prefix=demo:` (may be repeated). One that says where a store is
    /// (`azure-account`, `s3-endpoint`, `etcd-url` …) takes yours in place of the one that is started here
    #[arg(long = "config", value_name = "KEY=VALUE", value_parser = setting)]
    settings: Vec<Setting>,
    #[command(flatten)]
    redis: redis::Redis,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Name {
    Favorites,
    Files,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kv {
    Redis,
    Etcd,
    Dynamodb,
    AzureTable,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Blob {
    Azure,
    S3,
}

type Setting = (String, String);

/// An app, and the words for it.
struct Example {
    app: &'static str,
    /// A path that can be read before anything was written, and what that is answered with.
    first: (&'static str, &'static [u16]),
    /// What there is to try on the app at this address.
    commands: fn(&str) -> String,
}

const FAVORITES: Example = Example {
    app: "favorites",
    first: ("/users", &[200]),
    commands: |url| {
        format!(
            "  curl -X PUT {url}/users/ada -d '{{\"likes\": [\"looms\"]}}'\n  \
               curl {url}/users/ada\n  \
               curl {url}/users\n"
        )
    },
};

const FILES: Example = Example {
    app: "files",
    // There may be such a container in your account, but nothing is made there unasked.
    first: ("/plugboard-demo", &[200, 404]),
    commands: |url| {
        format!(
            "  curl -T README.md {url}/plugboard-demo/docs/readme.md\n  \
               curl -r 0-99 {url}/plugboard-demo/docs/readme.md\n  \
               curl -X POST '{url}/plugboard-demo/docs/readme.md?copy=/plugboard-demo/copy.md'\n  \
               curl {url}/plugboard-demo\n  \
               head -c 1G /dev/zero | curl -T - {url}/plugboard-demo/large\n"
        )
    },
};

/// An example on a store.
struct Shown {
    example: Example,
    kind: stores::Kind,
    addr: SocketAddr,
    /// The user's, of this provider.
    settings: Vec<Setting>,
}

fn setting(text: &str) -> Result<Setting, String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("expected KEY=VALUE".to_owned()),
    }
}

impl Demo {
    /// What is to be shown.
    fn shown(&self) -> Result<Vec<Shown>> {
        let nothing_said = self.example.is_none() && self.kv.is_none() && self.blob.is_none();
        let mut shown = Vec::new();
        if self.example == Some(Name::Favorites) || self.kv.is_some() || nothing_said {
            let kind = match self.kv.unwrap_or(Kv::Redis) {
                Kv::Redis => stores::REDIS,
                Kv::Etcd => stores::ETCD,
                Kv::Dynamodb => stores::DYNAMODB,
                Kv::AzureTable => stores::AZURE_TABLE,
            };
            shown.push((FAVORITES, kind));
        }
        if self.example == Some(Name::Files) || self.blob.is_some() {
            let kind = match self.blob.unwrap_or(Blob::Azure) {
                Blob::Azure => stores::AZURE,
                Blob::S3 => stores::S3,
            };
            shown.push((FILES, kind));
        }
        let redis = shown.iter().any(|(_, kind)| kind.provider == stores::REDIS.provider);
        ensure!(
            redis || self.redis.is_default(),
            "--redis-url, --embedded and --data are for the example on Redis"
        );
        let mut rest = self.settings.clone();
        let mut addr = self.addr;
        let mut all = Vec::new();
        for (example, kind) in shown {
            let mut settings = Vec::new();
            for setting in std::mem::take(&mut rest) {
                let has = has_setting(kind.provider, &setting.0)?;
                if has { &mut settings } else { &mut rest }.push(setting);
            }
            all.push(Shown { example, kind, addr, settings });
            let next = addr.port().checked_add(1).context("there is no port behind that of `--addr`")?;
            addr.set_port(next);
        }
        // A setting that does not exist would be passed over without a word, and data land where nobody meant it to.
        if let Some((key, _)) = rest.first() {
            let readmes = all.iter().map(|one| format!("providers/{}/README.md", one.kind.provider));
            bail!("there is no setting `{key}`; see {}", readmes.collect::<Vec<_>>().join(" and "));
        }
        for (key, value) in &self.settings {
            ensure!(key != "redis-url", "`redis-url` is the option --redis-url");
            ensure!(
                !value.contains(','),
                "wasmtime's command line cannot pass the comma in the value of `{key}`"
            );
        }
        Ok(all)
    }
}

fn has_setting(provider: &str, key: &str) -> Result<bool> {
    let readme: PathBuf = ["providers", provider, "README.md"].iter().collect();
    let text = std::fs::read_to_string(workspace::root().join(&readme))
        .with_context(|| format!("cannot read {}", readme.display()))?;
    Ok(text.lines().any(|line| line.starts_with(&format!("| `{key}` |"))))
}

pub fn run(demo: &Demo) -> Result<()> {
    let started = Instant::now();
    let step = |what: &str| println!("[{:>3} s] {what}", started.elapsed().as_secs());
    let shown = demo.shown()?;
    // Better now than after the build.
    for one in &shown {
        drop(TcpListener::bind(one.addr).with_context(|| {
            format!("cannot listen on {}; `--addr 127.0.0.1:PORT` takes another address", one.addr)
        })?);
    }

    let names = shown.iter().flat_map(|one| [one.example.app, one.kind.provider]).map(str::to_owned);
    let names = names.collect::<Vec<_>>();
    step(&format!(
        "building {}",
        names.iter().map(|name| format!("{name}.wasm")).collect::<Vec<_>>().join(", ")
    ));
    build::run(&names)?;
    tools::wasmtime(tools::Version::LongTerm)?;

    Run::scope("demo", |run| {
        let mut words = String::new();
        let mut running = Vec::new();
        for one in &shown {
            let (text, store, served) = show(one, demo, run, &step)?;
            words.push_str(&text);
            running.push((served, store));
        }
        step("ready");
        println!("\n{words}Ctrl-C stops everything.");
        loop {
            for (served, _) in &running {
                if served.server().exited()?.is_some() {
                    print!("{}", served.server().log());
                    bail!("wasmtime ended by itself");
                }
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    })
}

/// Composes, starts the store, serves and asks once; the words for it.
fn show(
    one: &Shown,
    demo: &Demo,
    run: &Run,
    step: &dyn Fn(&str),
) -> Result<(String, stores::Store, Wasmtime)> {
    let Shown { example: Example { app, first, commands }, kind, addr, settings } = one;
    let provider = kind.provider;
    let composed = workspace::target().join(format!("demo/{app}-on-{provider}.wasm"));
    step(&format!("composing them, as `wac plug {app}.wasm --plug {provider}.wasm` does"));
    let component = workspace::component_path(app);
    compose::plug(&component, &[&workspace::component_path(provider)], &composed)?;

    let store = kind.start(settings, &demo.redis, run, step)?;
    step("serving with wasmtime");
    let settings = store.settings.iter().chain(settings).map(|(key, value)| (key.as_str(), value.clone()));
    let settings = settings.collect::<Vec<_>>();
    let served = Serve { addr: *addr, config: Some(&settings), ..Serve::new(composed) }.start(run)?;
    step("asking it for the first time");
    let url = served.url();
    let (path, expected) = first;
    let (status, answer) = request("GET", &format!("{url}{path}"), "")?;
    ensure!(
        expected.contains(&status),
        "the app answered {status}: {answer}\n{}",
        served.server().log().trim_end()
    );

    let digest = Sha256::digest(std::fs::read(component)?);
    let digest = digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let words = format!(
        "{provider}.wasm is plugged into {app}.wasm, whose data is now in {}. The app's bytes are the same on every \
         store (sha256 {digest}). In another terminal:\n\n{}\n",
        store.place,
        commands(url)
    );
    Ok((words, store, served))
}
