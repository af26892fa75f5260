//! Upstash's REST interface (upstash.com/docs/redis/features/restapi): a command is a JSON array of strings,
//! or a path with the last word as the body. JSON has no binary strings, so values come back in base64 and go
//! there as bodies; a script whose values do not fit into JSON gets all of them packed into one.

use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use plugboard_http::Response;
use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};

use super::{Command, Message, Reply, escape, path_of_write};

/// What one answer says that the next request should know.
#[derive(Default)]
pub(super) struct Session {
    /// Carried along, it makes a read see the writes before it on whichever replica it lands.
    sync_token: RefCell<Option<String>>,
}

pub(super) const SYNC_TOKEN: &str = "upstash-sync-token";

impl Session {
    pub(super) fn add_headers(&self, headers: &mut Vec<(&'static str, String)>) {
        headers.push(("upstash-encoding", "base64".to_owned()));
        headers.extend(self.sync_token.borrow().clone().map(|token| (SYNC_TOKEN, token)));
    }

    pub(super) fn remember(&self, response: &Response) {
        if let Some(token) = response.header(SYNC_TOKEN) {
            *self.sync_token.borrow_mut() = Some(token.to_owned());
        }
    }
}

/// Unpacks what `pack` packed. Splitting takes no time; decoding text in Lua would hold up Redis for seconds.
const UNPACK: &str = "local KEYS,ARGV=(function(s) local all,at={},1 \
    while at<=#s do local colon=s:find(':',at,true) local n=tonumber(s:sub(at,colon-1)) \
    all[#all+1]=s:sub(colon+1,colon+n) at=colon+n+1 end \
    local count=tonumber(all[1]) local keys,rest={},{} \
    for i=2,#all do if i<=count+1 then keys[i-1]=all[i] else rest[i-1-count]=all[i] end end \
    return keys,rest end)(ARGV[1]) ";
/// SET for the rare pair whose key does not fit into a path and whose value does not fit into JSON.
const SET: &str = "if ARGV[2] then return redis.call('PSETEX',KEYS[1],ARGV[2],ARGV[1]) end \
    return redis.call('SET',KEYS[1],ARGV[1])";

pub(super) fn encode(command: &Command) -> Message {
    let words = command.words();
    let words = words.iter().map(|word| &**word).collect::<Vec<_>>();
    if let (Command::Set { .. }, Some((value, head))) = (command, words.split_last())
        && let Some(path) = path_of_write(head, value)
    {
        return Message::post(&path, *value);
    }
    if let Some(texts) = words.iter().map(|word| std::str::from_utf8(word).ok()).collect::<Option<Vec<_>>>() {
        return Message::post("/", json(&texts));
    }
    match command {
        Command::Eval { script, keys, arguments } => eval_packed(script.text, keys, arguments),
        Command::Set { key, value, ttl } => {
            let ttl = ttl.map(|ttl| Cow::Borrowed(ttl.as_bytes()));
            let arguments = [Cow::Borrowed(*value)].into_iter().chain(ttl).collect::<Vec<_>>();
            eval_packed(SET, &[(*key).to_owned()], &arguments)
        }
        // Keys are text, so the others always fit into JSON.
        Command::Get { .. } | Command::Del { .. } | Command::Type { .. } => Message::post("/", json(&[])),
    }
}

fn eval_packed(script: &str, keys: &[String], arguments: &[Cow<[u8]>]) -> Message {
    let mut path = "/EVAL/".to_owned();
    escape(&mut path, UNPACK.as_bytes());
    escape(&mut path, script.as_bytes());
    path.push_str("/0");
    Message::post(&path, pack(keys, arguments))
}

/// The number of keys, the keys and the arguments, each with its length and a colon in front.
fn pack(keys: &[String], arguments: &[Cow<[u8]>]) -> Vec<u8> {
    let count = keys.len().to_string();
    let keys = keys.iter().map(|key| key.as_bytes());
    let items =
        [count.as_bytes()].into_iter().chain(keys).chain(arguments.iter().map(|argument| &**argument));
    let mut packed = Vec::new();
    for item in items {
        packed.extend_from_slice(item.len().to_string().as_bytes());
        packed.push(b':');
        packed.extend_from_slice(item);
    }
    packed
}

/// Text always has a JSON form, so there is no error to hand on.
fn json(words: &[&str]) -> Vec<u8> {
    serde_json::to_vec(words).unwrap_or_default()
}

/// None if it is not what Upstash answers.
pub(super) fn decode(body: &[u8]) -> Option<Reply> {
    let answer: Answer = serde_json::from_slice(body).ok()?;
    match answer {
        Answer { error: Some(text), .. } => Some(Reply::Failure(text)),
        Answer { result, .. } => result.map(|Result64(reply)| reply),
    }
}

#[derive(serde::Deserialize)]
struct Answer {
    error: Option<String>,
    /// None where there is none; a result that is null is `Nil`.
    #[serde(default, deserialize_with = "present")]
    result: Option<Result64>,
}

fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Result64>, D::Error> {
    Result64::deserialize(from).map(Some)
}

/// A result whose strings are in base64, but for the word `OK`.
struct Result64(Reply);

impl<'de> Deserialize<'de> for Result64 {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Result64Visitor)
    }
}

