//! kv-azure-table with each of its credentials.

use std::net::SocketAddr;

use anyhow::Result;
use azure_strict::{ACCOUNT, Azure, Config};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use plugboard_faults::Request;
use plugboard_harness::servers::Azurite;
use plugboard_harness::{Run, tools};
use serde_json::{Value, json};

use super::{Fixture, Limit, Operation, Outside};
use crate::credentials::{Credentials, azure};
use crate::fixture::{self, Settings};
use crate::script::Script;

const PREFIX: &str = "azure-table";
const TABLE: &str = "Pairs";

struct Service<S> {
    address: SocketAddr,
    credentials: Credentials,
    outside: Sdk,
    /// Dropped, and so stopped, last.
    _servers: S,
}

/// Azurite as it is.
pub(super) fn azurite(run: &Run) -> Result<Box<dyn Fixture>> {
    let azurite = Azurite::start_tables(run)?;
    let outside = Sdk::start(run, &azurite.connection_string())?;
    service(azurite.addr(), azure::shared_key(PREFIX), outside, azurite)
}

pub(super) fn signature(run: &Run) -> Result<Box<dyn Fixture>> {
    strict(run, |_, outside| {
        // It allows everything for an hour.
        let (sas, _) = outside.ask(json!({ "do": "sign" }), b"")?;
        azure::signature(PREFIX, sas.as_str().unwrap_or_default())
    })
}

pub(super) fn client_secret(run: &Run) -> Result<Box<dyn Fixture>> {
    strict(run, |strict, _| Ok(azure::client_secret(PREFIX, strict)))
}

pub(super) fn client_assertion(run: &Run) -> Result<Box<dyn Fixture>> {
    strict(run, |strict, _| Ok(azure::client_assertion(PREFIX, strict)))
}

pub(super) fn managed_identity(run: &Run) -> Result<Box<dyn Fixture>> {
    strict(run, |strict, _| Ok(azure::managed_identity(PREFIX, strict)))
}

pub(super) fn short_lived(run: &Run) -> Result<Box<dyn Fixture>> {
    strict(run, |strict, _| Ok(azure::short_lived(PREFIX, strict)))
}

/// Its clock is not ours.
pub(super) fn skewed(run: &Run) -> Result<Box<dyn Fixture>> {
    let azurite = Azurite::start_tables(run)?;
    let strict = Config::tables(azurite.addr()).serve()?;
    strict.shift_clock(-40 * 60);
    // The other client has no part in that.
    let outside = Sdk::start(run, &azurite.connection_string())?;
    service(strict.addr(), azure::shared_key(PREFIX), outside, (strict, azurite))
}

/// Azurite behind what makes it as strict as Azure.
fn strict(run: &Run, credentials: impl Fn(&Azure, &Sdk) -> Result<Credentials>) -> Result<Box<dyn Fixture>> {
    let azurite = Azurite::start_tables(run)?;
    let strict = Config::tables(azurite.addr()).serve()?;
    let outside = Sdk::start(run, &azurite.connection_string())?;
    let credentials = credentials(&strict, &outside)?;
    service(strict.addr(), credentials, outside, (strict, azurite))
}

fn service(
    address: SocketAddr,
    credentials: Credentials,
    outside: Sdk,
    servers: impl Send + Sync + 'static,
) -> Result<Box<dyn Fixture>> {
    outside.ask(json!({ "do": "create" }), b"")?;
    Ok(Box::new(Service { address, credentials, outside, _servers: servers }))
}

impl<S: Send + Sync> fixture::Fixture for Service<S> {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn place(&self, address: SocketAddr) -> Settings {
        let endpoint = ("azure-table-endpoint".to_owned(), format!("http://{address}/{ACCOUNT}"));
        let name = ("azure-table-name".to_owned(), TABLE.to_owned());
        [endpoint, name].into()
    }

    fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    fn malformed(&self) -> &[(&str, &str)] {
        &[
            ("azure-table-name", ""),
            ("azure-table-name", "no-table"),
            ("azure-table-name", "tables"),
            ("azure-table-endpoint", "ftp://127.0.0.1"),
            ("azure-table-endpoint", "127.0.0.1:10002"),
            ("azure-table-timeout", "soon"),
            ("azure-table-timeuot", "30s"),
            ("azure-table-allow-http", "yes"),
            ("azure-table-log", "loud"),
        ]
    }
}

impl<S: Send + Sync> Fixture for Service<S> {
    fn value_limit(&self) -> Limit {
        // The service's own.
        Limit { settings: Settings::new(), fits: 1_044_480, exceeds: 1_044_481 }
    }

    fn writes_what_was_read(&self) -> Option<fn(&Request) -> bool> {
        Some(|request| request.method != "GET")
    }

    fn answers_in_words(&self, operation: Operation) -> bool {
        use Operation::{Delete, Increment, Set, Swap};
        !matches!(operation, Set | Delete | Increment | Swap)
    }

    fn outside(&self) -> &dyn Outside {
        &self.outside
    }
}

/// Azure's own, in Python.
struct Sdk(Script);

impl Sdk {
    fn start(run: &Run, connection_string: &str) -> Result<Sdk> {
        let program = include_str!("azure_table_outside.py");
        Ok(Sdk(Script::start(run, &tools::python_azure()?, program, [connection_string, TABLE])?))
    }

    fn ask(&self, order: Value, body: &[u8]) -> Result<(Value, Vec<u8>)> {
        self.0.ask(order, body)
    }

    fn about(&self, what: &str, key: &[u8], body: &[u8]) -> Result<(Value, Vec<u8>)> {
        self.ask(json!({ "do": what, "key": STANDARD.encode(key) }), body)
    }
}

impl Outside for Sdk {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        let (found, value) = self.about("get", key, b"")?;
        Ok((found == true).then_some(value))
    }

    fn set(&self, key: &[u8], value: &[u8]) -> Result<()> {
        self.about("set", key, value).map(drop)
    }

    fn delete(&self, key: &[u8]) -> Result<()> {
        self.about("delete", key, b"").map(drop)
    }

    fn keys(&self) -> Result<Vec<Vec<u8>>> {
        let (keys, _) = self.ask(json!({ "do": "keys" }), b"")?;
        let keys = serde_json::from_value::<Vec<String>>(keys)?;
        keys.into_iter().map(|key| Ok(STANDARD.decode(key)?)).collect()
    }

    fn put_other(&self, key: &[u8]) -> Result<()> {
        self.about("put-other", key, b"").map(drop)
    }
}
