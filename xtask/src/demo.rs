//! The first ten minutes: build, compose, start a store, serve, say what to type.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use plugboard_harness::http::request;
use plugboard_harness::servers::{Redis, Serve, Upstash, Wasmtime, Webdis, upstash, webdis};
use plugboard_harness::{Run, tools};

use crate::workspace::{self, build_native};
use crate::{build, compose};

#[derive(Args)]
pub struct Demo {
    /// Where the composed app listens
    #[arg(long, default_value = "127.0.0.1:8080")]
    addr: SocketAddr,
    /// A gateway in front of your Redis: Webdis or Upstash. Without it: redis-server and webdis if both are
    /// installed, else a small embedded stand-in
    #[arg(long, value_name = "URL", conflicts_with = "embedded")]
    redis_url: Option<String>,
    /// Another setting of the provider, such as `redis-prefix=demo:` (may be repeated)
    #[arg(long = "config", value_name = "KEY=VALUE", value_parser = setting)]
    settings: Vec<(String, String)>,
    /// Use the embedded stand-in even if redis-server and webdis are installed
    #[arg(long)]
    embedded: bool,
    /// Where the embedded stand-in keeps its data [default: target/demo/data]
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
}

fn setting(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("expected KEY=VALUE".to_owned()),
    }
}

/// A store that is there while this value is.
enum Store {
    Given,
    Redis { _redis: Redis, _webdis: Webdis },
    Embedded { _upstash: Upstash },
}

pub fn run(demo: &Demo) -> Result<()> {
    let started = Instant::now();
    let step = |what: &str| println!("[{:>3} s] {what}", started.elapsed().as_secs());
    // Better now than after the build.
    drop(TcpListener::bind(demo.addr).with_context(|| {
        format!("cannot listen on {}; `--addr 127.0.0.1:PORT` takes another address", demo.addr)
    })?);

    check_settings(&demo.settings)?;
    step("building favorites.wasm and kv-redis.wasm");
    build::run(&["favorites".into(), "kv-redis".into()])?;
    let composed = workspace::target().join("demo/favorites-on-redis.wasm");
    step("composing them, as `wac plug favorites.wasm --plug kv-redis.wasm` does");
    compose::plug(
        &workspace::component_path("favorites"),
        &[&workspace::component_path("kv-redis")],
        &composed,
    )?;
    tools::wasmtime(tools::Version::LongTerm)?;

    Run::scope("demo", |run| {
        let (store, mut settings) = start_store(demo, run, &step)?;
        settings.extend(demo.settings.iter().cloned());
        step("serving with wasmtime");
        let app = serve(demo, run, &composed, &settings)?;
        step("asking it for the first time");
        let (status, answer) = request("GET", &format!("{}/users", app.url()), "")?;
        ensure!(status == 200, "the app answered {status}: {answer}");
        step("ready");
        print_help(&app, &store, demo);
        app.server().wait()?;
        print!("{}", app.server().log());
        bail!("wasmtime ended by itself");
    })
}

/// A setting that does not exist would be passed over without a word, and data land where nobody meant it to.
fn check_settings(settings: &[(String, String)]) -> Result<()> {
    let readme = std::fs::read_to_string(workspace::root().join("providers/kv-redis/README.md"))?;
    for (key, value) in settings {
        let known = readme.lines().any(|line| line.starts_with(&format!("| `{key}` |")));
        ensure!(known, "kv-redis has no setting `{key}`; providers/kv-redis/README.md lists them");
        ensure!(key != "redis-url", "`redis-url` is the option --redis-url");
        ensure!(
            !value.contains(','),
            "wasmtime's command line cannot pass the comma in the value of `{key}`"
        );
    }
    Ok(())
}

fn start_store(demo: &Demo, run: &Run, step: &dyn Fn(&str)) -> Result<(Store, Vec<(String, String)>)> {
    let setting = |key: &str, value: String| (key.to_owned(), value);
    if let Some(url) = &demo.redis_url {
        return Ok((Store::Given, vec![setting("redis-url", url.clone())]));
    }
    if !demo.embedded && on_path("redis-server") && on_path("webdis") {
        step("starting redis-server and webdis");
        let redis = Redis::start(run)?;
        let webdis = Webdis::start(run, &redis, webdis::Options::default())?;
        let url = webdis.url();
        return Ok((Store::Redis { _redis: redis, _webdis: webdis }, vec![setting("redis-url", url)]));
    }
    step(
        "building the embedded stand-in for Redis (no redis-server with webdis was found, no --redis-url given)",
    );
    let program = build_native("upstash-local")?;
    let data = demo.data.clone().unwrap_or_else(|| workspace::target().join("demo/data"));
    std::fs::create_dir_all(&data).with_context(|| format!("cannot keep data in {}", data.display()))?;
    let token = random_token()?;
    let upstash = Upstash::start(run, &program, &token, &upstash::Backend::Data(data))?;
    let settings = vec![setting("redis-url", upstash.url().to_owned()), setting("redis-token", token)];
    Ok((Store::Embedded { _upstash: upstash }, settings))
}

fn serve(demo: &Demo, run: &Run, composed: &Path, settings: &[(String, String)]) -> Result<Wasmtime> {
    let settings = settings.iter().map(|(key, value)| (key.as_str(), value.clone())).collect::<Vec<_>>();
    Serve { addr: demo.addr, config: Some(&settings), ..Serve::new(composed) }.start(run)
}

fn print_help(app: &Wasmtime, store: &Store, demo: &Demo) {
    let url = app.url();
    let store = match (store, &demo.data) {
        (Store::Given, _) => "the Redis that you named".to_owned(),
        (Store::Redis { .. }, _) => {
            "a redis-server behind webdis, both started here (nothing is kept)".to_owned()
        }
        (Store::Embedded { .. }, None) => {
            "the embedded stand-in (kept in demo/data of the target folder)".to_owned()
        }
        (Store::Embedded { .. }, Some(data)) => format!("the embedded stand-in (kept in {})", data.display()),
    };
    println!(
        "
kv-redis.wasm is plugged into favorites.wasm, whose data is now in {store}. In another terminal:

  curl -X PUT {url}/users/ada -d '{{\"likes\": [\"looms\"]}}'
  curl {url}/users/ada
  curl {url}/users

Ctrl-C stops everything."
    );
}

fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// Any process of this machine can reach the stand-in, so its token is not one to guess.
fn random_token() -> Result<String> {
    use std::io::Read;
    let mut bytes = [0; 16];
    std::fs::File::open("/dev/urandom").and_then(|mut random| random.read_exact(&mut bytes))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
