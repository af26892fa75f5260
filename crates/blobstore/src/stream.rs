//! The app's output-stream: the host's, or that of an object. And the functions that give one out.

use std::cell::RefCell;
use std::rc::Rc;

use wasip2::clocks::monotonic_clock;
use wasip2::http::types::OutgoingBody;
use wasip2::io::poll::Pollable;
use wasip2::io::streams::{InputStream, OutputStream as HostStream, StreamError};

use crate::bindings::exports::plugboard::inner::{hooks, streams};
use crate::export::{Export, Instance, pump};
use crate::upload::{Closed, PERMIT, Upload};

pub enum OutputStream<S: Instance> {
    Host(HostStream),
    Object(ObjectStream<S>),
}

/// Takes whatever it is given, and waits where the service is slower: its `subscribe` is always ready, and so its
/// permit is never 0. The app learns why a stream is closed from `finish`; only hosts can make the error of a stream.
pub struct ObjectStream<S: Instance> {
    pub(crate) upload: Rc<RefCell<Upload<S>>>,
}

impl<S: Instance> ObjectStream<S> {
    fn check_write(&self) -> Result<u64, StreamError> {
        if self.upload.borrow().is_open() { Ok(PERMIT as u64) } else { Err(StreamError::Closed) }
    }

    fn write(&self, bytes: Vec<u8>) -> Result<(), StreamError> {
        self.upload.borrow_mut().write(bytes).map_err(|Closed| StreamError::Closed)
    }

    fn write_zeroes(&self, count: u64) -> Result<(), StreamError> {
        let mut left = count;
        while left > 0 {
            let size = usize::try_from(left).unwrap_or(PERMIT).min(PERMIT);
            self.write(vec![0; size])?;
            left -= size as u64;
        }
        Ok(())
    }

    /// The bytes of the other stream come straight into this memory, not by way of the app's.
    fn splice(
        &self,
        source: &InputStream,
        most: u64,
        read: fn(&InputStream, u64) -> Result<Vec<u8>, StreamError>,
    ) -> Result<u64, StreamError> {
        let bytes = read(source, most.min(self.check_write()?))?;
        let size = bytes.len() as u64;
        self.write(bytes)?;
        Ok(size)
    }
}

impl<S: Instance> streams::Guest for Export<S> {
    type OutputStream = OutputStream<S>;
}

impl<S: Instance> streams::GuestOutputStream for OutputStream<S> {
    fn check_write(&self) -> Result<u64, StreamError> {
        pump::<S>();
        match self {
            OutputStream::Host(stream) => stream.check_write(),
            OutputStream::Object(stream) => stream.check_write(),
        }
    }

    fn write(&self, contents: Vec<u8>) -> Result<(), StreamError> {
        pump::<S>();
        match self {
            OutputStream::Host(stream) => stream.write(&contents),
            OutputStream::Object(stream) => stream.write(contents),
        }
    }

    fn blocking_write_and_flush(&self, contents: Vec<u8>) -> Result<(), StreamError> {
        pump::<S>();
        match self {
            OutputStream::Host(stream) => stream.blocking_write_and_flush(&contents),
            OutputStream::Object(stream) => stream.write(contents),
        }
    }

    fn flush(&self) -> Result<(), StreamError> {
        pump::<S>();
        match self {
            OutputStream::Host(stream) => stream.flush(),
            OutputStream::Object(stream) => stream.check_write().map(drop),
        }
    }

    fn blocking_flush(&self) -> Result<(), StreamError> {
        pump::<S>();
        match self {
            OutputStream::Host(stream) => stream.blocking_flush(),
            OutputStream::Object(stream) => stream.check_write().map(drop),
        }
    }

    fn subscribe(&self) -> Pollable {
        pump::<S>();
        match self {
            OutputStream::Host(stream) => stream.subscribe(),
            OutputStream::Object(_) => monotonic_clock::subscribe_duration(0),
        }
    }

    fn write_zeroes(&self, count: u64) -> Result<(), StreamError> {
        pump::<S>();
        match self {
            OutputStream::Host(stream) => stream.write_zeroes(count),
            OutputStream::Object(stream) => stream.write_zeroes(count),
        }
    }

    fn blocking_write_zeroes_and_flush(&self, count: u64) -> Result<(), StreamError> {
        pump::<S>();
        match self {
            OutputStream::Host(stream) => stream.blocking_write_zeroes_and_flush(count),
            OutputStream::Object(stream) => stream.write_zeroes(count),
        }
    }

    fn splice(&self, source: &InputStream, most: u64) -> Result<u64, StreamError> {
        pump::<S>();
        match self {
            OutputStream::Host(stream) => stream.splice(source, most),
            OutputStream::Object(stream) => stream.splice(source, most, InputStream::read),
        }
    }

    fn blocking_splice(&self, source: &InputStream, most: u64) -> Result<u64, StreamError> {
        pump::<S>();
        match self {
            OutputStream::Host(stream) => stream.blocking_splice(source, most),
            OutputStream::Object(stream) => stream.splice(source, most, InputStream::blocking_read),
        }
    }
}

impl<S: Instance> hooks::Guest for Export<S> {
    fn outgoing_body_write(body: &OutgoingBody) -> Result<streams::OutputStream, ()> {
        Ok(host::<S>(body.write()?))
    }

    fn get_stdout() -> streams::OutputStream {
        host::<S>(wasip2::cli::stdout::get_stdout())
    }

    fn get_stderr() -> streams::OutputStream {
        host::<S>(wasip2::cli::stderr::get_stderr())
    }
}

/// A stream of the host's, as the app sees it.
pub(crate) fn host<S: Instance>(stream: HostStream) -> streams::OutputStream {
    streams::OutputStream::new(OutputStream::<S>::Host(stream))
}
