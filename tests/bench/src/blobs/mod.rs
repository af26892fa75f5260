//! blob-azure below the example `files`, against a component that pipes the same bodies by hand.
//!
//! Both have one server at the far end, which swallows and gives bytes faster than either (`sink`), and the same
//! client. Signatures are made, but nobody checks them there: that is for the conformance suite.

mod tokens;
mod transfer;

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use plugboard_faults::Proxy;
use plugboard_harness::servers::Wasmtime;
use plugboard_harness::{Run, Server};

use crate::app::{App, Form};
use crate::load::cpu_time;
use crate::measured::quantile;
use crate::memory;
use crate::table::Row;

const LARGE: u64 = 1 << 30;
const SMALL: u64 = 4 << 10;
/// Turns of each side with a large body, and blocks of turns with a small one.
const ROUNDS: usize = 7;
/// Small bodies in one turn.
const SMALL_ONES: usize = 100;
/// More blocks than are on their way at once, several times over.
const MEMORY: u64 = 64 << 20;

struct Sides {
    plugged: Wasmtime,
    by_hand: Wasmtime,
}

/// A transfer, its direction and the status that it ends in.
type Transfer = fn(SocketAddr, &str, u64) -> Result<f64>;

/// The rows, and notes about them.
pub fn measure(run: &Run, sink: &Path) -> Result<(Vec<Row>, Vec<String>)> {
    let (_sink, far) =
        Server::start(run, "sink", Command::new(sink), |server| server.line("listening on http://"))?;
    let far: SocketAddr = far.parse().context("the sink's address")?;
    let files = App::plug(run, "files", "blob-azure")?;
    let pipe = App::load(run, "pipe-blobs")?;
    let sides = Sides {
        plugged: files.serve(run, Form::Compiled, 0, &settings(far), &[])?,
        by_hand: pipe.serve(run, Form::Compiled, 0, &settings(far), &[])?,
    };

    let mut rows = requests(run, &files, far)?;
    for (name, transfer, goal) in
        [("upload", transfer::up as Transfer, 0.7), ("download", transfer::down, 0.95)]
    {
        rows.extend(large(&sides, name, transfer, goal)?);
        rows.extend(small(&sides, name, transfer)?);
    }
    rows.push(least_memory(run, &files, &pipe, far)?);
    rows.extend(tokens::measure(run, &files, far)?);

    let alone =
        |transfer: Transfer| -> Result<f64> { Ok(mebibytes(LARGE) / transfer(far, &path(LARGE), LARGE)?) };
    let notes = vec![
        format!(
            "blobs: {ROUNDS} rounds, one client, one transfer at a time; at the far end one server on the same machine \
             that swallows and gives bytes; by hand: one chunked request, spliced through"
        ),
        format!(
            "blobs, the client at the far end directly: {:.0} MiB/s up, {:.0} MiB/s down; curl: {}",
            alone(transfer::up)?,
            alone(transfer::down)?,
            curl(far)?,
        ),
    ];
    Ok((rows, notes))
}

/// Of both sides: the pipe knows the endpoint only. The key is of no account anywhere.
fn settings(far: SocketAddr) -> Vec<(&'static str, String)> {
    vec![
        ("azure-endpoint", format!("http://{far}/bench")),
        ("azure-account", "bench".to_owned()),
        ("azure-key", "a2V5IG9mIG5vIGFjY291bnQ=".to_owned()),
        ("azure-check-container", "false".to_owned()),
    ]
}

/// The far end gives as many bytes as the name says.
fn path(size: u64) -> String {
    format!("/bench/{size}")
}

fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

fn large(sides: &Sides, name: &str, transfer: Transfer, goal: f64) -> Result<Vec<Row>> {
    let turn = |side: &Wasmtime| -> Result<[f64; 2]> {
        let cpu = cpu_time(side.server().pid());
        let seconds = transfer(side.addr(), &path(LARGE), LARGE)?;
        Ok([mebibytes(LARGE) / seconds, cpu_time(side.server().pid()) - cpu])
    };
    let [plugged, by_hand] = turns(sides, ROUNDS, &turn)?;
    let of = |turns: &[[f64; 2]], which: usize| turns.iter().map(|turn| turn[which]).collect::<Vec<_>>();
    let pair = |what: &str, unit, which| {
        Row::pair(format!("files: {name} 1 GiB, {what}"), unit, &of(&plugged, which), &of(&by_hand, which))
    };
    let rows = [pair("throughput", "MiB/s", 0).ratio_at_least(goal), pair("processor time", "s", 1)];
    // Processor time is known on Linux only.
    Ok(rows.into_iter().filter(|row| row.plugged.median.is_finite()).collect())
}

