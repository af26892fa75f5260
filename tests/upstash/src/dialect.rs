//! The REST dialect as pure functions: requests into commands, replies into bodies.
//!
//! Reference: <https://upstash.com/docs/redis/features/restapi>. README.md says what was decided where
//! that page is silent.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::reply::{Command, Reply};

/// What one HTTP request asks for.
#[derive(Debug, PartialEq)]
pub(crate) enum Work {
    One(Command),
    /// Run in order, other clients' commands may come between.
    Pipeline(Vec<Command>),
    /// Run with no other client's command in between.
    Transaction(Vec<Command>),
}

/// What came of it.
pub(crate) enum Answer {
    One(Reply),
    Many(Vec<Reply>),
}

/// How strings travel in a response.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Encoding {
    /// JSON strings; bytes that are not UTF-8 become U+FFFD, as documented.
    Json,
    /// JSON strings in base64, except the status `OK`.
    Base64,
    /// The bytes that a Redis server would send.
    Resp2,
}

/// Commands that change or occupy the connection, which REST clients do not have.
const UNAVAILABLE: [&str; 19] = [
    "AUTH",
    "CLIENT",
    "DISCARD",
    "EXEC",
    "HELLO",
    "MONITOR",
    "MULTI",
    "PSUBSCRIBE",
    "PSYNC",
    "PUNSUBSCRIBE",
    "QUIT",
    "RESET",
    "SELECT",
    "SSUBSCRIBE",
    "SUBSCRIBE",
    "SYNC",
    "UNSUBSCRIBE",
    "UNWATCH",
    "WATCH",
];

/// Reads a request. `body` is empty for methods without one; the error is the text for the client.
pub(crate) fn parse(path: &str, query: &str, body: &[u8]) -> Result<Work, String> {
    let path = path.trim_start_matches('/');
    let work = match path.strip_suffix('/').unwrap_or(path) {
        "" => Work::One(command(serde_json::from_slice(body).map_err(malformed)?)?),
        "pipeline" => Work::Pipeline(commands(body)?),
        "multi-exec" => Work::Transaction(commands(body)?),
        path => Work::One(from_path(path, query, body)),
    };
    let all = match &work {
        Work::One(command) => std::slice::from_ref(command),
        Work::Pipeline(commands) | Work::Transaction(commands) => commands,
    };
    for command in all {
        let name = String::from_utf8_lossy(&command[0]).to_ascii_uppercase();
        if UNAVAILABLE.contains(&name.as_str()) {
            return Err(format!(
                "ERR Command is not available: '{name}'. See \
                 https://upstash.com/docs/redis/overall/rediscompatibility for details"
            ));
        }
    }
    Ok(work)
}

/// `_token` of a query string, the alternative to the `Authorization` header.
pub(crate) fn token(query: &str) -> Option<String> {
    let value = query.split('&').find_map(|pair| pair.strip_prefix("_token="))?;
    String::from_utf8(form_decode(value)).ok()
}

/// `/set/key?EX=100` with the value as body.
fn from_path(path: &str, query: &str, body: &[u8]) -> Command {
    let mut command: Command = path.split('/').map(|part| percent_decode_str(part).collect()).collect();
    if !body.is_empty() {
        command.push(body.to_vec());
    }
    let pairs = query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("_token="));
    for pair in pairs {
        // `?NX` and `?NX=` are both the word alone: many URL builders can write only the second.
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        command.push(form_decode(name));
        if !value.is_empty() {
            command.push(form_decode(value));
        }
    }
    command
}

fn form_decode(text: &str) -> Vec<u8> {
    percent_decode_str(&text.replace('+', " ")).collect()
}

fn malformed(error: serde_json::Error) -> String {
    format!("ERR failed to parse request: {error}")
}

fn commands(body: &[u8]) -> Result<Vec<Command>, String> {
    let commands: Vec<Vec<&RawValue>> = serde_json::from_slice(body).map_err(malformed)?;
    if commands.is_empty() {
        return Err("ERR empty pipeline request".into());
    }
    commands.into_iter().map(command).collect()
}

fn command(arguments: Vec<&RawValue>) -> Result<Command, String> {
    if arguments.is_empty() {
        return Err("ERR empty command".into());
    }
    arguments.into_iter().map(argument).collect()
}

/// Strings as they are, numbers and booleans as they were written: a number never goes through a float.
fn argument(json: &RawValue) -> Result<Vec<u8>, String> {
    let text = json.get();
    match text.as_bytes().first() {
        Some(b'"') => serde_json::from_str::<String>(text).map(String::into_bytes).map_err(malformed),
        Some(b'n') => Err("ERR null args are not supported".into()),
        Some(b'[' | b'{') => Err("ERR args must be strings, numbers or booleans".into()),
        _ => Ok(text.into()),
    }
}

/// The body of a response, and its content type.
pub(crate) fn render(answer: &Answer, encoding: Encoding) -> (&'static str, Vec<u8>) {
    if encoding == Encoding::Resp2 {
        let mut body = Vec::new();
        match answer {
            Answer::One(reply) => resp2(reply, &mut body),
            Answer::Many(replies) => replies.iter().for_each(|reply| resp2(reply, &mut body)),
        }
        return ("application/octet-stream", body);
    }
    let base64 = encoding == Encoding::Base64;
    let json: Value = match answer {
        Answer::One(reply) => envelope(reply, base64),
        Answer::Many(replies) => replies.iter().map(|reply| envelope(reply, base64)).collect(),
    };
    ("application/json; charset=utf-8", json.to_string().into_bytes())
}

/// Error texts are never encoded, nor is a status `OK` that is the whole result. Inside an array it is: the
/// JavaScript client decodes every string there.
fn envelope(reply: &Reply, base64: bool) -> Value {
    match reply {
        Reply::Status(text) if text == "OK" => json!({ "result": text }),
        Reply::Error(text) => json!({ "error": text }),
        reply => json!({ "result": result(reply, base64) }),
    }
}

fn result(reply: &Reply, base64: bool) -> Value {
    let encode = |bytes: &[u8]| match base64 {
        true => STANDARD.encode(bytes),
        false => String::from_utf8_lossy(bytes).into_owned(),
    };
    match reply {
        Reply::Nil => Value::Null,
        Reply::Integer(number) => json!(number),
        Reply::Status(text) | Reply::Error(text) => json!(encode(text.as_bytes())),
        Reply::Bulk(bytes) => json!(encode(bytes)),
        Reply::Array(items) => items.iter().map(|item| result(item, base64)).collect(),
    }
}

/// The reply as a Redis server writes it.
fn resp2(reply: &Reply, out: &mut Vec<u8>) {
    match reply {
        Reply::Status(text) => out.extend(format!("+{}\r\n", text).bytes()),
        Reply::Error(text) => out.extend(format!("-{}\r\n", text).bytes()),
        Reply::Integer(number) => out.extend(format!(":{number}\r\n").bytes()),
        Reply::Nil => out.extend(b"$-1\r\n"),
        Reply::Bulk(bytes) => {
            out.extend(format!("${}\r\n", bytes.len()).bytes());
            out.extend(bytes);
            out.extend(b"\r\n");
        }
        Reply::Array(items) => {
            out.extend(format!("*{}\r\n", items.len()).bytes());
            items.iter().for_each(|item| resp2(item, out));
        }
    }
}
