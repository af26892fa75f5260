//! The only caller of `wasi:http`.
//!
//! A provider builds a [`Request`] for an [`Endpoint`] and hands it to its [`Client`], which gives back the
//! service's answer or one [`plugboard_error::Error`]. In between:
//!
//! * [`Transport`] is the seam: it makes one exchange, of which large bodies need the steps apart. [`Wasi`] does
//!   it on a host, `fake::Fake` plays a script in tests.
//! * [`Client`] decides what one exchange's outcome means: answer, try again, or give up. It never sends a
//!   request twice that says [`Resend::Never`] once a byte of it may have left, and takes no refusal for an answer
//!   that may be of what was lost before ([`Resend::Guarded`]).
//! * Every wait ends at the client's deadline, every answer at its size limit. Bodies that stream have no
//!   deadline as a whole, but no wait for the next of their bytes is longer than that.

mod chunks;
mod client;
mod date;
mod endpoint;
mod escape;
#[cfg(any(test, feature = "fake"))]
pub mod fake;
mod log;
mod message;
mod status;
mod transport;
mod wasi;

pub use chunks::Chunks;
pub use client::{Client, Limits, Said, Sending};
pub use date::{iso_seconds, seconds as date_seconds};
pub use endpoint::Endpoint;
pub use escape::{escape, form};
pub use log::Log;
pub use message::{Method, Request, Resend, Response};
pub use status::error_of;
pub use transport::{Body, Failure, Host, Pace, Reached, Reading, Terms, Transport};
pub use wasi::Wasi;
