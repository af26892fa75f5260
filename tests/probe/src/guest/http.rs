//! The probe as a client of the runner.

use std::io::{Read as _, Write as _};

use wasip2::http::outgoing_handler;
use wasip2::http::types::{
    Fields, IncomingBody, IncomingResponse, Method, OutgoingBody, OutgoingRequest, Scheme,
};

/// One request to the runner, which answers when it is done with what it has to do.
pub(super) fn post(runner: &str, path: &str, bytes: &[u8]) -> Vec<u8> {
    let length = Some(bytes.len());
    read(exchange(&Method::Post, (runner, path), length, |body| write(body, bytes)))
}

/// The body of the runner's answer to a request whose body `fill` writes.
pub(super) fn exchange(
    method: &Method,
    (runner, path): (&str, &str),
    length: Option<usize>,
    fill: impl FnOnce(OutgoingBody),
) -> IncomingBody {
    let fields = Fields::new();
    if let Some(length) = length {
        fields.set("content-length", &[length.to_string().into_bytes()]).expect("a header that may be set");
    }
    let request = OutgoingRequest::new(fields);
    request.set_method(method).expect("a method");
    request.set_scheme(Some(&Scheme::Http)).expect("http is a scheme");
    request.set_authority(Some(runner)).expect("the runner has an address");
    request.set_path_with_query(Some(&format!("/{path}"))).expect("a path");
    let body = request.body().expect("the body is taken once");
    let response = outgoing_handler::handle(request, None).expect("the host lets requests out");
    fill(body);
    response.subscribe().block();
    let response: IncomingResponse =
        response.get().expect("ready").expect("taken once").expect("the runner answers");
    assert_eq!(response.status(), 200, "the runner knows the path");
    response.consume().expect("the body is taken once")
}

pub(super) fn read(body: IncomingBody) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut stream = body.stream().expect("the stream is taken once");
    stream.read_to_end(&mut bytes).expect("the whole body arrives");
    drop(stream);
    IncomingBody::finish(body);
    bytes
}

pub(super) fn write(body: OutgoingBody, bytes: &[u8]) {
    let mut stream = body.write().expect("the stream is taken once");
    stream.write_all(bytes).expect("the receiver is there");
    drop(stream);
    OutgoingBody::finish(body, None).expect("as long as was said");
}
