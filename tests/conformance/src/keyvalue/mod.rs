//! wasi:keyvalue: what its trials work with, and the trials.

pub(crate) mod app;
mod azure_table;
mod capabilities;
mod dynamodb;
mod etcd;
mod etcd_outside;
mod fixture;
mod flavor;
mod operation;
mod redis;
mod redis_outside;
mod trials;

use std::collections::BTreeSet;

use anyhow::Result;
use plugboard_faults::Answer;
use plugboard_harness::Run;
use probe::keyvalue::{Failure, Outcome, Step};

use crate::check::equal;
use crate::fixture::{Entry, Settings, Trials};
use crate::interface::Interface;
use crate::provider::Provider;
use crate::reply::{self, Reply};

pub(crate) use capabilities::{AtomicBatch, Capabilities, Cas, DraftCursor, Integer};
pub(crate) use fixture::{Fixture, Limit, Outside};
pub(crate) use flavor::Flavor;
pub(crate) use operation::Operation;

pub(crate) struct Keyvalue;

pub(crate) type Case = crate::case::Case<Keyvalue>;
pub(crate) type Cx<'a> = crate::cx::Cx<'a, Keyvalue>;
pub(crate) type App = crate::session::App<Keyvalue>;
pub(crate) type Session = crate::session::Session<Keyvalue>;
pub(crate) type Exception = crate::case::Exception<Keyvalue>;

const fn dynamodb(
    name: &'static str,
    auth: &'static str,
    trials: Trials,
    start: fn(&Run) -> Result<Box<dyn Fixture>>,
) -> Entry<Keyvalue> {
    Entry { provider: "kv-dynamodb", name, auth, trials, start }
}

