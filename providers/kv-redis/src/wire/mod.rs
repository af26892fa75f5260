//! Redis commands and their replies, in the words of one gateway.

mod command;
mod failure;
mod resp;
mod upstash;
mod webdis;

use plugboard_config::Secret;
use plugboard_error::{Error, Kind, Result};
use plugboard_http::{Endpoint, Method, Request, Response, error_of};

pub(crate) use command::{Command, Script};

use crate::config::Dialect;

/// What Redis answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    Nil,
    Integer(i64),
    /// A value, or a word such as `OK`.
    Text(Vec<u8>),
    List(Vec<Reply>),
    /// An error as Redis words it: `WRONGTYPE …`, `ERR …`.
    Failure(String),
}

/// The gateway's dialect and what goes along with every request.
pub(crate) struct Wire {
    dialect: Dialect,
    authorization: Option<Secret>,
    max_request: u64,
    session: upstash::Session,
}

impl Wire {
    pub(crate) fn new(dialect: Dialect, authorization: Option<Secret>, max_request: u64) -> Self {
        Wire { dialect, authorization, max_request, session: upstash::Session::default() }
    }

    pub(crate) fn encode(&self, command: &Command) -> Result<Request> {
        let message = match self.dialect {
            Dialect::Webdis { database } => webdis::encode(command, database),
            Dialect::Upstash => upstash::encode(command),
        };
        let length = (message.path.len() + message.body.len()) as u64;
        if length > self.max_request {
            let sentence =
                format!("the request has {length} bytes, `redis-max-request` allows {}", self.max_request);
            return Err(Error::new(Kind::TooLarge, sentence));
        }
        let mut headers = Vec::with_capacity(3);
        if let Some(authorization) = &self.authorization {
            headers.push(("authorization", authorization.expose().to_owned()));
        }
        if self.dialect == Dialect::Upstash {
            self.session.add_headers(&mut headers);
        }
        let answer_fields: &[_] = match self.dialect {
            Dialect::Webdis { .. } => &[],
            Dialect::Upstash => &[upstash::SYNC_TOKEN],
        };
        let Message { method, path, body } = message;
        Ok(Request {
            method,
            path,
            headers,
            body: body.into(),
            resend: command.resend(),
            answer_fields,
            what: command.what(),
        })
    }

    /// Reads the answer to a command that `encode` made the request of.
    pub(crate) fn decode(&self, endpoint: &Endpoint, command: &Command, response: Response) -> Result<Reply> {
        let reply = match self.dialect {
            _ if !self.dialect.speaks(response.status) => {
                return Err(error_of(endpoint, &response, command.resend(), command.what()));
            }
            Dialect::Webdis { .. } => {
                resp::parse(response.body).ok_or("is not the Redis protocol; is it a Webdis?")
            }
            Dialect::Upstash => {
                self.session.remember(&response);
                upstash::decode(&response.body).ok_or("is not what Upstash answers")
            }
        };
        match reply {
            Ok(Reply::Failure(text)) => Err(failure::error_of(&text)),
            Ok(reply) => Ok(reply),
            Err(fault) => {
                let sentence = format!("the answer of `{}` {fault}", endpoint.authority);
                Err(command.resend().malformed(command.what(), sentence))
            }
        }
    }
}

impl Dialect {
    /// Whether an answer of that status is in the dialect's own words. Webdis puts errors of Redis and missing
    /// keys under 200; its 403 is both a wrong password and a command that its access list forbids. Upstash puts
    /// errors of Redis under 400.
    fn speaks(self, status: u16) -> bool {
        status == 200 || (status == 400 && self == Dialect::Upstash)
    }
}

/// A request as the dialect puts it.
#[derive(Debug, PartialEq, Eq)]
struct Message {
    method: Method,
    path: String,
    body: Vec<u8>,
}

impl Message {
    fn post(path: &str, body: impl Into<Vec<u8>>) -> Self {
        Message { method: Method::Post, path: path.to_owned(), body: body.into() }
    }
}

/// The longest path that is used before the command moves into the body: gateways and the proxies in front
/// of them take some 8 KiB for sure.
const LONGEST_PATH: usize = 7_000;

/// Percent-encodes all but letters, digits, `-`, `_` and `~`. The dot goes too: Webdis reads one as the
/// beginning of an output format.
pub(crate) fn escape(into: &mut String, bytes: &[u8]) {
    const SET: &percent_encoding::AsciiSet =
        &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'~');
    into.extend(percent_encoding::percent_encode(bytes, SET));
}

/// The path of a write whose value is the body, or none where the value must go along with the command: both
/// gateways drop an empty body and an empty word at the path's end (the value would become the key), and a URL
/// has no segments `.` and `..`, encoded or not.
fn path_of_write(words: &[&[u8]], value: &[u8]) -> Option<String> {
    if value.is_empty() || words.iter().any(|word| matches!(*word, b"" | b"." | b"..")) {
        return None;
    }
    let mut path = String::new();
    for word in words {
        path.push('/');
        escape(&mut path, word);
    }
    (path.len() <= LONGEST_PATH).then_some(path)
}