struct Result64Visitor;

impl<'de> Visitor<'de> for Result64Visitor {
    type Value = Result64;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("null, a whole number, a string in base64, or a list of these")
    }

    fn visit_unit<E>(self) -> Result<Result64, E> {
        Ok(Result64(Reply::Nil))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Result64, E> {
        Ok(Result64(Reply::Integer(number)))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Result64, E> {
        i64::try_from(number).map(|n| Result64(Reply::Integer(n))).map_err(de::Error::custom)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Result64, E> {
        if text == "OK" {
            return Ok(Result64(Reply::Text(text.into())));
        }
        BASE64_STANDARD.decode(text).map(|bytes| Result64(Reply::Text(bytes))).map_err(de::Error::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Result64, A::Error> {
        let mut list = Vec::new();
        while let Some(Result64(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Result64(Reply::List(list)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &[u8]) -> Reply {
        Reply::Text(text.to_vec())
    }

    #[test]
    fn a_value_is_the_body_behind_the_path() {
        let set = Command::Set { key: "k/é", value: b"\xff\0", ttl: None };
        assert_eq!(encode(&set), Message::post("/SET/k%2F%C3%A9", *b"\xff\0"));
    }

    #[test]
    fn an_empty_value_and_a_dotted_key_go_as_json() {
        let empty = Command::Set { key: "k", value: b"", ttl: None };
        assert_eq!(encode(&empty), Message::post("/", r#"["SET","k",""]"#));
        let dots = Command::Set { key: "..", value: b"v\"", ttl: Some("5") };
        assert_eq!(encode(&dots), Message::post("/", r#"["PSETEX","..","5","v\""]"#));
    }

    #[test]
    fn an_empty_key_goes_as_json_or_packed() {
        let text = Command::Set { key: "", value: b"v", ttl: None };
        assert_eq!(encode(&text), Message::post("/", r#"["SET","","v"]"#));
        let binary = Command::Set { key: "", value: b"\xff", ttl: None };
        assert_eq!(encode(&binary).body, b"1:10:1:\xff");
    }

    #[test]
    fn what_is_neither_path_nor_json_goes_packed() {
        let set = Command::Set { key: "..", value: b"\xff\x00:", ttl: None };
        let Message { path, body, .. } = encode(&set);
        assert!(path.starts_with("/EVAL/local%20KEYS%2CARGV") && path.ends_with("/0"), "{path}");
        assert_eq!(body, b"1:12:..3:\xff\x00:");
    }

    #[test]
    fn results_are_base64_but_for_ok() {
        for (body, reply) in [
            (r#"{"result":"OK"}"#, text(b"OK")),
            (r#"{"result":"T0s="}"#, text(b"OK")),
            (r#"{"result":null}"#, Reply::Nil),
            (r#"{"result":-9223372036854775808}"#, Reply::Integer(i64::MIN)),
            (
                r#"{"result":[1,"/w==",[]]}"#,
                Reply::List(vec![Reply::Integer(1), text(b"\xff"), Reply::List(vec![])]),
            ),
            (r#"{"error":"ERR x"}"#, Reply::Failure("ERR x".into())),
        ] {
            assert_eq!(decode(body.as_bytes()), Some(reply), "{body}");
        }
    }

    #[test]
    fn rubbish_is_none() {
        for bad in [
            "",
            "{}",
            "[]",
            "null",
            r#"{"result":"*"}"#,
            r#"{"result":{}}"#,
            r#"{"result":1.5}"#,
            r#"{"error":7}"#,
            r#"{"result":18446744073709551615}"#,
            r#"{"result":"OK"} x"#,
            r#"{"result":"OK""#,
        ] {
            assert_eq!(decode(bad.as_bytes()), None, "{bad}");
        }
        let deep = format!(r#"{{"result":{}"#, "[".repeat(1_000_000));
        assert_eq!(decode(deep.as_bytes()), None);
    }

    #[test]
    fn the_sync_token_is_carried_along() {
        let session = Session::default();
        let headers = vec![(SYNC_TOKEN, b"t1".to_vec())];
        session.remember(&Response { status: 200, headers, body: vec![] });
        let mut next = Vec::new();
        session.add_headers(&mut next);
        assert_eq!(next, [("upstash-encoding", "base64".to_owned()), (SYNC_TOKEN, "t1".to_owned())]);
    }
}