impl Interface for Keyvalue {
    const STEM: &'static str = "kv";
    const APP: &'static str = "probe";
    const FIXTURES: &'static [Entry<Self>] = &[
        Entry {
            provider: "kv-redis",
            name: "webdis",
            auth: "user and password",
            trials: Trials::All,
            start: redis::webdis,
        },
        Entry {
            provider: "kv-redis",
            name: "upstash-redis",
            auth: "token",
            trials: Trials::All,
            start: redis::upstash_redis,
        },
        Entry {
            provider: "kv-redis",
            name: "upstash-embedded",
            auth: "token",
            trials: Trials::All,
            start: redis::upstash_embedded,
        },
        dynamodb("partitions", "access key", Trials::All, dynamodb::partitions),
        dynamodb("tables", "access key", Trials::All, dynamodb::tables),
        dynamodb("strict", "access key", Trials::Credentials, dynamodb::access_key),
        dynamodb("session-token", "temporary keys", Trials::Credentials, dynamodb::temporary),
        dynamodb("container", "container", Trials::Credentials, dynamodb::container),
        dynamodb("instance", "instance", Trials::Credentials, dynamodb::instance),
        dynamodb("web-identity", "web identity", Trials::Credentials, dynamodb::web_identity),
        dynamodb("keys-that-end", "web identity", Trials::Credentials, dynamodb::short_lived),
        dynamodb("skewed", "access key", Trials::Credentials, dynamodb::skewed),
        Entry {
            provider: "kv-etcd",
            name: "password",
            auth: "user and password",
            trials: Trials::All,
            start: etcd::password,
        },
        Entry {
            provider: "kv-etcd",
            name: "tokens-that-end",
            auth: "user and password",
            trials: Trials::Credentials,
            start: etcd::tokens_that_end,
        },
        Entry {
            provider: "kv-etcd",
            name: "open",
            auth: "none",
            trials: Trials::Credentials,
            start: etcd::open,
        },
        Entry {
            provider: "kv-azure-table",
            name: "azurite",
            auth: "Shared Key",
            trials: Trials::All,
            start: azure_table::azurite,
        },
        Entry {
            provider: "kv-azure-table",
            name: "sas",
            auth: "SAS",
            trials: Trials::Credentials,
            start: azure_table::signature,
        },
        Entry {
            provider: "kv-azure-table",
            name: "client-secret",
            auth: "Entra ID client secret",
            trials: Trials::Credentials,
            start: azure_table::client_secret,
        },
        Entry {
            provider: "kv-azure-table",
            name: "client-assertion",
            auth: "Entra ID client assertion",
            trials: Trials::Credentials,
            start: azure_table::client_assertion,
        },
        Entry {
            provider: "kv-azure-table",
            name: "managed-identity",
            auth: "managed identity",
            trials: Trials::Credentials,
            start: azure_table::managed_identity,
        },
        Entry {
            provider: "kv-azure-table",
            name: "tokens-that-end",
            auth: "Entra ID client secret",
            trials: Trials::Credentials,
            start: azure_table::short_lived,
        },
        Entry {
            provider: "kv-azure-table",
            name: "skewed",
            auth: "Shared Key",
            trials: Trials::Slow,
            start: azure_table::skewed,
        },
    ];

    type Step = Step;
    type Outcome = Outcome;
    type Flavor = Flavor;
    type Capabilities = Capabilities;
    type Fixture = dyn Fixture;
    type Operation = Operation;

    const EACH: &'static [Flavor] = Flavor::EACH;
    const COMPONENTS: &'static [Flavor] = Flavor::SHAPES;

    fn cases() -> Vec<Case> {
        trials::all()
    }

    fn nonsense() -> Vec<Answer> {
        vec![
            Answer::garbage_json(),
            Answer::json("json-null", "null"),
            Answer::json("json-number", "12"),
            Answer::json("json-list", "[[[]]]"),
            Answer::json("json-object", "{}"),
            Answer::json("json-result-object", "{\"result\":{\"a\":[1]}}"),
            Answer::json("json-result-nested", "{\"result\":[[[[]]],{}]}"),
            Answer::json("json-error-object", "{\"error\":{}}"),
            Answer::json("json-deep", &"[".repeat(100_000)),
            Answer::json("etcd-header", "{\"header\":{\"revision\":\"7\"}}"),
            Answer::json("etcd-nothing-done", "{\"header\":{\"revision\":\"7\"},\"succeeded\":true}"),
            Answer::json(
                "etcd-other-type",
                "{\"header\":{\"revision\":\"7\"},\"succeeded\":true,\"responses\":[{\"response_txn\":{}}]}",
            ),
            Answer::json("resp-integer-of-nothing", ":\r\n"),
            Answer::json("resp-length-of-a-pebibyte", "$1125899906842624\r\nx\r\n"),
            Answer::json("resp-negative-length", "$-7\r\n"),
            Answer::json("resp-list-of-a-pebibyte", "*1125899906842624\r\n"),
            Answer::json("resp-half", "$5\r\nab"),
            Answer::json("resp-map", "%1\r\n+a\r\n+b\r\n"),
        ]
    }

    fn auth(capabilities: &Capabilities) -> &BTreeSet<String> {
        &capabilities.auth
    }

    fn barrier(runner: String, session: String) -> Step {
        Step::Barrier { runner, session }
    }

    fn failure(outcome: &Outcome) -> Result<Option<String>> {
        Ok(match outcome {
            Outcome::Failed(Failure::AccessDenied) => Some("access-denied".to_owned()),
            Outcome::Failed(Failure::NoSuchStore) => Some("no-such-store".to_owned()),
            Outcome::Failed(Failure::Other(text)) => {
                reply::check(text, &[])?;
                Some(text.clone())
            }
            _ => None,
        })
    }

    fn open_settings(provider: &Provider<Self>) -> Settings {
        Settings::from([(provider.setting("buckets"), "*".to_owned())])
    }

    fn wrong_program() -> Vec<Step> {
        vec![Step::Get { bucket: "never opened".into(), key: "k".into() }]
    }

    fn echo(cx: &Cx, session: &Session, text: &str) -> Reply<()> {
        let key = cx.key("echo");
        cx.outside().set(key.as_bytes(), text.as_bytes())?;
        let value = session.open("")?.get(&key)?;
        Ok(equal("get", value, Some(text.into()))?)
    }
}

impl Case {
    /// A trial against both drafts.
    pub(crate) fn each(
        rule: &'static str,
        what: impl Into<String>,
        run: impl Fn(&Cx) -> Result<()> + Send + Sync + 'static,
    ) -> Case {
        Case::new(rule, what, Flavor::EACH, run)
    }
}

impl Cx<'_> {
    /// A name for a bucket that no other trial has.
    pub(crate) fn bucket(&self, name: &str) -> String {
        self.room(name)
    }

    pub(crate) fn outside(&self) -> &dyn Outside {
        self.fixture().outside()
    }
}
