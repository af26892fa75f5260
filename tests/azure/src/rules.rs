//! What Azure refuses, whoever asks: checked on the head of a request, before any of its body is read.

use hyper::Method;
use hyper::header::{CONTENT_LENGTH, HeaderMap, RANGE, TRANSFER_ENCODING};
use hyper::http::request::Parts;

use crate::refusal::{
    Code, INVALID_HEADER_VALUE, INVALID_URI, MISSING_CONTENT_LENGTH, MISSING_REQUIRED_HEADER,
    OUT_OF_RANGE_INPUT, REQUEST_BODY_TOO_LARGE, Refusal,
};
use crate::target::{Operation, Target};

const MIB: u64 = 1 << 20;

pub(crate) fn check(head: &Parts, target: &Target, operation: Operation) -> Result<(), Refusal> {
    if let Some(name) = &target.blob {
        blob_name(name)?;
    }
    for name in [RANGE.as_str(), "x-ms-range"] {
        range(name, text(&head.headers, name))?;
    }
    if matches!(head.method, Method::PUT | Method::POST) {
        let length = length(&head.headers)?;
        body(operation, length, text(&head.headers, "x-ms-version").unwrap_or_default())?;
    }
    if operation == Operation::PutBlob && !head.headers.contains_key("x-ms-blob-type") {
        return Err(Refusal::from(MISSING_REQUIRED_HEADER).detail("HeaderName", "x-ms-blob-type"));
    }
    Ok(())
}

/// <https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata>
fn blob_name(name: &str) -> Result<(), Code> {
    if name.encode_utf16().count() > 1024 {
        return Err(OUT_OF_RANGE_INPUT);
    }
    let forbidden = |c: char| c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}');
    if name.contains(forbidden) || name.split('/').count() > 254 {
        return Err(INVALID_URI);
    }
    Ok(())
}

/// Two forms there are, and neither counts from the end:
/// <https://learn.microsoft.com/rest/api/storageservices/specifying-the-range-header-for-blob-service-operations>
fn range(name: &'static str, value: Option<&str>) -> Result<(), Refusal> {
    let Some(value) = value else { return Ok(()) };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let bounds = value.strip_prefix("bytes=").and_then(|bounds| bounds.split_once('-'));
    match bounds {
        Some((first, last)) if digits(first) && (last.is_empty() || digits(last)) => Ok(()),
        _ => Err(Refusal::from(INVALID_HEADER_VALUE).detail("HeaderName", name).detail("HeaderValue", value)),
    }
}

pub(crate) fn length(headers: &HeaderMap) -> Result<u64, Code> {
    if headers.contains_key(TRANSFER_ENCODING) {
        return Err(MISSING_CONTENT_LENGTH);
    }
    text(headers, CONTENT_LENGTH.as_str()).and_then(|text| text.parse().ok()).ok_or(MISSING_CONTENT_LENGTH)
}

/// <https://learn.microsoft.com/azure/storage/blobs/scalability-targets>
fn body(operation: Operation, length: u64, version: &str) -> Result<(), Refusal> {
    // Since these versions.
    let by_version = |at_first, from_2016, from_2019| match () {
        _ if version >= "2019-12-12" => from_2019,
        _ if version >= "2016-05-31" => from_2016,
        _ => at_first,
    };
    let limit = match operation {
        Operation::PutBlob => by_version(64, 256, 5000) * MIB,
        Operation::PutBlock => by_version(4, 100, 4000) * MIB,
        _ => u64::MAX,
    };
    if length > limit {
        return Err(Refusal::from(REQUEST_BODY_TOO_LARGE).detail("MaxLimit", limit.to_string()));
    }
    if operation == Operation::PutBlock && length == 0 {
        let wrong = Refusal::from(INVALID_HEADER_VALUE).detail("HeaderName", "Content-Length");
        return Err(wrong.detail("HeaderValue", "0"));
    }
    Ok(())
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
