//! A proxy that stands between a provider and its server: it relays HTTP/1.1, records every request,
//! and injects the faults it is armed with.
//!
//! ```no_run
//! # fn main() -> anyhow::Result<()> {
//! use plugboard_faults::{At, By, Fault, Proxy, Upstream, When};
//!
//! let proxy = Proxy::start("127.0.0.1:7379".parse()?)?; // point the provider at proxy.url()
//! // The server executes the next EVAL, and its answer is lost.
//! proxy.arm(
//!     Fault::Cut { at: At::BeforeHeaders, by: By::Reset, upstream: Upstream::Executed },
//!     When::next(1).matching(|request| request.body.starts_with(b"EVAL/")),
//! );
//! let mark = proxy.count();
//! // … one increment …
//! assert_eq!(proxy.since(mark).len(), 1); // never sent twice
//! proxy.clear();
//! # Ok(())
//! # }
//! ```
//!
//! A request is forwarded on a connection of its own, byte for byte; so is its answer, except that interim
//! (1xx) answers are dropped. Where the server refuses or breaks off, the client's connection is closed and
//! [`Recorded::problem`] says why. Plain threads and blocking sockets: faults need the raw socket.

mod answer;
mod connection;
mod fault;
mod http;
mod peer;
mod proxy;
mod record;
mod reply;
mod shared;
mod when;

pub use answer::Answer;
pub use fault::{At, By, Fault, Upstream};
pub use proxy::Proxy;
pub use record::{Recorded, Request};
pub use when::When;
