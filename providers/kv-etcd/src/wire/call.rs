use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use plugboard_config::Secret;
use plugboard_error::{Error, Kind, Result};
use plugboard_http::{Endpoint, Method, Request, Resend};

/// Operations in one transaction (etcd's `--max-txn-ops`).
const MOST: usize = 128;
const TXN: &str = "/v3/kv/txn";
/// What a request has beside its operations, and an operation beside its key and its value, in bytes as etcd counts
/// them. Rather more than it is: what passes here must not be refused there.
const REQUEST: u64 = 256;
const OPERATION: u64 = 64;

/// One request to the gateway.
#[derive(Debug)]
pub(crate) struct Call(Request);

/// What a transaction does with one key, or one range of keys.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Op<'a> {
    Get {
        key: &'a str,
    },
    Has {
        key: &'a str,
    },
    /// The first keys from `from` on and before `to`, as they were at that revision; 0 is the newest.
    Page {
        from: &'a [u8],
        to: &'a [u8],
        revision: i64,
        limit: i64,
    },
    /// 0 is no lease.
    Put {
        key: &'a str,
        value: &'a [u8],
        lease: i64,
    },
    Delete {
        key: &'a str,
    },
}

/// That a key's last change is the one of that revision; 0 where there is no such key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Condition<'a> {
    pub(crate) key: &'a str,
    pub(crate) revision: i64,
}

impl Call {
    fn new(what: &'static str, resend: Resend, path: &str, body: String) -> Call {
        Call(Request {
            method: Method::Post,
            path: path.to_owned(),
            headers: vec![("content-type", "application/json".to_owned())],
            body: body.into_bytes().into(),
            resend,
            answer_fields: &[],
            what,
        })
    }

    /// A transaction: all of the operations at one moment. Everything about pairs is one, also where it is a single
    /// operation, so that there is one form of request and one of answer.
    pub(crate) fn batch(what: &'static str, ops: &[Op]) -> Call {
        let mut body = String::with_capacity(capacity(ops));
        body.push_str("{\"success\":");
        push_ops(&mut body, ops);
        body.push('}');
        Call::new(what, Resend::Allowed, TXN, body)
    }

    /// A transaction that does the one or the other, and must not be done twice.
    pub(crate) fn conditional(what: &'static str, condition: Condition, then: Op, otherwise: Op) -> Call {
        let mut body = String::with_capacity(capacity(&[then, otherwise]) + condition.key.len() * 2);
        body.push_str("{\"compare\":[{");
        push_bytes(&mut body, "key", condition.key.as_bytes());
        body.push_str(",\"target\":\"MOD\",\"result\":\"EQUAL\",");
        push_number(&mut body, "mod_revision", condition.revision);
        body.push_str("}],\"success\":");
        push_ops(&mut body, &[then]);
        body.push_str(",\"failure\":");
        push_ops(&mut body, &[otherwise]);
        body.push('}');
        Call::new(what, Resend::Never, TXN, body)
    }

    pub(crate) fn grant(seconds: i64) -> Call {
        let mut body = String::from("{");
        push_number(&mut body, "TTL", seconds);
        body.push('}');
        Call::new("the grant of a lease", Resend::Allowed, "/v3/lease/grant", body)
    }

    pub(crate) fn revoke(lease: i64) -> Call {
        let mut body = String::from("{");
        push_number(&mut body, "ID", lease);
        body.push('}');
        Call::new("the end of a lease", Resend::Allowed, "/v3/lease/revoke", body)
    }

    pub(crate) fn authenticate(user: &Secret, password: &Secret) -> Call {
        // Text always has a JSON form, so there is no error to hand on.
        let json = |text: &Secret| serde_json::to_string(text.expose()).unwrap_or_default();
        let body = ["{\"name\":", &json(user), ",\"password\":", &json(password), "}"].concat();
        Call::new("authentication", Resend::Allowed, "/v3/auth/authenticate", body)
    }

    pub(crate) fn authorize(&mut self, token: &Secret) {
        self.0.headers.retain(|(name, _)| *name != "authorization");
        self.0.headers.push(("authorization", token.expose().to_owned()));
    }

    pub(crate) fn request(&self) -> &Request {
        &self.0
    }

