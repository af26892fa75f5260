//! Measures the providers from the outside: `wac` composes, `wasmtime serve` serves, Webdis and Redis are real.
//! README.md says how to read the table. Nothing here judges a time: it fails only if something did not work.

mod app;
mod bench;
mod blobs;
mod client;
mod cold;
mod load;
mod measured;
mod memory;
mod requests;
mod sizes;
mod table;
mod throughput;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use plugboard_harness::Run;
use plugboard_harness::components::target;
use serde_json::json;

use bench::Bench;
use table::Row;

#[derive(Parser)]
#[command(name = "cargo xtask bench", about, max_term_width = 100)]
struct Cli {
    /// How long the throughput of kv-redis may take; every minute begun gives thirty rounds more
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// Measure one capability only
    #[arg(long)]
    only: Option<Part>,
    /// Where to write the table as JSON
    #[arg(long, value_name = "FILE", default_value_os_t = target().join("bench.json"))]
    json: PathBuf,
    /// The far end of blobs, the program that the package `sink` makes; `cargo xtask bench` builds it
    #[arg(long, value_name = "FILE", default_value_os_t = target().join("fast/sink"))]
    sink: PathBuf,
    /// The components whose size is of interest; `cargo xtask bench` names all of providers/
    #[arg(default_value = "kv-redis")]
    components: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Keyvalue,
    Blobs,
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    Run::scope("bench", |run| measure(run, &cli))
}

fn measure(run: &Run, cli: &Cli) -> Result<()> {
    let started = Instant::now();
    let step = |what: &str| eprintln!("[{:>3} s] {what}", started.elapsed().as_secs());
    let load_before = load_average();

    let wanted = |part| cli.only.is_none_or(|only| only == part);
    let (mut rows, mut notes) = (Vec::new(), Vec::new());
    if wanted(Part::Keyvalue) {
        let (more, about) = keyvalue(run, cli, &step)?;
        rows.extend(more);
        notes.extend(about);
    }
    if wanted(Part::Blobs) {
        step("blobs");
        let (more, about) = blobs::measure(run, &cli.sink)?;
        rows.extend(more);
        notes.extend(about);
    }
    step("sizes");
    rows.extend(sizes::shipped(&cli.components)?);
    step("done");

    let cores = std::thread::available_parallelism()?;
    let machine = format!(
        "{}, the servers and the clients share {cores} cores; load average {load_before} before, {} after",
        app::wasmtime_version()?,
        load_average()
    );
    notes.insert(0, machine);
    notes.push(
        "shown: median [25 % – 75 %]; ratio: plugged in / by hand, of the turns next to each other"
            .to_owned(),
    );
    println!("{}", table::render(&rows));
    for note in &notes {
        println!("{note}");
    }
    let text = serde_json::to_string_pretty(&json!({ "rows": rows, "notes": notes }))?;
    std::fs::write(&cli.json, text + "\n").with_context(|| format!("cannot write {}", cli.json.display()))
}

/// The rows of kv-redis, and notes about them.
fn keyvalue(run: &Run, cli: &Cli, step: &dyn Fn(&str)) -> Result<(Vec<Row>, Vec<String>)> {
    step("starting redis-server and webdis, composing");
    let bench = Bench::start(run)?;
    step("requests");
    let request = requests::identical(&bench)?;
    let mut rows = requests::count(&bench)?;
    step("throughput");
    let (throughput, load) = throughput::measure(&bench, Duration::from_secs(cli.seconds))?;
    rows.extend(throughput);
    rows.extend(sizes::composed(&bench)?);
    step("cold starts");
    rows.extend(cold::measure(&bench)?);
    step("memory");
    rows.extend(memory::measure(&bench)?);

    let ports = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let notes = vec![
        format!(
            "checked: kv-redis and the component by hand make the same request, `{} {}` with {} header fields and \
             {} bytes of body",
            request.method,
            request.target,
            request.headers.len(),
            request.body.len()
        ),
        load,
        format!(
            "wasmtime opens a new TCP connection per outgoing request; local ports: {}",
            ports.split_whitespace().collect::<Vec<_>>().join("–")
        ),
    ];
    Ok((rows, notes))
}

/// Of the last minute.
fn load_average() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or_default().to_owned()
}
