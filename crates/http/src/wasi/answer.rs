//! An answer on its way.

use wasip2::http::types::{IncomingBody, IncomingResponse};
use wasip2::io::streams::{InputStream, StreamError};

use super::deadline::Deadline;
use super::failure::{broken, too_large};
use crate::transport::{Pace, Reading, Terms};
use crate::{Body, Failure, Limits, Method, Request, Response};

/// Bytes asked for per read; hosts give less.
const READ: u64 = 64 << 10;

/// The rest of an answer whose head has been read. Dropped children first.
pub struct Remaining {
    stream: InputStream,
    body: IncomingBody,
    incoming: IncomingResponse,
    length: Option<u64>,
    limits: Limits,
}

impl Body for Remaining {
    fn read_to_end(&mut self, max: u64) -> Result<Vec<u8>, Failure> {
        let terms = Terms { limits: self.limits, pace: Pace::Progress, reading: Reading::Whole };
        let mut bytes = Vec::new();
        read(&self.stream, self.length, &mut Deadline::new(&terms), max, &mut bytes, |_| true)?;
        self.length = Some(0);
        Ok(bytes)
    }

    fn into_stream(self) -> InputStream {
        // The parents of a stream must outlive it, and nobody tells when the app is done with it: they live as long
        // as the instance.
        std::mem::forget((self.body, self.incoming));
        self.stream
    }
}

/// Reads the answer, or its head only if that is what the terms say and the answer is a success.
pub(super) fn read_answer(
    incoming: IncomingResponse,
    request: &Request,
    terms: &Terms,
    deadline: &mut Deadline,
) -> Result<(Response, Option<Remaining>), Failure> {
    let status = incoming.status();
    let mut response = Response { status, headers: Vec::new(), body: Vec::new() };
    let all = incoming.headers();
    // One by one, since each field that is taken in is copied, and a service sends a dozen.
    let first = |name: &str| all.get(name).into_iter().next();
    let of_errors: &[&'static str] = if status < 300 { &[] } else { &["date", "location", "retry-after"] };
    for name in request.answer_fields.iter().chain(of_errors) {
        response.headers.extend(first(name).map(|value| (*name, value)));
    }
    if request.method == Method::Head {
        // Its length is that of the body which a GET would bring.
        return Ok((response, None));
    }
    let mut length = first("content-length").and_then(|digits| String::from_utf8(digits).ok()?.parse().ok());
    drop(all);
    let body = incoming.consume().map_err(|()| broken("the answer's body is gone"))?;
    let stream = body.stream().map_err(|()| broken("the answer's body is gone"))?;
    if terms.reading == Reading::Whole || !response.is_success() {
        let max = terms.limits.max_answer;
        read(&stream, length, deadline, max, &mut response.body, is_blank)?;
        // Of what remains.
        length = Some(0);
    }
    // It, too, goes children first.
    let remaining = Remaining { stream, body, incoming, length, limits: terms.limits };
    Ok((response, (terms.reading == Reading::Head).then_some(remaining)))
}

/// A service that takes long sends blanks to say that it is still there, as S3 does before the answer to
/// CompleteMultipartUpload. The answer itself comes at once, or it drips.
fn is_blank(chunk: &[u8]) -> bool {
    chunk.trim_ascii().is_empty()
}

fn read(
    stream: &InputStream,
    length: Option<u64>,
    deadline: &mut Deadline,
    max: u64,
    into: &mut Vec<u8>,
    is_progress: impl Fn(&[u8]) -> bool,
) -> Result<(), Failure> {
    if length.is_some_and(|length| length > max) {
        return Err(too_large(max));
    }
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
                if is_progress(&chunk) {
                    deadline.progress();
                }
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
