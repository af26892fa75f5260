//! The composition against the component with the hand-written request, in turns.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use plugboard_harness::servers::Wasmtime;

use crate::app::{App, Form};
use crate::bench::{Bench, KEY, check_favorites, redis};
use crate::load::{self, Limit, Load};
use crate::measured::quantile;
use crate::table::Row;

/// Turns of each side in a minute. Many and short: what else goes on in the machine then hits a few of them, which
/// the median leaves out.
const ROUNDS: usize = 30;
/// Turns that are taken together for the distribution of times, of which one alone has too few.
const BLOCK: usize = 5;
const MINUTE: Duration = Duration::from_secs(60);
/// How many requests an instance serves where it serves more than one.
const REUSE: &str = "128";
/// How many connections to Webdis may be opened in a minute. wasmtime opens one per request, and each keeps its
/// port for a minute after its end; Linux has 28,000 of them.
const CONNECTIONS: usize = 18_000;

type Check = dyn Fn(&[u8]) -> Result<()> + Sync;

/// One way of serving, and what was measured of it.
struct Mode<'a> {
    name: &'static str,
    plugged: Side<'a>,
    by_hand: Side<'a>,
    plugged_by_hand: Side<'a>,
    favorites: Side<'a>,
}

struct Side<'a> {
    server: Wasmtime,
    url: String,
    check: &'a Check,
    loads: Vec<Load>,
}

impl Side<'_> {
    fn take_turn(&mut self, limit: Limit) -> Result<()> {
        self.loads.push(load::run(&self.url, self.server.server().pid(), limit, self.check)?);
        Ok(())
    }

    fn per_turn(&self, of: fn(&Load) -> f64) -> Vec<f64> {
        self.loads.iter().map(of).collect()
    }

    fn per_block(&self, share: f64) -> Vec<f64> {
        let times =
            |block: &[Load]| quantile(block.iter().flat_map(|load| load.times.iter().copied()), share);
        self.loads.chunks(BLOCK).map(times).collect()
    }
}

/// The rows, and a note about the load.
pub fn measure(bench: &Bench, time: Duration) -> Result<(Vec<Row>, String)> {
    let expected = bench.store(100)?;
    let piped = move |answer: &[u8]| -> Result<()> {
        ensure!(answer == expected, "the value is another");
        Ok(())
    };
    let mut modes = Vec::new();
    for (name, flags) in [("fresh", &[][..]), ("reused", &["--max-instance-reuse-count", REUSE])] {
        let side = |app: &App, path: &str, check| -> Result<Side> {
            let server = app.serve(bench.run, Form::Compiled, 0, &redis(&bench.webdis.url()), flags)?;
            Ok(Side { url: format!("{}/{path}", server.url()), server, check, loads: Vec::new() })
        };
        modes.push(Mode {
            name,
            plugged: side(&bench.plugged, KEY, &piped)?,
            by_hand: side(&bench.by_hand, KEY, &piped)?,
            plugged_by_hand: side(&bench.plugged_by_hand, KEY, &piped)?,
            favorites: side(&bench.favorites, "users/bench", &check_favorites)?,
        });
    }

    let rounds = ROUNDS * time.as_secs().div_ceil(MINUTE.as_secs()) as usize;
    let turns = rounds * modes.len() * 4;
    // favorites makes two requests to Webdis, and each client one beforehand.
    let requests = CONNECTIONS / (ROUNDS * modes.len() * 5) - load::CLIENTS;
    let limit = Limit { time: time / turns as u32, requests };
    let started = Instant::now();
    for round in 0..rounds {
        let minute = MINUTE * (round / ROUNDS) as u32;
        thread::sleep(minute.saturating_sub(started.elapsed()));
        for Mode { plugged, by_hand, plugged_by_hand, favorites, .. } in &mut modes {
            // Everyone comes first as often as last: what one leaves behind counts for all.
            let mut order = [plugged, by_hand, plugged_by_hand, favorites];
            if round % 2 == 1 {
                order.reverse();
            }
            order.into_iter().try_for_each(|side| side.take_turn(limit))?;
        }
    }
    let rows = modes.iter().flat_map(rows).chain(instances(&modes));
    // Processor time is known on Linux only.
    Ok((rows.filter(|row| row.plugged.median.is_finite()).collect(), note(&modes, limit)))
}

fn rows(mode: &Mode) -> Vec<Row> {
    let Mode { name, plugged, by_hand, plugged_by_hand, favorites } = mode;
    let mut rows = Vec::new();
    let mut add = |what: &str, unit, samples: &dyn Fn(&Side) -> Vec<f64>| {
        let pair = |app: &str, side: &Side| {
            Row::pair(format!("{app}, {name} instance: {what}"), unit, &samples(side), &samples(by_hand))
        };
        let get = pair("get", plugged);
        rows.push(if what == "throughput" { get.ratio_at_least(0.95) } else { get });
        rows.push(pair("get, plug by hand", plugged_by_hand));
        rows.push(Row::new(format!("favorites, {name} instance: {what}"), unit, &samples(favorites)));
    };
    add("throughput", "1/s", &|side| side.per_turn(|load| load.per_second));
    add("p50", "ms", &|side| side.per_block(0.5));
    add("p99", "ms", &|side| side.per_block(0.99));
    add("processor time", "ms", &|side| side.per_turn(|load| load.cpu));
    rows
}

/// What a request costs more when it gets an instance of its own.
fn instances(modes: &[Mode]) -> Vec<Row> {
    let [fresh, reused] = modes else { return Vec::new() };
    let more = |fresh: &Side, reused: &Side| {
        let pairs = fresh.loads.iter().zip(&reused.loads);
        pairs.map(|(fresh, reused)| fresh.cpu - reused.cpu).collect::<Vec<_>>()
    };
    let plugged = more(&fresh.plugged, &reused.plugged);
    let plugged_by_hand = more(&fresh.plugged_by_hand, &reused.plugged_by_hand);
    let by_hand = more(&fresh.by_hand, &reused.by_hand);
    vec![
        Row::pair("a fresh instance: processor time", "ms", &plugged, &by_hand),
        Row::pair("a fresh instance, plug by hand: processor time", "ms", &plugged_by_hand, &by_hand),
    ]
}

fn note(modes: &[Mode], limit: Limit) -> String {
    let sides = modes.iter().flat_map(|m| [&m.plugged, &m.by_hand, &m.plugged_by_hand, &m.favorites]);
    let loads = sides.flat_map(|side| &side.loads).collect::<Vec<_>>();
    let full = loads.iter().filter(|load| load.times.len() >= limit.requests).count();
    format!(
        "get and favorites: {} clients, {} rounds; a turn ends after {:.2} s or {} requests, so that a minute sees \
         at most {CONNECTIONS} connections to Webdis ({full} of {} turns ended by requests); a reused instance \
         serves {REUSE} requests",
        load::CLIENTS,
        modes[0].plugged.loads.len(),
        limit.time.as_secs_f64(),
        limit.requests,
        loads.len(),
    )
}
