//! The back end that is a real Redis, over RESP2.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, bail, ensure};

use crate::reply::{Backend, Command, Reply};

pub(crate) struct Redis {
    address: String,
    idle: Mutex<Vec<Connection>>,
}

impl Redis {
    /// Fails if nothing answers as a Redis does.
    pub(crate) fn connect(address: &str) -> Result<Self> {
        let redis = Redis { address: address.into(), idle: Mutex::default() };
        match redis.run(vec![b"PING".to_vec()])? {
            Reply::Status(pong) if pong == "PONG" => Ok(redis),
            other => bail!("the server at `{address}` answered {other:?} to PING"),
        }
    }

    /// Lends a connection. One that failed is not used again: what it would answer next is unknown.
    fn with<T>(&self, work: impl FnOnce(&mut Connection) -> Result<T>) -> Result<T> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = std::iter::from_fn(|| idle().pop()).find(Connection::is_open);
        kept.map_or_else(|| Connection::open(&self.address), Ok)
            .and_then(|mut connection| {
                let answer = work(&mut connection)?;
                idle().push(connection);
                Ok(answer)
            })
            .with_context(|| format!("Redis at `{}` failed", self.address))
    }
}

impl Backend for Redis {
    fn run(&self, command: Command) -> Result<Reply> {
        self.with(|connection| {
            connection.send(&[command])?;
            connection.receive()
        })
    }

    fn transaction(&self, mut commands: Vec<Command>) -> Result<Reply> {
        commands.insert(0, vec![b"MULTI".to_vec()]);
        commands.push(vec![b"EXEC".to_vec()]);
        self.with(|connection| {
            connection.send(&commands)?;
            let mut replies: Vec<Reply> =
                commands.iter().map(|_| connection.receive()).collect::<Result<_>>()?;
            let exec = replies.pop().context("EXEC was not answered")?;
            // EXEC says only that something could not be queued; the first refusal says what.
            let refusal = replies.into_iter().find(|reply| matches!(reply, Reply::Error(_)));
            Ok(refusal.unwrap_or(exec))
        })
    }
}

struct Connection(BufReader<TcpStream>);

impl Connection {
    fn open(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Connection(BufReader::new(stream)))
    }

    /// Whether the server has not closed an idle connection (it would have something to read then).
    fn is_open(&self) -> bool {
        let stream = self.0.get_ref();
        let quiet = || {
            stream.set_nonblocking(true)?;
            let peeked = stream.peek(&mut [0]);
            stream.set_nonblocking(false)?;
            peeked
        };
        quiet().is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    }

    fn send(&mut self, commands: &[Command]) -> Result<()> {
        let mut out = Vec::new();
        for command in commands {
            write!(out, "*{}\r\n", command.len())?;
            for argument in command {
                write!(out, "${}\r\n", argument.len())?;
                out.extend(argument);
                out.extend(b"\r\n");
            }
        }
        Ok(self.0.get_mut().write_all(&out)?)
    }

    fn receive(&mut self) -> Result<Reply> {
        let mut line = Vec::new();
        self.0.read_until(b'\n', &mut line)?;
        let Some(line) = line.strip_suffix(b"\r\n") else { bail!("the connection was closed") };
        let line = String::from_utf8_lossy(line);
        let (kind, text) = line.split_at_checked(1).unwrap_or_default();
        Ok(match kind {
            "+" => Reply::Status(text.into()),
            "-" => Reply::Error(text.into()),
            ":" => Reply::Integer(text.parse()?),
            "$" | "*" if text == "-1" => Reply::Nil,
            "$" => Reply::Bulk(self.bytes(text.parse()?)?),
            "*" => Reply::Array((0..text.parse::<usize>()?).map(|_| self.receive()).collect::<Result<_>>()?),
            _ => bail!("`{line}` is not a RESP2 reply"),
        })
    }

    fn bytes(&mut self, length: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; length + 2];
        self.0.read_exact(&mut bytes)?;
        ensure!(bytes.ends_with(b"\r\n"), "a bulk string is longer than it says");
        bytes.truncate(length);
        Ok(bytes)
    }
}
