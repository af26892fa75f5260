//! What a call came to, with the rules that hold for every error of every provider.

use std::fmt;

use anyhow::{Result, bail, ensure};
use probe::{Failure, Outcome, Step};

/// The words in front of the sentence of an `other`.
const KINDS: [&str; 8] =
    ["timeout", "unavailable", "conflict", "too-large", "invalid", "ambiguous", "config", "protocol"];

pub(crate) type Reply<T> = Result<T, Problem>;

#[derive(Debug)]
pub(crate) enum Problem {
    /// The interface's error, and of which call it is.
    Failed { what: String, failure: Failure },
    /// Anything that is no result of a call: a trap, a hang.
    Broken(anyhow::Error),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Failed { what, failure } => write!(f, "{what}: {failure:?}"),
            Problem::Broken(error) => write!(f, "{error:#}"),
        }
    }
}

impl std::error::Error for Problem {}

impl From<anyhow::Error> for Problem {
    fn from(error: anyhow::Error) -> Self {
        Problem::Broken(error)
    }
}

/// The word that stands for an error: `access-denied`, `no-such-store`, or the kind of an `other`.
pub(crate) fn kind(failure: &Failure) -> &str {
    match failure {
        Failure::AccessDenied => "access-denied",
        Failure::NoSuchStore => "no-such-store",
        Failure::Other(text) => text.split(':').next().unwrap_or_default(),
    }
}

/// Holds every outcome of every trial to `all.errors`.
pub(crate) fn check(outcomes: &[Outcome]) -> Result<()> {
    for outcome in outcomes {
        let Outcome::Failed(Failure::Other(text)) = outcome else { continue };
        let Some((kind, sentence)) = text.split_once(": ") else {
            bail!("all.errors: {text:?} is not `<kind>: <sentence>`");
        };
        ensure!(KINDS.contains(&kind), "all.errors: {text:?} is not of one of the kinds {KINDS:?}");
        ensure!(
            sentence.chars().next().is_some_and(|first| !first.is_uppercase() && !first.is_whitespace()),
            "all.errors: {text:?} is no lower-case sentence"
        );
    }
    Ok(())
}

pub(crate) fn succeeded(outcome: Outcome, what: String) -> Reply<Outcome> {
    match outcome {
        Outcome::Failed(failure) => Err(Problem::Failed { what, failure }),
        outcome => Ok(outcome),
    }
}

/// The step, short.
pub(crate) fn describe(step: &Step) -> String {
    let mut text = format!("{step:?}");
    if text.len() > 160 {
        text.truncate(text.floor_char_boundary(160));
        text.push('…');
    }
    text
}

/// The kind of the error that the call had to end with, and its sentence.
pub(crate) fn failed_with<T>(reply: Reply<T>, kinds: &[&str]) -> Result<String> {
    match reply {
        Ok(_) => bail!("succeeded, but had to fail with {}", kinds.join(" or ")),
        Err(Problem::Broken(error)) => Err(error),
        Err(Problem::Failed { what, failure }) => {
            ensure!(
                kinds.contains(&kind(&failure)),
                "{what} had to fail with {}, not {failure:?}",
                kinds.join(" or ")
            );
            Ok(match failure {
                Failure::Other(text) => text,
                other => format!("{other:?}"),
            })
        }
    }
}
