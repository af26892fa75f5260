//! An app that writes a request's body into a blob, and answers with what it reads back.
//!
//! `PUT /<name>` does that; `GET /<name>` only reads. Every request is a line on standard output.

#[cfg(feature = "cli")]
mod cli;

#[allow(clippy::all, unreachable_pub)]
mod blobs {
    wit_bindgen::generate!({
        inline: "
            package plugboard:spool;
            world app {
                import wasi:blobstore/blobstore@0.2.0-draft;
            }
        ",
        path: ["../../wit/wasi/io.wit", "../../wit/blobstore"],
        world: "plugboard:spool/app",
        generate_all,
        with: {
            "wasi:io/error@0.2.12": wasip2::io::error,
            "wasi:io/poll@0.2.12": wasip2::io::poll,
            "wasi:io/streams@0.2.12": wasip2::io::streams,
        },
    });
}

#[cfg(feature = "keyvalue")]
#[allow(clippy::all, unreachable_pub)]
mod values {
    wit_bindgen::generate!({
        inline: "
            package plugboard:spool-values;
            world app {
                import wasi:keyvalue/store@0.2.0-draft;
            }
        ",
        path: ["../../wit/keyvalue-draft"],
        world: "plugboard:spool-values/app",
        generate_all,
    });
}

use blobs::wasi::blobstore::blobstore;
use blobs::wasi::blobstore::container::Container;
use blobs::wasi::blobstore::types::{IncomingValue, OutgoingValue};
use wasip2::http::types::{
    Fields, IncomingRequest, Method, OutgoingBody, OutgoingResponse, ResponseOutparam,
};
use wasip2::io::streams::{InputStream, OutputStream, StreamError};

struct Spool;

wasip2::http::proxy::export!(Spool);

impl wasip2::exports::http::incoming_handler::Guest for Spool {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        write(&wasip2::cli::stdout::get_stdout(), b"a request\n");
        let path = request.path_with_query().unwrap_or_default();
        let answer = match path.trim_start_matches('/') {
            #[cfg(feature = "cli")]
            cli if cli.starts_with("cli/") => Ok(cli::report(cli).into_bytes()),
            #[cfg(feature = "keyvalue")]
            "bucket" => Ok(format!("{:?}", values::wasi::keyvalue::store::open("").map(drop)).into_bytes()),
            name => spool(&request, name),
        };
        let response = OutgoingResponse::new(Fields::new());
        let body = response.body().expect("the first time");
        ResponseOutparam::set(out, Ok(response));
        write(&body.write().expect("the first time"), &answer.unwrap_or_else(String::into_bytes));
        OutgoingBody::finish(body, None).expect("all of it is written");
    }
}

fn spool(request: &IncomingRequest, name: &str) -> Result<Vec<u8>, String> {
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
