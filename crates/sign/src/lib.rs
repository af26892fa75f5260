//! Signatures of requests: pure functions of request, key and time.
//!
//! Nothing here reads a clock or sends anything, so that each signature can be held against the vendor's own
//! documents and SDK (`tests/sign`).

pub mod aws;
pub mod azure;
mod date;
mod hash;

pub use date::{basic_date, http_date};
pub use hash::sha256;
