//! Who may: a key that is good, a time that is near, a signature that is right.

use std::time::{Duration, SystemTime};

use hyper::header::{AUTHORIZATION, CONTENT_LENGTH, HeaderMap, TRANSFER_ENCODING};
use hyper::http::request::Parts;
use time::PrimitiveDateTime;
use time::macros::format_description;

use crate::keys::Fault;
use crate::refusal::{Refusal, Service};
use crate::sigv4::Authorization;
use crate::{REGION, State};

/// What AWS allows a request to be old, or to come from the future.
const SKEW: Duration = Duration::from_secs(15 * 60);
pub(crate) const HASH: &str = "x-amz-content-sha256";
pub(crate) const UNSIGNED: &str = "UNSIGNED-PAYLOAD";

/// A request by whoever may make it, if its payload has the hash that it says.
pub(crate) fn check(state: &State, head: &Parts, service: Service, payload: &str) -> Result<(), Refusal> {
    let authorization = authorization(head, service)?;
    let now = state.clock.now();
    let token = text(&head.headers, "x-amz-security-token");
    let secret = state.credentials.secret(&authorization.key_id, token, now);
    let secret = secret.map_err(|fault| bad_keys(service, fault))?;
    let time = text(&head.headers, "x-amz-date").unwrap_or_default();
    fresh(service, time, now)?;
    all_is_signed(head, service, &authorization)?;
    let signature = authorization.sign(head, time, payload, &secret);
    if authorization.signature == signature && time.starts_with(&authorization.date) {
        return Ok(());
    }
    let sentence = "The request signature we calculated does not match the signature you provided.";
    // What was signed helps who writes a signer; it holds nothing secret.
    let canonical = authorization.canonical(head, payload);
    let message = format!("{sentence} The Canonical String for this request should have been '{canonical}'");
    Err(match service {
        Service::S3 => Refusal::new(403, "SignatureDoesNotMatch", message),
        Service::DynamoDb => Refusal::new(400, "InvalidSignatureException", message),
    })
}

fn authorization(head: &Parts, service: Service) -> Result<Authorization, Refusal> {
    let malformed = |message: String| match service {
        Service::S3 => Refusal::new(400, "AuthorizationHeaderMalformed", message),
        Service::DynamoDb => Refusal::new(400, "InvalidSignatureException", message),
    };
    let Some(text) = text(&head.headers, AUTHORIZATION.as_str()) else {
        return Err(match service {
            Service::S3 => Refusal::new(403, "AccessDenied", "Access Denied"),
            Service::DynamoDb => Refusal::new(
                400,
                "MissingAuthenticationTokenException",
                "Request is missing Authentication Token",
            ),
        });
    };
    let authorization = Authorization::parse(text)
        .ok_or_else(|| malformed("The authorization header that you provided is not valid.".into()))?;
    if authorization.service != service.name() {
        return Err(malformed(format!("incorrect service \"{}\"", authorization.service)));
    }
    if authorization.region != REGION {
        let region = &authorization.region;
        return Err(malformed(format!("the region '{region}' is wrong; expecting '{REGION}'")));
    }
    Ok(authorization)
}

fn bad_keys(service: Service, fault: Fault) -> Refusal {
    let unrecognized = "The security token included in the request is invalid.";
    let (status, code, message) = match (service, fault) {
        (Service::S3, Fault::UnknownId) => {
            (403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
        }
        (Service::S3, Fault::WrongToken) => {
            (400, "InvalidToken", "The provided token is malformed or otherwise invalid.")
        }
        (Service::S3, Fault::Ended) => (400, "ExpiredToken", "The provided token has expired."),
        (Service::DynamoDb, Fault::UnknownId | Fault::WrongToken) => {
            (400, "UnrecognizedClientException", unrecognized)
        }
        (Service::DynamoDb, Fault::Ended) => {
            (400, "ExpiredTokenException", "The security token included in the request is expired")
        }
    };
    Refusal::new(status, code, message)
}

fn fresh(service: Service, text: &str, now: SystemTime) -> Result<(), Refusal> {
    let format = format_description!("[year][month][day]T[hour][minute][second]Z");
    let Ok(time) = PrimitiveDateTime::parse(text, format) else {
        let message = "AWS authentication requires a valid Date or x-amz-date header";
        return Err(match service {
            Service::S3 => Refusal::new(403, "AccessDenied", message),
            Service::DynamoDb => Refusal::new(400, "IncompleteSignature", message),
        });
    };
    let time = SystemTime::from(time.assume_utc());
    let distance = now.duration_since(time).unwrap_or_else(|error| error.duration());
    if distance <= SKEW {
        return Ok(());
    }
    Err(match service {
        Service::S3 => Refusal::new(
            403,
            "RequestTimeTooSkewed",
            "The difference between the request time and the current time is too large.",
        ),
        Service::DynamoDb if time < now => {
            Refusal::new(400, "InvalidSignatureException", format!("Signature expired: {text}"))
        }
        Service::DynamoDb => {
            Refusal::new(400, "InvalidSignatureException", format!("Signature not yet current: {text}"))
        }
    })
}

/// The host, and whatever is for AWS alone.
fn all_is_signed(head: &Parts, service: Service, authorization: &Authorization) -> Result<(), Refusal> {
    let must = |name: &str| name == "host" || name.starts_with("x-amz-");
    let names = head.headers.keys().map(|name| name.as_str());
    let Some(missing) =
        names.filter(|name| must(name)).find(|name| !authorization.signed.iter().any(|one| one == name))
    else {
        return Ok(());
    };
    let message = format!("There were headers present in the request which were not signed: {missing}");
    Err(match service {
        Service::S3 => Refusal::new(403, "AccessDenied", message),
        Service::DynamoDb => Refusal::new(400, "InvalidSignatureException", message),
    })
}

/// What a request to S3 says that its payload is.
pub(crate) fn payload(head: &Parts) -> Result<&str, Refusal> {
    let Some(hash) = text(&head.headers, HASH) else {
        let message = format!("Missing required header for this request: {HASH}");
        return Err(Refusal::new(400, "InvalidRequest", message));
    };
    if hash != UNSIGNED && (hash.len() != 64 || !hash.bytes().all(|b| b.is_ascii_hexdigit())) {
        let message = format!("{HASH} must be {UNSIGNED}, or a valid sha256 value.");
        return Err(Refusal::new(400, "InvalidArgument", message));
    }
    Ok(hash)
}

/// Bytes in the body; what has one must say so.
pub(crate) fn length(head: &Parts) -> Result<u64, Refusal> {
    let length = text(&head.headers, CONTENT_LENGTH.as_str()).and_then(|text| text.parse().ok());
    match length {
        _ if head.headers.contains_key(TRANSFER_ENCODING) => {}
        Some(length) => return Ok(length),
        None if head.method != "PUT" && head.method != "POST" => return Ok(0),
        None => {}
    }
    Err(Refusal::new(411, "MissingContentLength", "You must provide the Content-Length HTTP header."))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
