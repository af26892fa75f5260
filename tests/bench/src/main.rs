//! Measures the providers from the outside: `wac` composes, `wasmtime serve` serves, Webdis and Redis are real.
//! README.md says how to read the table. Nothing here judges a time: it fails only if something did not work.

mod app;
mod bench;
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
use clap::Parser;
use plugboard_harness::Run;
use plugboard_harness::components::target;
use serde_json::json;

use bench::Bench;

#[derive(Parser)]
#[command(name = "cargo xtask bench", about, max_term_width = 100)]
struct Cli {
    /// How long the throughput part may take; every minute begun gives thirty rounds more
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// Where to write the table as JSON
    #[arg(long, value_name = "FILE", default_value_os_t = target().join("bench.json"))]
    json: PathBuf,
    /// The components whose size is of interest; `cargo xtask bench` names all of providers/
    #[arg(default_value = "kv-redis")]
    components: Vec<String>,
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    Run::scope("bench", |run| measure(run, &cli))
}

fn measure(run: &Run, cli: &Cli) -> Result<()> {
    let started = Instant::now();
    let step = |what: &str| eprintln!("[{:>3} s] {what}", started.elapsed().as_secs());
    let load_before = load_average();

    step("starting redis-server and webdis, composing");
    let bench = Bench::start(run)?;
    step("requests");
    let request = requests::identical(&bench)?;
    let mut rows = requests::count(&bench)?;
    step("throughput");
    let (throughput, load) = throughput::measure(&bench, Duration::from_secs(cli.seconds))?;
    rows.extend(throughput);
    step("sizes");
    rows.extend(sizes::measure(&bench, &cli.components)?);
    step("cold starts");
    rows.extend(cold::measure(&bench)?);
    step("memory");
    rows.extend(memory::measure(&bench)?);
    step("done");

    let cores = std::thread::available_parallelism()?;
    let ports = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let notes = [
        format!(
            "{}, Webdis, Redis and the clients share {cores} cores; load average {load_before} before, {} after",
            app::wasmtime_version()?,
            load_average()
        ),
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
        "shown: median [25 % – 75 %]; ratio: plugged in / by hand, of the turns next to each other"
            .to_owned(),
    ];
    println!("{}", table::render(&rows));
    for note in &notes {
        println!("{note}");
    }
    let text = serde_json::to_string_pretty(&json!({ "rows": rows, "notes": notes }))?;
    std::fs::write(&cli.json, text + "\n").with_context(|| format!("cannot write {}", cli.json.display()))
}

/// Of the last minute.
fn load_average() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or_default().to_owned()
}
