//! The errors of the services, in the form that Azure gives them.
//! <https://learn.microsoft.com/rest/api/storageservices/status-and-error-codes2>

use std::fmt::Write;
use std::time::SystemTime;

use bytes::Bytes;
use http_body_util::{Either, Full};
use hyper::header::{CONTENT_TYPE, DATE, HeaderName, HeaderValue};
use hyper::{Method, Response};
use serde_json::json;

use crate::Service;
use plugboard_strict::Answer;

/// Status, code and message.
pub(crate) struct Code(pub(crate) u16, pub(crate) &'static str, pub(crate) &'static str);

pub(crate) const AUTHENTICATION_FAILED: Code = Code(
    403,
    "AuthenticationFailed",
    "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly \
     including the signature.",
);
pub(crate) const CANNOT_VERIFY_COPY_SOURCE: Code =
    Code(404, "CannotVerifyCopySource", "The specified resource does not exist.");
pub(crate) const CONTAINER_BEING_DELETED: Code =
    Code(409, "ContainerBeingDeleted", "The specified container is being deleted. Try operation later.");
pub(crate) const CONTAINER_NOT_FOUND: Code =
    Code(404, "ContainerNotFound", "The specified container does not exist.");
pub(crate) const INTERNAL_ERROR: Code =
    Code(500, "InternalError", "The server encountered an internal error. Please retry the request.");
pub(crate) const INVALID_AUTHENTICATION_INFO: Code = Code(
    401,
    "InvalidAuthenticationInfo",
    "Server failed to authenticate the request. Please refer to the information in the www-authenticate header.",
);
pub(crate) const INVALID_HEADER_VALUE: Code =
    Code(400, "InvalidHeaderValue", "The value for one of the HTTP headers is not in the correct format.");
pub(crate) const INVALID_INPUT: Code = Code(400, "InvalidInput", "One of the request inputs is not valid.");
pub(crate) const INVALID_RANGE: Code =
    Code(416, "InvalidRange", "The range specified is invalid for the current size of the resource.");
pub(crate) const INVALID_URI: Code =
    Code(400, "InvalidUri", "The requested URI does not represent any resource on the server.");
pub(crate) const MISSING_CONTENT_LENGTH: Code =
    Code(411, "MissingContentLengthHeader", "The content length header was not specified.");
pub(crate) const MISSING_REQUIRED_HEADER: Code =
    Code(400, "MissingRequiredHeader", "An HTTP header that's mandatory for this request is not specified.");
pub(crate) const NO_AUTHENTICATION_INFORMATION: Code = Code(
    401,
    "NoAuthenticationInformation",
    "Server failed to authenticate the request. Please refer to the information in the www-authenticate header.",
);
pub(crate) const OUT_OF_RANGE_INPUT: Code =
    Code(400, "OutOfRangeInput", "The specified resource name length is not within the permissible limits.");
pub(crate) const REQUEST_BODY_TOO_LARGE: Code = Code(
    413,
    "RequestBodyTooLarge",
    "The request body is too large and exceeds the maximum permissible limit.",
);

/// A request that is not served.
pub(crate) struct Refusal {
    code: Code,
    /// Elements after the message: what exactly is wrong.
    details: Vec<(&'static str, String)>,
    headers: Vec<(HeaderName, String)>,
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Refusal {
        Refusal { code, details: Vec::new(), headers: Vec::new() }
    }
}

impl Refusal {
    pub(crate) fn detail(mut self, element: &'static str, text: impl Into<String>) -> Refusal {
        self.details.push((element, text.into()));
        self
    }

    pub(crate) fn header(mut self, name: HeaderName, value: impl Into<String>) -> Refusal {
        self.headers.push((name, value.into()));
        self
    }

    /// With the text that Azure puts before XML, too: a byte order mark.
    fn body(&self, id: &str, now: SystemTime) -> String {
        let Code(_, code, message) = self.code;
        let mut xml = format!(
            "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{code}</Code>\
             <Message>{message}\nRequestId:{id}\nTime:{}</Message>",
            httpdate::fmt_http_date(now)
        );
        for (element, text) in &self.details {
            let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            let _ = write!(xml, "<{element}>{text}</{element}>");
        }
        xml + "</Error>"
    }

    /// Of tables the code is in the body alone.
    fn json(&self, id: &str) -> String {
        let Code(_, code, message) = self.code;
        let details = self.details.iter().map(|(name, text)| format!("\n{name}:{text}")).collect::<String>();
        let value = format!("{message}\nRequestId:{id}{details}");
        json!({ "odata.error": { "code": code, "message": { "lang": "en-US", "value": value } } }).to_string()
    }

    pub(crate) fn answer(self, service: Service, method: &Method, now: SystemTime) -> Answer {
        let id = format!("{:032x}", fastrand::u128(..));
        let Code(status, code, _) = self.code;
        let (content_type, body) = match service {
            _ if method == Method::HEAD => ("application/xml", String::new()),
            Service::Blobs => ("application/xml", self.body(&id, now)),
            Service::Tables => ("application/json", self.json(&id)),
        };
        let mut answer = Response::builder()
            .status(status)
            .header("x-ms-request-id", id)
            .header(DATE, httpdate::fmt_http_date(now))
            .header(CONTENT_TYPE, content_type)
            .body(Either::Left(Full::new(Bytes::from(body))))
            .expect("all of it is text");
        if service == Service::Blobs {
            answer.headers_mut().insert("x-ms-error-code", HeaderValue::from_static(code));
        }
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::try_from(value) {
                answer.headers_mut().insert(name, value);
            }
        }
        answer
    }
}
