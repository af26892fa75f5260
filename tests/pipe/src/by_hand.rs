//! The value by one request to Webdis, as somebody would write it who needs nothing else: no deadline, no second
//! try, no bound on the answer, one dialect. The request is the one that kv-redis makes, byte for byte.

#[allow(clippy::all, unreachable_pub)]
mod config {
    wit_bindgen::generate!({
        path: ["../../wit/keyvalue-draft2", "../../wit/config", "wit"],
        world: "plugboard:pipe/by-hand",
        generate_all,
    });
    pub use wasi::config::store;
}
use wasip2::http::outgoing_handler;
use wasip2::http::types::{Fields, IncomingResponse, Method, OutgoingBody, OutgoingRequest, Scheme};
use wasip2::io::streams::StreamError;

pub(crate) fn get(key: &str) -> Result<Option<Vec<u8>>, String> {
    let url = config::store::get("redis-url").ok().flatten().ok_or("`redis-url` is not set")?;
    let authority = url.strip_prefix("http://").ok_or("`redis-url` is no plain http URL")?;
    let answer = post(authority, format!("GET/{key}.raw").as_bytes())?;
    value_of(answer).ok_or_else(|| "the answer is no string of Redis".into())
}

fn post(authority: &str, bytes: &[u8]) -> Result<Vec<u8>, String> {
    const BAD: &str = "the host refuses the request";
    let headers = Fields::new();
    headers.set("content-length", &[bytes.len().to_string().into_bytes()]).map_err(|_| BAD)?;
    let request = OutgoingRequest::new(headers);
    request.set_method(&Method::Post).map_err(|()| BAD)?;
    request.set_scheme(Some(&Scheme::Http)).map_err(|()| BAD)?;
    request.set_authority(Some(authority)).map_err(|()| BAD)?;
    request.set_path_with_query(Some("/")).map_err(|()| BAD)?;
    let body = request.body().map_err(|()| BAD)?;
    let response = outgoing_handler::handle(request, None).map_err(|_| BAD)?;
    let stream = body.write().map_err(|()| BAD)?;
    crate::write_all(&stream, bytes).map_err(|_| BAD)?;
    drop(stream);
    OutgoingBody::finish(body, None).map_err(|_| BAD)?;

    response.subscribe().block();
    let response = response.get().and_then(Result::ok).and_then(Result::ok).ok_or("Webdis did not answer")?;
    if response.status() != 200 {
        return Err(format!("Webdis answered {}", response.status()));
    }
    read(&response)
}

fn read(response: &IncomingResponse) -> Result<Vec<u8>, String> {
    const BROKEN: &str = "the answer broke off";
    let body = response.consume().map_err(|()| BROKEN)?;
    let stream = body.stream().map_err(|()| BROKEN)?;
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(64 << 10) {
            Ok(chunk) => bytes.extend_from_slice(&chunk),
            Err(StreamError::Closed) => return Ok(bytes),
            Err(StreamError::LastOperationFailed(_)) => return Err(BROKEN.into()),
        }
    }
}

/// `$5\r\nvalue\r\n`, or `$-1\r\n` for none.
fn value_of(mut answer: Vec<u8>) -> Option<Option<Vec<u8>>> {
    if answer == b"$-1\r\n" {
        return Some(None);
    }
    let line = answer.windows(2).position(|pair| pair == b"\r\n")?;
    let length: usize = std::str::from_utf8(answer[..line].strip_prefix(b"$")?).ok()?.parse().ok()?;
    if answer.get(line + 2 + length..)? != b"\r\n" {
        return None;
    }
    answer.truncate(line + 2 + length);
    answer.drain(..line + 2);
    Some(Some(answer))
}
