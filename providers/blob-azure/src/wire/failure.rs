//! What the service's errors mean for the caller.

use plugboard_error::{Error, Kind};
use plugboard_http::{Endpoint, Response};

use super::{Call, ERROR_CODE, is_of_service};

/// The names that say more than the status (learn.microsoft.com/rest/api/storageservices/blob-service-error-codes and
/// …/common-rest-api-error-codes), and what a person may want to know.
const CODES: &[(&str, Kind, &str)] = &[
    ("AccountBeingCreated", Kind::Unavailable, "the account is being made"),
    ("BlobImmutableDueToPolicy", Kind::AccessDenied, "a policy keeps the object as it is"),
    ("BlobNotFound", Kind::NoSuchObject, "there is no such object"),
    ("BlockCountExceedsLimit", Kind::TooLarge, "the object has too many blocks"),
    ("BlockListTooLong", Kind::TooLarge, "the object has too many blocks"),
    ("CannotVerifyCopySource", Kind::NoSuchObject, "the object to copy is not there"),
    ("ContainerAlreadyExists", Kind::ContainerAlreadyExists, "there is such a container"),
    (
        "ContainerBeingDeleted",
        Kind::Unavailable,
        "the container is being deleted, which takes half a minute or more",
    ),
    ("ContainerDisabled", Kind::AccessDenied, "the container is disabled"),
    ("ContainerNotFound", Kind::NoSuchContainer, "there is no such container"),
    (
        "InvalidBlobOrBlock",
        Kind::Conflict,
        "another client has left blocks of an unfinished upload of the same object",
    ),
    ("InvalidBlobType", Kind::Invalid, "the object is an append blob or a page blob"),
    ("InvalidBlockList", Kind::Conflict, "another client wrote the object in the meantime"),
    ("InvalidInput", Kind::Invalid, "the service does not take such a name"),
    ("InvalidResourceName", Kind::Invalid, "the service does not take such a name"),
    ("InvalidUri", Kind::Invalid, "the service does not take such a name"),
    ("OutOfRangeInput", Kind::Invalid, "the service does not take such a name"),
    ("PendingCopyOperation", Kind::Conflict, "something is being copied there"),
];

/// The error of an answer that is not what the call asks for.
pub(crate) fn error_of(endpoint: &Endpoint, call: &Call, response: &Response) -> Error {
    let authority = &endpoint.authority;
    let code = response.header(ERROR_CODE).unwrap_or_default();
    let known = CODES.iter().find(|(name, ..)| *name == code);
    let (kind, meaning) = match (known, response.status) {
        // Its status is that of the source's own answer.
        (Some(("CannotVerifyCopySource", ..)), 401 | 403) => (Kind::AccessDenied, "it may not be copied"),
        (Some((_, kind, meaning)), _) => (*kind, *meaning),
        (None, _) if !is_of_service(response) => {
            return plugboard_http::error_of(endpoint, response, call.resend, call.what);
        }
        (None, 401 | 403) => (Kind::AccessDenied, "the credentials are not good for this"),
        (None, 404) if call.of_object => (Kind::NoSuchObject, "there is no such object"),
        (None, 404) => (Kind::NoSuchContainer, "there is no such container"),
        // A lease, a condition, a snapshot: something of another client's is in the way.
        (None, 409 | 412) => (Kind::Conflict, "the object or container is in another state than that takes"),
        (None, _) => {
            let error = plugboard_http::error_of(endpoint, response, call.resend, call.what);
            return Error::new(error.kind, [&error.sentence, &*named(code)].concat());
        }
    };
    Error::new(kind, ["`", authority, "` refused ", call.what, &*named(code), ": ", meaning].concat())
}

/// Only what looks like a name is shown.
fn named(code: &str) -> String {
    let shown = !code.is_empty() && code.len() <= 64 && code.bytes().all(|b| b.is_ascii_alphanumeric());
    if shown { [" (`", code, "`)"].concat() } else { String::new() }
}

#[cfg(test)]
mod tests {
    use plugboard_blobstore::Object;
    use plugboard_http::fake::status;

    use super::super::REQUEST_ID;
    use super::*;

    fn error(call: &Call, status_: u16, code: &str) -> Error {
        let mut response = status(status_).unwrap();
        response.headers.push((REQUEST_ID, "1".into()));
        if !code.is_empty() {
            response.headers.push((ERROR_CODE, code.into()));
        }
        error_of(&Endpoint::parse("https://h").unwrap(), call, &response)
    }

    fn object() -> Call {
        Call::delete(Object { container: "photos", name: "x" }).unwrap()
    }

    #[test]
    fn the_name_decides_and_then_the_status() {
        for (status, code, kind) in [
            (403, "AuthenticationFailed", Kind::AccessDenied),
            (403, "AuthorizationPermissionMismatch", Kind::AccessDenied),
            (401, "InvalidAuthenticationInfo", Kind::AccessDenied),
            (409, "BlobImmutableDueToPolicy", Kind::AccessDenied),
            (404, "ContainerNotFound", Kind::NoSuchContainer),
            (404, "BlobNotFound", Kind::NoSuchObject),
            (404, "CannotVerifyCopySource", Kind::NoSuchObject),
            (403, "CannotVerifyCopySource", Kind::AccessDenied),
            (409, "ContainerAlreadyExists", Kind::ContainerAlreadyExists),
            (409, "ContainerBeingDeleted", Kind::Unavailable),
            (412, "LeaseIdMissing", Kind::Conflict),
            (409, "LeaseAlreadyPresent", Kind::Conflict),
            (400, "InvalidBlockList", Kind::Conflict),
            (400, "InvalidResourceName", Kind::Invalid),
            (400, "InvalidHeaderValue", Kind::Protocol),
            (413, "RequestBodyTooLarge", Kind::TooLarge),
            (301, "", Kind::Protocol),
        ] {
            assert_eq!(error(&object(), status, code).kind, kind, "{status} {code}");
        }
    }

    #[test]
    fn a_404_without_a_name_is_of_what_was_asked_for() {
        assert_eq!(error(&object(), 404, "").kind, Kind::NoSuchObject);
        let container = Call::delete_container("photos").unwrap();
        assert_eq!(error(&container, 404, "ResourceNotFound").kind, Kind::NoSuchContainer);
    }

    #[test]
    fn who_is_not_the_service_cannot_say_what_is_missing() {
        let endpoint = Endpoint::parse("https://h").unwrap();
        for (status_, kind) in [(404, Kind::Protocol), (409, Kind::Protocol), (403, Kind::AccessDenied)] {
            assert_eq!(error_of(&endpoint, &object(), &status(status_).unwrap()).kind, kind, "{status_}");
        }
    }

    #[test]
    fn sentences_name_the_operation_and_the_error() {
        assert_eq!(
            error(&object(), 404, "BlobNotFound").to_string(),
            "no-such-object: `h` refused Delete Blob (`BlobNotFound`): there is no such object"
        );
        assert_eq!(
            error(&object(), 400, "InvalidHeaderValue").to_string(),
            "protocol: `h` answered 400 to Delete Blob (`InvalidHeaderValue`)"
        );
        let odd = error(&object(), 400, "sig=hunter2").to_string();
        assert_eq!(odd, "protocol: `h` answered 400 to Delete Blob");
    }
}
