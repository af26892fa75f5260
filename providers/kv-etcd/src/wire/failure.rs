//! What etcd's errors mean for the caller: `{"code": 3, "message": "etcdserver: …"}` under a status, the code being that
//! of gRPC (grpc.io/docs/guides/status-codes) and the message one of etcd's own.

use plugboard_error::{Error, Kind};
use plugboard_http::{Endpoint, Response, Said};

use super::Call;

const NO_GATEWAY: &str = "; is `etcd-url` where a member listens for clients, with nothing behind its port, and is its JSON \
                          gateway on (`--enable-grpc-gateway`)?";
const BUSY: &str = "too many requests";
const FULL: &str = "database space exceeded";

/// The messages that say more than the status, in part, and what a person may want to know. What is tried again by its
/// status (503, 504) does not get here.
const MESSAGES: &[(&str, Kind, &str)] = &[
    ("invalid auth token", Kind::AccessDenied, "etcd does not know the token, which it gave just before"),
    ("revision of auth store is old", Kind::AccessDenied, "the users of etcd change all the time"),
    ("authentication failed", Kind::AccessDenied, "etcd refused the user or the password"),
    ("authentication is not enabled", Kind::AccessDenied, "etcd has no users, but `etcd-user` is set"),
    ("user name is empty", Kind::AccessDenied, "etcd wants a user, and `etcd-user` is not set"),
    ("permission denied", Kind::AccessDenied, "the user's roles do not allow that"),
    ("request is too large", Kind::TooLarge, "the request is longer than etcd's `--max-request-bytes`"),
    ("too many operations", Kind::TooLarge, "etcd's `--max-txn-ops` is below the usual 128"),
    (
        "revision has been compacted",
        Kind::Invalid,
        "etcd has compacted the revision that the listing is of; it must begin anew",
    ),
    ("future revision", Kind::Invalid, "the cursor is of a revision that etcd has not reached"),
    ("lease not found", Kind::Unavailable, "the lease ended before the pair was written"),
    ("too large lease TTL", Kind::Invalid, "etcd takes no `etcd-ttl` as long as that"),
    (BUSY, Kind::Unavailable, "etcd has more to do than it can"),
    (FULL, Kind::Unavailable, "etcd's database has reached its `--quota-backend-bytes`"),
];

/// The work was under way: the member is being stopped, or had enough.
const CANCELED: u32 = 1;
const ABORTED: u32 = 10;

#[derive(serde::Deserialize)]
struct Failure {
    code: u32,
    message: String,
}

fn read(response: &Response) -> Option<Failure> {
    serde_json::from_slice(&response.body).ok()
}

/// Byte by byte: the standard library's search is fast, and large.
fn says(failure: &Failure, part: &str) -> bool {
    failure.message.as_bytes().windows(part.len()).any(|window| window == part.as_bytes())
}

/// Whether it was the token alone that was refused: it is over, the member has not heard of it yet, or somebody changed
/// users or roles since it was given.
pub(crate) fn is_stale(response: &Response) -> bool {
    let stale = |failure: Failure| {
        says(&failure, "invalid auth token") || says(&failure, "revision of auth store is old")
    };
    response.status != 200 && read(response).is_some_and(stale)
}

/// What is worth another try, where the status does not say so, or says more than is true.
pub(crate) fn said(endpoint: &Endpoint, response: &Response, call: &Call) -> Option<Said> {
    if response.status == 200 {
        return None;
    }
    let failure = read(response)?;
    // A full etcd answers 429 as a busy one does, but has then often made the change: it looks for room behind that
    // (`quotaApplierV3` in etcd's server/etcdserver/apply).
    if says(&failure, BUSY) {
        return Some(Said::Busy(error_of(endpoint, response, call)));
    }
    let failed = says(&failure, FULL) || matches!(failure.code, CANCELED | ABORTED);
    failed.then(|| Said::Failed(error_of(endpoint, response, call)))
}

/// The error of an answer that is no success.
pub(crate) fn error_of(endpoint: &Endpoint, response: &Response, call: &Call) -> Error {
    let (resend, what) = (call.request().resend, call.request().what);
    let Some(failure) = read(response) else {
        let mut error = plugboard_http::error_of(endpoint, response, resend, what);
        if response.status == 404 {
            error.sentence.push_str(NO_GATEWAY);
        }
        return error;
    };
    let authority = &endpoint.authority;
    if let Some((_, kind, meaning)) = MESSAGES.iter().find(|(part, ..)| says(&failure, part)) {
        return Error::new(*kind, ["`", authority, "` refused ", what, ": ", meaning].concat());
    }
    let shown = failure.message.chars().take(120).filter(|c| !c.is_control()).collect::<String>();
    match failure.code {
        CANCELED | ABORTED => {
            let sentence = ["`", authority, "` gave up ", what, ": `", &shown, "`"];
            Error::new(Kind::Unavailable, sentence.concat())
        }
        _ => {
            let error = plugboard_http::error_of(endpoint, response, resend, what);
            Error::new(error.kind, [&error.sentence, ": `", &shown, "`"].concat())
        }
    }
}

