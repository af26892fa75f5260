//! The one error type of every provider.
//!
//! An [`Error`] is a [`Kind`], which says what the caller may do about it, and a sentence for a person.
//! The sentence is lower case, puts values in backticks, names the setting to change where there is one,
//! and never holds a secret.

use std::fmt;

/// What went wrong, as far as the caller's next step depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The service refused the credentials, or the setting that would allow the call is off.
    AccessDenied,
    /// The bucket or table does not exist or is not in the allow-list.
    NoSuchStore,
    /// The container does not exist or is not in the allow-list.
    NoSuchContainer,
    ContainerAlreadyExists,
    NoSuchObject,
    /// The deadline passed. Whatever was asked for did not change anything, or may be asked for again.
    Timeout,
    /// The service cannot be reached or says that it is overloaded: try again later.
    Unavailable,
    /// Another writer got in between more often than the provider retries.
    Conflict,
    /// The key, the value or the whole request is over a limit. Nothing was changed.
    TooLarge,
    /// The service or the provider will never accept this input. Nothing was changed.
    Invalid,
    /// A change was sent and its answer was lost: it may or may not have happened.
    Ambiguous,
    /// A setting is missing or malformed.
    Config,
    /// The service answered something that its protocol does not allow.
    Protocol,
}

impl Kind {
    /// The word in front of the sentence: `<kind>: <sentence>`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::AccessDenied => "access-denied",
            Kind::NoSuchStore => "no-such-store",
            Kind::NoSuchContainer => "no-such-container",
            Kind::ContainerAlreadyExists => "container-already-exists",
            Kind::NoSuchObject => "no-such-object",
            Kind::Timeout => "timeout",
            Kind::Unavailable => "unavailable",
            Kind::Conflict => "conflict",
            Kind::TooLarge => "too-large",
            Kind::Invalid => "invalid",
            Kind::Ambiguous => "ambiguous",
            Kind::Config => "config",
            Kind::Protocol => "protocol",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    pub kind: Kind,
    pub sentence: String,
}

impl Error {
    pub fn new(kind: Kind, sentence: impl Into<String>) -> Self {
        Error { kind, sentence: sentence.into() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.as_str())?;
        f.write_str(": ")?;
        f.write_str(&self.sentence)
    }
}

impl std::error::Error for Error {}

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_the_kind_and_the_sentence() {
        let error = Error::new(Kind::Config, "`redis-url` is not set");
        assert_eq!(error.to_string(), "config: `redis-url` is not set");
    }
}
