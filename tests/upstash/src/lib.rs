//! A local server that speaks the Upstash REST dialect of Redis, for development and tests.
//!
//! Upstash is a hosted service without a server to install. [`serve`] puts its HTTP dialect in front of a
//! real Redis or of a small embedded store, see [`Store`].

mod dialect;
mod embedded;
mod http;
mod redis;
mod reply;

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::sync::oneshot;

pub use reply::{Backend, Command, Reply};

pub struct Config {
    /// A loopback address; port 0 picks a free one.
    pub listen: SocketAddr,
    /// What clients must send as `Authorization: Bearer <token>`.
    pub token: String,
    pub store: Store,
}

/// Where the data is.
#[derive(Clone, Debug)]
pub enum Store {
    /// A directory of the embedded store's own, made if missing.
    Embedded(PathBuf),
    /// The `host:port` of a running Redis.
    Redis(String),
}

impl Store {
    pub fn open(&self) -> Result<Arc<dyn Backend>> {
        Ok(match self {
            Store::Embedded(directory) => Arc::new(embedded::Embedded::open(directory)?),
            Store::Redis(address) => Arc::new(redis::Redis::connect(address)?),
        })
    }
}

/// A running server; dropping it stops it after the command that is being run.
pub struct Server {
    pub addr: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The receiver sees the sender go.
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Starts a server on a thread of its own and returns when it accepts connections.
pub fn serve(config: Config) -> Result<Server> {
    ensure!(
        config.listen.ip().is_loopback(),
        "cannot listen on `{}`: this server is for development, give a loopback address such as 127.0.0.1",
        config.listen
    );
    ensure!(!config.token.is_empty(), "the token is empty");
    let backend = config.store.open()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    let listener =
        TcpListener::bind(config.listen).with_context(|| format!("cannot listen on `{}`", config.listen))?;
    listener.set_nonblocking(true)?;
    let addr = listener.local_addr()?;
    let listener = {
        // Not `block_on`, so that an asynchronous test can call this too.
        let _runtime = runtime.enter();
        tokio::net::TcpListener::from_std(listener)?
    };

    let (stop, stopped) = oneshot::channel();
    let thread = std::thread::Builder::new().name("upstash-local".into()).spawn(move || {
        let accepting = http::accept(listener, config.token, backend);
        runtime.block_on(async {
            tokio::spawn(accepting);
            let _ = stopped.await;
        });
        // Lets commands end that are being run; a script without an end does not hold up the exit.
        runtime.shutdown_timeout(Duration::from_secs(5));
    })?;
    Ok(Server { addr, stop: Some(stop), thread: Some(thread) })
}
