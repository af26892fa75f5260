//! What can go wrong between a request and its answer.

use plugboard_error::Kind;
use wasip2::http::types::{DnsErrorPayload, ErrorCode};

use crate::{Failure, Reached};

pub(super) fn unsendable(clause: &str) -> Failure {
    Failure::new(Reached::No, Kind::Invalid, clause)
}

pub(super) fn broken(clause: &str) -> Failure {
    Failure::new(Reached::Maybe, Kind::Unavailable, clause)
}

pub(super) fn too_large(max: u64) -> Failure {
    Failure::new(Reached::Maybe, Kind::TooLarge, format!("the answer is longer than {max} bytes"))
}

/// The host's error code as a failure: whether the request can have left, and what to call it.
pub(super) fn failed(code: &ErrorCode) -> Failure {
    use Kind::{Config, Invalid, Protocol, TooLarge, Unavailable};
    use Reached::{Maybe, No};
    let (reached, kind, clause) = match code {
        ErrorCode::DnsTimeout | ErrorCode::DnsError(_) | ErrorCode::DestinationNotFound => {
            (No, Unavailable, "its name could not be resolved, or no port is free for a connection")
        }
        ErrorCode::ConnectionRefused => (No, Unavailable, "the connection was refused"),
        ErrorCode::ConnectionTimeout => (No, Unavailable, "it did not accept a connection in time"),
        ErrorCode::ConnectionLimitReached => (No, Unavailable, "the host's limit on connections is reached"),
        ErrorCode::DestinationUnavailable | ErrorCode::DestinationIpUnroutable => {
            (No, Unavailable, "it cannot be reached from here")
        }
        ErrorCode::DestinationIpProhibited | ErrorCode::HttpRequestDenied => {
            (No, Config, "the host does not allow requests to it")
        }
        ErrorCode::TlsCertificateError => (No, Config, "its TLS certificate is not trusted by the host"),
        ErrorCode::TlsProtocolError | ErrorCode::TlsAlertReceived(_) => (
            No,
            Unavailable,
            "the TLS handshake failed: does it speak https, with a certificate that the host trusts?",
        ),
        ErrorCode::HttpRequestUriTooLong
        | ErrorCode::HttpRequestHeaderSize(_)
        | ErrorCode::HttpRequestHeaderSectionSize(_) => {
            (No, TooLarge, "the request's head is too large for the host")
        }
        ErrorCode::HttpRequestMethodInvalid | ErrorCode::HttpRequestUriInvalid => {
            (No, Invalid, "the host refuses the request")
        }
        ErrorCode::ConnectionTerminated | ErrorCode::HttpResponseIncomplete | ErrorCode::InternalError(_) => {
            (Maybe, Unavailable, "the connection broke before an answer")
        }
        ErrorCode::ConnectionReadTimeout
        | ErrorCode::ConnectionWriteTimeout
        | ErrorCode::HttpResponseTimeout => (Maybe, Kind::Timeout, "no answer before the deadline"),
        ErrorCode::HttpResponseBodySize(_)
        | ErrorCode::HttpResponseHeaderSize(_)
        | ErrorCode::HttpResponseHeaderSectionSize(_) => {
            (Maybe, TooLarge, "the answer is too large for the host")
        }
        ErrorCode::HttpProtocolError => (
            Maybe,
            Unavailable,
            "the connection broke, or what came back is not HTTP: is it a gateway, and http or https as set?",
        ),
        _ => (Maybe, Protocol, "the exchange failed"),
    };
    // The host's own words, where it has some, help whoever has to find out.
    let detail = match code {
        ErrorCode::DnsError(DnsErrorPayload { rcode: Some(text), .. }) => text,
        ErrorCode::InternalError(Some(text)) => text.lines().next().unwrap_or_default(),
        _ => return Failure::new(reached, kind, clause),
    };
    Failure::new(reached, kind, format!("{clause} ({detail})"))
}
