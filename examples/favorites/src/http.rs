//! Whole requests and whole answers, which is all that small services need of `wasi:http`.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use wasip2::http::types::{
    Fields, IncomingRequest, Method, OutgoingBody, OutgoingResponse, ResponseOutparam,
};
use wasip2::io::streams::{OutputStream, StreamError};

/// The longest body that is taken in.
const MAX_BODY: usize = 1 << 20;

pub struct Request {
    pub method: Method,
    /// Without the query, percent-decoded; none if it is not UTF-8.
    pub path: Option<String>,
    /// The body, or why it cannot be had.
    pub body: Result<Vec<u8>, String>,
}

impl Request {
    pub fn read(request: IncomingRequest) -> Self {
        let target = request.path_with_query().unwrap_or_default();
        let path = target.split('?').next().unwrap_or_default();
        let path = percent_decode_str(path).decode_utf8().map(Cow::into_owned).ok();
        Request { method: request.method(), path, body: read_body(&request) }
    }
}

fn read_body(request: &IncomingRequest) -> Result<Vec<u8>, String> {
    let body = request.consume().map_err(|()| "the request has no body")?;
    let stream = body.stream().map_err(|()| "the request has no body")?;
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(64 << 10) {
            Ok(chunk) => bytes.extend(chunk),
            Err(StreamError::Closed) => return Ok(bytes),
            Err(StreamError::LastOperationFailed(_)) => return Err("the request broke off".into()),
        }
        if bytes.len() > MAX_BODY {
            return Err(format!("the body is longer than {MAX_BODY} bytes"));
        }
    }
}

pub struct Answer {
    status: u16,
    body: Vec<u8>,
}

impl Answer {
    pub fn empty(status: u16) -> Self {
        Answer { status, body: Vec::new() }
    }

    pub fn json(value: &Value) -> Self {
        Answer { status: 200, body: format!("{value}\n").into_bytes() }
    }

    pub fn error(status: u16, sentence: &str) -> Self {
        Answer { status, ..Answer::json(&json!({ "error": sentence })) }
    }

    /// A client that went away is nobody's error, so nothing is reported from here.
    pub fn send(self, out: ResponseOutparam) {
        let headers = Fields::new();
        if !self.body.is_empty() {
            let _ = headers.set("content-type", &[b"application/json".to_vec()]);
        }
        let response = OutgoingResponse::new(headers);
        let _ = response.set_status_code(self.status);
        let body = response.body();
        ResponseOutparam::set(out, Ok(response));
        if let Ok(body) = body {
            if let Ok(stream) = body.write() {
                let _ = write_all(&stream, &self.body);
            }
            let _ = OutgoingBody::finish(body, None);
        }
    }
}

fn write_all(stream: &OutputStream, mut bytes: &[u8]) -> Result<(), StreamError> {
    while !bytes.is_empty() {
        stream.subscribe().block();
        let permitted = usize::try_from(stream.check_write()?).unwrap_or(usize::MAX);
        let (chunk, rest) = bytes.split_at(permitted.min(bytes.len()));
        stream.write(chunk)?;
        bytes = rest;
    }
    stream.blocking_flush()
}
