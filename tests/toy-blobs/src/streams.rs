//! The stream, and the functions that return one.

use std::cell::RefCell;
use std::rc::Rc;

use wasip2::clocks::monotonic_clock;
use wasip2::http::types::OutgoingBody;
use wasip2::io::poll::Pollable;
use wasip2::io::streams::{InputStream, OutputStream, StreamError};

use crate::Toy;
use crate::bindings::exports::plugboard::inner::{hooks, streams};

const ROOM: u64 = 1 << 20;

pub(crate) type Bytes = Rc<RefCell<Vec<u8>>>;

pub(crate) enum Stream {
    Host(OutputStream),
    Object(Bytes),
}

impl Stream {
    fn keep(bytes: &Bytes, contents: &[u8]) -> Result<(), StreamError> {
        bytes.borrow_mut().extend(contents);
        Ok(())
    }
}

type Done<T> = Result<T, StreamError>;

impl streams::Guest for Toy {
    type OutputStream = Stream;
}

impl streams::GuestOutputStream for Stream {
    fn check_write(&self) -> Done<u64> {
        match self {
            Stream::Host(stream) => stream.check_write(),
            Stream::Object(_) => Ok(ROOM),
        }
    }

    fn write(&self, contents: Vec<u8>) -> Done<()> {
        match self {
            Stream::Host(stream) => stream.write(&contents),
            Stream::Object(bytes) => Stream::keep(bytes, &contents),
        }
    }

    fn blocking_write_and_flush(&self, contents: Vec<u8>) -> Done<()> {
        match self {
            Stream::Host(stream) => stream.blocking_write_and_flush(&contents),
            Stream::Object(bytes) => Stream::keep(bytes, &contents),
        }
    }

    fn flush(&self) -> Done<()> {
        match self {
            Stream::Host(stream) => stream.flush(),
            Stream::Object(_) => Ok(()),
        }
    }

    fn blocking_flush(&self) -> Done<()> {
        match self {
            Stream::Host(stream) => stream.blocking_flush(),
            Stream::Object(_) => Ok(()),
        }
    }

    fn subscribe(&self) -> Pollable {
        match self {
            Stream::Host(stream) => stream.subscribe(),
            Stream::Object(_) => monotonic_clock::subscribe_duration(0),
        }
    }

    fn write_zeroes(&self, len: u64) -> Done<()> {
        match self {
            Stream::Host(stream) => stream.write_zeroes(len),
            Stream::Object(bytes) => Stream::keep(bytes, &vec![0; len as usize]),
        }
    }

    fn blocking_write_zeroes_and_flush(&self, len: u64) -> Done<()> {
        match self {
            Stream::Host(stream) => stream.blocking_write_zeroes_and_flush(len),
            Stream::Object(bytes) => Stream::keep(bytes, &vec![0; len as usize]),
        }
    }

    fn splice(&self, from: &InputStream, len: u64) -> Done<u64> {
        match self {
            Stream::Host(stream) => stream.splice(from, len),
            Stream::Object(bytes) => {
                let read = from.read(len.min(ROOM))?;
                Stream::keep(bytes, &read).map(|()| read.len() as u64)
            }
        }
    }

    fn blocking_splice(&self, from: &InputStream, len: u64) -> Done<u64> {
        match self {
            Stream::Host(stream) => stream.blocking_splice(from, len),
            Stream::Object(bytes) => {
                let read = from.blocking_read(len.min(ROOM))?;
                Stream::keep(bytes, &read).map(|()| read.len() as u64)
            }
        }
    }
}

fn wrap(stream: OutputStream) -> streams::OutputStream {
    streams::OutputStream::new(Stream::Host(stream))
}

impl hooks::Guest for Toy {
    fn outgoing_body_write(body: &OutgoingBody) -> Result<streams::OutputStream, ()> {
        body.write().map(wrap)
    }

    fn get_stdout() -> streams::OutputStream {
        wrap(wasip2::cli::stdout::get_stdout())
    }

    fn get_stderr() -> streams::OutputStream {
        wrap(wasip2::cli::stderr::get_stderr())
    }
}

#[cfg(feature = "cli")]
mod cli {
    use wasip2::filesystem::types::{Descriptor, ErrorCode as FileError, Filesize};
    use wasip2::io::streams::InputStream;
    use wasip2::sockets::network::ErrorCode;
    use wasip2::sockets::tcp::TcpSocket;

    use super::wrap;
    use crate::Toy;
    use crate::bindings::exports::plugboard::inner::hooks_cli;
    use crate::bindings::exports::plugboard::inner::streams::OutputStream;

    impl hooks_cli::Guest for Toy {
        fn write_via_stream(file: &Descriptor, offset: Filesize) -> Result<OutputStream, FileError> {
            file.write_via_stream(offset).map(wrap)
        }

        fn append_via_stream(file: &Descriptor) -> Result<OutputStream, FileError> {
            file.append_via_stream().map(wrap)
        }

        fn finish_connect(socket: &TcpSocket) -> Result<(InputStream, OutputStream), ErrorCode> {
            socket.finish_connect().map(|(input, output)| (input, wrap(output)))
        }

        fn accept(socket: &TcpSocket) -> Result<(TcpSocket, InputStream, OutputStream), ErrorCode> {
            socket.accept().map(|(socket, input, output)| (socket, input, wrap(output)))
        }
    }
}
