//! One trial, before it is known for which provider and fixture.

use std::sync::Arc;

use anyhow::Result;
use probe::Draft;

use crate::cx::Cx;
use crate::provider::Provider;

/// What an app can be built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Flavor {
    Draft,
    Draft2,
    /// draft2 with the older shape of get-many: other components, for the trials of batch.
    Draft2BatchA,
}

impl Flavor {
    pub(crate) const EACH: &[Flavor] = &[Flavor::Draft, Flavor::Draft2];
    pub(crate) const SHAPES: &[Flavor] = &[Flavor::Draft, Flavor::Draft2, Flavor::Draft2BatchA];
    pub(crate) const WITH_CAS: &[Flavor] = &[Flavor::Draft2];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Flavor::Draft => "draft",
            Flavor::Draft2 => "draft2",
            Flavor::Draft2BatchA => "draft2-batch-a",
        }
    }

    pub(crate) fn draft(self) -> Draft {
        match self {
            Flavor::Draft => Draft::Draft,
            Flavor::Draft2 | Flavor::Draft2BatchA => Draft::Draft2,
        }
    }

    /// What stands behind the name of a component that is built for this.
    pub(crate) fn suffix(self) -> &'static str {
        match self {
            Flavor::Draft | Flavor::Draft2 => "",
            Flavor::Draft2BatchA => "-batch-a",
        }
    }
}

/// Why this provider cannot be held to a rule, if so.
pub(crate) type Exception = fn(&Provider) -> Option<&'static str>;

type Trial = dyn Fn(&Cx) -> Result<()> + Send + Sync;

#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) rule: &'static str,
    pub(crate) what: String,
    pub(crate) flavors: &'static [Flavor],
    pub(crate) exception: Exception,
    pub(crate) run: Arc<Trial>,
}

impl Case {
    /// A trial against both drafts.
    pub(crate) fn each(
        rule: &'static str,
        what: impl Into<String>,
        run: impl Fn(&Cx) -> Result<()> + Send + Sync + 'static,
    ) -> Case {
        let what = what.into();
        debug_assert!(!what.contains(' '), "names go on a command line");
        Case { rule, what, flavors: Flavor::EACH, exception: |_| None, run: Arc::new(run) }
    }

    pub(crate) fn only(self, flavors: &'static [Flavor]) -> Case {
        Case { flavors, ..self }
    }

    pub(crate) fn unless(self, exception: Exception) -> Case {
        Case { exception, ..self }
    }
}
