//! `GET /{key}` gives the value at the key. Three components are made of this, so that all else is the same:
//!
//! - `pipe` makes the request to Webdis itself, in one component: the least that this can cost;
//! - `pipe-kv` asks wasi:keyvalue, and kv-redis is plugged into it;
//! - `pipe-plug` is the request of `pipe` as another plug for it: what is lost between these two is the price of
//!   two components, whoever writes the second.

#[cfg(not(feature = "keyvalue"))]
mod by_hand;
#[cfg(not(feature = "plug"))]
mod handler;
#[cfg(feature = "keyvalue")]
mod over_keyvalue;
#[cfg(feature = "plug")]
mod plug;

use wasip2::io::streams::{OutputStream, StreamError};

/// No flush: after the last byte of Content-Length the receiver may be gone.
fn write_all(stream: &OutputStream, mut bytes: &[u8]) -> Result<(), StreamError> {
    while !bytes.is_empty() {
        let permitted = usize::try_from(stream.check_write()?).unwrap_or(usize::MAX);
        if permitted == 0 {
            stream.subscribe().block();
            continue;
        }
        let (chunk, rest) = bytes.split_at(permitted.min(bytes.len()));
        stream.write(chunk)?;
        bytes = rest;
    }
    Ok(())
}
