//! Services of AWS on this machine, for tests.
//!
//! Objects and tables are in an imitation (moto, s3s-fs). Before it stands what this crate is about: a proxy that
//! refuses what AWS refuses and imitations let pass, and beside it those who give out temporary keys. README.md has the
//! list.
//!
//! ```no_run
//! # fn main() -> anyhow::Result<()> {
//! use plugboard_harness::{Run, servers::Moto};
//!
//! let run = Run::new("example")?;
//! let moto = Moto::start(&run)?;
//! let aws = aws_strict::Config::new((&moto).into()).serve()?;
//! println!("S3 and DynamoDB at {}, keys at {}", aws.url(), aws.credentials_uri());
//! aws.shift_clock(20 * 60); // from now on every signature is too old
//! # Ok(())
//! # }
//! ```

mod body;
mod check;
mod clock;
mod forward;
mod givers;
mod keys;
mod refusal;
mod server;
mod sigv4;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use plugboard_harness::servers::{Moto, S3s};
use tokio::sync::oneshot;

use clock::Clock;
pub use keys::{
    ACCESS_KEY_ID, Asked, CONTAINER_TOKEN, Credentials, INSTANCE_ROLE, ROLE_ARN, SECRET_ACCESS_KEY,
    WEB_IDENTITY_TOKEN,
};

/// Signatures for others are refused.
pub const REGION: &str = "us-east-1";

/// Where objects and tables are, and who may have them there.
#[derive(Clone, Debug)]
pub struct Upstream {
    pub addr: SocketAddr,
    pub access_key_id: String,
    pub secret_access_key: String,
}

impl From<&Moto> for Upstream {
    fn from(moto: &Moto) -> Upstream {
        Upstream {
            addr: moto.addr(),
            access_key_id: Moto::ACCESS_KEY_ID.to_owned(),
            secret_access_key: Moto::SECRET_ACCESS_KEY.to_owned(),
        }
    }
}

impl From<&S3s> for Upstream {
    fn from(s3s: &S3s) -> Upstream {
        Upstream {
            addr: s3s.addr(),
            access_key_id: S3s::ACCESS_KEY_ID.to_owned(),
            secret_access_key: S3s::SECRET_ACCESS_KEY.to_owned(),
        }
    }
}

pub struct Config {
    pub upstream: Upstream,
    /// Where the services listen; a loopback address, and port 0 picks a free one.
    pub services: SocketAddr,
    /// The same for those who give out credentials.
    pub credentials: SocketAddr,
}

impl Config {
    /// On free ports.
    pub fn new(upstream: Upstream) -> Config {
        let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Config { upstream, services: free, credentials: free }
    }

    /// Starts all of it on a thread of its own; it accepts connections when this returns.
    pub fn serve(self) -> Result<Aws> {
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
        let (services, service_listener) = listen(self.services)?;
        let (givers, giver_listener) = listen(self.credentials)?;
        let state = Arc::new(State {
            upstream: self.upstream,
            clock: Clock::default(),
            credentials: Credentials::default(),
        });

        let (stop, stopped) = oneshot::channel();
        let (for_services, for_givers) = (state.clone(), state.clone());
        let thread = std::thread::Builder::new().name("aws-strict".into()).spawn(move || {
            runtime.block_on(async {
                tokio::spawn(server::accept(service_listener, move |request| {
                    forward::answer(for_services.clone(), request)
                }));
                tokio::spawn(server::accept(giver_listener, move |request| {
                    givers::answer(for_givers.clone(), request)
                }));
                let _ = stopped.await;
            });
            runtime.shutdown_timeout(Duration::from_secs(5));
        })?;
        Ok(Aws { services, givers, state, stop: Some(stop), thread: Some(thread) })
    }
}

/// What is known from one request to the next.
struct State {
    upstream: Upstream,
    clock: Clock,
    credentials: Credentials,
}

/// The running services; dropping it stops them.
pub struct Aws {
    services: SocketAddr,
    givers: SocketAddr,
    state: Arc<State>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Aws {
    /// Where the services listen, for a proxy before them.
    pub fn addr(&self) -> SocketAddr {
        self.services
    }

    /// S3 and DynamoDB, as far as the imitation has them. No trailing slash.
    pub fn url(&self) -> String {
        format!("http://{}", self.services)
    }

    /// What ECS gives as `AWS_CONTAINER_CREDENTIALS_FULL_URI`: no token is asked for.
    pub fn credentials_uri(&self) -> String {
        format!("http://{}/v2/credentials/4f2c", self.givers)
    }

    /// What EKS gives as `AWS_CONTAINER_CREDENTIALS_FULL_URI`: it wants [`CONTAINER_TOKEN`], or what
    /// [`Aws::container_token_url`] answers with.
    pub fn pod_credentials_uri(&self) -> String {
        format!("http://{}/v1/credentials", self.givers)
    }

    /// Answers with a fresh token for [`Aws::pod_credentials_uri`].
    pub fn container_token_url(&self) -> String {
        format!("http://{}/container-token", self.givers)
    }

    /// What stands in for `http://169.254.169.254`.
    pub fn metadata_endpoint(&self) -> String {
        format!("http://{}", self.givers)
    }

    /// What stands in for `https://sts.us-east-1.amazonaws.com`. It knows [`ROLE_ARN`], and trusts
    /// [`WEB_IDENTITY_TOKEN`] and what [`Aws::web_identity_url`] answers with.
    pub fn sts_endpoint(&self) -> String {
        format!("http://{}/sts", self.givers)
    }

    /// Answers with a fresh token for [`Aws::sts_endpoint`].
    pub fn web_identity_url(&self) -> String {
        format!("http://{}/web-identity", self.givers)
    }

    /// The keys that were asked for and issued.
    pub fn credentials(&self) -> &Credentials {
        &self.state.credentials
    }

    /// Puts the services' clock so many seconds before (or behind) this machine's.
    pub fn shift_clock(&self, seconds: i64) {
        self.state.clock.shift(seconds);
    }
}

impl Drop for Aws {
    fn drop(&mut self) {
        // The receiver sees the sender go.
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
