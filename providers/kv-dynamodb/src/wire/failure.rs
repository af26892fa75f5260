//! What the service's errors mean for the caller.

use plugboard_error::{Error, Kind};
use plugboard_http::{Endpoint, Request, Response};
use serde::Deserialize;

/// The names that say more than the status, what a person may want to know, and whether nothing was done and may be
/// done later (docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html).
const CODES: &[(&str, Kind, bool, &str)] = &[
    ("AccessDeniedException", Kind::AccessDenied, false, "the credentials do not allow this"),
    ("ExpiredTokenException", Kind::AccessDenied, false, "the credentials have expired"),
    ("IncompleteSignatureException", Kind::AccessDenied, false, "the signature is not whole"),
    ("InvalidSignatureException", Kind::AccessDenied, false, "the signature is wrong, and so the secret key"),
    ("MissingAuthenticationTokenException", Kind::AccessDenied, false, "nothing is signed"),
    ("UnrecognizedClientException", Kind::AccessDenied, false, "the access key is unknown"),
    ("InvalidClientTokenId", Kind::AccessDenied, false, "the access key is unknown"),
    ("ResourceNotFoundException", Kind::NoSuchStore, false, "there is no such table"),
    ("ItemCollectionSizeLimitExceededException", Kind::TooLarge, false, "the bucket has no room left"),
    ("ProvisionedThroughputExceededException", Kind::Unavailable, true, "the table is asked too much"),
    ("RequestLimitExceeded", Kind::Unavailable, true, "the account asks too much"),
    ("ThrottlingException", Kind::Unavailable, true, "the table is asked too much"),
    ("ReplicatedWriteConflictException", Kind::Conflict, true, "the item is being written in another region"),
    ("TransactionConflictException", Kind::Conflict, true, "a batch with the item is being written"),
    ("TransactionInProgressException", Kind::Conflict, true, "the same batch is being written"),
];

/// Why a transaction was not made, of any of its items.
const REASONS: &[(&str, Kind, bool, &str)] = &[
    ("ItemCollectionSizeLimitExceeded", Kind::TooLarge, false, "the bucket has no room left"),
    ("ConditionalCheckFailed", Kind::Config, false, OTHER_KEYS),
    (INVALID_ITEM, Kind::Invalid, false, "an item of the batch is refused"),
    ("TransactionConflict", Kind::Conflict, true, "an item of the batch is being written"),
    ("ProvisionedThroughputExceeded", Kind::Unavailable, true, "the table is asked too much"),
    ("ThrottlingError", Kind::Unavailable, true, "the table is asked too much"),
];

const OTHER_KEYS: &str = "the keys of `dynamodb-table` are not those that `dynamodb-layout` needs";

const INVALID_ITEM: &str = "ValidationError";
const CANCELED: &str = "TransactionCanceledException";
const CONDITION: &str = "ConditionalCheckFailedException";
const VALIDATION: &str = "ValidationException";

#[derive(Deserialize)]
struct Failure {
    /// The name behind a namespace: `com.amazonaws.dynamodb.v20120810#ThrottlingException`.
    #[serde(rename = "__type")]
    name: String,
    message: Option<String>,
    /// As some errors spell it.
    #[serde(rename = "Message")]
    other_message: Option<String>,
    #[serde(default, rename = "CancellationReasons")]
    reasons: Vec<Reason>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Reason {
    code: Option<String>,
    message: Option<String>,
}

impl Failure {
    fn of(response: &Response) -> Option<Failure> {
        if response.is_success() {
            return None;
        }
        serde_json::from_slice(&response.body).ok()
    }

    fn code(&self) -> &str {
        self.name.rsplit('#').next().unwrap_or_default()
    }

