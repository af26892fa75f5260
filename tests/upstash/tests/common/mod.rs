//! What the tests share: a Redis, a server on either back end, an HTTP client that sends exactly what it is told.
#![allow(dead_code, reason = "every test file is a crate of its own and uses a part of this")]

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use upstash_local::{Config, Server, Store, serve};

pub const TOKEN: &str = "t0ken+/=";

/// A redis-server of the test's own, killed at its end.
pub struct RedisServer {
    pub address: String,
    child: Child,
    _directory: TempDir,
}

impl RedisServer {
    pub fn start() -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        Self::start_at(&free.to_string())
    }

    pub fn start_at(address: &str) -> Self {
        let port = address.rsplit(':').next().unwrap();
        let program = std::env::var_os("PLUGBOARD_REDIS_SERVER").unwrap_or_else(|| "redis-server".into());
        let directory = tempfile::tempdir().unwrap();
        let child = Command::new(&program)
            .args(["--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no"])
            .current_dir(directory.path())
            .stdout(Stdio::null())
            .spawn();
        let child = child.unwrap_or_else(|error| {
            panic!(
                "cannot run `{}` ({error}): install Redis or set PLUGBOARD_REDIS_SERVER to its redis-server",
                program.display()
            )
        });
        let server = RedisServer { address: address.into(), child, _directory: directory };
        wait_until("redis-server answers", || Store::Redis(server.address.clone()).open().is_ok());
        server
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < Duration::from_secs(30), "gave up waiting until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub fn start(store: Store) -> Server {
    serve(Config { listen: "127.0.0.1:0".parse().unwrap(), token: TOKEN.into(), store }).unwrap()
}

pub fn start_embedded(directory: &Path) -> Server {
    start(Store::Embedded(directory.into()))
}

/// Runs a test on both back ends.
pub fn on_both(test: impl Fn(&Server)) {
    let directory = tempfile::tempdir().unwrap();
    test(&start_embedded(directory.path()));
    let redis = RedisServer::start();
    test(&start(Store::Redis(redis.address.clone())));
}

pub struct Response {
    pub status: u16,
    /// As received, names in lower case.
    pub head: String,
    pub body: Vec<u8>,
}

impl Response {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is not UTF-8")
    }
}

/// Sends `METHOD target`, header lines and a body, with the token, over a connection of its own.
pub fn send(server: &Server, request: &str, headers: &[&str], body: &[u8]) -> Response {
    let authorization = format!("Authorization: Bearer {TOKEN}");
    send_anonymous(server.addr, request, &[&[&authorization[..]], headers].concat(), body)
}

pub fn send_anonymous(addr: SocketAddr, request: &str, headers: &[&str], body: &[u8]) -> Response {
    try_send(addr, request, headers, body).unwrap()
}

/// Fails when the server goes away before it has answered.
fn try_send(addr: SocketAddr, request: &str, headers: &[&str], body: &[u8]) -> std::io::Result<Response> {
    let mut stream = TcpStream::connect(addr)?;
    let lines: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
    let length = body.len();
    write!(
        stream,
        "{request} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n{lines}\r\n"
    )?;
    // A server that has refused already may close before it has read everything.
    let _ = stream.write_all(body);
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").ok_or(ErrorKind::UnexpectedEof)?;
    let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Ok(Response { status, head, body: bytes[end + 4..].to_vec() })
}

/// `POST /` with a JSON array.
pub fn command(server: &Server, json: &str) -> Response {
    command_at(server.addr, json)
}

pub fn command_at(addr: SocketAddr, json: &str) -> Response {
    try_command_at(addr, json).unwrap()
}

pub fn try_command_at(addr: SocketAddr, json: &str) -> std::io::Result<Response> {
    try_send(addr, "POST /", &[&format!("Authorization: Bearer {TOKEN}")], json.as_bytes())
}
