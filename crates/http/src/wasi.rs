//! One exchange over `wasi:http@0.2`, on any host.
//!
//! Every wait is a poll of the thing waited for and of the deadline: host timeouts do not cover all of an
//! exchange (not the TLS handshake on wasmtime). Resources are dropped children first, as WASI demands:
//! locals go in the reverse order of their declaration.

use std::time::Duration;

use plugboard_error::Kind;
use wasip2::clocks::monotonic_clock;
use wasip2::http::outgoing_handler;
use wasip2::http::types::{
    DnsErrorPayload, ErrorCode, Fields, FutureIncomingResponse, IncomingBody, IncomingResponse,
    Method as WasiMethod, OutgoingBody, OutgoingRequest, RequestOptions, Scheme,
};
use wasip2::io::poll::{self, Pollable};
use wasip2::io::streams::{InputStream, StreamError};

use crate::client::Limits;
use crate::{Endpoint, Failure, Host, Method, Reached, Request, Response, Transport};

/// What hosts take as a whole URL; the longest that wasmtime's HTTP library parses is 65,534 bytes.
const MAX_PATH: usize = 60_000;
/// Bytes asked for per read; hosts give less.
const READ: u64 = 64 << 10;

/// The host that the component runs on.
#[derive(Default)]
pub struct Wasi;

impl Transport for Wasi {
    fn exchange(&self, endpoint: &Endpoint, request: &Request, limits: &Limits) -> Result<Response, Failure> {
        let deadline = Deadline::after(limits.timeout);
        let outgoing = prepare(endpoint, request)?;
        let body = outgoing.body().map_err(|()| unsendable("the request has no body to write"))?;
        let response = outgoing_handler::handle(outgoing, Some(options(limits))).map_err(|e| failed(&e))?;
        // Only now: before `handle` the host takes in no more than a few chunks.
        write_body(body, &request.body, &response, &deadline)?;
        let incoming = wait_for_head(&response, &deadline)?;
        read_answer(&incoming, request.answer_fields, &deadline, limits.max_answer)
    }
}

impl Host for Wasi {
    fn now(&self) -> Duration {
        Duration::from_nanos(monotonic_clock::now())
    }

    fn sleep(&self, time: Duration) {
        monotonic_clock::subscribe_duration(nanoseconds(time)).block();
    }

    fn random(&self) -> u64 {
        wasip2::random::random::get_random_u64()
    }

