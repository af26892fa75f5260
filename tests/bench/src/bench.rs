//! What all measurements share: one real store, and the apps in front of it.

use std::path::Path;

use anyhow::{Result, ensure};
use plugboard_harness::Run;
use plugboard_harness::servers::{Redis, Webdis, webdis};

use crate::app::App;

/// Where the value is that the pipes hand on.
pub const KEY: &str = "bench-value";
/// What favorites has under `/users/bench`.
const PROFILE: &str = r#"{"likes":["looms"]}"#;

pub struct Bench<'a> {
    pub run: &'a Run,
    pub redis: Redis,
    pub webdis: Webdis,
    /// The handler of `by_hand` over wasi:keyvalue, with kv-redis plugged in.
    pub plugged: App,
    /// The same handler with a hand-written request.
    pub by_hand: App,
    /// The same handler over wasi:keyvalue, with the hand-written request plugged in.
    pub plugged_by_hand: App,
    /// The example, with kv-redis plugged in.
    pub favorites: App,
    /// Runs single operations, with kv-redis plugged in.
    pub probe: App,
}

impl Bench<'_> {
    pub fn start<'a>(run: &'a Run, components: &Path) -> Result<Bench<'a>> {
        let file = |name: &str| components.join(name).with_extension("wasm");
        let plug = |app: &str, provider: &str| App::plug(run, &file(app), &file(provider));
        let redis = Redis::start(run)?;
        let webdis = Webdis::start(run, &redis, webdis::Options::default())?;
        let bench = Bench {
            run,
            webdis,
            plugged: plug("pipe-kv", "kv-redis")?,
            by_hand: App::load(run, &file("pipe"))?,
            plugged_by_hand: plug("pipe-kv", "pipe-plug")?,
            favorites: plug("favorites", "kv-redis")?,
            probe: plug("probe", "kv-redis")?,
            redis,
        };
        bench.store(100)?;
        bench.redis.cli(&["SET", "profile:bench", PROFILE])?;
        Ok(bench)
    }

    /// Puts a value of this length at [`KEY`] and gives it.
    pub fn store(&self, length: usize) -> Result<Vec<u8>> {
        // Every byte value comes by.
        let value = (0..=255).cycle().take(length).collect::<Vec<u8>>();
        self.redis.cli(&[b"SET", KEY.as_bytes(), value.as_slice()])?;
        Ok(value)
    }
}

/// Whether favorites answered as it should; the number of visits is always another.
pub fn check_favorites(answer: &[u8]) -> Result<()> {
    let start = format!(r#"{{"name":"bench","profile":{PROFILE},"visits":"#);
    ensure!(answer.starts_with(start.as_bytes()), "favorites answered {}", String::from_utf8_lossy(answer));
    Ok(())
}
