//! A raw server and a raw client, which see the bytes themselves.

#![allow(dead_code, reason = "each test binary uses its part")]

use std::{
    io::{ErrorKind, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use plugboard_faults::Proxy;

/// Far beyond what anything here takes.
pub const HANG: Duration = Duration::from_secs(20);

pub const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nX-Up: 1\r\n\r\n0123456789";
pub const GET: &str = "GET /k HTTP/1.1\r\nHost: h\r\n\r\n";

/// A server that keeps each request as it came. One request per connection; its threads end with the process.
pub struct Server {
    pub addr: SocketAddr,
    seen: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Server {
    /// Answers each complete request with these bytes, then closes if their length is not announced.
    pub fn answering(bytes: impl Into<Vec<u8>>) -> Server {
        let bytes = bytes.into();
        Server::start(move |request| is_complete(request).then(|| bytes.clone()))
    }

    /// What the script makes of the bytes so far is the answer; `None` reads on.
    pub fn start(script: impl Fn(&[u8]) -> Option<Vec<u8>> + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let seen = Arc::<Mutex<Vec<Vec<u8>>>>::default();
        let (script, log) = (Arc::new(script), seen.clone());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (script, log) = (script.clone(), log.clone());
                thread::spawn(move || serve(stream.unwrap(), &*script, &log));
            }
        });
        Server { addr, seen }
    }

    /// The requests that were answered.
    pub fn seen(&self) -> Vec<Vec<u8>> {
        self.seen.lock().unwrap().clone()
    }
}

fn serve(mut stream: TcpStream, script: &dyn Fn(&[u8]) -> Option<Vec<u8>>, log: &Mutex<Vec<Vec<u8>>>) {
    let mut request = Vec::new();
    let mut part = [0; 64 * 1024];
    while let Ok(length @ 1..) = stream.read(&mut part) {
        request.extend_from_slice(&part[..length]);
        if let Some(answer) = script(&request) {
            log.lock().unwrap().push(request);
            let head = String::from_utf8_lossy(&answer).to_lowercase();
            let _ = stream.write_all(&answer);
            if head.contains("content-length") || head.contains("chunked") {
                let _ = stream.read(&mut part); // kept alive, until the proxy closes
            }
            return;
        }
    }
}

/// Whether these are a whole request: good enough for the ones in these tests.
pub fn is_complete(request: &[u8]) -> bool {
    let Some(end) = request.windows(4).position(|window| window == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&request[..end]).to_lowercase();
    let body = &request[end + 4..];
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    if head.contains("chunked") {
        body.ends_with(b"\r\n\r\n") && body.windows(3).any(|window| window == b"0\r\n")
    } else {
        body.len() >= length.map_or(0, |length| length.parse().unwrap())
    }
}

/// How a connection ended, from the client's side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Fin,
    Rst,
    /// Nothing comes, for a while at least.
    Silence,
}

pub struct Client(pub TcpStream);

impl Client {
    pub fn new(proxy: &Proxy) -> Client {
        let stream = TcpStream::connect(proxy.addr()).unwrap();
        stream.set_nodelay(true).unwrap();
        Client(stream)
    }

    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Client {
        self.0.write_all(bytes.as_ref()).unwrap();
        self
    }

    /// Exactly this many bytes, within reasonable time.
    pub fn receive(&mut self, length: usize) -> Vec<u8> {
        self.0.set_read_timeout(Some(HANG)).unwrap();
        let mut bytes = vec![0; length];
        self.0.read_exact(&mut bytes).unwrap();
        bytes
    }

    pub fn expect(&mut self, bytes: impl AsRef<[u8]>) -> &mut Client {
        let received = self.receive(bytes.as_ref().len());
        assert_eq!(received.escape_ascii().to_string(), bytes.as_ref().escape_ascii().to_string());
        self
    }

    /// All that comes, and how it ends; `patience` is how long silence lasts.
    pub fn rest(&mut self, patience: Duration) -> (Vec<u8>, End) {
        self.0.set_read_timeout(Some(patience)).unwrap();
        let mut bytes = Vec::new();
        let end = match self.0.read_to_end(&mut bytes) {
            Ok(_) => End::Fin,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => End::Rst,
            Err(error) if error.kind() == ErrorKind::WouldBlock => End::Silence,
            Err(error) => panic!("{error}"),
        };
        (bytes, end)
    }

    pub fn expect_end(&mut self, end: End) {
        let patience = if end == End::Silence { Duration::from_millis(100) } else { HANG };
        let (bytes, found) = self.rest(patience);
        assert_eq!((bytes.escape_ascii().to_string().as_str(), found), ("", end));
    }

    pub fn half_close(&mut self) -> &mut Client {
        self.0.shutdown(Shutdown::Write).unwrap();
        self
    }
}

/// The one request that came in since the last call.
pub fn taken(proxy: &Proxy) -> plugboard_faults::Recorded {
    let mut requests = proxy.take_requests();
    assert_eq!(requests.len(), 1, "{requests:?}");
    requests.remove(0)
}