    /// What it means, and whether it may be otherwise later.
    fn meaning(&self) -> Option<(Kind, bool, &'static str)> {
        let code = self.code();
        let known = |table: &'static [(&str, Kind, bool, &'static str)], code: &str| {
            table
                .iter()
                .find(|entry| entry.0 == code)
                .map(|&(_, kind, later, meaning)| (kind, later, meaning))
        };
        match code {
            // The first in the table is the worst: what will never be is not tried again.
            CANCELED => REASONS.iter().find_map(|&(name, kind, later, meaning)| {
                let reason = self.reasons.iter().find(|reason| reason.code.as_deref() == Some(name))?;
                let told = reason.message.as_deref().filter(|_| name == INVALID_ITEM).and_then(validation);
                Some(told.unwrap_or((kind, later, meaning)))
            }),
            VALIDATION => {
                let text = self.message.as_deref().or(self.other_message.as_deref()).unwrap_or_default();
                // Every request is made to be valid, so that it hangs on the table in all likelihood.
                let perhaps =
                    "perhaps the keys of `dynamodb-table` are not those that `dynamodb-layout` needs";
                Some(validation(text).unwrap_or((Kind::Protocol, false, perhaps)))
            }
            CONDITION => Some((Kind::Config, false, OTHER_KEYS)),
            _ => known(CODES, code),
        }
    }
}

/// It has one name for many things, which only the text tells apart.
fn validation(text: &str) -> Option<(Kind, bool, &'static str)> {
    let says = |part: &str| text.as_bytes().windows(part.len()).any(|w| w == part.as_bytes());
    if says("size has exceeded") || says("size to update has exceeded") {
        return Some((Kind::TooLarge, false, "the item is larger than the service takes"));
    }
    let other_keys = [
        "key element",
        "key schema",
        "key condition",
        "conditions on the keys",
        "required keys",
        "Missing the key",
        "Type mismatch for key",
    ];
    other_keys.into_iter().any(says).then_some((Kind::Config, false, OTHER_KEYS))
}

/// Whether a condition was refused, and the item is as it was.
pub(crate) fn is_condition(response: &Response) -> bool {
    Failure::of(response).is_some_and(|failure| failure.code() == CONDITION)
}

/// The service's name for the error.
pub(crate) fn code(response: &Response) -> Option<String> {
    Failure::of(response).map(|failure| failure.code().to_owned())
}

/// The error of an answer which says that nothing was done and may be done later.
pub(crate) fn busy(endpoint: &Endpoint, request: &Request, response: &Response) -> Option<Error> {
    let failure = Failure::of(response)?;
    let (kind, later, meaning) = failure.meaning()?;
    later.then(|| sentence(endpoint, request, failure.code(), kind, meaning))
}

/// The error of an answer that is no success.
pub(crate) fn error_of(endpoint: &Endpoint, request: &Request, response: &Response) -> Error {
    let failure = Failure::of(response);
    match failure.as_ref().and_then(|failure| Some((failure.code(), failure.meaning()?))) {
        Some((code, (kind, _, meaning))) => sentence(endpoint, request, code, kind, meaning),
        None => {
            let mut error = plugboard_http::error_of(endpoint, response, request.resend, request.what);
            error.sentence.push_str(&named(failure.as_ref().map_or("", Failure::code)));
            error
        }
    }
}

fn sentence(endpoint: &Endpoint, request: &Request, code: &str, kind: Kind, meaning: &str) -> Error {
    Error::new(
        kind,
        ["`", &endpoint.authority, "` refused ", request.what, &*named(code), ": ", meaning].concat(),
    )
}

/// Only what looks like a name is shown.
fn named(code: &str) -> String {
    let shown = !code.is_empty() && code.len() <= 64 && code.bytes().all(|b| b.is_ascii_alphanumeric());
    if shown { [" (`", code, "`)"].concat() } else { String::new() }
}

#[cfg(test)]
mod tests {
    use plugboard_http::fake::body;

    use super::*;
    use crate::places::Place;

    fn reading() -> Request {
        crate::wire::get(&Place { table: "pairs".into(), partition: None, prefix: "" }, "k")
    }

