//! What all measurements share: one real store, and the apps in front of it.

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
    pub fn start(run: &Run) -> Result<Bench<'_>> {
        let redis = Redis::start(run)?;
        let bench = Bench {
            run,
            webdis: Webdis::start(run, &redis, webdis::Options::default())?,
            plugged: App::plug(run, "pipe-kv", "kv-redis")?,
            by_hand: App::load(run, "pipe")?,
            plugged_by_hand: App::plug(run, "pipe-kv", "pipe-plug")?,
            favorites: App::plug(run, "favorites", "kv-redis")?,
            probe: App::plug(run, "probe", "kv-redis")?,
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

/// The settings of kv-redis, and of what stands in for it.
pub fn redis(url: &str) -> [(&'static str, String); 1] {
    [("redis-url", url.to_owned())]
}

/// Whether favorites answered as it should; the number of visits is always another.
pub fn check_favorites(answer: &[u8]) -> Result<()> {
    let start = format!(r#"{{"name":"bench","profile":{PROFILE},"visits":"#);
    ensure!(answer.starts_with(start.as_bytes()), "favorites answered {}", String::from_utf8_lossy(answer));
    Ok(())
}
