//! One side of an exchange: its socket, and what was read ahead.

use std::{
    io::{self, Read, Write},
    ops::Range,
    time::{Duration, Instant},
};

use crate::{http::Body, http::invalid, shared::Socket};

/// Bounds what is kept of a head, a chunk size or a trailer.
const MAX_AHEAD: usize = 1 << 20;

pub(crate) struct Peer<'a> {
    pub(crate) socket: Socket<'a>,
    ahead: Vec<u8>,
}

/// A part of a body: the bytes as they came, chunk framing included, and where in them the data is.
pub(crate) struct Piece {
    pub(crate) raw: Vec<u8>,
    data: Range<usize>,
}

impl Piece {
    pub(crate) fn data(&self) -> &[u8] {
        &self.raw[self.data.clone()]
    }
}

impl<'a> Peer<'a> {
    pub(crate) fn new(socket: Socket<'a>) -> Peer<'a> {
        Peer { socket, ahead: Vec::new() }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.socket.stream().write_all(bytes)
    }

    /// The next head, as bytes and as parsed; `None` if the peer has nothing more to say.
    pub(crate) fn head<T>(
        &mut self,
        parse: impl Fn(&[u8]) -> io::Result<Option<(usize, T)>>,
    ) -> io::Result<Option<(Vec<u8>, T)>> {
        loop {
            if let Some((length, head)) = parse(&self.ahead)? {
                return Ok(Some((self.ahead.drain(..length).collect(), head)));
            }
            if !self.fill()? {
                return if self.ahead.is_empty() { Ok(None) } else { Err(early_end()) };
            }
        }
    }

    /// The next part of the body; `None` at its end.
    pub(crate) fn piece(&mut self, body: &mut Body) -> io::Result<Option<Piece>> {
        while !body.is_done() {
            let (length, data) = body.step(&self.ahead)?;
            if length > 0 {
                return Ok(Some(Piece { raw: self.ahead.drain(..length).collect(), data }));
            }
            if !self.fill()? {
                if *body != Body::UntilClose {
                    return Err(early_end());
                }
                *body = Body::Length(0);
            }
        }
        Ok(None)
    }

    /// Reads the body to its end, or until `enough` bytes of data are in: `raw` and `data` grow by them.
    pub(crate) fn capture(
        &mut self,
        body: &mut Body,
        raw: &mut Vec<u8>,
        data: &mut Vec<u8>,
        enough: usize,
    ) -> io::Result<()> {
        while data.len() < enough
            && let Some(piece) = self.piece(body)?
        {
            data.extend_from_slice(piece.data());
            raw.extend_from_slice(&piece.raw);
        }
        Ok(())
    }

    /// Lets time pass; an error as soon as the peer leaves or the proxy drops it.
    pub(crate) fn pause(&mut self, time: Duration) -> io::Result<()> {
        let end = Instant::now() + time;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return self.socket.stream().set_read_timeout(None);
            }
            self.socket.stream().set_read_timeout(Some(left))?;
            match self.fill() {
                Ok(true) => {}
                Ok(false) => return Err(early_end()),
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Says nothing until the peer leaves or the proxy drops it.
    pub(crate) fn stall(&mut self) {
        while let Ok(true) = self.fill() {
            self.ahead.clear();
        }
    }

    /// Takes what was read ahead.
    pub(crate) fn unread(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.ahead)
    }

    /// Reads ahead; false at the end of the stream.
    fn fill(&mut self) -> io::Result<bool> {
        if self.ahead.len() > MAX_AHEAD {
            return Err(invalid("more than 1 MiB of headers"));
        }
        let mut bytes = [0; 64 * 1024];
        loop {
            match self.socket.stream().read(&mut bytes) {
                Ok(length) => {
                    self.ahead.extend_from_slice(&bytes[..length]);
                    return Ok(length > 0);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

fn early_end() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the connection ended in the middle of a message")
}
