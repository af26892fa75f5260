//! What etcd answers: protocol buffers as JSON, where bytes are base64, numbers of 64 bits text, and what is zero, empty
//! or false is left out (protobuf.dev: "ProtoJSON Format").

use std::fmt;
use std::marker::PhantomData;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use plugboard_config::Secret;
use serde::de::{self, Deserialize, Deserializer, IgnoredAny, Visitor};

use super::Op;

/// What a transaction came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Done {
    /// The store's, when it was done.
    pub(crate) revision: i64,
    /// Whether the condition held.
    pub(crate) succeeded: bool,
    /// One for each operation; that of a write is empty.
    pub(crate) ranges: Vec<Range>,
}

#[derive(Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(default)]
pub(crate) struct Range {
    pub(crate) kvs: Vec<Pair>,
    /// Whether there are more in the range.
    pub(crate) more: bool,
    count: Text<i64>,
}

#[derive(Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(default)]
pub(crate) struct Pair {
    key: Text<Vec<u8>>,
    value: Text<Vec<u8>>,
    mod_revision: Text<i64>,
}

impl Range {
    /// How many there are in the range.
    pub(crate) fn count(&self) -> i64 {
        self.count.0
    }
}

impl Pair {
    pub(crate) fn key(&self) -> &[u8] {
        &self.key.0
    }

    pub(crate) fn into_value(self) -> Vec<u8> {
        self.value.0
    }

    pub(crate) fn value(&self) -> &[u8] {
        &self.value.0
    }

    /// The store's, at the pair's last change.
    pub(crate) fn revision(&self) -> i64 {
        self.mod_revision.0
    }
}

/// The answer to a transaction of these operations, or those; none if it is none.
pub(crate) fn done(body: &[u8], then: &[Op], otherwise: &[Op]) -> Option<Done> {
    #[derive(serde::Deserialize)]
    struct Txn {
        header: Header,
        #[serde(default)]
        succeeded: bool,
        #[serde(default)]
        responses: Vec<Response>,
    }

    let txn: Txn = serde_json::from_slice(body).ok()?;
    let ops = if txn.succeeded { then } else { otherwise };
    let ranges =
        ops.iter().zip(txn.responses).map_while(|(op, response)| response.to(op)).collect::<Vec<_>>();
    // A branch without operations is one that etcd had no reason to take.
    let whole = ranges.len() == ops.len() && !ops.is_empty();
    whole.then_some(Done { revision: txn.header.revision.0, succeeded: txn.succeeded, ranges })
}

/// The lease that was granted.
pub(crate) fn lease(body: &[u8]) -> Option<i64> {
    #[derive(serde::Deserialize)]
    struct Lease {
        #[serde(rename = "ID")]
        id: Text<i64>,
    }

    serde_json::from_slice::<Lease>(body).ok().map(|lease| lease.id.0).filter(|id| *id != 0)
}

pub(crate) fn token(body: &[u8]) -> Option<Secret> {
    #[derive(serde::Deserialize)]
    struct Token {
        token: String,
    }

    let Token { token } = serde_json::from_slice(body).ok()?;
    // It has to fit into a header field.
    let fits = !token.is_empty() && token.bytes().all(|b| b.is_ascii_graphic());
    fits.then(|| Secret::new(token))
}

#[derive(serde::Deserialize)]
struct Header {
    revision: Text<i64>,
}

#[derive(serde::Deserialize)]
enum Response {
    #[serde(rename = "response_range")]
    Range(Range),
    #[serde(rename = "response_put")]
    Put(IgnoredAny),
    #[serde(rename = "response_delete_range")]
    Delete(IgnoredAny),
}

impl Response {
    fn to(self, op: &Op) -> Option<Range> {
        match (self, op) {
            (Response::Range(range), Op::Get { .. } | Op::Has { .. } | Op::Page { .. }) => Some(range),
            (Response::Put(_), Op::Put { .. }) => Some(Range::default()),
            (Response::Delete(_), Op::Delete { .. }) => Some(Range::default()),
            _ => None,
        }
    }
}

/// A value that is text in JSON.
#[derive(Debug, Default, PartialEq, Eq)]
struct Text<T>(T);

trait OfText: Sized {
    fn of_text(text: &str) -> Option<Self>;
}

impl OfText for i64 {
    fn of_text(text: &str) -> Option<i64> {
        text.parse().ok()
    }
}

impl OfText for Vec<u8> {
    fn of_text(text: &str) -> Option<Vec<u8>> {
        BASE64_STANDARD.decode(text).ok()
    }
}

