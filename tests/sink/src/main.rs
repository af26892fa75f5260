//! The far end of the bench: swallows what is put, and gives as many bytes as are asked for.
//!
//! `HEAD` of anything is 200, `PUT` 201 once the body has been read to its end. `GET /…/{n}` is n bytes, or the part of them that
//! `x-ms-range` or `range` names. That is as much of Azure's interface as it takes to upload and download; names,
//! signatures and blocks are not looked at. It prints `listening on http://127.0.0.1:PORT`, and serves until it is
//! stopped.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use anyhow::Result;
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::header::{CONTENT_RANGE, HeaderValue, RANGE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// What is written at once.
static ZEROES: [u8; 256 << 10] = [0; 256 << 10];

fn main() -> Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(serve())
}

async fn serve() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let _ = stream.set_nodelay(true);
        tokio::spawn(async move {
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer));
            // An error here is a client that went away.
            let _ = connection.await;
        });
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Zeroes>, Infallible> {
    let mut response = respond(request).await;
    // What Azure's answers are known by.
    response.headers_mut().insert("x-ms-request-id", HeaderValue::from_static("sink"));
    Ok(response)
}

async fn respond(request: Request<Incoming>) -> Response<Zeroes> {
    match *request.method() {
        Method::PUT => {
            let mut body = request.into_body();
            while let Some(frame) = body.frame().await {
                if frame.is_err() {
                    return status(StatusCode::BAD_REQUEST);
                }
            }
            status(StatusCode::CREATED)
        }
        Method::GET => give(request.uri().path(), request.headers()),
        Method::HEAD => status(StatusCode::OK),
        _ => status(StatusCode::METHOD_NOT_ALLOWED),
    }
}

fn give(path: &str, headers: &HeaderMap) -> Response<Zeroes> {
    let Some(size) = path.rsplit('/').next().and_then(|name| name.parse::<u64>().ok()) else {
        return status(StatusCode::NOT_FOUND);
    };
    let range = headers.get("x-ms-range").or_else(|| headers.get(RANGE));
    let Some(range) = range.and_then(|value| value.to_str().ok()?.strip_prefix("bytes=")?.split_once('-'))
    else {
        return Response::new(Zeroes(size));
    };
    let first = range.0.parse().unwrap_or(0);
    let last = range.1.parse::<u64>().unwrap_or(u64::MAX).min(size.saturating_sub(1));
    if first > last || first >= size {
        return status(StatusCode::RANGE_NOT_SATISFIABLE);
    }
    let mut response = Response::new(Zeroes(last - first + 1));
    *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    if let Ok(value) = format!("bytes {first}-{last}/{size}").parse() {
        response.headers_mut().insert(CONTENT_RANGE, value);
    }
    response
}

fn status(status: StatusCode) -> Response<Zeroes> {
    let mut response = Response::new(Zeroes(0));
    *response.status_mut() = status;
    response
}

/// So many of them.
struct Zeroes(u64);

impl Body for Zeroes {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let size = self.0.min(ZEROES.len() as u64);
        self.0 -= size;
        Poll::Ready((size > 0).then(|| Ok(Frame::data(Bytes::from_static(&ZEROES[..size as usize])))))
    }

    fn is_end_stream(&self) -> bool {
        self.0 == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0)
    }
}