    fn answer(status: u16, code: &str, more: &str) -> Response {
        let name = format!("com.amazonaws.dynamodb.v20120810#{code}");
        body(status, format!(r#"{{"__type":"{name}"{more}}}"#)).unwrap()
    }

    fn endpoint() -> Endpoint {
        Endpoint::parse("https://h").unwrap()
    }

    fn error(status: u16, code: &str, more: &str) -> Error {
        error_of(&endpoint(), &reading(), &answer(status, code, more))
    }

    #[test]
    fn the_name_decides_and_then_the_status() {
        for (status, code, kind) in [
            (400, "AccessDeniedException", Kind::AccessDenied),
            (400, "UnrecognizedClientException", Kind::AccessDenied),
            (400, "InvalidSignatureException", Kind::AccessDenied),
            (403, "SomethingElse", Kind::AccessDenied),
            (400, "ResourceNotFoundException", Kind::NoSuchStore),
            (400, "ThrottlingException", Kind::Unavailable),
            (400, "TransactionConflictException", Kind::Conflict),
            (400, "SerializationException", Kind::Protocol),
            (413, "", Kind::TooLarge),
        ] {
            assert_eq!(error(status, code, "").kind, kind, "{status} {code}");
        }
        let plain = body(400, "<html>").unwrap();
        assert_eq!(error_of(&endpoint(), &reading(), &plain).kind, Kind::Protocol);
    }

    #[test]
    fn the_text_of_a_validation_decides() {
        for (text, kind) in [
            ("Item size has exceeded the maximum allowed size", Kind::TooLarge),
            ("Item size to update has exceeded the maximum allowed size", Kind::TooLarge),
            ("The provided key element does not match the schema", Kind::Config),
            ("Query condition missed key schema element: b", Kind::Config),
            ("One or more parameter values were invalid: Missing the key k in the item", Kind::Config),
            ("The number of conditions on the keys is invalid", Kind::Config),
            ("Query key condition not supported", Kind::Config),
            ("One of the required keys was not given a value", Kind::Config),
            ("1 validation error detected: Value 'hunter2'", Kind::Protocol),
        ] {
            let error = error(400, "ValidationException", &format!(r#","message":"{text}""#));
            assert_eq!(error.kind, kind, "{text}");
            assert!(kind == Kind::TooLarge || error.sentence.contains("`dynamodb-layout`"), "{error}");
            assert!(!error.sentence.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn of_a_transaction_the_worst_reason_counts() {
        let canceled = |codes: &[&str]| {
            let reasons =
                codes.iter().map(|code| format!(r#"{{"Code":"{code}"}}"#)).collect::<Vec<_>>().join(",");
            answer(400, CANCELED, &format!(r#","CancellationReasons":[{reasons}]"#))
        };
        let kind = |codes: &[&str]| error_of(&endpoint(), &reading(), &canceled(codes)).kind;
        let later = |codes: &[&str]| busy(&endpoint(), &reading(), &canceled(codes)).is_some();
        for (codes, expected, again) in [
            (["None", "TransactionConflict"], Kind::Conflict, true),
            (["ThrottlingError", "None"], Kind::Unavailable, true),
            (["TransactionConflict", "ValidationError"], Kind::Invalid, false),
            (["None", "Unheard"], Kind::Protocol, false),
        ] {
            assert_eq!((kind(&codes), later(&codes)), (expected, again), "{codes:?}");
        }
    }

    #[test]
    fn a_reason_has_a_text_as_well() {
        for (text, kind) in [
            ("The provided key element does not match the schema", Kind::Config),
            ("Item size to update has exceeded the maximum allowed size", Kind::TooLarge),
            ("something else", Kind::Invalid),
        ] {
            let reasons =
                format!(r#","CancellationReasons":[{{"Code":"ValidationError","Message":"{text}"}}]"#);
            assert_eq!(error(400, CANCELED, &reasons).kind, kind, "{text}");
        }
        // However the other text is spelled, or not there.
        for more in [r#","message":null"#, r#","message":"a","Message":"b""#, ""] {
            assert_eq!(error(400, "ThrottlingException", more).kind, Kind::Unavailable, "{more}");
        }
    }

    #[test]
    fn only_what_was_not_done_is_tried_again() {
        for (code, again) in [
            ("ThrottlingException", true),
            ("RequestLimitExceeded", true),
            ("AccessDeniedException", false),
            ("X", false),
        ] {
            assert_eq!(busy(&endpoint(), &reading(), &answer(400, code, "")).is_some(), again, "{code}");
        }
        assert!(busy(&endpoint(), &reading(), &answer(200, "ThrottlingException", "")).is_none());
    }

    #[test]
    fn sentences_name_the_operation_and_the_error() {
        assert_eq!(
            error(400, "ThrottlingException", "").to_string(),
            "unavailable: `h` refused GetItem (`ThrottlingException`): the table is asked too much"
        );
        assert_eq!(
            error(400, "SerializationException", "").to_string(),
            "protocol: `h` answered 400 to GetItem (`SerializationException`)"
        );
        assert_eq!(error(400, "a b", "").to_string(), "protocol: `h` answered 400 to GetItem");
    }
}
