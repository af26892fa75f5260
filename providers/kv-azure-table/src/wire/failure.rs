//! What the service's errors mean for the caller.

use plugboard_error::{Error, Kind};
use plugboard_http::{Endpoint, Request, Response, Said};
use serde_json::Value;

use super::{ERROR_CODE, batch, is_of_service};

/// The names that say more than the status (learn.microsoft.com/rest/api/storageservices/table-service-error-codes and
/// …/common-rest-api-error-codes), and what a person may want to know.
const CODES: &[(&str, Kind, &str)] = &[
    ("AccountBeingCreated", Kind::Unavailable, "the account is being made"),
    ("EntityAlreadyExists", Kind::Conflict, "there is such an entity"),
    ("EntityNotFound", Kind::NoSuchObject, "there is no such entity"),
    ("EntityTooLarge", Kind::TooLarge, "the entity is larger than the service takes"),
    ("InvalidInput", Kind::Invalid, "the service does not take that"),
    ("KeyValueTooLarge", Kind::TooLarge, "the key is longer than the service takes"),
    ("OutOfRangeInput", Kind::Invalid, "the service does not take that"),
    ("PropertyValueTooLarge", Kind::TooLarge, "the value is larger than the service takes"),
    ("ResourceNotFound", Kind::NoSuchObject, "there is no such entity"),
    ("TableBeingDeleted", Kind::NoSuchStore, "the table is being deleted"),
    ("TableNotFound", Kind::NoSuchStore, "there is no such table"),
    ("UpdateConditionNotSatisfied", Kind::Conflict, "the entity has changed"),
];

/// What passes, where the status does not say so: that of a batch is a success, whatever became of its changes. What the
/// service calls busy it has not begun.
pub(crate) fn said(endpoint: &Endpoint, request: &Request, response: &Response) -> Option<Said> {
    if !is_of_service(response) {
        return None;
    }
    let inner = if response.status == 202 { batch::refusal(response) } else { None };
    let answer = inner.as_ref().unwrap_or(response);
    let error = || error_of(endpoint, request, answer);
    match answer.status {
        503 if code(answer) == "ServerBusy" => Some(Said::Busy(error())),
        429 if inner.is_some() => Some(Said::Busy(error())),
        500 | 502 | 503 | 504 if inner.is_some() => Some(Said::Failed(error())),
        _ => None,
    }
}

/// The error of an answer that is not what the request asks for.
pub(crate) fn error_of(endpoint: &Endpoint, request: &Request, response: &Response) -> Error {
    let otherwise = || plugboard_http::error_of(endpoint, response, request.resend, request.what);
    if !is_of_service(response) {
        return otherwise();
    }
    let code = code(response);
    let known = CODES.iter().find(|(name, ..)| *name == code);
    let (kind, meaning) = match (known, response.status) {
        (Some((_, kind, meaning)), _) => (*kind, *meaning),
        (None, 401 | 403) => (Kind::AccessDenied, "the credentials are not good for this"),
        (None, 429 | 500 | 502 | 503 | 504) => (Kind::Unavailable, "it is overloaded"),
        (None, _) => {
            let error = otherwise();
            return Error::new(error.kind, [&error.sentence, &*named(&code)].concat());
        }
    };
    let authority = &endpoint.authority;
    Error::new(kind, ["`", authority, "` refused ", request.what, &*named(&code), ": ", meaning].concat())
}

/// In a field of the answer, or where OData has it.
fn code(response: &Response) -> String {
    if let Some(code) = response.header(ERROR_CODE) {
        return code.to_owned();
    }
    let json: Option<Value> = serde_json::from_slice(&response.body).ok();
    let code = json.as_ref().and_then(|json| json.get("odata.error")?.get("code")?.as_str());
    code.unwrap_or_default().to_owned()
}

/// Only what looks like a name is shown.
fn named(code: &str) -> String {
    let shown = !code.is_empty() && code.len() <= 64 && code.bytes().all(|b| b.is_ascii_alphanumeric());
    if shown { [" (`", code, "`)"].concat() } else { String::new() }
}

#[cfg(test)]
mod tests {
    use plugboard_http::fake::body;

    use super::super::{REQUEST_ID, Table};
    use super::*;
    use crate::keys::Place;

    fn request() -> Request {
        Table { name: "Pairs".into() }.get(&Place { partition: "p".into(), row: "k".into() })
    }

    fn error(mut response: Response) -> Error {
        response.headers.push((REQUEST_ID, "1".into()));
        error_of(&Endpoint::parse("https://h").unwrap(), &request(), &response)
    }

    #[test]
    fn the_name_decides_and_then_the_status() {
        for (status, code, kind) in [
            (403, "AuthenticationFailed", Kind::AccessDenied),
            (403, "AuthorizationPermissionMismatch", Kind::AccessDenied),
            (401, "", Kind::AccessDenied),
            (404, "TableNotFound", Kind::NoSuchStore),
            (404, "ResourceNotFound", Kind::NoSuchObject),
            (404, "", Kind::Protocol),
            (409, "TableBeingDeleted", Kind::NoSuchStore),
            (412, "UpdateConditionNotSatisfied", Kind::Conflict),
            (400, "EntityTooLarge", Kind::TooLarge),
            (413, "RequestBodyTooLarge", Kind::TooLarge),
            (400, "InvalidDuplicateRow", Kind::Protocol),
            (503, "ServerBusy", Kind::Unavailable),
        ] {
            let json = format!(r#"{{"odata.error":{{"code":"{code}","message":{{"value":"0:x"}}}}}}"#);
            assert_eq!(error(body(status, json).unwrap()).kind, kind, "{status} {code}");
            let mut response = plugboard_http::fake::status(status).unwrap();
            response.headers.push((ERROR_CODE, code.into()));
            assert_eq!(error(response).kind, kind, "{status} {code}");
        }
    }

    #[test]
    fn who_is_not_the_service_cannot_say_what_is_missing() {
        let endpoint = Endpoint::parse("https://h").unwrap();
        let json = r#"{"odata.error":{"code":"TableNotFound"}}"#;
        assert_eq!(error_of(&endpoint, &request(), &body(404, json).unwrap()).kind, Kind::Protocol);
    }

    #[test]
    fn sentences_name_the_operation_and_the_error() {
        let said =
            |code: &str| error(body(404, format!(r#"{{"odata.error":{{"code":"{code}"}}}}"#)).unwrap());
        assert_eq!(
            said("TableNotFound").to_string(),
            "no-such-store: `h` refused Get Entity (`TableNotFound`): there is no such table"
        );
        assert_eq!(said("sig=hunter2").to_string(), "protocol: `h` answered 404 to Get Entity");
    }
}
