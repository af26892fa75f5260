//! kv-dynamodb in each layout, and with each of its credentials.

use std::net::SocketAddr;

use anyhow::Result;
use plugboard_harness::Run;
use plugboard_harness::servers::Moto;

use super::dynamodb_outside::Sdk;
use super::{Fixture, Limit, Outside};
use crate::fixture::{self, Settings};

const TABLE: &str = "pairs";
/// With characters that every encoding changes, as many as there are in those of AWS.
const WRONG: &str = "wr0ng/Credential+5/that+is/as+long/as+others";

struct Service<S> {
    address: SocketAddr,
    layout: &'static str,
    credentials: Credentials,
    outside: Sdk,
    /// Dropped, and so stopped, last.
    _servers: S,
}

/// How the provider proves who it is.
struct Credentials {
    /// The settings that are needed.
    settings: Vec<(&'static str, String)>,
    /// What to change for the service to refuse them.
    wrong: (&'static str, String),
    required: &'static [&'static str],
    /// Settings that only make sense with these.
    malformed: Vec<(&'static str, &'static str)>,
    secrets: Vec<String>,
}

pub(super) fn partitions(run: &Run) -> Result<Box<dyn Fixture>> {
    moto(run, "partition")
}

pub(super) fn tables(run: &Run) -> Result<Box<dyn Fixture>> {
    moto(run, "table")
}

/// Moto by itself checks signatures, though not all that AWS does.
fn moto(run: &Run, layout: &'static str) -> Result<Box<dyn Fixture>> {
    let moto = Moto::start_changed(run, include_str!("dynamodb_moto.py"))?;
    let credentials = Credentials {
        settings: vec![
            ("dynamodb-access-key-id", Moto::ACCESS_KEY_ID.to_owned()),
            ("dynamodb-secret-access-key", Moto::SECRET_ACCESS_KEY.to_owned()),
        ],
        wrong: ("dynamodb-secret-access-key", WRONG.to_owned()),
        required: &["dynamodb-access-key-id", "dynamodb-secret-access-key"],
        malformed: vec![("dynamodb-access-key-id", "AKID/x"), ("dynamodb-role-arn", "arn:aws:iam::1:role/x")],
        secrets: vec![Moto::SECRET_ACCESS_KEY.to_owned(), WRONG.to_owned()],
    };
    let outside = Sdk::start(run, moto.addr(), TABLE, layout)?;
    outside.create_table()?;
    Ok(Box::new(Service { address: moto.addr(), layout, credentials, outside, _servers: moto }))
}

impl<S: Send + Sync> fixture::Fixture for Service<S> {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn settings(&self, address: SocketAddr) -> Settings {
        let settings = [
            ("dynamodb-endpoint", format!("http://{address}")),
            ("dynamodb-region", Moto::REGION.to_owned()),
            ("dynamodb-table", TABLE.to_owned()),
            ("dynamodb-layout", self.layout.to_owned()),
        ];
        let settings = settings.into_iter().chain(self.credentials.settings.clone());
        settings.map(|(name, value)| (name.to_owned(), value)).collect()
    }

    fn wrong_credentials(&self) -> Settings {
        let (name, value) = &self.credentials.wrong;
        Settings::from([((*name).to_owned(), value.clone())])
    }

    fn required(&self) -> &[&str] {
        self.credentials.required
    }

    fn malformed(&self) -> Vec<(&str, &str)> {
        let everywhere = [
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
        ];
        everywhere.into_iter().chain(self.credentials.malformed.iter().copied()).collect()
    }

    fn secrets(&self) -> Vec<String> {
        self.credentials.secrets.clone()
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
