//! HTTP/1.1 messages: heads, and where bodies end (RFC 9112, section 6).

use std::{io, ops::Range};

use httparse::{EMPTY_HEADER, Header, Status};

use crate::Request;

const MAX_HEADERS: usize = 256;

pub(crate) struct RequestHead {
    pub(crate) request: Request,
    pub(crate) body: Body,
    pub(crate) keep_alive: bool,
    pub(crate) expects_continue: bool,
}

pub(crate) struct ResponseHead {
    pub(crate) status: u16,
    pub(crate) reason: String,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    /// The body's framing; `None` where there can be no body.
    pub(crate) body: Option<Body>,
    pub(crate) keep_alive: bool,
}

/// The head at the front of `bytes` and its length, once it is whole.
pub(crate) fn request_head(bytes: &[u8]) -> io::Result<Option<(usize, RequestHead)>> {
    let mut headers = [EMPTY_HEADER; MAX_HEADERS];
    let mut parsed = httparse::Request::new(&mut headers);
    let Status::Complete(length) = parsed.parse(bytes).map_err(invalid)? else { return Ok(None) };
    let headers = owned(parsed.headers);
    let body = match framing(&headers)? {
        Some(Body::UntilClose) => return Err(invalid("a transfer coding that is not `chunked`")),
        Some(body) => body,
        None => Body::Length(0),
    };
    let head = RequestHead {
        body,
        keep_alive: parsed.version == Some(1) && !lists(&headers, "connection", "close"),
        expects_continue: lists(&headers, "expect", "100-continue"),
        request: Request {
            method: parsed.method.unwrap_or_default().to_owned(),
            target: parsed.path.unwrap_or_default().to_owned(),
            headers,
            body: Vec::new(),
        },
    };
    Ok(Some((length, head)))
}

/// The head at the front of `bytes`, of an answer to a request with this method.
pub(crate) fn response_head(bytes: &[u8], method: &str) -> io::Result<Option<(usize, ResponseHead)>> {
    let mut headers = [EMPTY_HEADER; MAX_HEADERS];
    let mut parsed = httparse::Response::new(&mut headers);
    let Status::Complete(length) = parsed.parse(bytes).map_err(invalid)? else { return Ok(None) };
    let headers = owned(parsed.headers);
    let status = parsed.code.unwrap_or_default();
    let body =
        if bodiless(method, status) { None } else { Some(framing(&headers)?.unwrap_or(Body::UntilClose)) };
    let head = ResponseHead {
        keep_alive: parsed.version == Some(1)
            && !lists(&headers, "connection", "close")
            && !matches!(body, Some(Body::UntilClose)),
        status,
        reason: parsed.reason.unwrap_or_default().to_owned(),
        headers,
        body,
    };
    Ok(Some((length, head)))
}

/// Whether an answer ends with its head, whatever its headers say.
pub(crate) fn bodiless(method: &str, status: u16) -> bool {
    method == "HEAD" || status < 200 || status == 204 || status == 304
}

/// What is left of a body, by its framing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    Length(u64),
    Chunked(Chunk),
    UntilClose,
}

/// What comes next in a chunked body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chunk {
    Size,
    Data(u64),
    DataEnd,
    Trailer,
    End,
}

impl Body {
    pub(crate) fn is_done(&self) -> bool {
        matches!(self, Body::Length(0) | Body::Chunked(Chunk::End))
    }

    /// Takes the next element off the front of `bytes`: how long it is, and where in it the data is. Zero
    /// where more bytes are needed to tell.
    pub(crate) fn step(&mut self, bytes: &[u8]) -> io::Result<(usize, Range<usize>)> {
        let all_up_to = |left: u64| bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let chunk = match self {
            Body::UntilClose => return Ok((bytes.len(), 0..bytes.len())),
            Body::Length(left) => {
                let taken = all_up_to(*left);
                *left -= taken as u64;
                return Ok((taken, 0..taken));
            }
            Body::Chunked(chunk) => chunk,
        };
        let (taken, next) = match *chunk {
            Chunk::Size => match httparse::parse_chunk_size(bytes) {
                Ok(Status::Complete((taken, 0))) => (taken, Chunk::Trailer),
                Ok(Status::Complete((taken, size))) => (taken, Chunk::Data(size)),
                Ok(Status::Partial) => (0, Chunk::Size),
                Err(_) => return Err(invalid("invalid chunk size")),
            },
            Chunk::Data(left) => {
                let taken = all_up_to(left);
                let left = left - taken as u64;
                *chunk = if left == 0 { Chunk::DataEnd } else { Chunk::Data(left) };
                return Ok((taken, 0..taken));
            }
            Chunk::DataEnd => match bytes {
                [b'\r', b'\n', ..] => (2, Chunk::Size),
                [] | [b'\r'] => (0, Chunk::DataEnd),
                _ => return Err(invalid("chunk data longer than its size")),
            },
            Chunk::Trailer => match bytes.windows(2).position(|pair| pair == b"\r\n") {
                Some(0) => (2, Chunk::End),
                Some(length) => (length + 2, Chunk::Trailer),
                None => (0, Chunk::Trailer),
            },
            Chunk::End => (0, Chunk::End),
        };
        *chunk = next;
        Ok((taken, 0..0))
    }
}

