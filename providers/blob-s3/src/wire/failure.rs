//! What the service's errors mean for the caller.

use plugboard_error::{Error, Kind};
use plugboard_http::{Endpoint, Response, Said};

use super::{Call, xml};

const REGION: &str = "x-amz-bucket-region";

/// The fields of an answer that say why.
pub(super) const FIELDS: &[&str] = &[REGION];

/// The names that say more than the status (docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html), and what a
/// person may want to know.
const CODES: &[(&str, Kind, &str)] = &[
    ("AccessDenied", Kind::AccessDenied, "the credentials are not good for this"),
    ("AccountProblem", Kind::AccessDenied, "something is wrong with the account"),
    ("AllAccessDisabled", Kind::AccessDenied, "the bucket or object is locked"),
    ("BucketAlreadyExists", Kind::ContainerAlreadyExists, "there is such a bucket, maybe another account's"),
    ("BucketAlreadyOwnedByYou", Kind::ContainerAlreadyExists, "there is such a bucket"),
    (
        "BucketNotEmpty",
        Kind::Conflict,
        "something is left in the bucket: versions, or what somebody has just written",
    ),
    ("EntityTooLarge", Kind::TooLarge, "the object is larger than the service takes"),
    ("EntityTooSmall", Kind::Config, "the service takes no blocks as small as `s3-block-size` says"),
    ("ExpiredToken", Kind::AccessDenied, "the session token has expired"),
    (
        "IllegalLocationConstraintException",
        Kind::Config,
        "buckets cannot be made there in the region of `s3-region`",
    ),
    ("InternalError", Kind::Unavailable, "something went wrong there"),
    ("InvalidAccessKeyId", Kind::AccessDenied, "it does not know the access key"),
    ("InvalidBucketName", Kind::Invalid, "the service does not take such a name"),
    ("InvalidLocationConstraint", Kind::Config, "buckets cannot be made in the region of `s3-region`"),
    ("InvalidObjectState", Kind::Conflict, "the object is archived, and has to be restored first"),
    (
        "InvalidPart",
        Kind::Conflict,
        "blocks are lost, or `s3-equal-blocks` has to be `true` for this service",
    ),
    ("InvalidToken", Kind::AccessDenied, "it does not know the session token"),
    ("KeyTooLongError", Kind::Invalid, "the service does not take such a long name"),
    ("NoSuchBucket", Kind::NoSuchContainer, "there is no such bucket"),
    ("NoSuchKey", Kind::NoSuchObject, "there is no such object"),
    ("NoSuchUpload", Kind::Conflict, "the upload was ended by another client, or by a rule of the bucket"),
    ("OperationAborted", Kind::Unavailable, "something else is being done to the bucket"),
    ("PreconditionFailed", Kind::Conflict, "another client has changed the object in the meantime"),
    ("QuotaExceeded", Kind::TooLarge, "nothing more fits into the quota of the bucket or its owner"),
    ("RequestTimeTooSkewed", Kind::AccessDenied, "its clock and this machine's are too far apart"),
    ("RequestTimeout", Kind::Unavailable, "it waited too long for the next byte"),
    ("ServiceUnavailable", Kind::Unavailable, "it has too much to do"),
    (
        "SignatureDoesNotMatch",
        Kind::AccessDenied,
        "the secret key is wrong, or the request was changed on its way",
    ),
    ("SlowDown", Kind::Unavailable, "it has too much to do"),
    // These two are MinIO's, and so is the last.
    ("SlowDownRead", Kind::Unavailable, "it has too much to do"),
    ("SlowDownWrite", Kind::Unavailable, "it has too much to do"),
    ("TemporaryRedirect", Kind::Unavailable, "the bucket is still being made"),
    ("TooManyBuckets", Kind::TooLarge, "the account has as many buckets as it may have"),
    ("XMinioInvalidObjectName", Kind::Invalid, "the service does not take such a name"),
];

/// Why a request was refused, in the service's own words.
#[derive(Debug, Default)]
pub(crate) struct Refusal {
    code: String,
    /// Where the request belongs.
    region: Option<String>,
}