    /// The error of an answer that is none to this call.
    pub(crate) fn malformed(&self, endpoint: &Endpoint) -> Error {
        let what = self.0.what;
        let sentence = ["the answer of `", &endpoint.authority, "` to ", what, " is not what etcd answers"];
        self.0.resend.malformed(what, sentence.concat())
    }
}

impl Op<'_> {
    pub(crate) fn with_lease(self, lease: i64) -> Self {
        match self {
            Op::Put { key, value, .. } => Op::Put { key, value, lease },
            op => op,
        }
    }

    /// In bytes as etcd counts them.
    fn size(&self) -> u64 {
        let bytes = match self {
            Op::Get { key } | Op::Has { key } | Op::Delete { key } => key.len(),
            Op::Page { from, to, .. } => from.len() + to.len(),
            Op::Put { key, value, .. } => key.len() + value.len(),
        };
        bytes as u64 + OPERATION
    }
}

/// Cuts operations into transactions that etcd takes, each of which happens at one moment.
pub(crate) fn chunks<'a, 'b>(mut ops: &'a [Op<'b>], max_request: u64) -> Result<Vec<&'a [Op<'b>]>> {
    let mut chunks = Vec::new();
    while let Some(first) = ops.first() {
        check(&[*first], max_request)?;
        let mut size = REQUEST;
        let fits = ops.iter().take(MOST).take_while(|op| {
            size += op.size();
            size <= max_request
        });
        let (chunk, rest) = ops.split_at_checked(fits.count()).unwrap_or((ops, &[]));
        chunks.push(chunk);
        ops = rest;
    }
    Ok(chunks)
}

/// That etcd takes these operations together.
pub(crate) fn check(ops: &[Op], max_request: u64) -> Result<()> {
    let size = ops.iter().map(Op::size).sum::<u64>() + REQUEST;
    if size <= max_request {
        return Ok(());
    }
    let (size, max) = (size.to_string(), max_request.to_string());
    let sentence = ["the request has ", &size, " bytes in etcd, `etcd-max-request` allows ", &max];
    Err(Error::new(Kind::TooLarge, sentence.concat()))
}

fn capacity(ops: &[Op]) -> usize {
    let size = ops.iter().map(Op::size).sum::<u64>();
    usize::try_from(size / 3 * 4 + 1024).unwrap_or_default()
}

fn push_ops(body: &mut String, ops: &[Op]) {
    body.push('[');
    for (at, op) in ops.iter().enumerate() {
        if at > 0 {
            body.push(',');
        }
        push_op(body, op);
    }
    body.push(']');
}

fn push_op(body: &mut String, op: &Op) {
    let (name, key) = match *op {
        Op::Get { key } | Op::Has { key } => ("request_range", key.as_bytes()),
        Op::Page { from, .. } => ("request_range", from),
        Op::Put { key, .. } => ("request_put", key.as_bytes()),
        Op::Delete { key } => ("request_delete_range", key.as_bytes()),
    };
    body.extend(["{\"", name, "\":{"]);
    push_bytes(body, "key", key);
    match *op {
        Op::Get { .. } | Op::Delete { .. } => {}
        Op::Has { .. } => body.push_str(",\"count_only\":true"),
        Op::Page { to, revision, limit, .. } => {
            body.push(',');
            push_bytes(body, "range_end", to);
            body.push(',');
            push_number(body, "revision", revision);
            body.push(',');
            push_number(body, "limit", limit);
            body.push_str(",\"keys_only\":true");
        }
        Op::Put { value, lease, .. } => {
            body.push(',');
            push_bytes(body, "value", value);
            body.push(',');
            push_number(body, "lease", lease);
        }
    }
    body.push_str("}}");
}

fn push_bytes(body: &mut String, name: &str, bytes: &[u8]) {
    body.extend(["\"", name, "\":\""]);
    BASE64_STANDARD.encode_string(bytes, body);
    body.push('"');
}

