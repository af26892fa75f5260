//! The calls of `wasi:io/streams`, as apps make them.

use wasip2::io::streams::{InputStream, OutputStream, StreamError};

use crate::blobstore::Failure;
use crate::{Content, Data, Digest};

const PIECE: u64 = 64 * 1024;
/// A stream that is ready and gives no permit, over and over, will never take anything.
const PATIENCE: u32 = 100_000;

impl From<StreamError> for Failure {
    fn from(error: StreamError) -> Self {
        match error {
            StreamError::Closed => Failure::Closed,
            StreamError::LastOperationFailed(error) => Failure::Stream(error.to_debug_string()),
        }
    }
}

/// Waits until the stream takes something, and says how much.
pub(super) fn permit(stream: &OutputStream) -> Result<u64, Failure> {
    for _ in 0..PATIENCE {
        stream.subscribe().block();
        let permit = stream.check_write()?;
        if permit > 0 {
            return Ok(permit);
        }
    }
    panic!("the stream is ready and takes nothing");
}

pub(super) fn write_all(stream: &OutputStream, content: &Content, piece: u64) -> Result<(), Failure> {
    let mut at = 0;
    while at < content.length() {
        let length = permit(stream)?.min(piece);
        let part = content.part(at, usize::try_from(length).expect("a piece fits the memory"));
        stream.write(&part)?;
        at += part.len() as u64;
    }
    Ok(())
}

pub(super) fn write_zeroes(stream: &OutputStream, mut length: u64) -> Result<(), Failure> {
    while length > 0 {
        let part = permit(stream)?.min(length);
        stream.write_zeroes(part)?;
        length -= part;
    }
    Ok(())
}

/// Splices up to `length` bytes with one of the two calls; how many there were.
pub(super) fn splice(
    call: impl Fn(&OutputStream, &InputStream, u64) -> Result<u64, StreamError>,
    (to, from): (&OutputStream, &InputStream),
    length: u64,
) -> Result<u64, Failure> {
    let mut done = 0;
    while done < length {
        from.subscribe().block();
        permit(to)?;
        match call(to, from, length - done) {
            Ok(count) => done += count,
            // Of the source, unless the next permit says otherwise.
            Err(StreamError::Closed) => {
                to.check_write()?;
                break;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(done)
}

pub(super) fn read_all(stream: &InputStream) -> Result<Data, Failure> {
    let mut digest = Digest::default();
    while let Some(piece) = next(stream)? {
        digest.add(&piece);
    }
    Ok(digest.data())
}

/// The next bytes; none at the end.
pub(super) fn next(stream: &InputStream) -> Result<Option<Vec<u8>>, Failure> {
    match stream.blocking_read(PIECE) {
        Ok(piece) => Ok(Some(piece)),
        Err(StreamError::Closed) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
