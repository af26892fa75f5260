//! What is answered: a few words, or a file as it comes from the store.

use serde_json::{Value, json};
use wasip2::http::types::{Fields, OutgoingBody, OutgoingResponse, ResponseOutparam};
use wasip2::io::streams::{OutputStream, StreamError};

use crate::blobs::types::IncomingValue;
use crate::upload::pipe;

pub struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Body,
}

enum Body {
    Bytes(Vec<u8>),
    File(IncomingValue),
    /// Of a HEAD: there is none, but it would be so long.
    Length(u64),
}

impl Answer {
    pub fn empty(status: u16) -> Self {
        Answer { status, headers: Vec::new(), body: Body::Bytes(Vec::new()) }
    }

    pub fn json(status: u16, value: &Value) -> Self {
        let headers = vec![("content-type", "application/json".to_owned())];
        Answer { status, headers, body: Body::Bytes(format!("{value}\n").into_bytes()) }
    }

    fn of_file(status: u16, body: Body) -> Self {
        let octets = ("content-type", "application/octet-stream".to_owned());
        Answer { status, headers: vec![octets, ("accept-ranges", "bytes".to_owned())], body }
    }

    pub fn head(size: u64) -> Self {
        Self::of_file(200, Body::Length(size))
    }

    pub fn file(value: IncomingValue) -> Self {
        Self::of_file(200, Body::File(value))
    }

    /// The bytes from `first` on of a file that has `size`.
    pub fn part(value: IncomingValue, first: u64, size: u64) -> Self {
        // Its own size counts: the file may be another by now, and shorter.
        let Some(last) = value.size().checked_sub(1).map(|more| first + more) else {
            return Self::beyond_the_end(size);
        };
        let mut answer = Self::of_file(206, Body::File(value));
        answer.headers.push(("content-range", format!("bytes {first}-{last}/{size}")));
        answer
    }

    pub fn beyond_the_end(size: u64) -> Self {
        let mut answer = Failure::new(416, "the file is not that long").answer();
        answer.headers.push(("content-range", format!("bytes */{size}")));
        answer
    }

    /// A client that went away is nobody's error, so nothing is reported from here.
    pub fn send(self, out: ResponseOutparam) {
        let headers = Fields::new();
        for (name, value) in &self.headers {
            let _ = headers.set(name, &[value.clone().into_bytes()]);
        }
        let length = match &self.body {
            Body::Bytes(bytes) => bytes.len() as u64,
            Body::File(value) => value.size(),
            Body::Length(size) => *size,
        };
        if self.status != 204 {
            let _ = headers.set("content-length", &[length.to_string().into_bytes()]);
        }
        let response = OutgoingResponse::new(headers);
        let _ = response.set_status_code(self.status);
        let body = response.body();
        ResponseOutparam::set(out, Ok(response));
        let Ok(body) = body else { return };
        let whole = match (self.body, body.write()) {
            (Body::Bytes(bytes), Ok(stream)) => write_all(&stream, &bytes).is_ok(),
            (Body::File(value), Ok(stream)) => send_file(value, &stream, length),
            _ => true,
        };
        // A body that is not finished is one that the client sees breaking off.
        if whole {
            let _ = OutgoingBody::finish(body, None);
        }
    }
}

/// Whether all of it was sent.
fn send_file(value: IncomingValue, to: &OutputStream, length: u64) -> bool {
    length == 0
        || IncomingValue::incoming_value_consume_async(value)
            .is_ok_and(|from| pipe(&from, to).is_ok_and(|sent| sent == length))
}

fn write_all(stream: &OutputStream, mut bytes: &[u8]) -> Result<(), StreamError> {
    while !bytes.is_empty() {
        stream.subscribe().block();
        let permitted = usize::try_from(stream.check_write()?).unwrap_or(usize::MAX);
        let (chunk, rest) = bytes.split_at(permitted.min(bytes.len()));
        stream.write(chunk)?;
        bytes = rest;
    }
    Ok(())
}

/// Why there is no better answer.
pub struct Failure {
    status: u16,
    sentence: String,
}

impl Failure {
    pub fn new(status: u16, sentence: &str) -> Self {
        Failure { status, sentence: sentence.to_owned() }
    }

    pub fn answer(&self) -> Answer {
        Answer::json(self.status, &json!({ "error": self.sentence }))
    }
}

/// Errors of the store are text, which begins with the kind of error.
impl From<String> for Failure {
    fn from(sentence: String) -> Self {
        let status = match sentence.split(':').next().unwrap_or_default() {
            "no-such-object" | "no-such-container" => 404,
            "access-denied" => 403,
            "invalid" => 400,
            "too-large" => 413,
            "conflict" | "container-already-exists" => 409,
            "timeout" | "unavailable" => 503,
            _ => 500,
        };
        Failure { status, sentence }
    }
}