fn small(sides: &Sides, name: &str, transfer: Transfer) -> Result<Vec<Row>> {
    let turn = |side: &Wasmtime| -> Result<f64> {
        let times = (0..SMALL_ONES).map(|_| transfer(side.addr(), &path(SMALL), SMALL));
        let times = times.collect::<Result<Vec<_>>>()?;
        Ok(quantile(times.into_iter(), 0.5) * 1e3)
    };
    let [plugged, by_hand] = turns(sides, ROUNDS, &turn)?;
    Ok(vec![Row::pair(format!("files: {name} 4 KiB, p50"), "ms", &plugged, &by_hand)])
}

/// Both sides in turns; each comes first as often as last. The first round warms up.
fn turns<T>(sides: &Sides, rounds: usize, turn: &dyn Fn(&Wasmtime) -> Result<T>) -> Result<[Vec<T>; 2]> {
    let mut samples = [Vec::new(), Vec::new()];
    for round in 0..=rounds {
        let mut order = [(0, &sides.plugged), (1, &sides.by_hand)];
        if round % 2 == 1 {
            order.reverse();
        }
        for (side, server) in order {
            let sample = turn(server)?;
            if round > 0 {
                samples[side].push(sample);
            }
        }
    }
    Ok(samples)
}

/// HTTP requests per call of the app, against the rule `blob.requests` of docs/semantics.md.
fn requests(run: &Run, files: &App, far: SocketAddr) -> Result<Vec<Row>> {
    let proxy = Proxy::start(far)?;
    let app = files.serve(run, Form::Compiled, 0, &settings(proxy.addr()), &[])?;
    let count = |name: &str, transfer: Transfer, size: u64, goal: f64| -> Result<Row> {
        let mark = proxy.count();
        transfer(app.addr(), &path(size), size)?;
        let count = (proxy.count() - mark) as f64;
        Ok(Row::new(format!("files: {name}"), "HTTP requests", &[count]).exactly(goal))
    };
    Ok(vec![
        count("upload 4 KiB", transfer::up, SMALL, 1.0)?,
        count("upload 10 MiB, blocks of 4 MiB", transfer::up, 10 << 20, 4.0)?,
        count("download 10 MiB", transfer::down, 10 << 20, 1.0)?,
    ])
}

fn least_memory(run: &Run, files: &App, pipe: &App, far: SocketAddr) -> Result<Row> {
    let least = |app: &App| {
        memory::least(app, &|limit: &str| {
            let server = app.serve(run, Form::Compiled, 0, &settings(far), &["-W", limit])?;
            Ok(transfer::up(server.addr(), &path(MEMORY), MEMORY).is_ok())
        })
    };
    let (plugged, by_hand) = (least(files)?, least(pipe)?);
    Ok(Row::pair("largest memory: upload of 64 MiB", "KiB", &[plugged], &[by_hand]).at_most(16.0 * 1024.0))
}

/// What the client that everyone has makes of the far end.
fn curl(far: SocketAddr) -> Result<String> {
    let mut zeroes =
        Command::new("head").args(["-c", &LARGE.to_string(), "/dev/zero"]).stdout(Stdio::piped()).spawn();
    let Some(body) = zeroes.as_mut().ok().and_then(|child| child.stdout.take()) else {
        return Ok("not tried, there is no `head`".to_owned());
    };
    let url = format!("http://{far}{}", path(LARGE));
    let up = Command::new("curl")
        .args(["-sS", "-o", "/dev/null", "-w", "%{http_code} %{speed_upload}", "-T", "-", &url])
        .stdin(body)
        .output();
    if let Ok(mut child) = zeroes {
        let _ = child.wait();
    }
    let Ok(up) = up else { return Ok("not installed".to_owned()) };
    let down = Command::new("curl")
        .args(["-sS", "-o", "/dev/null", "-w", "%{http_code} %{speed_download}", &url])
        .output()?;
    let speed = |output: &[u8], status: &str| -> Result<f64> {
        let text = String::from_utf8_lossy(output);
        let speed = text.strip_prefix(status).with_context(|| format!("curl says `{text}`"))?;
        Ok(speed.trim().parse::<f64>()? / f64::from(1 << 20))
    };
    let (up, down) = (speed(&up.stdout, "201")?, speed(&down.stdout, "200")?);
    ensure!(up > 0.0 && down > 0.0, "curl moved nothing");
    Ok(format!("{up:.0} MiB/s up, {down:.0} MiB/s down"))
}
