//! The proxy as tests see it.

use std::{
    io,
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};

use anyhow::Context;
use socket2::{Domain, SockRef, Type};

use crate::{Fault, Recorded, When, connection, shared::Shared};

/// A running proxy. Dropping it closes all its sockets and ends all its threads.
///
/// A client that shuts down its sending side while a fault keeps it waiting is taken to have left.
pub struct Proxy {
    addr: SocketAddr,
    /// Bound to `addr` but never listening: while the proxy refuses, nobody else gets the port.
    _reserved: socket2::Socket,
    shared: Arc<Shared>,
    /// The accepting thread; none while the proxy refuses.
    acceptor: Mutex<Option<JoinHandle<()>>>,
}

impl Proxy {
    /// Starts a proxy to the server at `upstream`, on a free port of 127.0.0.1.
    pub fn start(upstream: SocketAddr) -> anyhow::Result<Proxy> {
        let reserved = bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).context("no free port")?;
        let addr = reserved.local_addr()?.as_socket().context("not an address of IP")?;
        let shared = Arc::new(Shared::new(upstream));
        let acceptor = Mutex::new(Some(accept(addr, &shared)?));
        Ok(Proxy { addr, _reserved: reserved, shared, acceptor })
    }

    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Adds a fault; see [`When`] for how several of them share the requests.
    pub fn arm(&self, fault: Fault, when: When) {
        self.shared.arm(fault, when);
    }

    /// From now on clients see what a server that was stopped shows: open connections are closed, new ones
    /// refused, the server sees nothing.
    pub fn refuse_connections(&self) {
        self.stop(&mut self.acceptor());
    }

    /// From now on clients with new connections see silence: what they send, a TLS handshake say, is never
    /// answered. The server sees nothing.
    pub fn ignore_connections(&self) {
        self.shared.ignore_connections();
    }

    /// Back to relaying all there is. Clients that a fault keeps waiting are dropped.
    pub fn clear(&self) {
        self.shared.clear();
        let mut acceptor = self.acceptor();
        if acceptor.is_none() {
            *acceptor = Some(accept(self.addr, &self.shared).expect("the port is reserved"));
        }
    }

    /// How many requests came in since the start: also the mark that [`Proxy::since`] takes.
    pub fn count(&self) -> usize {
        self.shared.log.count()
    }

    /// The requests that came in since `count()` was `mark`, in the order in which their bodies (their first
    /// 64 KiB) were in; those taken are missing.
    pub fn since(&self, mark: usize) -> Vec<Recorded> {
        self.shared.log.since(mark)
    }

    /// All requests that were not taken.
    pub fn requests(&self) -> Vec<Recorded> {
        self.since(0)
    }

    /// All requests, forgetting them. What becomes of those still under way is lost.
    pub fn take_requests(&self) -> Vec<Recorded> {
        self.shared.log.take()
    }

    /// Waits until `count()` has reached `count`; false if it does not within the limit.
    pub fn wait_for_requests(&self, count: usize, limit: Duration) -> bool {
        self.shared.log.wait(count, limit)
    }

    /// How many connections were accepted since the start.
    pub fn connections(&self) -> u64 {
        self.shared.connections()
    }

    fn acceptor(&self) -> MutexGuard<'_, Option<JoinHandle<()>>> {
        self.acceptor.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes the port and all connections, and waits for their threads.
    fn stop(&self, acceptor: &mut Option<JoinHandle<()>>) {
        let Some(acceptor) = acceptor.take() else { return };
        self.shared.set_stopping(true);
        // A connection wakes the thread from `accept`.
        while !acceptor.is_finished()
            && TcpStream::connect_timeout(&self.addr, Duration::from_secs(1)).is_err()
        {
            thread::sleep(Duration::from_millis(5));
        }
        let ended = acceptor.join();
        self.shared.set_stopping(false);
        if ended.is_err() && !thread::panicking() {
            panic!("a thread of the fault proxy panicked");
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stop(&mut self.acceptor());
    }
}

/// Listens and, in a thread that ends after the last connection's, accepts.
fn accept(addr: SocketAddr, shared: &Arc<Shared>) -> anyhow::Result<JoinHandle<()>> {
    let socket = bind(addr).with_context(|| format!("cannot bind to `{addr}`"))?;
    socket.listen(1024).with_context(|| format!("cannot listen on `{addr}`"))?;
    let listener = TcpListener::from(socket);
    let shared = shared.clone();
    let accept = move || {
        let shared = &*shared;
        thread::scope(|scope| {
            let listener = listener; // closed before the scope waits for its threads
            while let Some(stream) = next_client(&listener, shared) {
                // An error: no more threads to be had, and the client's connection is closed.
                let _ = thread::Builder::new()
                    .name("fault-proxy connection".into())
                    .spawn_scoped(scope, move || connection::serve(shared, stream));
            }
            // Closing alone is not enough: a process that is just being started has a copy until its exec.
            let _ = SockRef::from(&listener).shutdown(Shutdown::Both); // an error: it has ended already
        });
    };
    thread::Builder::new().name("fault-proxy".into()).spawn(accept).context("cannot start a thread")
}

/// The next connection; none when the proxy stops.
fn next_client(listener: &TcpListener, shared: &Shared) -> Option<TcpStream> {
    loop {
        let accepted = listener.accept();
        if shared.is_stopping() {
            return None;
        }
        match accepted {
            Ok((stream, _)) => return Some(stream),
            // The client has left already, or there are no more file descriptors: neither lasts.
            Err(_) => thread::sleep(Duration::from_millis(5)),
        }
    }
}

/// A socket that shares its port with the others of this function, and with them alone.
fn bind(addr: SocketAddr) -> io::Result<socket2::Socket> {
    let socket = socket2::Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_reuse_port(true)?;
    socket.bind(&addr.into())?;
    Ok(socket)
}
