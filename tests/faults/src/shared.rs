//! What the threads of a proxy share: the armed faults, the log, and every open socket.

use std::{
    collections::HashMap,
    io,
    net::{Shutdown, SocketAddr, TcpStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use crate::{Fault, Request, When, record::Log};

pub(crate) struct Shared {
    upstream: SocketAddr,
    pub(crate) log: Log,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    armed: Vec<(Arc<Fault>, When)>,
    /// New connections are accepted and left without an answer.
    ignoring: bool,
    stopping: bool,
    connections: u64,
    sockets: HashMap<u64, Open>,
    /// The number of the latest socket.
    latest: u64,
}

/// A socket that some thread owns.
struct Open {
    // Weak: a socket is closed when its owner drops it, which is what makes RST and FIN come on time.
    stream: Weak<TcpStream>,
    /// A fault keeps its client waiting.
    held: bool,
}

impl Open {
    /// Ends all reading and writing, in the owner's thread too.
    fn shut_down(&self) {
        if let Some(stream) = self.stream.upgrade() {
            let _ = stream.shutdown(Shutdown::Both); // an error: the peer was faster
        }
    }
}

/// A socket that the proxy knows of. Closed when dropped.
pub(crate) struct Socket<'a> {
    shared: &'a Shared,
    pub(crate) number: u64,
    stream: Arc<TcpStream>,
}

impl Socket<'_> {
    pub(crate) fn stream(&self) -> &TcpStream {
        &self.stream
    }
}

impl Drop for Socket<'_> {
    fn drop(&mut self) {
        // Streams are borrowed from the table under its lock only: from here on, this is the last handle.
        self.shared.state().sockets.remove(&self.number);
    }
}

impl Shared {
    pub(crate) fn new(upstream: SocketAddr) -> Shared {
        Shared { upstream, log: Log::default(), state: Mutex::default() }
    }

    /// A client's connection; it is counted.
    pub(crate) fn accepted(&self, stream: TcpStream) -> Socket<'_> {
        self.state().connections += 1;
        self.register(stream)
    }

    pub(crate) fn connect_upstream(&self) -> io::Result<Socket<'_>> {
        let stream = TcpStream::connect_timeout(&self.upstream, Duration::from_secs(5))?;
        Ok(self.register(stream))
    }

    fn register(&self, stream: TcpStream) -> Socket<'_> {
        let _ = stream.set_nodelay(true); // an error: the peer has left, which reading will tell
        let stream = Arc::new(stream);
        let mut state = self.state();
        state.latest += 1;
        let number = state.latest;
        let open = Open { stream: Arc::downgrade(&stream), held: false };
        if state.stopping {
            open.shut_down();
        }
        state.sockets.insert(number, open);
        Socket { shared: self, number, stream }
    }

    pub(crate) fn arm(&self, fault: Fault, when: When) {
        self.state().armed.push((Arc::new(fault), when));
    }

    pub(crate) fn ignore_connections(&self) {
        self.state().ignoring = true;
    }

    /// Whether this new connection is to be ignored.
    pub(crate) fn ignores(&self, client: &Socket<'_>) -> bool {
        let mut state = self.state();
        let ignoring = state.ignoring;
        state.hold(client, ignoring);
        ignoring
    }

    /// The fault that strikes this request. `CloseMidRequest` is chosen before the body is read, the others
    /// after.
    pub(crate) fn pick(&self, client: &Socket<'_>, request: &Request, body_read: bool) -> Option<Arc<Fault>> {
        let mut state = self.state();
        let in_turn = |fault: &Fault| matches!(fault, Fault::CloseMidRequest { .. }) != body_read;
        let struck = state
            .armed
            .iter_mut()
            .find_map(|(fault, when)| (in_turn(fault) && when.strikes(request)).then(|| fault.clone()));
        let fault = struck?;
        // Under the same lock as the choice: `clear` either comes before it or finds the client held.
        state.hold(client, fault.holds());
        Some(fault)
    }

    /// From here on `clear` leaves this client alone.
    pub(crate) fn release(&self, client: &Socket<'_>) {
        self.state().hold(client, false);
    }

    /// Disarms all faults and drops the clients that they hold.
    pub(crate) fn clear(&self) {
        let mut state = self.state();
        state.armed.clear();
        state.ignoring = false;
        state.sockets.values().filter(|open| open.held).for_each(Open::shut_down);
    }

    /// While stopping, all sockets are shut down, those to come as well.
    pub(crate) fn set_stopping(&self, stopping: bool) {
        let mut state = self.state();
        state.stopping = stopping;
        if stopping {
            state.sockets.values().for_each(Open::shut_down);
        }
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.state().stopping
    }

    pub(crate) fn connections(&self) -> u64 {
        self.state().connections
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic leaves nothing half-done here, and stopping must still work after it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn hold(&mut self, client: &Socket<'_>, held: bool) {
        if let Some(open) = self.sockets.get_mut(&client.number) {
            open.held = held;
        }
    }
}
