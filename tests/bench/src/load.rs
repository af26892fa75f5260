//! A load of a few clients, each with one request at a time on a connection that it keeps.

use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, ensure};

use crate::client::Client;

/// Enough to keep two cores busy.
pub const CLIENTS: usize = 4;

/// When a load ends, whichever is first.
#[derive(Clone, Copy)]
pub struct Limit {
    pub time: Duration,
    pub requests: usize,
}

/// What one load came to. Times in milliseconds.
#[derive(Clone, Debug)]
pub struct Load {
    /// Of each request.
    pub times: Vec<f64>,
    pub per_second: f64,
    /// Processor time of the server per request; not a number where the system does not tell.
    pub cpu: f64,
}

/// Every answer is checked; the first wrong one is an error.
pub fn run(url: &str, pid: u32, limit: Limit, check: &(dyn Fn(&[u8]) -> Result<()> + Sync)) -> Result<Load> {
    let tickets = AtomicUsize::new(0);
    let start = Barrier::new(CLIENTS + 1);
    let client = || -> Result<Vec<f64>> {
        let client = Client::new();
        let request = || check(&client.get(url)?);
        // Connection and instance are there before the clock starts.
        let warm = request();
        start.wait();
        warm?;
        let deadline = Instant::now() + limit.time;
        let mut times = Vec::new();
        while Instant::now() < deadline && tickets.fetch_add(1, Ordering::Relaxed) < limit.requests {
            let sent = Instant::now();
            request()?;
            times.push(sent.elapsed().as_secs_f64() * 1e3);
        }
        Ok(times)
    };
    thread::scope(|scope| {
        let clients = [(); CLIENTS].map(|()| scope.spawn(client));
        start.wait();
        let (started, cpu) = (Instant::now(), cpu_time(pid));
        let mut times = Vec::new();
        for client in clients {
            times.extend(client.join().map_err(|_| anyhow!("a client panicked"))??);
        }
        let (took, cpu) = (started.elapsed(), cpu_time(pid) - cpu);
        ensure!(!times.is_empty(), "no time for a single request");
        let requests = times.len() as f64;
        Ok(Load { times, per_second: requests / took.as_secs_f64(), cpu: cpu * 1e3 / requests })
    })
}

/// For how many seconds a process has had a processor.
#[cfg(target_os = "linux")]
pub fn cpu_time(pid: u32) -> f64 {
    use nix::{time::clock_getcpuclockid, unistd::Pid};
    let clock = clock_getcpuclockid(Pid::from_raw(pid as i32));
    let time = clock.and_then(|clock| clock.now()).map(Duration::from);
    time.map_or(f64::NAN, |time| time.as_secs_f64())
}
#[cfg(not(target_os = "linux"))]
fn cpu_time(_: u32) -> f64 {
    f64::NAN
}