impl Refusal {
    /// None if the answer is no refusal, or somebody else's. Requests that take long are answered by a success first.
    pub(crate) fn of(response: &Response) -> Option<Refusal> {
        let mut refusal = Refusal::default();
        xml::read(&response.body, "Error", &mut |name, text| match name {
            "Code" => refusal.code = std::mem::take(text),
            "Region" => refusal.region = Some(std::mem::take(text)),
            _ => {}
        })?;
        Some(refusal)
    }

    /// Whether a copy was too large for one request (docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html).
    pub(crate) fn is_large(&self) -> bool {
        matches!(self.code.as_str(), "EntityTooLarge" | "InvalidRequest")
    }

    pub(crate) fn code(&self) -> &str {
        &self.code
    }

    /// Whether the signature became too old, as it does of a block while an app pauses.
    pub(crate) fn is_stale(&self) -> bool {
        self.code == "RequestTimeTooSkewed"
    }
}

/// What the service says by a name and not by the status: refusals that pass, and those of what began as a success.
pub(crate) fn said(endpoint: &Endpoint, region: &str, call: &Call, response: &Response) -> Option<Said> {
    let refusal = Refusal::of(response).filter(|_| call.mark.allows(response.status))?;
    let error = || error_of(endpoint, region, call, response);
    match refusal.code() {
        // It did not begin: there is too much to do, something else is being done, or the request did not arrive.
        "OperationAborted" | "RequestTimeout" | "SlowDown" => Some(Said::Busy(error())),
        "InternalError" | "ServiceUnavailable" => Some(Said::Failed(error())),
        _ => response.is_success().then_some(Said::Refused),
    }
}

/// The error of an answer that is not what the call asks for. `region` is that of the settings.
pub(crate) fn error_of(endpoint: &Endpoint, region: &str, call: &Call, response: &Response) -> Error {
    let refusal = Refusal::of(response);
    let code = refusal.as_ref().map(Refusal::code).unwrap_or_default();
    let refused = |kind, meaning: &str| {
        Error::new(
            kind,
            ["`", &endpoint.authority, "` refused ", call.what, &*named(code), ": ", meaning].concat(),
        )
    };
    let theirs = response.header(REGION).or(refusal.as_ref().and_then(|refusal| refusal.region.as_deref()));
    // Some services tell it with every answer.
    let theirs = theirs.filter(|theirs| *theirs != region && is_word(theirs, b"-"));
    if let (301 | 400, Some(theirs)) = (response.status, theirs) {
        return refused(Kind::Config, &["`s3-region` has to be `", theirs, "`"].concat());
    }
    match (meaning(code), response.status) {
        (Some((kind, meaning)), _) => refused(kind, meaning),
        (None, 401 | 403) => refused(Kind::AccessDenied, "the credentials are not good for this"),
        (None, _) => {
            let error = plugboard_http::error_of(endpoint, response, call.resend, call.what);
            Error::new(error.kind, [&error.sentence, &*named(code)].concat())
        }
    }
}

/// The error of one of many objects.
pub(super) fn error_of_one(code: &str) -> Error {
    let (kind, meaning) = meaning(code).unwrap_or((Kind::Protocol, "the service did not do it"));
    Error::new(kind, [meaning, &*named(code)].concat())
}

fn meaning(code: &str) -> Option<(Kind, &'static str)> {
    CODES.iter().find(|(name, ..)| *name == code).map(|(_, kind, meaning)| (*kind, *meaning))
}

/// Only what looks like a name is shown.
fn named(code: &str) -> String {
    if is_word(code, b".") { [" (`", code, "`)"].concat() } else { String::new() }
}

fn is_word(text: &str, more: &[u8]) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || more.contains(&b))
}

#[cfg(test)]
mod tests {
    use plugboard_blobstore::Object;
    use plugboard_http::Resend;
    use plugboard_http::fake::body;

    use super::*;

    const OURS: &str = "eu-central-1";

    fn object() -> Call {
        Call::head(Object { container: "photos", name: "x" })
    }

    fn error(call: &Call, status: u16, code: &str) -> Error {
        let xml = format!("<Error><Code>{code}</Code><Message>hunter2</Message></Error>");
        error_of(&Endpoint::parse("https://h").unwrap(), OURS, call, &body(status, xml).unwrap())
    }

