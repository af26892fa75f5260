//! The linear memory that a get needs: the smallest limit under which it works, found by bisection.

use anyhow::{Result, ensure};
use wasmparser::{Parser, Payload};

use crate::app::{App, Form};
use crate::bench::{Bench, KEY, redis};
use crate::client::Client;
use crate::table::Row;

const PAGE: u64 = 64 << 10;
const MOST_PAGES: u64 = (256 << 20) / PAGE;

pub fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (name, length) in [("100 bytes", 100), ("1 MiB", 1 << 20), ("16 MiB", 16 << 20)] {
        let value = bench.store(length)?;
        let plugged = peak(bench, &bench.plugged, &value)?;
        let by_hand = peak(bench, &bench.by_hand, &value)?;
        rows.push(Row::pair(format!("largest memory: get of {name}"), "KiB", &[plugged], &[by_hand]));
    }
    bench.store(100)?;
    Ok(rows)
}

fn peak(bench: &Bench, app: &App, value: &[u8]) -> Result<f64> {
    let works = |limit: &str| {
        let settings = redis(&bench.webdis.url());
        let server = app.serve(bench.run, Form::Compiled, 0, &settings, &["-W", limit])?;
        // What fails for want of memory may be the start of the instance, a trap, or an error of kv-redis.
        Ok(Client::new().get(&format!("{}/{KEY}", server.url())).is_ok_and(|answer| answer == value))
    };
    least(app, &works)
}

/// In KiB. wasmtime limits each linear memory by itself, so it is the largest one of the composition.
pub fn least(app: &App, works_with: &dyn Fn(&str) -> Result<bool>) -> Result<f64> {
    let works_within = |pages: u64| works_with(&format!("max-memory-size={}", pages * PAGE));
    ensure!(works_within(MOST_PAGES)?, "it failed with as much memory as there is");
    // Less than the component begins with is refused at the start.
    let (mut fails, mut works) = (initial_pages(app)? - 1, MOST_PAGES);
    while works - fails > 1 {
        let middle = fails + (works - fails) / 2;
        if works_within(middle)? {
            works = middle;
        } else {
            fails = middle;
        }
    }
    Ok((works * PAGE / 1024) as f64)
}

/// Of the largest memory.
fn initial_pages(app: &App) -> Result<u64> {
    let mut most = 0;
    for payload in Parser::new(0).parse_all(&std::fs::read(&app.wasm)?) {
        if let Payload::MemorySection(memories) = payload? {
            for memory in memories {
                most = most.max(memory?.initial);
            }
        }
    }
    ensure!(most > 0, "{} has no memory", app.wasm.display());
    Ok(most)
}
