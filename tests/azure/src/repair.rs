//! Where Azurite answers otherwise than Azure does.

use bytes::Bytes;
use http_body_util::{BodyExt, Either, Full};
use hyper::body::Incoming;
use hyper::header::{
    CONNECTION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, SERVER,
    TRANSFER_ENCODING,
};
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};

use crate::Service;
use crate::forward::passed_on;
use crate::refusal::{AUTHENTICATION_FAILED, INTERNAL_ERROR, INVALID_INPUT, INVALID_RANGE, Refusal};
use crate::state::State;
use crate::target::{Operation, Target};
use plugboard_strict::Answer;

pub(crate) const ERROR_CODE: &str = "x-ms-error-code";
const COPY_STATUS: &str = "x-ms-copy-status";
const VERSION: &str = "x-ms-version";

pub(crate) async fn answer(
    state: &State,
    head: &Parts,
    target: &Target,
    operation: Operation,
    mut answer: Response<Incoming>,
) -> Result<Answer, Refusal> {
    refused(head, &answer)?;
    own_headers(state, head, answer.headers_mut());
    slow(state, head, target, operation, &mut answer);
    if !is_xml(answer.headers()) || head.method == Method::HEAD {
        return Ok(passed_on(answer));
    }
    // Azure's XML begins with a byte order mark, listings and errors alike.
    let (mut answer, body) = answer.into_parts();
    let body = body.collect().await.map_err(|_| INTERNAL_ERROR)?.to_bytes();
    answer.headers.remove(CONTENT_LENGTH);
    let body = Bytes::from([b"\xef\xbb\xbf".as_slice(), body.as_ref()].concat());
    Ok(Response::from_parts(answer, Either::Left(Full::new(body))))
}

/// Answers that Azure gives other words, or another status.
fn refused(head: &Parts, answer: &Response<Incoming>) -> Result<(), Refusal> {
    let text = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok());
    match (answer.status(), text(ERROR_CODE)) {
        // That is the firewall's in Azure.
        (StatusCode::FORBIDDEN, Some("AuthorizationFailure")) => Err(AUTHENTICATION_FAILED.into()),
        (StatusCode::PARTIAL_CONTENT, _) => match text(CONTENT_RANGE.as_str()).and_then(beyond_the_end) {
            Some(size) => Err(Refusal::from(INVALID_RANGE).header(CONTENT_RANGE, format!("bytes */{size}"))),
            None => Ok(()),
        },
        (status, None) if status.is_client_error() && head.method != Method::HEAD => {
            Err(INVALID_INPUT.into())
        }
        (status, None) if status.is_server_error() => Err(INTERNAL_ERROR.into()),
        _ => Ok(()),
    }
}

/// The size of the blob, where Azurite answers with the part of it that begins at its end: `bytes 5-4/5`.
fn beyond_the_end(content_range: &str) -> Option<u64> {
    let (range, size) = content_range.strip_prefix("bytes ")?.split_once('/')?;
    let (first, size) = (range.split('-').next()?.parse::<u64>().ok()?, size.parse().ok()?);
    (first >= size).then_some(size)
}

pub(crate) fn own_headers(state: &State, head: &Parts, headers: &mut HeaderMap) {
    for name in [CONNECTION.as_str(), "keep-alive", TRANSFER_ENCODING.as_str()] {
        headers.remove(name);
    }
    let now = httpdate::fmt_http_date(state.clock.now());
    headers.insert(DATE, HeaderValue::try_from(now).expect("a date is text"));
    let server = match state.service {
        Service::Blobs => "Windows-Azure-Blob/1.0 Microsoft-HTTPAPI/2.0",
        Service::Tables => "Windows-Azure-Table/1.0 Microsoft-HTTPAPI/2.0",
    };
    headers.insert(SERVER, HeaderValue::from_static(server));
    if let Some(version) = head.headers.get(VERSION) {
        headers.insert(VERSION, version.clone());
    }
}

/// Copies that are pending, deletions that take their time.
fn slow(state: &State, head: &Parts, target: &Target, operation: Operation, answer: &mut Response<Incoming>) {
    let reads = matches!(head.method, Method::GET | Method::HEAD);
    let status = match (&target.blob, operation) {
        _ if !answer.status().is_success() => None,
        (Some(blob), Operation::CopyBlob) => state.copy_started(&target.container, blob),
        (Some(blob), _) if reads && answer.headers().contains_key(COPY_STATUS) => {
            state.copy_status(&target.container, blob)
        }
        (None, Operation::DeleteContainer) => {
            state.container_deleted(&target.container);
            None
        }
        _ => None,
    };
    if let Some(status) = status {
        answer.headers_mut().insert(COPY_STATUS, HeaderValue::from_static(status));
    }
}

fn is_xml(headers: &HeaderMap) -> bool {
    // A blob may be of this type too; only the service's own XML has no etag.
    let xml = headers.get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"application/xml"));
    xml && !headers.contains_key("etag")
}
