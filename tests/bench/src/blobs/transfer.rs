//! One large body, up or down, as fast as a socket goes: the client is not to be what is measured.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

/// Far above what any transfer takes: whoever needs longer hangs.
const PATIENCE: Duration = Duration::from_secs(120);
const CHUNK: usize = 256 << 10;

/// A `PUT` of so many bytes. Gives the seconds until its 201.
pub fn up(to: SocketAddr, path: &str, size: u64) -> Result<f64> {
    let (mut stream, started) = connect(to)?;
    write!(
        stream,
        "PUT {path} HTTP/1.1\r\nhost: {to}\r\ncontent-length: {size}\r\nconnection: close\r\n\r\n"
    )?;
    let chunk = vec![7; CHUNK];
    let mut left = size;
    while left > 0 {
        let size = left.min(CHUNK as u64);
        stream.write_all(&chunk[..size as usize]).context("the body was not taken")?;
        left -= size;
    }
    let status = head(&mut BufReader::new(stream))?;
    ensure!(status == 201, "PUT {path} came to {status}");
    Ok(started.elapsed().as_secs_f64())
}

/// A `GET` of so many bytes. Gives the seconds until the last of them.
pub fn down(from: SocketAddr, path: &str, size: u64) -> Result<f64> {
    let (mut stream, started) = connect(from)?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {from}\r\nconnection: close\r\n\r\n")?;
    let mut reader = BufReader::with_capacity(CHUNK, stream);
    let status = head(&mut reader)?;
    ensure!(status == 200, "GET {path} came to {status}");
    // A content-length, in all that is measured: no chunks to take apart.
    let mut buffer = vec![0; CHUNK];
    let mut left = size;
    while left > 0 {
        let read = reader.read(&mut buffer)?;
        ensure!(read > 0, "{left} of {size} bytes are missing");
        left = left.checked_sub(read as u64).context("there are more bytes than were asked for")?;
    }
    Ok(started.elapsed().as_secs_f64())
}

fn connect(to: SocketAddr) -> Result<(TcpStream, Instant)> {
    let started = Instant::now();
    let stream = TcpStream::connect(to)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok((stream, started))
}

/// Reads to the end of the head, and gives the status.
fn head(reader: &mut BufReader<TcpStream>) -> Result<u16> {
    let mut status = None;
    loop {
        let mut line = String::new();
        ensure!(reader.read_line(&mut line)? > 0, "the answer has no end");
        ensure!(!line.to_ascii_lowercase().starts_with("transfer-encoding"), "the answer comes in chunks");
        if line == "\r\n" {
            return status.context("the answer has no status");
        }
        status = status.or(line.split(' ').nth(1).and_then(|digits| digits.parse().ok()));
    }
}
