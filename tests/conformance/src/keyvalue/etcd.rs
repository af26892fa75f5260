//! kv-etcd on an etcd with users and without.

use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use anyhow::Result;
use plugboard_harness::Run;
use plugboard_harness::servers::{Etcd, etcd};

use super::etcd_outside::Grpc;
use super::{Fixture, Limit, Outside};
use crate::fixture::{self, Settings};

const USER: &str = "conformance-user";
/// With characters that every encoding changes.
const PASSWORD: &str = "p4ss/wörd+%?&~=\"8c1f\\";
const WRONG: &str = "wr0ng-Credential/5+%&";
const TOKEN_SECONDS: u32 = 1;

struct Member {
    user: Option<(&'static str, &'static str)>,
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
    Ok(Box::new(Member { user: options.user, tokens_end: options.token_seconds.is_some(), outside, etcd }))
}

impl fixture::Fixture for Member {
    fn address(&self) -> SocketAddr {
        self.etcd.addr()
    }

    fn settings(&self, address: SocketAddr) -> Settings {
        let mut settings = Settings::from([("etcd-url".to_owned(), format!("http://{address}"))]);
        if let Some((user, password)) = self.user {
            settings.insert("etcd-user".to_owned(), user.to_owned());
            settings.insert("etcd-password".to_owned(), password.to_owned());
        }
        settings
    }

    /// An etcd without users refuses each of them.
    fn wrong_credentials(&self) -> Settings {
        [("etcd-user", USER), ("etcd-password", WRONG)]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into()
    }

    fn required(&self) -> &[&str] {
        match self.user {
            Some(_) => &["etcd-url", "etcd-user", "etcd-password"],
            None => &["etcd-url"],
        }
    }

    fn malformed(&self) -> Vec<(&str, &str)> {
        vec![
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
            ("etcd-allow-http", "yes"),
            ("etcd-log", "loud"),
        ]
    }

    fn secrets(&self) -> Vec<String> {
        let password = self.user.map(|(_, password)| password);
        password.into_iter().chain([WRONG]).map(str::to_owned).collect()
    }

    fn token_path(&self) -> Option<&str> {
        self.user.map(|_| "/v3/auth/authenticate")
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