    fn log(&self, line: &str) {
        let stderr = wasip2::cli::stderr::get_stderr();
        // The most that one call may write; a line that cannot be written is nobody's problem.
        let _ = stderr.blocking_write_and_flush(line.as_bytes().get(..4096).unwrap_or(line.as_bytes()));
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
fn options(limits: &Limits) -> RequestOptions {
    let options = RequestOptions::new();
    // Some hosts die of a timeout of zero, which is what a late try has left; some have none and say so.
    let time = limits.connect_timeout.min(limits.timeout).max(Duration::from_millis(1));
    let _ = options.set_connect_timeout(Some(nanoseconds(time)));
    options
}

fn write_body(
    body: OutgoingBody,
    mut bytes: &[u8],
    response: &FutureIncomingResponse,
    deadline: &Deadline,
) -> Result<(), Failure> {
    if !bytes.is_empty() {
        let stream = body.write().map_err(|()| unsendable("the request's body cannot be written"))?;
        while !bytes.is_empty() {
            // A closed stream says that the service stopped reading; why is in its answer or in the error there.
            let Ok(permitted) = stream.check_write() else { break };
            if permitted == 0 {
                // An answer that comes now comes in spite of the rest of the body.
                match deadline.wait(&[&stream.subscribe(), &response.subscribe()])? {
                    0 => continue,
                    _ => break,
                }
            }
            let size = bytes.len().min(usize::try_from(permitted).unwrap_or(usize::MAX));
            let (chunk, rest) = bytes.split_at_checked(size).unwrap_or((bytes, &[]));
            if stream.write(chunk).is_err() {
                break;
            }
            bytes = rest;
        }
        // No flush: once the last byte of Content-Length is out, the host may have closed the stream already.
    }
    // A body that was cut short above makes this fail; the response says more.
    let _ = OutgoingBody::finish(body, None);
    Ok(())
}

fn wait_for_head(
    response: &FutureIncomingResponse,
    deadline: &Deadline,
) -> Result<IncomingResponse, Failure> {
    loop {
        deadline.wait(&[&response.subscribe()])?;
        match response.get() {
            Some(Ok(Ok(incoming))) => return Ok(incoming),
            Some(Ok(Err(code))) => return Err(failed(&code)),
            Some(Err(())) => return Err(broken("the host gave the answer away")),
            None => {}
        }
    }
}

fn read_answer(
    incoming: &IncomingResponse,
    fields: &[&'static str],
    deadline: &Deadline,
    max: u64,
) -> Result<Response, Failure> {
    let status = incoming.status();
    let mut response = Response { status, headers: Vec::new(), body: Vec::new() };
    let all = incoming.headers();
    // One by one, since each field that is taken in is copied, and a service sends a dozen.
    let first = |name: &str| all.get(name).into_iter().next();
    let length = first("content-length").and_then(|digits| String::from_utf8(digits).ok()?.parse().ok());
    if length.is_some_and(|length| length > max) {
        return Err(too_large(max));
    }
    let of_errors: &[&'static str] = if status < 300 { &[] } else { &["date", "location", "retry-after"] };
    for name in fields.iter().chain(of_errors) {
        response.headers.extend(first(name).map(|value| (*name, value)));
    }
    let body = incoming.consume().map_err(|()| broken("the answer's body is gone"))?;
    read_body(&body, length, deadline, max, &mut response.body)?;
    Ok(response)
}

fn read_body(
    body: &IncomingBody,
    length: Option<u64>,
    deadline: &Deadline,
    max: u64,
    into: &mut Vec<u8>,
) -> Result<(), Failure> {
    let stream: InputStream = body.stream().map_err(|()| broken("the answer's body is gone"))?;
    while length != Some(into.len() as u64) {
        match stream.read(READ) {
            Ok(chunk) if chunk.is_empty() => {
                deadline.wait(&[&stream.subscribe()])?;
            }
            Ok(chunk) => {
                // A drip that never pauses long enough to be waited for ends here.
                if !into.is_empty() {
                    deadline.check()?;
                }
                if (into.len() + chunk.len()) as u64 > max {
                    return Err(too_large(max));
                }
                // Grows with what has arrived, never on the word of a header.
                into.try_reserve(chunk.len()).map_err(|_| too_large(into.len() as u64))?;
                into.extend_from_slice(&chunk);
            }
            // Some hosts pass a cut connection off as an end.
            Err(StreamError::Closed) if length.is_some() => {
                return Err(broken("the answer is shorter than it says"));
            }
            Err(StreamError::Closed) => return Ok(()),
            Err(StreamError::LastOperationFailed(error)) => {
                let text = error.to_debug_string();
                let first_line = text.lines().next().unwrap_or_default();
                return Err(broken(&format!(
                    "the connection broke while the answer was read ({first_line})"
                )));
            }
        }
    }
    Ok(())
}

/// A point in time that ends every wait.
struct Deadline {
    timer: Pollable,
}

impl Deadline {
    fn after(time: Duration) -> Self {
        Deadline { timer: monotonic_clock::subscribe_duration(nanoseconds(time)) }
    }

    /// Waits until one of them is ready and says which, the first of several; fails once the time is over.
    fn wait(&self, pollables: &[&Pollable]) -> Result<usize, Failure> {
        let mut all = pollables.to_vec();
        all.push(&self.timer);
        let ready = poll::poll(&all).into_iter().min().and_then(|index| usize::try_from(index).ok());
        ready.filter(|index| *index < pollables.len()).ok_or_else(Self::over)
    }

    fn check(&self) -> Result<(), Failure> {
        if self.timer.ready() { Err(Self::over()) } else { Ok(()) }
    }

    fn over() -> Failure {
        Failure::new(Reached::Maybe, Kind::Timeout, "no complete answer before the deadline")
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

fn unsendable(clause: &str) -> Failure {
    Failure::new(Reached::No, Kind::Invalid, clause)
}

fn broken(clause: &str) -> Failure {
    Failure::new(Reached::Maybe, Kind::Unavailable, clause)
}

fn too_large(max: u64) -> Failure {
    Failure::new(Reached::Maybe, Kind::TooLarge, format!("the answer is longer than {max} bytes"))
}

/// The host's error code as a failure: whether the request can have left, and what to call it.
fn failed(code: &ErrorCode) -> Failure {
    use Kind::{Config, Invalid, Protocol, TooLarge, Unavailable};
    use Reached::{Maybe, No};
    let (reached, kind, clause) = match code {
        ErrorCode::DnsTimeout | ErrorCode::DnsError(_) | ErrorCode::DestinationNotFound => {
            (No, Unavailable, "its name could not be resolved, or no port is free for a connection")
        }
        ErrorCode::ConnectionRefused => (No, Unavailable, "the connection was refused"),
        ErrorCode::ConnectionTimeout => (No, Unavailable, "it did not accept a connection in time"),
        ErrorCode::ConnectionLimitReached => (No, Unavailable, "the host's limit on connections is reached"),
        ErrorCode::DestinationUnavailable | ErrorCode::DestinationIpUnroutable => {
            (No, Unavailable, "it cannot be reached from here")
        }
        ErrorCode::DestinationIpProhibited | ErrorCode::HttpRequestDenied => {
            (No, Config, "the host does not allow requests to it")
        }
        ErrorCode::TlsCertificateError => (No, Config, "its TLS certificate is not trusted by the host"),
        ErrorCode::TlsProtocolError | ErrorCode::TlsAlertReceived(_) => {
            (No, Unavailable, "the TLS handshake failed: does it speak https?")
        }
        ErrorCode::HttpRequestUriTooLong
        | ErrorCode::HttpRequestHeaderSize(_)
        | ErrorCode::HttpRequestHeaderSectionSize(_) => {
            (No, TooLarge, "the request's head is too large for the host")
        }
        ErrorCode::HttpRequestMethodInvalid | ErrorCode::HttpRequestUriInvalid => {
            (No, Invalid, "the host refuses the request")
        }
        ErrorCode::ConnectionTerminated | ErrorCode::HttpResponseIncomplete | ErrorCode::InternalError(_) => {
            (Maybe, Unavailable, "the connection broke before an answer")
        }
        ErrorCode::ConnectionReadTimeout
        | ErrorCode::ConnectionWriteTimeout
        | ErrorCode::HttpResponseTimeout => (Maybe, Kind::Timeout, "no answer before the deadline"),
        ErrorCode::HttpResponseBodySize(_)
        | ErrorCode::HttpResponseHeaderSize(_)
        | ErrorCode::HttpResponseHeaderSectionSize(_) => {
            (Maybe, TooLarge, "the answer is too large for the host")
        }
        ErrorCode::HttpProtocolError => (
            Maybe,
            Unavailable,
            "the connection broke, or what came back is not HTTP: is it a gateway, and http or https as set?",
        ),
        _ => (Maybe, Protocol, "the exchange failed"),
    };
    // The host's own words, where it has some, help whoever has to find out.
    let detail = match code {
        ErrorCode::DnsError(DnsErrorPayload { rcode: Some(text), .. }) => text,
        ErrorCode::InternalError(Some(text)) => text.lines().next().unwrap_or_default(),
        _ => return Failure::new(reached, kind, clause),
    };
    Failure::new(reached, kind, format!("{clause} ({detail})"))
}
