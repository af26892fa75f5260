//! A Redis: yours, one that is started here, or a stand-in.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use plugboard_harness::Run;
use plugboard_harness::servers::{Upstash, upstash};

use super::stores::{Store, stand_in};
use crate::workspace::{self, build_native};

#[derive(Args)]
pub(super) struct Redis {
    /// A gateway in front of your Redis: Webdis or Upstash. Without it: redis-server and webdis if both are
    /// installed, else a small embedded stand-in
    #[arg(long, value_name = "URL", conflicts_with = "embedded")]
    redis_url: Option<String>,
    /// Use the embedded stand-in even if redis-server and webdis are installed
    #[arg(long)]
    embedded: bool,
    /// Where the embedded stand-in keeps its data [default: target/demo/data]
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
}

impl Redis {
    pub(super) fn is_default(&self) -> bool {
        self.redis_url.is_none() && !self.embedded && self.data.is_none()
    }

    pub(super) fn start(&self, run: &Run, step: &dyn Fn(&str)) -> Result<Store> {
        let setting = |key: &str, value: String| (key.to_owned(), value);
        if let Some(url) = &self.redis_url {
            let settings = vec![setting("redis-url", url.clone())];
            return Ok(Store { settings, ..Store::named("Redis") });
        }
        if !self.embedded && on_path("redis-server") && on_path("webdis") {
            step("starting redis-server and webdis");
            return stand_in(run, "kv-redis");
        }
        step(
            "building the embedded stand-in for Redis (no redis-server with webdis was found, no --redis-url given)",
        );
        let program = build_native("upstash-local")?;
        let data = self.data.clone().unwrap_or_else(|| workspace::target().join("demo/data"));
        std::fs::create_dir_all(&data).with_context(|| format!("cannot keep data in {}", data.display()))?;
        let place = match &self.data {
            None => "the embedded stand-in (kept in demo/data of the target folder)".to_owned(),
            Some(data) => format!("the embedded stand-in (kept in {})", data.display()),
        };
        let token = random_token()?;
        let upstash = Upstash::start(run, &program, &token, &upstash::Backend::Data(data))?;
        let settings = vec![setting("redis-url", upstash.url().to_owned()), setting("redis-token", token)];
        Ok(Store { _running: Box::new(upstash), settings, place })
    }
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