    #[test]
    fn the_name_decides_and_then_the_status() {
        for (status, code, kind) in [
            (403, "AccessDenied", Kind::AccessDenied),
            (403, "SignatureDoesNotMatch", Kind::AccessDenied),
            (400, "ExpiredToken", Kind::AccessDenied),
            (404, "NoSuchBucket", Kind::NoSuchContainer),
            (404, "NoSuchKey", Kind::NoSuchObject),
            (404, "NoSuchUpload", Kind::Conflict),
            (409, "BucketAlreadyOwnedByYou", Kind::ContainerAlreadyExists),
            (409, "BucketNotEmpty", Kind::Conflict),
            (409, "OperationAborted", Kind::Unavailable),
            (412, "PreconditionFailed", Kind::Conflict),
            (400, "InvalidBucketName", Kind::Invalid),
            (400, "KeyTooLongError", Kind::Invalid),
            (400, "EntityTooSmall", Kind::Config),
            (400, "EntityTooLarge", Kind::TooLarge),
            (400, "RequestTimeout", Kind::Unavailable),
            (400, "XMinioInvalidObjectName", Kind::Invalid),
            (403, "QuotaExceeded", Kind::TooLarge),
            (400, "MalformedXML", Kind::Protocol),
            (200, "InternalError", Kind::Unavailable),
            (200, "AccessDenied", Kind::AccessDenied),
            (200, "Whatever", Kind::Protocol),
        ] {
            assert_eq!(error(&object(), status, code).kind, kind, "{status} {code}");
        }
    }

    #[test]
    fn what_began_as_a_success_may_have_happened() {
        let commit = Call { resend: Resend::Guarded, ..object() };
        assert_eq!(error(&commit, 200, "Whatever").kind, Kind::Ambiguous);
        assert_eq!(error(&commit, 200, "InvalidPart").kind, Kind::Conflict);
        assert_eq!(error(&commit, 404, "NoSuchUpload").kind, Kind::Conflict);
    }

    #[test]
    fn who_is_not_the_service_cannot_say_what_is_missing() {
        let endpoint = Endpoint::parse("https://h").unwrap();
        for (status, kind) in [(404, Kind::Protocol), (409, Kind::Protocol), (403, Kind::AccessDenied)] {
            for text in ["", "<html>", "NoSuchKey"] {
                assert_eq!(
                    error_of(&endpoint, OURS, &object(), &body(status, text).unwrap()).kind,
                    kind,
                    "{status}"
                );
            }
        }
    }

    #[test]
    fn another_region_is_named() {
        let endpoint = Endpoint::parse("https://h").unwrap();
        let told = |status, region: &str| {
            let xml =
                format!("<Error><Code>AuthorizationHeaderMalformed</Code><Region>{region}</Region></Error>");
            error_of(&endpoint, OURS, &object(), &body(status, xml).unwrap()).to_string()
        };
        assert_eq!(
            told(400, "eu-west-1"),
            "config: `h` refused HeadObject (`AuthorizationHeaderMalformed`): `s3-region` has to be `eu-west-1`"
        );
        assert!(told(400, "a b").starts_with("protocol: "));
        // As Garage does.
        assert!(told(400, OURS).starts_with("protocol: "));
        let mut moved = body(301, "").unwrap();
        moved.headers.push((REGION, b"us-west-2".to_vec()));
        assert!(
            error_of(&endpoint, OURS, &object(), &moved)
                .sentence
                .ends_with("`s3-region` has to be `us-west-2`")
        );
    }

    #[test]
    fn sentences_name_the_operation_and_the_error() {
        assert_eq!(
            error(&object(), 404, "NoSuchKey").to_string(),
            "no-such-object: `h` refused HeadObject (`NoSuchKey`): there is no such object"
        );
        assert_eq!(
            error(&object(), 400, "BadDigest").to_string(),
            "protocol: `h` answered 400 to HeadObject (`BadDigest`)"
        );
        assert_eq!(
            error(&object(), 400, "key=hunter2").to_string(),
            "protocol: `h` answered 400 to HeadObject"
        );
    }
}