/// Those of 64 bits are text, as they have more digits than numbers in JSON.
fn push_number(body: &mut String, name: &str, number: i64) {
    body.extend(["\"", name, "\":\"", &number.to_string(), "\""]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(call: &Call) -> String {
        String::from_utf8(call.request().body.to_vec()).unwrap()
    }

    #[test]
    fn a_batch_is_a_transaction_without_a_condition() {
        let ops = [
            Op::Get { key: "k" },
            Op::Has { key: "k" },
            Op::Put { key: "k", value: b"\xff\0", lease: 7 },
            Op::Delete { key: "\0" },
        ];
        let call = Call::batch("set", &ops);
        assert_eq!(call.request().path, "/v3/kv/txn");
        assert_eq!(
            body(&call),
            r#"{"success":[{"request_range":{"key":"aw=="}},{"request_range":{"key":"aw==","count_only":true}},"#
                .to_owned()
                + r#"{"request_put":{"key":"aw==","value":"/wA=","lease":"7"}},"#
                + r#"{"request_delete_range":{"key":"AA=="}}]}"#
        );
    }

    #[test]
    fn a_page_is_a_range_at_a_revision() {
        let page = Op::Page { from: b"a", to: b"b", revision: 5, limit: 1000 };
        assert_eq!(
            body(&Call::batch("list-keys", &[page])),
            r#"{"success":[{"request_range":{"key":"YQ==","range_end":"Yg==","revision":"5","limit":"1000","keys_only":true}}]}"#
        );
    }

    #[test]
    fn a_condition_is_about_the_last_change() {
        let condition = Condition { key: "k", revision: i64::MAX };
        let (then, otherwise) = (Op::Put { key: "k", value: b"", lease: 0 }, Op::Get { key: "k" });
        let call = Call::conditional("swap", condition, then, otherwise);
        assert_eq!(call.request().resend, Resend::Never);
        assert_eq!(
            body(&call),
            r#"{"compare":[{"key":"aw==","target":"MOD","result":"EQUAL","mod_revision":"9223372036854775807"}],"#
                .to_owned()
                + r#""success":[{"request_put":{"key":"aw==","value":"","lease":"0"}}],"#
                + r#""failure":[{"request_range":{"key":"aw=="}}]}"#
        );
    }

    #[test]
    fn names_and_passwords_are_escaped() {
        let call = Call::authenticate(&Secret::new("a\"b"), &Secret::new("c\\\u{1}\u{e4}"));
        assert_eq!(body(&call), "{\"name\":\"a\\\"b\",\"password\":\"c\\\\\\u0001\u{e4}\"}");
    }

    #[test]
    fn a_token_takes_the_place_of_another() {
        let mut call = Call::grant(5);
        for token in ["one", "two"] {
            call.authorize(&Secret::new(token));
        }
        let headers = &call.request().headers;
        assert_eq!(headers[1..], [("authorization", "two".to_owned())]);
        assert_eq!(
            (body(&call), body(&Call::revoke(-1))),
            (r#"{"TTL":"5"}"#.into(), r#"{"ID":"-1"}"#.into())
        );
    }

    #[test]
    fn transactions_end_at_128_operations_or_at_the_longest_request() {
        let lengths =
            |ops: &[Op], max| Ok(chunks(ops, max)?.iter().map(|chunk| chunk.len()).collect::<Vec<_>>());
        let gets = [Op::Get { key: "k" }; 300];
        assert_eq!(lengths(&gets, 1 << 20), Ok(vec![128, 128, 44]));
        assert_eq!(lengths(&[], 1 << 20), Ok(vec![]));
        // 165 bytes each, and 256 for the request.
        let puts = [Op::Put { key: "k", value: &[0; 100], lease: 0 }; 5];
        assert_eq!(lengths(&puts, 586), Ok(vec![2, 2, 1]));
        assert_eq!(lengths(&puts, 421), Ok(vec![1; 5]));
        let error: Error = lengths(&puts, 420).unwrap_err();
        assert_eq!(
            error.to_string(),
            "too-large: the request has 421 bytes in etcd, `etcd-max-request` allows 420"
        );
    }

    #[test]
    fn no_body_grows_beyond_what_was_reserved() {
        let key = "k".repeat(1000);
        let ops = [Op::Put { key: &key, value: &[0; 5000], lease: i64::MIN }; 128];
        assert!(body(&Call::batch("set", &ops)).len() <= capacity(&ops));
    }
}
