use std::borrow::Cow;

use plugboard_http::Resend;

/// A Redis command. Each is one request.
pub(crate) enum Command<'a> {
    Get { key: &'a str },
    Set { key: &'a str, value: &'a [u8], ttl: Option<&'a str> },
    Del { keys: &'a [String] },
    Type { key: &'a str },
    Eval { script: &'static Script, keys: &'a [String], arguments: &'a [Cow<'a, [u8]>] },
}

/// A script for EVAL. It answers one string or one flat list of strings: Webdis drops nils and nested lists,
/// and Lua's numbers are doubles.
pub(crate) struct Script {
    pub(crate) what: &'static str,
    pub(crate) resend: Resend,
    pub(crate) text: &'static str,
}

impl<'a> Command<'a> {
    /// A name for logs and sentences.
    pub(crate) fn what(&self) -> &'static str {
        match self {
            Command::Get { .. } => "GET",
            Command::Set { .. } => "SET",
            Command::Del { .. } => "DEL",
            Command::Type { .. } => "TYPE",
            Command::Eval { script, .. } => script.what,
        }
    }

    pub(crate) fn resend(&self) -> Resend {
        match self {
            Command::Eval { script, .. } => script.resend,
            _ => Resend::Allowed,
        }
    }

    /// The words as Redis takes them; those of a write end in its value.
    pub(crate) fn words(&self) -> Vec<Cow<'a, [u8]>> {
        let text = |text: &'a str| Cow::Borrowed(text.as_bytes());
        match *self {
            Command::Get { key } => vec![text("GET"), text(key)],
            Command::Set { key, value, ttl: None } => vec![text("SET"), text(key), Cow::Borrowed(value)],
            Command::Set { key, value, ttl: Some(milliseconds) } => {
                vec![text("PSETEX"), text(key), text(milliseconds), Cow::Borrowed(value)]
            }
            Command::Del { keys } => {
                [text("DEL")].into_iter().chain(keys.iter().map(|key| text(key))).collect()
            }
            Command::Type { key } => vec![text("TYPE"), text(key)],
            Command::Eval { script, keys, arguments } => {
                let count = Cow::Owned(keys.len().to_string().into_bytes());
                let head = [text("EVAL"), text(script.text), count];
                let keys = keys.iter().map(|key| text(key));
                head.into_iter().chain(keys).chain(arguments.iter().cloned()).collect()
            }
        }
    }
}
