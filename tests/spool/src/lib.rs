//! An app that writes a request's body into a blob, and answers with what it reads back.
//!
//! `GET /<name>` only reads that object. Every request is one line on standard output.

#[allow(clippy::all, unreachable_pub)]
mod bindings {
    wit_bindgen::generate!({
        inline: "
            package plugboard:spool;
            world app {
                import wasi:blobstore/blobstore@0.2.0-draft;
            }
        ",
        path: [
            "../../wit/wasi/io.wit",
            "../../wit/blobstore",
        ],
        world: "plugboard:spool/app",
        generate_all,
        with: {
            "wasi:io/error@0.2.12": wasip2::io::error,
            "wasi:io/poll@0.2.12": wasip2::io::poll,
            "wasi:io/streams@0.2.12": wasip2::io::streams,
        },
    });
}

use bindings::wasi::blobstore::types::{IncomingValue, OutgoingValue};
use bindings::wasi::blobstore::{blobstore, container::Container};
use wasip2::http::types::{
    Fields, IncomingRequest, Method, OutgoingBody, OutgoingResponse, ResponseOutparam,
};
use wasip2::io::streams::{InputStream, OutputStream, StreamError};

struct Spool;

wasip2::http::proxy::export!(Spool);

impl wasip2::exports::http::incoming_handler::Guest for Spool {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let answer = spool(&request).unwrap_or_else(|error| error.into_bytes());
        let response = OutgoingResponse::new(Fields::new());
        let body = response.body().expect("the first time");
        ResponseOutparam::set(out, Ok(response));
        write(&body.write().expect("the first time"), &answer);
        OutgoingBody::finish(body, None).expect("all of it is written");
    }
}

fn spool(request: &IncomingRequest) -> Result<Vec<u8>, String> {
    write(&wasip2::cli::stdout::get_stdout(), b"a request\n");
    let path = request.path_with_query().unwrap_or_default();
    let name = path.trim_start_matches('/');
    let container = blobstore::create_container("spool")?;
    if !matches!(request.method(), Method::Get) {
        let body = request.consume().expect("the first time");
        keep(&container, name, &body.stream().expect("the first time"))?;
    }
    IncomingValue::incoming_value_consume_sync(container.get_data(name, 0, u64::MAX)?)
}

/// In both ways in which bytes get into a stream.
fn keep(container: &Container, name: &str, body: &InputStream) -> Result<(), String> {
    let value = OutgoingValue::new_outgoing_value();
    let stream = value.outgoing_value_write_body().expect("the first time");
    container.write_data(name, &value)?;
    write(&stream, b"kept: ");
    loop {
        match stream.blocking_splice(body, 1 << 16) {
            Ok(_) => {}
            Err(StreamError::Closed) => break,
            Err(StreamError::LastOperationFailed(error)) => return Err(error.to_debug_string()),
        }
    }
    drop(stream);
    OutgoingValue::finish(value)
}

fn write(stream: &OutputStream, bytes: &[u8]) {
    for chunk in bytes.chunks(4096) {
        stream.blocking_write_and_flush(chunk).expect("the receiver is there");
    }
}
