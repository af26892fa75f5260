//! A request on its way.

use std::time::Duration;

use plugboard_error::Kind;
use wasip2::http::outgoing_handler;
use wasip2::http::types::{
    Fields, FutureIncomingResponse, IncomingResponse, Method as WasiMethod, OutgoingBody, OutgoingRequest,
    RequestOptions, Scheme,
};
use wasip2::io::poll::Pollable;
use wasip2::io::streams::OutputStream;

use super::deadline::{Deadline, nanoseconds};
use super::failure::{broken, failed, unsendable};
use crate::transport::{Reading, Terms};
use crate::{Chunks, Endpoint, Failure, Method, Reached, Request};

/// What hosts take as a whole URL; the longest that wasmtime's HTTP library parses is 65,534 bytes.
const MAX_PATH: usize = 60_000;

/// Resources are dropped children first, as WASI demands: fields go in the order of their declaration.
pub struct Exchange {
    /// None once everything is written, or the service reads no more.
    stream: Option<OutputStream>,
    body: Option<OutgoingBody>,
    sent: usize,
    answered: Pollable,
    response: FutureIncomingResponse,
}

impl Exchange {
    /// Hands the head to the host; waits for nothing.
    pub(super) fn begin(endpoint: &Endpoint, request: &Request, terms: &Terms) -> Result<Self, Failure> {
        let outgoing = prepare(endpoint, request)?;
        let body = outgoing.body().map_err(|()| unsendable("the request has no body to write"))?;
        let response = outgoing_handler::handle(outgoing, Some(options(terms))).map_err(|e| failed(&e))?;
        // Only now: before `handle` the host takes in no more than a few chunks.
        let stream = if request.body.is_empty() {
            None
        } else {
            Some(body.write().map_err(|()| unsendable("the request's body cannot be written"))?)
        };
        Ok(Exchange { stream, body: Some(body), sent: 0, answered: response.subscribe(), response })
    }

    pub(super) fn answered(&self) -> &Pollable {
        &self.answered
    }

    /// Ready when the host takes more; none if there is no more.
    pub(super) fn writable(&self) -> Option<Pollable> {
        self.stream.as_ref().map(OutputStream::subscribe)
    }

    /// Writes what the host takes now; true once it has everything.
    pub(super) fn push(&mut self, bytes: &Chunks) -> bool {
        while let Some(stream) = &self.stream {
            let rest = bytes.from(self.sent);
            // A closed stream says that the service stopped reading; why is in its answer or in the error there.
            let Ok(permitted) = stream.check_write() else { break };
            if permitted == 0 {
                return false;
            }
            let size = rest.len().min(usize::try_from(permitted).unwrap_or(usize::MAX));
            if stream.write(rest.get(..size).unwrap_or_default()).is_err() {
                break;
            }
            self.sent += size;
            if self.sent == bytes.len() {
                break;
            }
        }
        self.close();
        true
    }

    /// No flush: once the last byte of Content-Length is out, the host may have closed the stream already.
    fn close(&mut self) {
        self.stream = None;
        if let Some(body) = self.body.take() {
            // One that was cut short makes this fail; the response says more.
            let _ = OutgoingBody::finish(body, None);
        }
    }

    /// Writes what is left, and waits for the head of the answer.
    pub(super) fn head(
        &mut self,
        bytes: &Chunks,
        deadline: &mut Deadline,
    ) -> Result<IncomingResponse, Failure> {
        while !self.push(bytes) {
            let Some(stream) = &self.stream else { break };
            // An answer that comes now comes in spite of the rest of the body.
            if deadline.wait(&[&stream.subscribe(), &self.answered])? == 1 {
                self.close();
            }
            deadline.progress();
        }
        loop {
            deadline.wait(&[&self.answered])?;
            match self.response.get() {
                Some(Ok(Ok(incoming))) => return Ok(incoming),
                Some(Ok(Err(code))) => return Err(failed(&code)),
                Some(Err(())) => return Err(broken("the host gave the answer away")),
                None => {}
            }
        }
    }
}

fn prepare(endpoint: &Endpoint, request: &Request) -> Result<OutgoingRequest, Failure> {
    let path = format!("{}{}", endpoint.base_path, request.path);
    if path.len() > MAX_PATH {
        let clause = format!("the request's path would have {} bytes, {MAX_PATH} are the most", path.len());
        return Err(Failure::new(Reached::No, Kind::TooLarge, clause));
    }
    let mut fields = Vec::with_capacity(request.headers.len() + 1);
    for (name, value) in &request.headers {
        fields.push(((*name).to_owned(), value.clone().into_bytes()));
    }
    if request.method.has_body() {
        fields.push(("content-length".to_owned(), request.body.len().to_string().into_bytes()));
    }
    let fields = Fields::from_list(&fields).map_err(|_| unsendable("the host refuses a header field"))?;
    let outgoing = OutgoingRequest::new(fields);
    let method = match request.method {
        Method::Delete => WasiMethod::Delete,
        Method::Get => WasiMethod::Get,
        Method::Head => WasiMethod::Head,
        Method::Post => WasiMethod::Post,
        Method::Put => WasiMethod::Put,
    };
    let scheme = if endpoint.https { Scheme::Https } else { Scheme::Http };
    outgoing
        .set_method(&method)
        .and_then(|()| outgoing.set_scheme(Some(&scheme)))
        .and_then(|()| outgoing.set_authority(Some(&endpoint.authority)))
        .and_then(|()| outgoing.set_path_with_query(Some(&path)))
        .map_err(|()| unsendable("the host refuses the request's address"))?;
    Ok(outgoing)
}

/// A connection has a timeout of its own. All else has our deadline: a timeout of the host's could strike just
/// before it, and would then look like a broken connection.
fn options(terms: &Terms) -> RequestOptions {
    let options = RequestOptions::new();
    let limits = &terms.limits;
    // Some hosts die of a timeout of zero, which is what a late try has left; some have none and say so.
    let time = limits.connect_timeout.min(limits.timeout).max(Duration::from_millis(1));
    let _ = options.set_connect_timeout(Some(nanoseconds(time)));
    if terms.reading == Reading::Head {
        // An app that reads the rest has no deadline of ours. Where it is us, ours is to come first.
        let time = limits.timeout.saturating_add(Duration::from_secs(1));
        let _ = options.set_between_bytes_timeout(Some(nanoseconds(time)));
    }
    options
}