impl<'de, T: OfText> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(TextVisitor(PhantomData))
    }
}

/// Takes the text where it is, as values may be long.
struct TextVisitor<T>(PhantomData<T>);

impl<T: OfText> Visitor<'_> for TextVisitor<T> {
    type Value = Text<T>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a number or base64, as text")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Text<T>, E> {
        T::of_text(text).map(Text).ok_or_else(|| E::custom("neither"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GET: Op = Op::Get { key: "k" };
    const PUT: Op = Op::Put { key: "k", value: b"", lease: 0 };

    /// The answers are those of etcd 3.4.23.
    #[test]
    fn a_range_has_what_is_not_zero() {
        let body = br#"{"header":{"cluster_id":"324952591200643719","revision":"3","raft_term":"2"},"succeeded":true,
            "responses":[{"response_range":{"header":{"revision":"3"},"kvs":[{"key":"a/8=","create_revision":"2",
            "mod_revision":"9223372036854775807","version":"1","value":"AP8="}],"more":true,"count":"2"}},
            {"response_range":{"header":{"revision":"3"}}}]}"#;
        let done = done(body, &[GET, GET], &[]).unwrap();
        assert_eq!((done.revision, done.succeeded), (3, true));
        let [full, empty] = <[Range; 2]>::try_from(done.ranges).unwrap();
        assert_eq!((full.more, full.count(), empty.more, empty.count()), (true, 2, false, 0));
        let pair = &full.kvs[0];
        assert_eq!((pair.key(), pair.value(), pair.revision()), (&b"k\xff"[..], &b"\0\xff"[..], i64::MAX));
    }

    #[test]
    fn an_answer_is_of_the_branch_that_was_taken() {
        let put =
            br#"{"header":{"revision":"3"},"succeeded":true,"responses":[{"response_put":{"header":{}}}]}"#;
        assert!(done(put, &[PUT], &[GET]).unwrap().succeeded);
        assert_eq!(done(put, &[GET], &[PUT]), None);
        let range = br#"{"header":{"revision":"3"},"responses":[{"response_range":{"header":{}}}]}"#;
        assert!(!done(range, &[PUT], &[GET]).unwrap().succeeded);
        assert_eq!(done(range, &[GET], &[]), None);
        let delete =
            br#"{"header":{"revision":"3"},"succeeded":true,"responses":[{"response_delete_range":{}}]}"#;
        assert!(done(delete, &[Op::Delete { key: "k" }], &[]).is_some());
    }

    #[test]
    fn rubbish_is_none() {
        for bad in [
            "",
            "{}",
            "[]",
            "null",
            r#"{"header":{}}"#,
            r#"{"header":{"revision":"3"}}"#,
            r#"{"header":{"revision":3},"succeeded":true,"responses":[{"response_range":{}}]}"#,
            r#"{"header":{"revision":"x"},"succeeded":true,"responses":[{"response_range":{}}]}"#,
            r#"{"header":{"revision":"3"},"succeeded":true,"responses":[]}"#,
            r#"{"header":{"revision":"3"},"succeeded":true,"responses":[{}]}"#,
            r#"{"header":{"revision":"3"},"succeeded":true,"responses":[{"response_txn":{}}]}"#,
            r#"{"header":{"revision":"3"},"succeeded":true,"responses":[{"response_range":{"kvs":{}}}]}"#,
            r#"{"header":{"revision":"3"},"succeeded":true,"responses":[{"response_range":{"kvs":[{"key":"*"}]}}]}"#,
            r#"{"header":{"revision":"3"},"succeeded":true,"responses":[{"response_range":{}}]"#,
        ] {
            assert_eq!(done(bad.as_bytes(), &[GET], &[GET]), None, "{bad}");
            assert_eq!(done(bad.as_bytes(), &[GET], &[]), None, "{bad}");
        }
    }

    #[test]
    fn leases_and_tokens() {
        assert_eq!(
            lease(br#"{"header":{},"ID":"2324035544341865240","TTL":"2"}"#),
            Some(2324035544341865240)
        );
        assert_eq!(lease(br#"{"header":{},"error":"x"}"#), None);
        assert_eq!(
            token(br#"{"header":{},"token":"jqnZhiwqismIwlsw.12"}"#),
            Some(Secret::new("jqnZhiwqismIwlsw.12"))
        );
        for bad in [r#"{"header":{}}"#, r#"{"token":""}"#, r#"{"token":"a b"}"#, r#"{"token":7}"#] {
            assert_eq!(token(bad.as_bytes()), None, "{bad}");
        }
    }
}
