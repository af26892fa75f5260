//! kv-etcd on an etcd with users and without.

use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use anyhow::Result;
use plugboard_harness::Run;
use plugboard_harness::servers::{Etcd, etcd};

use super::etcd_outside::Grpc;
use super::{Fixture, Limit, Outside};
use crate::credentials::Credentials;
use crate::fixture::{self, Settings};

const USER: &str = "conformance-user";
/// With characters that every encoding changes.
const PASSWORD: &str = "p4ss/wörd+%?&~=\"8c1f\\";
const WRONG: &str = "wr0ng-Credential/5+%&";
const TOKEN_SECONDS: u32 = 1;

struct Member {
    credentials: Credentials,
    tokens_end: bool,
    outside: Grpc,
    /// Dropped, and so stopped, last.
    etcd: Etcd,
}

pub(super) fn password(run: &Run) -> Result<Box<dyn Fixture>> {
    start(run, etcd::Options { user: Some((USER, PASSWORD)), ..etcd::Options::default() })
}

pub(super) fn tokens_that_end(run: &Run) -> Result<Box<dyn Fixture>> {
    start(run, etcd::Options { user: Some((USER, PASSWORD)), token_seconds: Some(TOKEN_SECONDS) })
}

pub(super) fn open(run: &Run) -> Result<Box<dyn Fixture>> {
    start(run, etcd::Options::default())
}

fn start(run: &Run, options: etcd::Options<'static>) -> Result<Box<dyn Fixture>> {
    let etcd = Etcd::start(run, options)?;
    let outside = Grpc::start(run, etcd.addr(), options.user)?;
    let tokens_end = options.token_seconds.is_some();
    Ok(Box::new(Member { credentials: credentials(options.user), tokens_end, outside, etcd }))
}

fn credentials(user: Option<(&str, &str)>) -> Credentials {
    let all = Credentials::new("etcd").required(&["url"]).secrets(&[WRONG]);
    // An etcd without users refuses each of them.
    let all = all.wrong(&[("user", USER), ("password", WRONG)]);
    match user {
        None => all,
        Some((user, password)) => all
            .settings(&[("user", user), ("password", password)])
            .required(&["user", "password"])
            .secrets(&[password]),
    }
}

impl fixture::Fixture for Member {
    fn address(&self) -> SocketAddr {
        self.etcd.addr()
    }

    fn place(&self, address: SocketAddr) -> Settings {
        [("etcd-url".to_owned(), format!("http://{address}"))].into()
    }

    fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    fn malformed(&self) -> &[(&str, &str)] {
        &[
            ("etcd-url", "127.0.0.1:2379"),
            ("etcd-url", "http://"),
            ("etcd-url", "ftp://127.0.0.1"),
            ("etcd-url", "http://127.0.0.1:99999"),
            ("etcd-password", "two\nlines"),
            ("etcd-timeout", "soon"),
            ("etcd-timeuot", "30s"),
            ("etcd-timeout", "0s"),
            ("etcd-ttl", "-1s"),
            ("etcd-ttl", "36501d"),
            ("etcd-max-request", "lots"),
            ("etcd-max-request", "256"),
            ("etcd-allow-http", "yes"),
            ("etcd-log", "loud"),
        ]
    }

    fn token_path(&self) -> Option<&str> {
        (!self.credentials.settings.is_empty()).then_some("/v3/auth/authenticate")
    }

    fn end_tokens(&self) {
        if self.tokens_end {
            // It looks once a second.
            thread::sleep(Duration::from_secs(u64::from(TOKEN_SECONDS) + 3));
        }
    }
}

impl Fixture for Member {
    fn value_limit(&self) -> Limit {
        let settings = Settings::from([("etcd-max-request".to_owned(), "256KiB".to_owned())]);
        Limit { settings, fits: 250 << 10, exceeds: (256 << 10) + 1 }
    }

    fn outside(&self) -> &dyn Outside {
        &self.outside
    }
}
