//! kv-dynamodb in each layout, and with each of its credentials.

use std::net::SocketAddr;

use anyhow::Result;
use aws_strict::Config;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use plugboard_harness::servers::Moto;
use plugboard_harness::{Run, tools};
use serde_json::{Value, json};

use super::{Fixture, Limit, Outside};
use crate::credentials::{Credentials, aws};
use crate::fixture::{self, Settings};
use crate::script::Script;

const PREFIX: &str = "dynamodb";
const TABLE: &str = "pairs";

struct Service<S> {
    address: SocketAddr,
    layout: &'static str,
    credentials: Credentials,
    outside: Sdk,
    /// Dropped, and so stopped, last.
    _servers: S,
}

pub(super) fn partitions(run: &Run) -> Result<Box<dyn Fixture>> {
    moto(run, "partition")
}

pub(super) fn tables(run: &Run) -> Result<Box<dyn Fixture>> {
    moto(run, "table")
}

pub(super) fn access_key(run: &Run) -> Result<Box<dyn Fixture>> {
    strict(run, aws::access_key)
}

pub(super) fn temporary(run: &Run) -> Result<Box<dyn Fixture>> {
    strict(run, aws::temporary)
}

pub(super) fn container(run: &Run) -> Result<Box<dyn Fixture>> {
    strict(run, aws::container)
}

pub(super) fn instance(run: &Run) -> Result<Box<dyn Fixture>> {
    strict(run, aws::instance)
}

pub(super) fn web_identity(run: &Run) -> Result<Box<dyn Fixture>> {
    strict(run, aws::web_identity)
}

pub(super) fn short_lived(run: &Run) -> Result<Box<dyn Fixture>> {
    strict(run, aws::short_lived)
}

pub(super) fn skewed(run: &Run) -> Result<Box<dyn Fixture>> {
    strict(run, aws::skewed)
}

/// Moto by itself checks signatures, though not all that AWS does.
fn moto(run: &Run, layout: &'static str) -> Result<Box<dyn Fixture>> {
    let moto = start(run)?;
    let outside = Sdk::start(run, &moto, layout)?;
    let credentials = aws::key(PREFIX, Moto::ACCESS_KEY_ID, Moto::SECRET_ACCESS_KEY);
    Ok(Box::new(Service { address: moto.addr(), layout, credentials, outside, _servers: moto }))
}

/// Moto behind what makes it as strict as AWS.
fn strict(run: &Run, credentials: aws::Way) -> Result<Box<dyn Fixture>> {
    let (moto, layout) = (start(run)?, "partition");
    let strict = Config::new((&moto).into()).serve()?;
    // The other client has no part in that.
    let outside = Sdk::start(run, &moto, layout)?;
    let credentials = credentials(PREFIX, &strict)?;
    Ok(Box::new(Service { address: strict.addr(), layout, credentials, outside, _servers: (strict, moto) }))
}

fn start(run: &Run) -> Result<Moto> {
    Moto::start_changed(run, include_str!("dynamodb_moto.py"))
}

impl<S: Send + Sync> fixture::Fixture for Service<S> {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn place(&self, address: SocketAddr) -> Settings {
        let settings = [
            ("dynamodb-endpoint", format!("http://{address}")),
            ("dynamodb-region", Moto::REGION.to_owned()),
            ("dynamodb-table", TABLE.to_owned()),
            ("dynamodb-layout", self.layout.to_owned()),
        ];
        settings.map(|(name, value)| (name.to_owned(), value)).into()
    }

    fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    fn malformed(&self) -> &[(&str, &str)] {
        &[
            ("dynamodb-table", ""),
            ("dynamodb-table", "no table"),
            ("dynamodb-layout", "rows"),
            ("dynamodb-endpoint", "ftp://127.0.0.1"),
            ("dynamodb-endpoint", "127.0.0.1:8000"),
            ("dynamodb-region", "eu central"),
            ("dynamodb-buckets", "users=a/b"),
            ("dynamodb-ttl", "-1s"),
            ("dynamodb-timeout", "soon"),
            ("dynamodb-timeuot", "30s"),
            ("dynamodb-allow-http", "yes"),
            ("dynamodb-log", "loud"),
        ]
    }
}

impl<S: Send + Sync> Fixture for Service<S> {
    fn value_limit(&self) -> Limit {
        // The service's own.
        Limit { settings: Settings::new(), fits: 406_508, exceeds: 400 << 10 }
    }

    fn outside(&self) -> &dyn Outside {
        &self.outside
    }
}

/// Amazon's own, in Python, in one of the layouts.
struct Sdk(Script);

impl Sdk {
    fn start(run: &Run, moto: &Moto, layout: &str) -> Result<Sdk> {
        let (id, secret) = (Moto::ACCESS_KEY_ID, Moto::SECRET_ACCESS_KEY);
        let arguments = [&moto.url(), Moto::REGION, id, secret, TABLE, layout];
        let program = include_str!("dynamodb_outside.py");
        let sdk = Sdk(Script::start(run, &tools::python_aws()?, program, arguments)?);
        sdk.0.ask(json!({ "do": "create" }), b"")?;
        Ok(sdk)
    }

    fn about(&self, what: &str, key: &[u8], body: &[u8]) -> Result<(Value, Vec<u8>)> {
        self.0.ask(json!({ "do": what, "key": STANDARD.encode(key) }), body)
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
        let (keys, _) = self.0.ask(json!({ "do": "keys" }), b"")?;
        let keys = serde_json::from_value::<Vec<String>>(keys)?;
        keys.into_iter().map(|key| Ok(STANDARD.decode(key)?)).collect()
    }

    fn put_other(&self, key: &[u8]) -> Result<()> {
        self.about("put-other", key, b"").map(drop)
    }
}