#[cfg(test)]
mod tests {
    use plugboard_http::fake::{body, status};

    use super::*;
    use crate::wire::{Condition, Op};

    fn swap() -> Call {
        let (put, get) = (Op::Put { key: "k", value: b"", lease: 0 }, Op::Get { key: "k" });
        Call::conditional("swap", Condition { key: "k", revision: 1 }, put, get)
    }

    fn error(call: &Call, response: &Response) -> Error {
        error_of(&Endpoint::parse("http://h:1").unwrap(), response, call)
    }

    /// As 3.4 words it, and without what newer gateways leave out.
    fn answers(status: u16, code: u32, message: &str) -> [Response; 2] {
        let old = format!(r#"{{"error":"{message}","message":"{message}","code":{code}}}"#);
        let new = format!(r#"{{"code":{code},"message":"{message}","details":[]}}"#);
        [old, new].map(|text| body(status, text).unwrap())
    }

    #[test]
    fn who_has_no_gateway_may_have_it_off() {
        let error = error(&swap(), &body(404, "404 page not found\n").unwrap()).to_string();
        assert!(error.starts_with("protocol: `h:1` answered 404 to swap; is `etcd-url`"), "{error}");
    }

    #[test]
    fn the_message_or_the_status_decides() {
        for (status, code, message, kind) in [
            (401, 16, "etcdserver: invalid auth token", Kind::AccessDenied),
            (400, 3, "etcdserver: authentication failed, invalid user ID or password", Kind::AccessDenied),
            (412, 9, "etcdserver: authentication is not enabled", Kind::AccessDenied),
            (400, 3, "etcdserver: user name is empty", Kind::AccessDenied),
            (400, 3, "etcdserver: revision of auth store is old", Kind::AccessDenied),
            (403, 7, "etcdserver: permission denied", Kind::AccessDenied),
            (400, 3, "etcdserver: request is too large", Kind::TooLarge),
            (400, 3, "etcdserver: too many operations in txn request", Kind::TooLarge),
            (400, 11, "etcdserver: mvcc: required revision has been compacted", Kind::Invalid),
            (400, 11, "etcdserver: mvcc: required revision is a future revision", Kind::Invalid),
            (404, 5, "etcdserver: requested lease not found", Kind::Unavailable),
            (400, 3, "etcdserver: duplicate key given in txn request", Kind::Protocol),
            (408, 1, "context canceled", Kind::Unavailable),
            (409, 10, "etcdserver: aborted", Kind::Unavailable),
            (501, 12, "unknown method", Kind::Ambiguous),
        ] {
            for response in answers(status, code, message) {
                assert_eq!(error(&swap(), &response).kind, kind, "{status} {message}");
            }
        }
    }

    #[test]
    fn what_may_have_been_done_is_not_taken_for_what_was_not() {
        let said_of = |status, code, message| {
            answers(status, code, message).map(|response| {
                match said(&Endpoint::parse("http://h:1").unwrap(), &response, &swap()) {
                    Some(Said::Busy(_)) => "busy",
                    Some(Said::Failed(_)) => "failed",
                    Some(Said::Refused) => "refused",
                    None => "",
                }
            })
        };
        assert_eq!(said_of(429, 8, "etcdserver: too many requests"), ["busy"; 2]);
        assert_eq!(said_of(429, 8, "etcdserver: mvcc: database space exceeded"), ["failed"; 2]);
        assert_eq!(said_of(408, 1, "grpc: the client connection is closing"), ["failed"; 2]);
        assert_eq!(said_of(499, 1, "context canceled"), ["failed"; 2]);
        assert_eq!(said_of(409, 10, "etcdserver: aborted"), ["failed"; 2]);
        assert_eq!(said_of(503, 14, "etcdserver: no leader"), [""; 2]);
        assert_eq!(said_of(403, 7, "etcdserver: permission denied"), [""; 2]);
    }

    #[test]
    fn only_etcd_says_that_a_token_is_over() {
        let stale = |status_, message: &str| answers(status_, 16, message).iter().all(is_stale);
        assert!(stale(401, "etcdserver: invalid auth token"));
        assert!(stale(400, "etcdserver: revision of auth store is old"));
        assert!(!stale(403, "etcdserver: permission denied"));
        assert!(!is_stale(&status(401).unwrap()));
        assert_eq!(error(&swap(), &status(401).unwrap()).kind, Kind::AccessDenied);
    }

    #[test]
    fn sentences_say_what_was_refused_and_why() {
        let [response, _] = answers(403, 7, "etcdserver: permission denied");
        let sentence = "access-denied: `h:1` refused swap: the user's roles do not allow that";
        assert_eq!(error(&swap(), &response).to_string(), sentence);
        let [response, _] = answers(400, 3, "illegal base64");
        let sentence = "protocol: `h:1` answered 400 to swap: `illegal base64`";
        assert_eq!(error(&swap(), &response).to_string(), sentence);
        let [long, _] = answers(400, 3, &"x".repeat(1000));
        assert!(error(&swap(), &long).sentence.len() < 200);
    }
}
