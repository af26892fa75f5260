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
mod forward;
mod givers;
mod keys;
mod refusal;
mod sigv4;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::Result;
use plugboard_harness::servers::{Moto, S3s};
use plugboard_strict::{Clock, Ports, Services};

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
        let ports = Ports::listen(self.services, self.credentials)?;
        let [services, givers] = ports.addrs;
        let state = Arc::new(State {
            upstream: self.upstream,
            clock: Clock::default(),
            credentials: Credentials::default(),
        });

        let (for_services, for_givers) = (state.clone(), state.clone());
        let running = ports.serve(
            "aws-strict",
            move |request| forward::answer(for_services.clone(), request),
            move |request| givers::answer(for_givers.clone(), request),
        )?;
        Ok(Aws { services, givers, state, _running: running })
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
    _running: Services,
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
