//! kv-redis behind each of the gateways it knows.

use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use plugboard_harness::Run;
use plugboard_harness::servers::upstash::Backend;
use plugboard_harness::servers::{Redis, Upstash, Webdis, webdis};

use super::redis_outside::{Direct, Rest};
use super::{Fixture, Limit, Outside};
use crate::credentials::Credentials;
use crate::fixture::{self, Settings};

// Characters that every encoding changes, so that its form differs from the raw one.
const USER: &str = "conformance-user";
const PASSWORD: &str = "p4ss/wörd+%?&~=\"8c1f\\";
/// Tokens go into a header as they are.
const TOKEN: &str = "AYNg+ASQgNjM/t0ken~77%2F==";
const WRONG: &str = "wr0ng-Credential/5+%&";

struct Gateway<S> {
    address: SocketAddr,
    credentials: Credentials,
    outside: Box<dyn Outside>,
    /// Dropped, and so stopped, last.
    _servers: S,
}

pub(crate) fn webdis(run: &Run) -> Result<Box<dyn Fixture>> {
    let redis = Redis::start(run)?;
    let basic_auth = Some((USER.to_owned(), PASSWORD.to_owned()));
    let webdis = Webdis::start(run, &redis, webdis::Options { basic_auth, ..webdis::Options::default() })?;
    Ok(Box::new(Gateway {
        address: webdis.addr(),
        credentials: credentials(&[("user", USER), ("password", PASSWORD)]),
        outside: Box::new(Direct::new(&redis)?),
        _servers: (webdis, redis),
    }))
}

pub(crate) fn upstash_redis(run: &Run) -> Result<Box<dyn Fixture>> {
    let redis = Redis::start(run)?;
    let upstash = upstash(run, &Backend::Redis(redis.addr()))?;
    Ok(Box::new(Gateway {
        address: address(&upstash)?,
        credentials: credentials(&[("token", TOKEN)]),
        outside: Box::new(Direct::new(&redis)?),
        _servers: (upstash, redis),
    }))
}

pub(crate) fn upstash_embedded(run: &Run) -> Result<Box<dyn Fixture>> {
    let upstash = upstash(run, &Backend::Data(run.path().join("upstash-data")))?;
    Ok(Box::new(Gateway {
        address: address(&upstash)?,
        credentials: credentials(&[("token", TOKEN)]),
        outside: Box::new(Rest::new(upstash.url(), TOKEN)),
        _servers: upstash,
    }))
}

/// `cargo build` puts the binaries of the workspace side by side.
fn upstash(run: &Run, backend: &Backend) -> Result<Upstash> {
    let program = std::env::current_exe()?.with_file_name("upstash-local");
    Upstash::start(run, &program, TOKEN, backend).context("`cargo build -p upstash-local` makes that program")
}

/// The last of them is a secret.
fn credentials(settings: &[(&str, &str)]) -> Credentials {
    let (name, secret) = settings.last().expect("every gateway has credentials");
    Credentials::new("redis")
        .settings(settings)
        .wrong(&[(name, WRONG)])
        .required(&["url"])
        .secrets(&[secret, WRONG])
}

fn address(upstash: &Upstash) -> Result<SocketAddr> {
    upstash.url().trim_start_matches("http://").parse().context("the front's address")
}

impl<S: Send + Sync> fixture::Fixture for Gateway<S> {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn place(&self, address: SocketAddr) -> Settings {
        [("redis-url".to_owned(), format!("http://{address}"))].into()
    }

    fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    fn malformed(&self) -> &[(&str, &str)] {
        &[
            ("redis-url", "redis://127.0.0.1:6379"),
            ("redis-url", "127.0.0.1:7379"),
            ("redis-url", "http://"),
            ("redis-url", "ftp://127.0.0.1"),
            ("redis-url", "http://127.0.0.1:99999"),
            ("redis-dialect", "resp"),
            ("redis-timeout", "soon"),
            ("redis-timeuot", "30s"),
            ("redis-timeout", "0s"),
            ("redis-ttl", "-1s"),
            ("redis-max-request", "lots"),
            ("redis-allow-http", "yes"),
            ("redis-log", "loud"),
        ]
    }
}

impl<S: Send + Sync> Fixture for Gateway<S> {
    fn value_limit(&self) -> Limit {
        let settings = Settings::from([("redis-max-request".to_owned(), "1MiB".to_owned())]);
        // Upstash takes some values in base64 or hex.
        Limit { settings, fits: 400 << 10, exceeds: (1 << 20) + 1 }
    }

    fn outside(&self) -> &dyn Outside {
        &*self.outside
    }
}
