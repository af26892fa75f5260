//! What the suite needs to know of an interface: all that trials for every provider share is written over this.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::path::Path;

use anyhow::Result;
use plugboard_faults::Answer;
use plugboard_harness::components::targets;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::case::Case;
use crate::common::Operation;
use crate::cx::Cx;
use crate::fixture::{Entry, Fixture, Settings};
use crate::provider::Provider;
use crate::reply::Reply;
use crate::session::Session;

pub(crate) trait Interface: Sized + 'static {
    /// How the names of its providers, and of its rules, begin.
    const STEM: &'static str;
    /// The app that does what it is told to this interface.
    const APP: &'static str;
    /// Every way in which its providers are run.
    const FIXTURES: &'static [Entry<Self>];

    type Step: Clone + Debug + Serialize + Send + 'static;
    type Outcome: Debug + DeserializeOwned + Send + 'static;
    type Flavor: Flavor;
    /// `[package.metadata.plugboard.capabilities]`; docs/semantics.md says what each is for.
    type Capabilities: Clone + DeserializeOwned + Send + Sync;
    type Fixture: Fixture + ?Sized;
    type Operation: Operation<Self>;

    /// What most trials are run with.
    const EACH: &'static [Self::Flavor];
    /// Flavors that stand for all components.
    const COMPONENTS: &'static [Self::Flavor];

    /// The trials of the interface's own rules.
    fn cases() -> Vec<Case<Self>>;

    /// What is no answer of a service, beside what is none of any.
    fn nonsense() -> Vec<Answer>;

    /// The ways to authenticate that the provider declares.
    fn auth(capabilities: &Self::Capabilities) -> &BTreeSet<String>;

    fn barrier(runner: String, session: String) -> Self::Step;

    /// The error, `<kind>` or `<kind>: <sentence>`, if it is one that is of the form that `all.errors` asks for.
    fn failure(outcome: &Self::Outcome) -> Result<Option<String>>;

    /// Settings of every app, so that trials get at the buckets or containers that they make up.
    fn open_settings(provider: &Provider<Self>) -> Settings;

    /// A program that is wrong in itself.
    fn wrong_program() -> Vec<Self::Step>;

    /// Makes another client write the text, and the app read it: needs the service and all settings.
    fn echo(cx: &Cx<Self>, session: &Session<Self>, text: &str) -> Reply<()>;
}

/// What an app can be built for.
pub(crate) trait Flavor: Copy + Debug + PartialEq + Send + Sync + 'static {
    /// In the names of trials.
    fn name(self) -> &'static str;

    /// What stands behind the names of the components that are built for this.
    fn suffix(self) -> &'static str;

    /// What the host needs to be told for it.
    fn flags(self) -> &'static [&'static str] {
        &[]
    }

    /// An error if the composition needs more than it may.
    fn closed(self, composed: &Path) -> Result<()> {
        targets(composed, "app")
    }

    /// The suffix of the providers that such an app must not be plugged with, if there are any.
    fn mismatch(self) -> Option<&'static str>;
}
