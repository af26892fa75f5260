//! From the start of `wasmtime serve` to the first answer that came out of the store.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, ensure};
use plugboard_harness::process::free_port;

use crate::app::{App, Form};
use crate::bench::{Bench, KEY, check_favorites, redis};
use crate::client::Client;
use crate::table::Row;

const STARTS: usize = 7;

pub fn measure(bench: &Bench) -> Result<Vec<Row>> {
    // wasmtime keeps what it has compiled in a folder of the user's; here it has one of its own.
    let cache = bench.run.path().join("wasmtime-cache");
    let config = bench.run.path().join("wasmtime-cache.toml");
    std::fs::write(&config, format!("[cache]\ndirectory = {:?}\n", cache))?;
    let cached = format!("cache-config={}", config.display());

    let ways: [(&str, Form, [&str; 2]); 3] = [
        ("compiled at the start", Form::Component, ["-C", "cache=n"]),
        ("out of wasmtime's cache", Form::Component, ["-C", &cached]),
        ("from a .cwasm", Form::Compiled, ["-C", "cache=n"]),
    ];
    let expected = bench.store(100)?;
    let piped = |answer: &[u8]| -> Result<()> {
        ensure!(answer == expected, "the value is another");
        Ok(())
    };
    let mut rows = Vec::new();
    for (name, form, flags) in ways {
        let start = |app: &App, path: &str, check: &dyn Fn(&[u8]) -> Result<()>| {
            first_answer(bench, app, form, &flags, path, check)
        };
        let (mut plugged, mut by_hand, mut favorites) = (Vec::new(), Vec::new(), Vec::new());
        // The first of each is for the caches: wasmtime's, and the system's of files.
        for _ in 0..=STARTS {
            plugged.push(start(&bench.plugged, KEY, &piped)?);
            by_hand.push(start(&bench.by_hand, KEY, &piped)?);
            favorites.push(start(&bench.favorites, "users/bench", &check_favorites)?);
        }
        rows.push(Row::pair(format!("cold start: get, {name}"), "ms", &plugged[1..], &by_hand[1..]));
        rows.push(Row::new(format!("cold start: favorites, {name}"), "ms", &favorites[1..]));
    }
    Ok(rows)
}

/// In milliseconds.
fn first_answer(
    bench: &Bench,
    app: &App,
    form: Form,
    flags: &[&str],
    path: &str,
    check: &dyn Fn(&[u8]) -> Result<()>,
) -> Result<f64> {
    const PATIENCE: Duration = Duration::from_secs(60);
    let port = free_port();
    let url = format!("http://127.0.0.1:{port}/{path}");
    let started = Instant::now();
    // Asks from the beginning on: that wasmtime says it is ready is looked for less often than this.
    let asking = thread::spawn(move || {
        let client = Client::new();
        loop {
            match client.get(&url) {
                Ok(answer) => return Ok((answer, started.elapsed())),
                // Nobody listens yet.
                Err(error) if error.is::<ureq::Error>() && started.elapsed() < PATIENCE => {
                    thread::sleep(Duration::from_millis(1));
                }
                Err(error) => return Err(error),
            }
        }
    });
    let _server = app.serve(bench.run, form, port, &redis(&bench.webdis.url()), flags)?;
    let (answer, took) = asking.join().map_err(|_| anyhow!("the asking thread panicked"))??;
    check(&answer)?;
    Ok(took.as_secs_f64() * 1e3)
}
