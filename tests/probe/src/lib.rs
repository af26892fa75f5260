//! The app of the conformance suite: it does to `wasi:keyvalue` what a program tells it to, and says
//! exactly what came back.
//!
//! `POST /` a JSON list of [`Step`]s, and the answer is the JSON list of their [`Outcome`]s. At a
//! [`Step::Barrier`] the probe hands the runner the outcomes so far, waits, and goes on with the steps that the
//! runner answers: so the runner, and whoever else writes to the same service, can act in the middle of one
//! instance's life. A program that is wrong in itself panics, which shows as HTTP 500 like every other trap.

mod program;
pub use program::*;

#[cfg(target_family = "wasm")]
mod bindings;
#[cfg(target_family = "wasm")]
mod drafts;
#[cfg(target_family = "wasm")]
mod guest;
