//! Azure Storage, its blobs or its tables, and the services that issue its tokens, on this machine, for tests.
//!
//! The blobs are in Azurite, and so are the tables. Before it stands what this crate is about: a proxy that refuses what Azure refuses
//! and Azurite lets pass, and that answers as Azure does where Azurite does not. README.md has the list.
//!
//! ```no_run
//! # fn main() -> anyhow::Result<()> {
//! use plugboard_harness::{Run, servers::Azurite};
//!
//! let run = Run::new("example")?;
//! let azurite = Azurite::start(&run)?;
//! let azure = azure_strict::Config::new(azurite.addr()).serve()?;
//! println!("blobs at {}, tokens at {}", azure.url(), azure.authority());
//! azure.shift_clock(20 * 60); // from now on every signature is too old
//! # Ok(())
//! # }
//! ```

mod auth;
mod forward;
mod identity;
mod refusal;
mod repair;
mod rules;
mod shared_key;
mod state;
mod tables;
mod target;
mod tokens;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use plugboard_harness::servers::Azurite;
use plugboard_strict::{Ports, Services};

use state::State;
pub use state::{CopyEnd, Copying};
pub use tokens::{
    ASSERTION, ASSERTION_REQUEST_TOKEN, CLIENT_ID, CLIENT_SECRET, IDENTITY_HEADER, RESOURCE, TENANT,
    TokenRequest, Tokens,
};

/// The one account.
pub const ACCOUNT: &str = Azurite::ACCOUNT;
/// Its key, in base64 as everywhere.
pub const KEY: &str = Azurite::KEY;

/// What of an account it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    Blobs,
    Tables,
}

pub struct Config {
    pub service: Service,
    /// Where the blobs or tables are.
    pub azurite: SocketAddr,
    /// Where the service listens; a loopback address, and port 0 picks a free one.
    pub storage: SocketAddr,
    /// The same for the services that issue tokens.
    pub tokens: SocketAddr,
}

impl Config {
    /// The blob service, on free ports.
    pub fn new(azurite: SocketAddr) -> Config {
        let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Config { service: Service::Blobs, azurite, storage: free, tokens: free }
    }

    /// The table service, on free ports.
    pub fn tables(azurite: SocketAddr) -> Config {
        Config { service: Service::Tables, ..Config::new(azurite) }
    }

    /// Starts both services on a thread of their own; they accept connections when this returns.
    pub fn serve(&self) -> Result<Azure> {
        let ports = Ports::listen(self.storage, self.tokens)?;
        let [storage, tokens] = ports.addrs;
        let state = Arc::new(State::new(self.service, self.azurite, tokens));

        let (for_storage, for_tokens) = (state.clone(), state.clone());
        let running = ports.serve(
            "azure-strict",
            move |request| forward::answer(for_storage.clone(), request),
            move |request| identity::answer(for_tokens.clone(), request),
        )?;
        Ok(Azure { storage, tokens, state, _running: running })
    }
}

/// The running services; dropping it stops them.
pub struct Azure {
    storage: SocketAddr,
    tokens: SocketAddr,
    state: Arc<State>,
    _running: Services,
}

impl Azure {
    /// Where the service listens, for a proxy before it.
    pub fn addr(&self) -> SocketAddr {
        self.storage
    }

    /// The service with the account in the path, as Azurite has it. No trailing slash.
    pub fn url(&self) -> String {
        format!("http://{}/{ACCOUNT}", self.storage)
    }

    /// The service without the account in the path, as Azure has it (there it is in the host's name).
    pub fn host_style_url(&self) -> String {
        format!("http://{}", self.storage)
    }

    /// What stands in for `https://login.microsoftonline.com`: `POST /{TENANT}/oauth2/v2.0/token`.
    pub fn authority(&self) -> String {
        format!("http://{}", self.tokens)
    }

    /// What stands in for `http://169.254.169.254`: `GET /metadata/identity/oauth2/token`.
    pub fn imds(&self) -> String {
        format!("http://{}", self.tokens)
    }

    /// What App Service gives as `IDENTITY_ENDPOINT`; it wants [`IDENTITY_HEADER`].
    pub fn identity_endpoint(&self) -> String {
        format!("http://{}/msi/token", self.tokens)
    }

    /// Answers with a fresh assertion, as text.
    pub fn assertion_url(&self) -> String {
        format!("http://{}/assertion", self.tokens)
    }

    /// Answers with a fresh assertion as GitHub Actions does: `{"value": …}`, for who sends
    /// `Authorization: Bearer` and [`ASSERTION_REQUEST_TOKEN`].
    pub fn github_assertion_url(&self) -> String {
        format!("http://{}/assertion/github?api-version=2.0", self.tokens)
    }

    /// The tokens that were asked for and issued.
    pub fn tokens(&self) -> &Tokens {
        &self.state.tokens
    }

    /// A token for the service.
    pub fn issue_token(&self) -> String {
        self.state.tokens.issue(RESOURCE, self.state.clock.now())
    }

    /// Puts the services' clock so many seconds before (or behind) this machine's.
    pub fn shift_clock(&self, seconds: i64) {
        self.state.clock.shift(seconds);
    }

    /// What becomes of the copies from now on; at first they are complete at once.
    pub fn copy_like(&self, copying: Copying) {
        self.state.copy_like(copying);
    }

    /// How long a container is being deleted after its deletion was accepted, at first no time at all. Azure
    /// takes half a minute and more, in which nobody can create it again.
    pub fn delete_containers_within(&self, time: Duration) {
        self.state.delete_containers_within(time);
    }
}
