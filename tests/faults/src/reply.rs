//! A whole answer as the bytes that a fault cuts, delays or rewrites.

use crate::{
    Answer, At,
    http::{self, Body, ResponseHead},
};

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) keep_alive: bool,
    head: Vec<u8>,
    /// As on the wire, chunk framing included.
    body: Vec<u8>,
    parsed: Parsed,
}

struct Parsed {
    reason: String,
    headers: Vec<(String, Vec<u8>)>,
    framing: Option<Body>,
    data: Vec<u8>,
}

impl Reply {
    /// The server's answer: its head, and its body on the wire and decoded.
    pub(crate) fn received(raw_head: Vec<u8>, head: ResponseHead, body: Vec<u8>, data: Vec<u8>) -> Reply {
        let ResponseHead { status, reason, headers, body: framing, keep_alive } = head;
        Reply { status, keep_alive, head: raw_head, body, parsed: Parsed { reason, headers, framing, data } }
    }

    /// An answer that the server did not give, to a request with this method.
    pub(crate) fn made_up(answer: &Answer, method: &str) -> Reply {
        let &Answer { status, ref headers, ref body, .. } = answer;
        let headers =
            headers.iter().map(|(name, value)| (name.clone(), value.clone().into_bytes())).collect();
        let bodiless = http::bodiless(method, status);
        let data = if bodiless { Vec::new() } else { body.clone() };
        let framing = (!bodiless).then_some(Body::Length(body.len() as u64));
        let parsed = Parsed { reason: "Injected".into(), headers, framing, data };
        // A 204 must not announce a length; an answer to HEAD announces the one that GET would have.
        let length = (!bodiless || method == "HEAD").then_some(body.len());
        let head = parsed.head("HTTP/1.1", status, length);
        Reply { status, keep_alive: true, head, body: parsed.data.clone(), parsed }
    }

    /// The answer such that it is incomplete at each [`At`]: a body has two bytes at least, and an end that
    /// its framing announces; where there can be none, the head lacks its last line.
    pub(crate) fn cuttable(mut self) -> Reply {
        match self.parsed.framing {
            None => self.head.truncate(self.head.len() - b"\r\n".len()),
            Some(Body::Chunked(_)) => {}
            Some(Body::Length(_) | Body::UntilClose) => {
                self.body.resize(self.body.len().max(2), b'x');
                self.head = self.parsed.head("HTTP/1.1", self.status, Some(self.body.len()));
            }
        }
        self
    }

    /// The answer as HTTP/1.0 gives it when the length is not known beforehand.
    pub(crate) fn without_length(mut self) -> Reply {
        self.head = self.parsed.head("HTTP/1.0", self.status, None);
        self.body = self.parsed.data.clone();
        self.keep_alive = false;
        self
    }

    /// The bytes before this point, and those after it.
    pub(crate) fn split(mut self, at: At) -> (Vec<u8>, Vec<u8>) {
        let middle = match at {
            At::BeforeHeaders => 0,
            At::AfterHeaders => self.head.len(),
            At::MidBody => self.head.len() + self.body.len() / 2,
        };
        self.head.append(&mut self.body);
        let rest = self.head.split_off(middle);
        (self.head, rest)
    }

    pub(crate) fn bytes(self) -> Vec<u8> {
        self.split(At::BeforeHeaders).1
    }
}

impl Parsed {
    /// The head, framed by this length.
    fn head(&self, version: &str, status: u16, length: Option<usize>) -> Vec<u8> {
        let mut head = format!("{version} {status} {}\r\n", self.reason).into_bytes();
        let framing = ["content-length", "transfer-encoding", "connection", "keep-alive"];
        for (name, value) in &self.headers {
            if !framing.iter().any(|framing| name.eq_ignore_ascii_case(framing)) {
                head.extend_from_slice(name.as_bytes());
                head.extend_from_slice(b": ");
                head.extend_from_slice(value);
                head.extend_from_slice(b"\r\n");
            }
        }
        if let Some(length) = length {
            head.extend_from_slice(format!("Content-Length: {length}\r\n").as_bytes());
        }
        head.extend_from_slice(b"\r\n");
        head
    }
}
