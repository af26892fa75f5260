//! `PUT /{path}` and `GET /{path}` as one request each to the server of `azure-endpoint`, as somebody would write it
//! who needs nothing else: chunked, so that nothing has to be known beforehand; no deadline, no second try, no
//! signature. No byte enters this component: the host moves them from stream to stream.

#[allow(clippy::all, unreachable_pub)]
mod config {
    wit_bindgen::generate!({
        path: "../../wit/config",
        inline: "package plugboard:pipe-blobs; world imports { import wasi:config/store@0.2.0-rc.1; }",
        world: "plugboard:pipe-blobs/imports",
        generate_all,
    });
    pub use wasi::config::store;
}
use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::outgoing_handler;
use wasip2::http::types::{
    Fields, FutureIncomingResponse, IncomingBody, IncomingRequest, IncomingResponse, Method, OutgoingBody,
    OutgoingRequest, OutgoingResponse, ResponseOutparam, Scheme,
};
use wasip2::io::streams::{InputStream, OutputStream, StreamError};

/// Asked of the host at once.
const SPLICE: u64 = 1 << 20;

struct Pipe;
wasip2::http::proxy::export!(Pipe);

impl Guest for Pipe {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let path = request.path_with_query().unwrap_or_default();
        let outcome = match request.method() {
            Method::Put => upload(&path, &request).map(|status| (status, None)),
            _ => download(&path).map(|(status, body)| (status, Some(body))),
        };
        let (status, body) = outcome.unwrap_or((502, None));
        answer(out, status, body);
    }
}

fn upload(path: &str, request: &IncomingRequest) -> Result<u16, &'static str> {
    let incoming = request.consume().map_err(|()| "the body is gone")?;
    let source = incoming.stream().map_err(|()| "the body is gone")?;
    let (response, body) = send(Method::Put, path)?;
    let target = body.write().map_err(|()| "the body is gone")?;
    splice(&source, &target)?;
    drop(target);
    OutgoingBody::finish(body, None).map_err(|_| "the body is cut short")?;
    Ok(head(&response)?.status())
}

struct Download {
    stream: InputStream,
    _body: IncomingBody,
    _response: IncomingResponse,
    length: Vec<Vec<u8>>,
}

fn download(path: &str) -> Result<(u16, Download), &'static str> {
    let (response, body) = send(Method::Get, path)?;
    OutgoingBody::finish(body, None).map_err(|_| "the body is cut short")?;
    let response = head(&response)?;
    let body = response.consume().map_err(|()| "the body is gone")?;
    let stream = body.stream().map_err(|()| "the body is gone")?;
    let length = response.headers().get("content-length");
    Ok((response.status(), Download { stream, _body: body, _response: response, length }))
}

fn send(method: Method, path: &str) -> Result<(FutureIncomingResponse, OutgoingBody), &'static str> {
    const BAD: &str = "the host refuses the request";
    let url = config::store::get("azure-endpoint").ok().flatten().ok_or("`azure-endpoint` is not set")?;
    let address = url.strip_prefix("http://").ok_or("`azure-endpoint` is no plain http URL")?;
    let (authority, base) = address.split_at(address.find('/').unwrap_or(address.len()));
    let request = OutgoingRequest::new(Fields::new());
    request.set_method(&method).map_err(|()| BAD)?;
    request.set_scheme(Some(&Scheme::Http)).map_err(|()| BAD)?;
    request.set_authority(Some(authority)).map_err(|()| BAD)?;
    request.set_path_with_query(Some(&format!("{base}{path}"))).map_err(|()| BAD)?;
    let body = request.body().map_err(|()| BAD)?;
    let response = outgoing_handler::handle(request, None).map_err(|_| BAD)?;
    Ok((response, body))
}

fn head(response: &FutureIncomingResponse) -> Result<IncomingResponse, &'static str> {
    response.subscribe().block();
    response.get().and_then(Result::ok).and_then(Result::ok).ok_or("the server did not answer")
}

fn splice(source: &InputStream, target: &OutputStream) -> Result<(), &'static str> {
    loop {
        match target.blocking_splice(source, SPLICE) {
            Ok(_) => {}
            Err(StreamError::Closed) => return Ok(()),
            Err(StreamError::LastOperationFailed(_)) => return Err("a body broke off"),
        }
    }
}

/// A client that went away is nobody's error, so nothing is reported from here.
fn answer(out: ResponseOutparam, status: u16, download: Option<Download>) {
    let headers = Fields::new();
    let length = download.as_ref().map_or(vec![b"0".to_vec()], |download| download.length.clone());
    let _ = headers.set("content-length", &length);
    let response = OutgoingResponse::new(headers);
    let _ = response.set_status_code(status);
    let body = response.body();
    ResponseOutparam::set(out, Ok(response));
    if let Ok(body) = body {
        if let Some(download) = &download
            && let Ok(target) = body.write()
        {
            let _ = splice(&download.stream, &target);
        }
        let _ = OutgoingBody::finish(body, None);
    }
}
