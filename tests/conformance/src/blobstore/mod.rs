//! wasi:blobstore: what its trials work with, and the trials.

mod app;
mod azure;
mod capabilities;
mod fixture;
mod flavor;
mod operation;
mod s3;
mod sdk;
mod trials;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;
use plugboard_faults::Answer;
use plugboard_harness::Run;
use probe::Data;
use probe::blobstore::{Failure, Outcome, Step};

use crate::check::equal;
use crate::fixture::{Entry, Settings, Trials};
use crate::interface::Interface;
use crate::provider::Provider;
use crate::reply::{self, Reply};

pub(crate) use capabilities::{Capabilities, CreatedAt};
pub(crate) use fixture::{About, Fixture, Outside};
pub(crate) use flavor::Flavor;
pub(crate) use operation::Operation;

pub(crate) struct Blobstore;

pub(crate) type Case = crate::case::Case<Blobstore>;
pub(crate) type Cx<'a> = crate::cx::Cx<'a, Blobstore>;
pub(crate) type App = crate::session::App<Blobstore>;
pub(crate) type Session = crate::session::Session<Blobstore>;

type Start = fn(&Run) -> Result<Box<dyn Fixture>>;

const fn azure(name: &'static str, auth: &'static str, trials: Trials, start: Start) -> Entry<Blobstore> {
    Entry { provider: "blob-azure", name, auth, trials, start }
}

const fn s3(name: &'static str, auth: &'static str, trials: Trials, start: Start) -> Entry<Blobstore> {
    Entry { provider: "blob-s3", name, auth, trials, start }
}

/// The kinds of errors beside those of every interface.
const KINDS: [&str; 4] = ["access-denied", "no-such-container", "container-already-exists", "no-such-object"];

impl Interface for Blobstore {
    const STEM: &'static str = "blob";
    const APP: &'static str = "probe-blob";
    const FIXTURES: &'static [Entry<Self>] = &[
        azure("azurite", "Shared Key", Trials::All, azure::azurite),
        azure("strict", "Shared Key", Trials::All, azure::key),
        azure("host-style", "Shared Key", Trials::Credentials, azure::host_style),
        azure("sas", "SAS", Trials::Credentials, azure::signature),
        azure("client-secret", "Entra ID client secret", Trials::Credentials, azure::client_secret),
        azure("client-assertion", "Entra ID client assertion", Trials::Credentials, azure::client_assertion),
        azure("managed-identity", "managed identity", Trials::Credentials, azure::managed_identity),
        azure("tokens-that-end", "Entra ID client secret", Trials::Credentials, azure::short_lived),
        azure("slow", "Shared Key", Trials::Slow, azure::slow),
        s3("moto", "access key", Trials::All, s3::moto),
        s3("s3s", "access key", Trials::Named(s3::WITH_FILES), s3::s3s),
        s3("strict", "access key", Trials::Slow, s3::access_key),
        s3("session-token", "temporary keys", Trials::Slow, s3::temporary),
        s3("container", "container", Trials::Slow, s3::container),
        s3("instance", "instance", Trials::Slow, s3::instance),
        s3("web-identity", "web identity", Trials::Slow, s3::web_identity),
        s3("keys-that-end", "web identity", Trials::Slow, s3::short_lived),
        s3("skewed", "access key", Trials::Slow, s3::skewed),
    ];

    type Step = Step;
    type Outcome = Outcome;
    type Flavor = Flavor;
    type Capabilities = Capabilities;
    type Fixture = dyn Fixture;
    type Operation = Operation;

    const EACH: &'static [Flavor] = Flavor::EACH;
    const COMPONENTS: &'static [Flavor] = Flavor::BOTH;

    fn cases() -> Vec<Case> {
        trials::all()
    }

    fn nonsense() -> Vec<Answer> {
        let xml = |name, body: &str| {
            Answer::status(200).named(name).header("Content-Type", "application/xml").body(body)
        };
        vec![
            xml("xml-other", "<?xml version=\"1.0\"?><Other/>"),
            xml("xml-half", "<?xml version=\"1.0\"?><EnumerationResults><Blobs><Blob><Name>a"),
            xml("xml-deep", &"<a>".repeat(100_000)),
            xml("xml-error", "<?xml version=\"1.0\"?><Error><Code>InternalError</Code></Error>"),
            xml(
                "xml-entities",
                "<!DOCTYPE a [<!ENTITY b \"c\">]><EnumerationResults><Blobs><Blob><Name>&b;</Name></Blob></Blobs>\
                 <NextMarker/></EnumerationResults>",
            ),
            Answer::json("json-object", "{}"),
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
            Outcome::Failed(Failure::Error(text)) => {
                reply::check(text, &KINDS)?;
                Some(text.clone())
            }
            Outcome::Failed(Failure::Refused) => Some("refused".to_owned()),
            Outcome::Failed(Failure::Closed) => Some("closed".to_owned()),
            Outcome::Failed(Failure::Stream(text)) => Some(format!("stream: {text}")),
            _ => None,
        })
    }

    fn open_settings(_: &Provider<Self>) -> Settings {
        Settings::new()
    }

    fn wrong_program() -> Vec<Step> {
        vec![Step::Clear { container: "never opened".into() }]
    }

    fn echo(cx: &Cx, session: &Session, text: &str) -> Reply<()> {
        let (container, name) = (cx.fixture().container(), cx.key("echo"));
        cx.outside().put(container, &name, text.as_bytes())?;
        let data = session.container(container)?.get_data(&name, 0, u64::MAX)?.sync()?;
        Ok(equal("get-data", data, Data::of(text.as_bytes()))?)
    }
}

impl Case {
    /// A trial in the world that every app can have.
    pub(crate) fn each(
        rule: &'static str,
        what: impl Into<String>,
        run: impl Fn(&Cx) -> Result<()> + Send + Sync + 'static,
    ) -> Case {
        Case::new(rule, what, Flavor::EACH, run)
    }
}

impl Cx<'_> {
    /// A name for a container that nobody else has, nor had.
    pub(crate) fn fresh_room(&self) -> String {
        static LAST: AtomicU64 = AtomicU64::new(0);
        self.room(&format!("room-{}", LAST.fetch_add(1, Ordering::Relaxed)))
    }

    /// Such a container.
    pub(crate) fn made_room(&self) -> Result<String> {
        let room = self.fresh_room();
        self.outside().create_container(&room)?;
        Ok(room)
    }

    /// The container that all share.
    pub(crate) fn shared(&self) -> &str {
        self.fixture().container()
    }

    pub(crate) fn outside(&self) -> &dyn Outside {
        self.fixture().outside()
    }
}
