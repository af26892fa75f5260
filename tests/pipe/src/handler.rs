//! The service: a key in the path, its value in the answer.

use wasip2::http::types::{Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam};

#[cfg(not(feature = "keyvalue"))]
use crate::by_hand::get;
#[cfg(feature = "keyvalue")]
use crate::over_keyvalue::get;

struct Pipe;

impl wasip2::exports::http::incoming_handler::Guest for Pipe {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let path = request.path_with_query().unwrap_or_default();
        // The bench's keys are letters and `-`, which no encoding touches.
        match get(path.trim_start_matches('/')) {
            Ok(Some(value)) => answer(out, 200, &value),
            Ok(None) => answer(out, 404, b""),
            Err(sentence) => answer(out, 502, sentence.as_bytes()),
        }
    }
}

wasip2::http::proxy::export!(Pipe);

/// A client that went away is nobody's error, so nothing is reported from here.
fn answer(out: ResponseOutparam, status: u16, bytes: &[u8]) {
    let headers = Fields::new();
    let _ = headers.set("content-length", &[bytes.len().to_string().into_bytes()]);
    let response = OutgoingResponse::new(headers);
    let _ = response.set_status_code(status);
    let body = response.body();
    ResponseOutparam::set(out, Ok(response));
    if let Ok(body) = body {
        if let Ok(stream) = body.write() {
            let _ = crate::write_all(&stream, bytes);
        }
        let _ = OutgoingBody::finish(body, None);
    }
}