/// The framing that the headers announce, if they do.
fn framing(headers: &[(String, Vec<u8>)]) -> io::Result<Option<Body>> {
    let codings = list(headers, "transfer-encoding");
    if let Some(last) = codings.last() {
        let chunked = last.eq_ignore_ascii_case(b"chunked");
        return Ok(Some(if chunked { Body::Chunked(Chunk::Size) } else { Body::UntilClose }));
    }
    let mut lengths = list(headers, "content-length");
    lengths.dedup();
    match *lengths {
        [] => Ok(None),
        [digits] if digits.iter().all(u8::is_ascii_digit) => {
            let length = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
            length.map(|length| Some(Body::Length(length))).ok_or_else(|| invalid("invalid Content-Length"))
        }
        _ => Err(invalid("invalid Content-Length")),
    }
}

/// The elements of a comma-separated header, over all its fields.
fn list<'a>(headers: &'a [(String, Vec<u8>)], name: &str) -> Vec<&'a [u8]> {
    let fields = headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name));
    fields.flat_map(|(_, value)| value.split(|byte| *byte == b',')).map(<[u8]>::trim_ascii).collect()
}

fn lists(headers: &[(String, Vec<u8>)], name: &str, element: &str) -> bool {
    list(headers, name).iter().any(|found| found.eq_ignore_ascii_case(element.as_bytes()))
}

fn owned(headers: &[Header<'_>]) -> Vec<(String, Vec<u8>)> {
    headers.iter().map(|header| (header.name.to_owned(), header.value.to_owned())).collect()
}

pub(crate) fn invalid(why: impl ToString) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Decodes a body that arrives `at_once` bytes at a time: its data, and how many bytes it took.
    fn decode(mut body: Body, bytes: &[u8], at_once: usize) -> io::Result<(Vec<u8>, usize)> {
        let (mut data, mut start, mut end) = (Vec::new(), 0, 0);
        while !body.is_done() {
            let (taken, range) = body.step(&bytes[start..end])?;
            data.extend_from_slice(&bytes[start..end][range]);
            start += taken;
            if taken == 0 && end == bytes.len() {
                return Err(invalid("early end"));
            } else if taken == 0 {
                end = bytes.len().min(end + at_once);
            }
        }
        Ok((data, start))
    }

    #[test]
    fn bodies_end_where_their_framing_says() {
        let chunked = b"4\r\nwi\r\n\r\nA;x=\"y\"\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\nNEXT";
        for at_once in 1..=chunked.len() {
            let decoded = decode(Body::Chunked(Chunk::Size), chunked, at_once).unwrap();
            assert_eq!(decoded, (b"wi\r\n0123456789".to_vec(), chunked.len() - 4));
            assert_eq!(decode(Body::Length(3), b"abcNEXT", at_once).unwrap(), (b"abc".to_vec(), 3));
        }
        for wrong in ["x\r\n", "1\r\nab\r\n", "1\r\na\r\n0\r\n", "ffffffffffffffffff\r\n"] {
            assert!(decode(Body::Chunked(Chunk::Size), wrong.as_bytes(), 99).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn framing_follows_the_headers() {
        let request = |headers: &str| {
            let text = format!("POST /x HTTP/1.1\r\n{headers}\r\n");
            request_head(text.as_bytes()).map(|head| head.unwrap().1.body)
        };
        assert_eq!(request("").unwrap(), Body::Length(0));
        assert_eq!(request("content-LENGTH: 7\r\n").unwrap(), Body::Length(7));
        assert_eq!(request("Content-Length: 7, 7\r\n").unwrap(), Body::Length(7));
        let chunked = Body::Chunked(Chunk::Size);
        assert_eq!(request("Content-Length: 7\r\nTransfer-Encoding: gzip, Chunked\r\n").unwrap(), chunked);
        for wrong in ["7, 8", "-1", "+1", "", "99999999999999999999"] {
            assert!(request(&format!("Content-Length: {wrong}\r\n")).is_err(), "{wrong:?}");
        }
        assert!(request("Transfer-Encoding: gzip\r\n").is_err());

        let response = |status: u16, method: &str, headers: &str| {
            let text = format!("HTTP/1.1 {status} S\r\n{headers}\r\n");
            response_head(text.as_bytes(), method).unwrap().unwrap().1.body
        };
        assert_eq!(response(200, "GET", ""), Some(Body::UntilClose));
        assert_eq!(response(200, "GET", "Content-Length: 7\r\n"), Some(Body::Length(7)));
        for (status, method) in [(200, "HEAD"), (204, "GET"), (304, "GET"), (100, "GET")] {
            assert_eq!(response(status, method, "Content-Length: 7\r\n"), None);
        }
    }

    #[test]
    fn connections_are_kept_unless_someone_says_otherwise() {
        let request = |text: &str| request_head(text.as_bytes()).unwrap().unwrap().1.keep_alive;
        assert!(request("GET / HTTP/1.1\r\n\r\n"));
        assert!(!request("GET / HTTP/1.0\r\n\r\n"));
        assert!(!request("GET / HTTP/1.1\r\nConnection: te, Close\r\n\r\n"));
        let response = |text: &str| response_head(text.as_bytes(), "GET").unwrap().unwrap().1.keep_alive;
        assert!(response("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
        assert!(!response("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"));
        assert!(!response("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"));
        assert!(!response("HTTP/1.1 200 OK\r\n\r\n"));
    }
}
