use std::fmt;

use plugboard_error::{Error, Kind};

use crate::Chunks;

/// The methods that the services use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Delete,
    Get,
    Head,
    Post,
    Put,
}

impl Method {
    pub const fn as_str(self) -> &'static str {
        match self {
            Method::Delete => "DELETE",
            Method::Get => "GET",
            Method::Head => "HEAD",
            Method::Post => "POST",
            Method::Put => "PUT",
        }
    }

    /// Whether a request has a body, and so a Content-Length even when it is empty: without one some
    /// services answer 411 and some hosts send it chunked.
    pub(crate) const fn has_body(self) -> bool {
        !matches!(self, Method::Get | Method::Head)
    }
}

/// Whether a request may be sent again after a byte of it may have reached the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resend {
    /// Doing it twice is the same as doing it once.
    Allowed,
    /// The service does it once, however often it is asked: commits, creations. What is refused after an answer was
    /// lost may be refused because it is done, and then it is the error `ambiguous`.
    Guarded,
    /// Increments, swaps: a lost answer is the error `ambiguous`.
    Never,
}

impl Resend {
    /// The error of an answer that makes no sense: whether a change that must not be made twice was made, it
    /// does not say.
    pub fn malformed(self, what: &str, sentence: String) -> Error {
        match self {
            Resend::Allowed => Error::new(Kind::Protocol, sentence),
            Resend::Guarded | Resend::Never => {
                Error::new(Kind::Ambiguous, format!("{sentence}; {what} may or may not have happened"))
            }
        }
    }
}

/// One request, without what the endpoint knows (scheme and authority).
#[derive(Clone)]
pub struct Request {
    pub method: Method,
    /// Begins with `/`, percent-encoded.
    pub path: String,
    /// Names in lower case; `content-length` is added by the transport.
    pub headers: Vec<(&'static str, String)>,
    pub body: Chunks,
    pub resend: Resend,
    /// The fields of the answer that are of interest, in lower case. Those that errors need come anyway.
    pub answer_fields: &'static [&'static str],
    /// What it does, for the log and for sentences: a name such as `GET` or `swap`, never data.
    pub what: &'static str,
}

/// Without what may be a secret: a path may be signed, a field may be a token.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method.as_str(), self.what)
    }
}

/// A whole answer.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    /// The fields that the request asked for, and for errors `date`, `location` and `retry-after`.
    pub headers: Vec<(&'static str, Vec<u8>)>,
    pub body: Vec<u8>,
}

/// Without what may be a secret: tokens and keys are answers.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} bytes", self.status, self.body.len())
    }
}

impl Response {
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The first field of that name (in lower case), if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(n, _)| *n == name)?;
        std::str::from_utf8(value).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_secret() {
        let request = Request {
            method: Method::Get,
            path: "/hunter2".into(),
            headers: vec![("authorization", "hunter2".into())],
            body: b"hunter2".to_vec().into(),
            resend: Resend::Allowed,
            answer_fields: &[],
            what: "GET",
        };
        assert_eq!(format!("{request:?}"), "GET GET");
        let headers = vec![("token", b"hunter2".to_vec())];
        let response = Response { status: 200, headers, body: b"hunter2".to_vec() };
        assert_eq!(format!("{response:?}"), "200, 7 bytes");
    }
}
