//! Alone in its process, to count that process's threads and sockets.

#![cfg(target_os = "linux")]

mod support;

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use plugboard_faults::{At, By, Fault, Proxy, Upstream, When};
use support::*;

fn proxy_threads() -> usize {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let names = tasks.filter_map(|task| fs::read_to_string(task.unwrap().path().join("comm")).ok());
    names.filter(|name| name.starts_with("fault-proxy")).count()
}

fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Threads take a moment to vanish after their last word.
fn settles_at<T: PartialEq + std::fmt::Debug>(expected: T, count: impl Fn() -> T) {
    let start = Instant::now();
    while count() != expected && start.elapsed() < HANG {
        thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(count(), expected);
}

#[test]
fn a_thousand_requests_leave_nothing_behind() {
    let server = Server::answering(OK);
    let before = descriptors();
    let proxy = Proxy::start(server.addr).unwrap();
    let running = || (proxy_threads(), descriptors());
    settles_at((1, before + 2), running);
    proxy.arm(Fault::Cut { at: At::MidBody, by: By::Reset, upstream: Upstream::Skipped }, When::every(50));
    for _ in 0..1000 {
        Client::new(&proxy).send(GET).receive(1);
    }
    assert_eq!(proxy.count(), 1000);
    settles_at((1, before + 2), running);

    proxy.refuse_connections();
    settles_at((0, before + 1), running);
    proxy.clear();
    let stalled = Fault::Cut { at: At::BeforeHeaders, by: By::Stall, upstream: Upstream::Skipped };
    proxy.arm(stalled, When::always());
    let mut clients = (0..64).map(|_| Client::new(&proxy)).collect::<Vec<_>>();
    clients.iter_mut().for_each(|client| _ = client.send(GET));
    assert!(proxy.wait_for_requests(1064, HANG));
    assert_eq!(running(), (65, before + 2 + 2 * 64));
    drop(proxy);
    drop(clients);
    settles_at((0, before), || (proxy_threads(), descriptors()));
}
