//! blob-azure with each of its credentials.

use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::Result;
use axum::http::{Method, Uri};
use azure_strict::{ACCOUNT, Azure, Config, CopyEnd, Copying};
use percent_encoding::percent_decode_str;
use plugboard_faults::Request;
use plugboard_harness::servers::Azurite;
use plugboard_harness::servers::azurite::connection_string;
use plugboard_harness::{Run, tools};
use serde_json::json;

use super::sdk::Sdk;
use super::{Fixture, Operation, Outside};
use crate::credentials::{Credentials, azure};
use crate::fixture::{self, Settings};
use crate::script::Script;

const CONTAINER: &str = "conformance";
const PREFIX: &str = "azure";

struct Service<S> {
    address: SocketAddr,
    /// Whether the account is in the path.
    path_style: bool,
    credentials: Credentials,
    outside: Sdk,
    filled: OnceLock<String>,
    /// Dropped, and so stopped, last.
    _servers: S,
}

/// Azurite as it is.
pub(super) fn azurite(run: &Run) -> Result<Box<dyn Fixture>> {
    let azurite = Azurite::start(run)?;
    let (address, outside) = (azurite.addr(), sdk(run, &azurite.connection_string())?);
    service(address, true, azure::shared_key(PREFIX), outside, azurite)
}

pub(super) fn key(run: &Run) -> Result<Box<dyn Fixture>> {
    strict(run, true, |_, _| Ok(azure::shared_key(PREFIX)))
}

pub(super) fn host_style(run: &Run) -> Result<Box<dyn Fixture>> {
    strict(run, false, |_, _| Ok(azure::shared_key(PREFIX)))
}

pub(super) fn signature(run: &Run) -> Result<Box<dyn Fixture>> {
    strict(run, true, |_, outside| {
        // It allows everything for an hour.
        let sas = outside.must::<String>(json!({ "do": "sign" }), b"")?;
        azure::signature(PREFIX, &sas)
    })
}

pub(super) fn client_secret(run: &Run) -> Result<Box<dyn Fixture>> {
    strict(run, true, |strict, _| Ok(azure::client_secret(PREFIX, strict)))
}

pub(super) fn client_assertion(run: &Run) -> Result<Box<dyn Fixture>> {
    strict(run, true, |strict, _| Ok(azure::client_assertion(PREFIX, strict)))
}

pub(super) fn managed_identity(run: &Run) -> Result<Box<dyn Fixture>> {
    strict(run, true, |strict, _| Ok(azure::managed_identity(PREFIX, strict)))
}

pub(super) fn short_lived(run: &Run) -> Result<Box<dyn Fixture>> {
    strict(run, true, |strict, _| Ok(azure::short_lived(PREFIX, strict)))
}

/// What takes time in Azure takes time here, and its clock is not ours.
pub(super) fn slow(run: &Run) -> Result<Box<dyn Fixture>> {
    let azurite = Azurite::start(run)?;
    let strict = Config::new(azurite.addr()).serve()?;
    strict.shift_clock(-40 * 60);
    strict.copy_like(Copying { pending: 1, end: CopyEnd::Success });
    strict.delete_containers_within(Duration::from_secs(2));
    // The other client has no part in that.
    let outside = sdk(run, &azurite.connection_string())?;
    service(strict.addr(), true, azure::shared_key(PREFIX), outside, (strict, azurite))
}

/// Azurite behind what makes it as strict as Azure.
fn strict(
    run: &Run,
    path_style: bool,
    credentials: impl Fn(&Azure, &Sdk) -> Result<Credentials>,
) -> Result<Box<dyn Fixture>> {
    let azurite = Azurite::start(run)?;
    let strict = Config::new(azurite.addr()).serve()?;
    let outside = sdk(run, &connection_string(&strict.url()))?;
    let credentials = credentials(&strict, &outside)?;
    service(strict.addr(), path_style, credentials, outside, (strict, azurite))
}

fn sdk(run: &Run, connection_string: &str) -> Result<Sdk> {
    let python = tools::python_azure()?;
    Ok(Sdk(Script::start(run, &python, include_str!("azure_outside.py"), [connection_string])?))
}

fn service(
    address: SocketAddr,
    path_style: bool,
    credentials: Credentials,
    outside: Sdk,
    servers: impl Send + Sync + 'static,
) -> Result<Box<dyn Fixture>> {
    outside.create_container(CONTAINER)?;
    Ok(Box::new(Service {
        address,
        path_style,
        credentials,
        outside,
        filled: OnceLock::new(),
        _servers: servers,
    }))
}

impl<S: Send + Sync> fixture::Fixture for Service<S> {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn place(&self, address: SocketAddr) -> Settings {
        let account = if self.path_style { format!("/{ACCOUNT}") } else { String::new() };
        let endpoint = ("azure-endpoint".to_owned(), format!("http://{address}{account}"));
        let blocks = ("azure-block-size".to_owned(), "64KiB".to_owned());
        [endpoint, blocks].into()
    }

    fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    fn malformed(&self) -> &[(&str, &str)] {
        &[
            ("azure-endpoint", "ftp://127.0.0.1"),
            ("azure-endpoint", "127.0.0.1:10000"),
            ("azure-endpoint", "http://"),
            ("azure-block-size", "lots"),
            ("azure-block-size", "1KiB"),
            ("azure-block-size", "1GiB"),
            ("azure-timeout", "soon"),
            ("azure-timeout", "0s"),
            ("azure-containers", "docs="),
            ("azure-check-container", "maybe"),
            ("azure-deny", "everything"),
            ("azure-denny", "delete"),
            ("azure-content-type", "text/plain; name=é"),
            ("azure-allow-http", "yes"),
            ("azure-log", "loud"),
        ]
    }
}

impl<S: Send + Sync> Fixture for Service<S> {
    fn container(&self) -> &str {
        CONTAINER
    }

    fn filled(&self) -> &OnceLock<String> {
        &self.filled
    }

    fn block(&self) -> u64 {
        64 << 10
    }

    fn default_block(&self) -> u64 {
        4 << 20
    }

    fn is_commit(&self) -> fn(&Request) -> bool {
        |request| has(request, "comp=blocklist") && request.method == "PUT"
    }

    fn is_no_block(&self) -> fn(&Request) -> bool {
        |request| !has(request, "comp=block")
    }

    fn deletes(&self) -> fn(&Request, &str) -> bool {
        |request, name| {
            let target = percent_decode_str(&request.target).decode_utf8_lossy();
            request.method == "DELETE" && target.contains(name)
        }
    }

    fn answers_in_words(&self, operation: Operation) -> bool {
        matches!(operation, Operation::ListObjects | Operation::Clear)
    }

    fn consent(&self) -> fn(&Method, &Uri) -> &'static str {
        |_, _| ""
    }

    fn forbidden_containers(&self) -> &[&str] {
        const LONG: &str = "a-name-of-64-characters-is-one-more-than-the-service-would-take-";
        &["", "ab", "Upper", "under_score", "-dash", "dash-", "two--dashes", "dot.ted", "sl/ash", "é-é", LONG]
    }

    fn outside(&self) -> &dyn Outside {
        &self.outside
    }
}

/// Whether the query has the pair.
fn has(request: &Request, pair: &str) -> bool {
    let (_, query) = request.target.split_once('?').unwrap_or_default();
    query.split('&').any(|one| one == pair)
}
