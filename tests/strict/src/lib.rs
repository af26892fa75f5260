//! What the servers in front of imitations of clouds have in common: a service on one port, on another those who give
//! out credentials for it, and a clock that a test can put wrong. The connections serve the stand-in for Upstash as well.

mod clock;
mod server;

use std::net::{SocketAddr, TcpListener};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use hyper::Request;
use hyper::body::Incoming;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

pub use clock::Clock;
pub use server::{Answer, accept};

/// Two ports that are taken, and not served yet.
pub struct Ports {
    runtime: Runtime,
    listeners: [tokio::net::TcpListener; 2],
    pub addrs: [SocketAddr; 2],
}

impl Ports {
    /// Of an address with port 0 it is a free one.
    pub fn listen(first: SocketAddr, second: SocketAddr) -> Result<Ports> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        let listen = |addr: SocketAddr| -> Result<_> {
            ensure!(addr.ip().is_loopback(), "`{addr}` is not on loopback, and this is for tests");
            let listener = TcpListener::bind(addr).with_context(|| format!("cannot listen on `{addr}`"))?;
            listener.set_nonblocking(true)?;
            let addr = listener.local_addr()?;
            // Not `block_on`, so that an asynchronous test can call this too.
            let _runtime = runtime.enter();
            Ok((addr, tokio::net::TcpListener::from_std(listener)?))
        };
        let ((one, first), (other, second)) = (listen(first)?, listen(second)?);
        Ok(Ports { runtime, listeners: [first, second], addrs: [one, other] })
    }

    /// Answers each port's requests, on a thread of its own.
    pub fn serve<F, G>(
        self,
        name: &str,
        first: impl Fn(Request<Incoming>) -> F + Clone + Send + 'static,
        second: impl Fn(Request<Incoming>) -> G + Clone + Send + 'static,
    ) -> Result<Services>
    where
        F: Future<Output = Answer> + Send + 'static,
        G: Future<Output = Answer> + Send + 'static,
    {
        let Ports { runtime, listeners: [one, other], .. } = self;
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::spawn(server::accept(one, first));
                tokio::spawn(server::accept(other, second));
                let _ = stopped.await;
            });
            runtime.shutdown_timeout(Duration::from_secs(5));
        })?;
        Ok(Services { stop: Some(stop), thread: Some(thread) })
    }
}

/// The running services; dropping it stops them.
pub struct Services {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Services {
    fn drop(&mut self) {
        // The receiver sees the sender go.
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
