//! The app of the conformance suite: it does to `wasi:keyvalue` or `wasi:blobstore` what a program tells it to, and
//! says exactly what came back.
//!
//! `POST /` a JSON list of steps, and the answer is the JSON list of their outcomes. At a barrier the probe hands
//! the runner the outcomes so far, waits, and goes on with the steps that the runner answers: so the runner, and
//! whoever else writes to the same service, can act in the middle of one instance's life. A program that is wrong
//! in itself panics, which shows as HTTP 500 like every other trap.

pub mod blobstore;
mod bytes;
mod content;
pub mod keyvalue;

pub use bytes::Bytes;
pub use content::{Content, Data, Digest};

#[cfg(target_family = "wasm")]
mod guest;
