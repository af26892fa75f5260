//! A file on its way in. It is committed when all of it has come, and only then.

use wasip2::http::types::IncomingRequest;
use wasip2::io::streams::{InputStream, OutputStream, StreamError};

use crate::answer::{Answer, Failure};
use crate::blobs::blobstore;
use crate::blobs::container::Container;
use crate::blobs::types::OutgoingValue;

pub fn put(request: &IncomingRequest, container: &str, name: &str) -> Result<Answer, Failure> {
    let broke_off = || Failure::new(400, "the request broke off");
    let body = request.consume().map_err(|()| broke_off())?;
    let bytes = body.stream().map_err(|()| broke_off())?;
    let announced = length(request);

    let value = OutgoingValue::new_outgoing_value();
    open(container)?.write_data(name, &value)?;
    let file = value.outgoing_value_write_body().map_err(|()| Failure::new(500, "the value has no body"))?;
    let received = pipe(&bytes, &file).map_err(|BrokenOff| broke_off())?;
    // Some hosts end the stream of a client that went away as if nothing were missing. Where it is the store that
    // takes no more, `finish` says why.
    if announced.is_some_and(|length| received < length) && file.check_write().is_ok() {
        return Err(broke_off()); // and the value is dropped, of which nothing is left then
    }
    drop(file);
    OutgoingValue::finish(value)?;
    Ok(Answer::empty(201))
}

/// Makes the container if there is none.
pub fn open(name: &str) -> Result<Container, String> {
    match blobstore::get_container(name) {
        Err(error) if error.starts_with("no-such-container") => {}
        found => return found,
    }
    match blobstore::create_container(name) {
        // Somebody was faster.
        Err(error) if error.starts_with("container-already-exists") => blobstore::get_container(name),
        created => created,
    }
}

fn length(request: &IncomingRequest) -> Option<u64> {
    let value = request.headers().get("content-length").into_iter().next()?;
    std::str::from_utf8(&value).ok()?.parse().ok()
}

/// The source ended in the middle.
pub struct BrokenOff;

/// Sends what comes from one to the other, until either ends, and says how much that was. The bytes do not pass
/// through this component.
pub fn pipe(from: &InputStream, to: &OutputStream) -> Result<u64, BrokenOff> {
    let mut count = 0;
    loop {
        match to.blocking_splice(from, 1 << 20) {
            Ok(more) => count += more,
            Err(StreamError::Closed) => return Ok(count),
            Err(StreamError::LastOperationFailed(_)) => return Err(BrokenOff),
        }
    }
}
