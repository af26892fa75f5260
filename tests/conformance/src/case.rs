//! One trial, before it is known for which provider and fixture.

use std::sync::Arc;

use anyhow::Result;

use crate::cx::Cx;
use crate::interface::Interface;
use crate::provider::Provider;

/// Why this provider cannot be held to a rule, if so.
pub(crate) type Exception<I> = fn(&Provider<I>) -> Option<&'static str>;

type Trial<I> = dyn Fn(&Cx<I>) -> Result<()> + Send + Sync;

pub(crate) struct Case<I: Interface> {
    pub(crate) rule: &'static str,
    pub(crate) what: String,
    pub(crate) flavors: &'static [I::Flavor],
    pub(crate) exception: Exception<I>,
    /// Whether it is about how the provider proves to the service who it is, or otherwise near to that.
    pub(crate) credentials: bool,
    pub(crate) run: Arc<Trial<I>>,
}

impl<I: Interface> Case<I> {
    pub(crate) fn new(
        rule: &'static str,
        what: impl Into<String>,
        flavors: &'static [I::Flavor],
        run: impl Fn(&Cx<I>) -> Result<()> + Send + Sync + 'static,
    ) -> Case<I> {
        let what = what.into();
        debug_assert!(!what.contains(' '), "names go on a command line");
        Case { rule, what, flavors, exception: |_| None, credentials: false, run: Arc::new(run) }
    }

    pub(crate) fn only(self, flavors: &'static [I::Flavor]) -> Case<I> {
        Case { flavors, ..self }
    }

    pub(crate) fn unless(self, exception: Exception<I>) -> Case<I> {
        Case { exception, ..self }
    }

    /// To be run with every kind of credentials.
    pub(crate) fn credentials(self) -> Case<I> {
        Case { credentials: true, ..self }
    }
}

impl<I: Interface> Clone for Case<I> {
    fn clone(&self) -> Self {
        Case { what: self.what.clone(), run: self.run.clone(), ..*self }
    }
}
