//! The table of commands, and what they share. Error texts are those of Redis 7.

use std::ops::RangeInclusive;

use super::store::Db;
use super::{keys, lists, scripts, strings};
use crate::reply::Reply;

/// The text of an error reply.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Failure(pub(super) String);

pub(super) type Result<T> = std::result::Result<T, Failure>;
pub(super) type Outcome = Result<Reply>;

pub(super) const WRONG_TYPE: &str = "WRONGTYPE Operation against a key holding the wrong kind of value";
pub(super) const SYNTAX: &str = "ERR syntax error";
pub(super) const NOT_AN_INTEGER: &str = "ERR value is not an integer or out of range";

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}

impl From<&str> for Failure {
    fn from(text: &str) -> Self {
        Failure(text.into())
    }
}

impl From<redb::StorageError> for Failure {
    fn from(error: redb::StorageError) -> Self {
        Failure(format!("ERR the embedded store failed: {error}"))
    }
}

impl From<Failure> for Reply {
    fn from(failure: Failure) -> Self {
        // An error is one line in Redis' protocol.
        Reply::Error(failure.0.replace(['\r', '\n'], " "))
    }
}

/// What follows a command's name.
pub(super) type Arguments = [Vec<u8>];

type Run = fn(&mut Db, &Arguments) -> Outcome;

const MANY: usize = usize::MAX;

/// Name, how many arguments it takes, and what to run with them.
const COMMANDS: &[(&str, RangeInclusive<usize>, Run)] = &[
    ("APPEND", 2..=2, strings::append),
    ("DBSIZE", 0..=0, keys::dbsize),
    ("DECR", 1..=1, |db, a| strings::increment(db, &a[0], -1)),
    ("DECRBY", 2..=2, strings::decrby),
    ("DEL", 1..=MANY, keys::del),
    ("ECHO", 1..=1, |_, a| Ok(Reply::Bulk(a[0].clone()))),
    ("EVAL", 2..=MANY, scripts::eval),
    ("EVALSHA", 2..=MANY, scripts::evalsha),
    ("EXISTS", 1..=MANY, keys::exists),
    ("EXPIRE", 2..=MANY, |db, a| keys::expire(db, a, "expire", 1000)),
    ("FLUSHALL", 0..=MANY, keys::flush),
    ("FLUSHDB", 0..=MANY, keys::flush),
    ("GET", 1..=1, strings::get),
    ("GETDEL", 1..=1, strings::getdel),
    ("INCR", 1..=1, |db, a| strings::increment(db, &a[0], 1)),
    ("INCRBY", 2..=2, |db, a| strings::increment(db, &a[0], integer(&a[1])?)),
    ("KEYS", 1..=1, keys::keys),
    ("LLEN", 1..=1, lists::llen),
    ("LPUSH", 2..=MANY, lists::lpush),
    ("LRANGE", 3..=3, lists::lrange),
    ("MGET", 1..=MANY, strings::mget),
    ("MSET", 2..=MANY, strings::mset),
    ("PERSIST", 1..=1, keys::persist),
    ("PEXPIRE", 2..=MANY, |db, a| keys::expire(db, a, "pexpire", 1)),
    ("PING", 0..=MANY, ping),
    ("PSETEX", 3..=3, |db, a| strings::setex(db, a, "psetex", 1)),
    ("PTTL", 1..=1, |db, a| keys::ttl(db, &a[0], 1)),
    ("RPUSH", 2..=MANY, lists::rpush),
    ("SCAN", 1..=MANY, keys::scan),
    ("SCRIPT", 1..=MANY, scripts::script),
    ("SET", 2..=MANY, strings::set),
    ("SETEX", 3..=3, |db, a| strings::setex(db, a, "setex", 1000)),
    ("SETNX", 2..=2, strings::setnx),
    ("STRLEN", 1..=1, strings::strlen),
    ("TTL", 1..=1, |db, a| keys::ttl(db, &a[0], 1000)),
    ("TYPE", 1..=1, keys::kind),
    ("UNLINK", 1..=MANY, keys::del),
];

/// A command that exists and has the right number of arguments.
pub(super) fn find(command: &Arguments) -> Result<Run> {
    let (name, arguments) = command.split_first().ok_or("ERR empty command")?;
    match COMMANDS.iter().find(|(known, ..)| name.eq_ignore_ascii_case(known.as_bytes())) {
        None => Err(unknown(name, arguments)),
        Some((name, count, _)) if !count.contains(&arguments.len()) => Err(wrong_arity(name)),
        Some((.., run)) => Ok(*run),
    }
}

pub(super) fn run(db: &mut Db, command: &Arguments) -> Reply {
    find(command).and_then(|run| run(db, &command[1..])).unwrap_or_else(Reply::from)
}

/// The same for a command that a script calls, where the texts are others.
pub(super) fn run_from_script(db: &mut Db, command: &Arguments) -> Reply {
    let name = command[0].to_ascii_uppercase();
    if matches!(&name[..], b"EVAL" | b"EVALSHA" | b"SCRIPT") {
        return Reply::Error("ERR This Redis command is not allowed from script".into());
    }
    match find(command) {
        Ok(_) => run(db, command),
        Err(_) if COMMANDS.iter().any(|(known, ..)| name == known.as_bytes()) => {
            Reply::Error("ERR Wrong number of args calling Redis command from script".into())
        }
        Err(_) => Reply::Error("ERR Unknown Redis command called from script".into()),
    }
}

fn unknown(name: &[u8], arguments: &Arguments) -> Failure {
    // Redis quotes at most 128 bytes of the name and about as many of the arguments.
    let cut = |text: &[u8], to: usize| quotable(&text[..text.len().min(to)]);
    let mut quoted = String::new();
    for argument in arguments {
        let Some(room @ 1..) = 128_usize.checked_sub(quoted.len()) else { break };
        quoted += &format!("'{}' ", cut(argument, room));
    }
    Failure(format!("ERR unknown command '{}', with args beginning with: {quoted}", cut(name, 128)))
}

/// As much of a text as Redis shows in an error or a status: up to the first NUL.
pub(super) fn quotable(text: &[u8]) -> String {
    let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text).into_owned()
}

pub(super) fn wrong_arity(name: &str) -> Failure {
    Failure(format!("ERR wrong number of arguments for '{}' command", name.to_ascii_lowercase()))
}

fn ping(_: &mut Db, a: &Arguments) -> Outcome {
    match a {
        [] => Ok(Reply::Status("PONG".into())),
        [text] => Ok(Reply::Bulk(text.clone())),
        _ => Err(wrong_arity("ping")),
    }
}

/// A number as Redis reads it: no sign but `-`, no leading zero, no space.
pub(super) fn integer(text: &[u8]) -> Result<i64> {
    let number = std::str::from_utf8(text).ok().and_then(|text| text.parse::<i64>().ok());
    number.filter(|number| number.to_string().as_bytes() == text).ok_or_else(|| NOT_AN_INTEGER.into())
}
