//! What a call came to, with the rules that hold for every error of every provider.

use std::fmt;

use anyhow::{Result, bail, ensure};

/// The words in front of the sentence, in every interface.
const KINDS: [&str; 8] =
    ["timeout", "unavailable", "conflict", "too-large", "invalid", "ambiguous", "config", "protocol"];

pub(crate) type Reply<T> = Result<T, Problem>;

#[derive(Debug)]
pub(crate) enum Problem {
    /// The interface's error (`<kind>` or `<kind>: <sentence>`), and of which call it is.
    Failed { what: String, error: String },
    /// Anything that is no result of a call: a trap, a hang.
    Broken(anyhow::Error),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Failed { what, error } => write!(f, "{what}: {error:?}"),
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

/// The word that stands for an error: `access-denied`, `no-such-store`, `timeout` …
pub(crate) fn kind(error: &str) -> &str {
    error.split(':').next().unwrap_or_default()
}

/// Holds an error that is text to the form of `all.errors`. `more` are the interface's own kinds.
pub(crate) fn check(text: &str, more: &[&str]) -> Result<()> {
    let Some((kind, sentence)) = text.split_once(": ") else {
        bail!("all.errors: {text:?} is not `<kind>: <sentence>`");
    };
    let mut kinds = KINDS.iter().chain(more);
    ensure!(
        kinds.any(|known| *known == kind),
        "all.errors: {text:?} is not of one of the kinds {KINDS:?} {more:?}"
    );
    ensure!(
        sentence.chars().next().is_some_and(|first| !first.is_uppercase() && !first.is_whitespace()),
        "all.errors: {text:?} is no lower-case sentence"
    );
    Ok(())
}

/// The step, short.
pub(crate) fn describe(step: &impl fmt::Debug) -> String {
    let mut text = format!("{step:?}");
    if text.len() > 160 {
        text.truncate(text.floor_char_boundary(160));
        text.push('…');
    }
    text
}

/// The error that the call had to end with.
pub(crate) fn failed_with<T>(reply: Reply<T>, kinds: &[&str]) -> Result<String> {
    match reply {
        Ok(_) => bail!("succeeded, but had to fail with {}", kinds.join(" or ")),
        Err(Problem::Broken(error)) => Err(error),
        Err(Problem::Failed { what, error }) => {
            let wanted = kinds.join(" or ");
            ensure!(kinds.contains(&kind(&error)), "{what} had to fail with {wanted}, not {error:?}");
            Ok(error)
        }
    }
}
