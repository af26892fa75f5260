//! Ports for servers that cannot choose one themselves.

use std::{
    collections::hash_map::RandomState,
    hash::BuildHasher,
    net::{Ipv4Addr, TcpListener},
    ops::Range,
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Below the range that systems give to outgoing connections, of which tests open thousands: such a
/// connection could take the port between our look and the server's bind.
const PORTS: Range<u16> = 20_000..32_000;

/// A port on 127.0.0.1 that is free now, and that no other call in this process has answered with lately.
pub fn free_port() -> u16 {
    static NEXT: OnceLock<AtomicUsize> = OnceLock::new();
    // A random start, so that processes side by side do not try the same ports.
    let next = NEXT.get_or_init(|| AtomicUsize::new(RandomState::new().hash_one(()) as usize % PORTS.len()));
    PORTS
        .map(|_| PORTS.start + (next.fetch_add(1, Ordering::Relaxed) % PORTS.len()) as u16)
        .find(|&port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok())
        .expect("one of 12,000 ports is free")
}
