use std::time::Duration;

use plugboard_error::Kind;

use crate::client::Limits;
use crate::{Endpoint, Request, Response};

/// The seam between deciding and doing: makes one exchange.
pub trait Transport {
    /// Sends the request and reads the whole answer, giving up `limits.timeout` from now.
    fn exchange(&self, endpoint: &Endpoint, request: &Request, limits: &Limits) -> Result<Response, Failure>;
}

/// What else the client needs of the world around it.
pub trait Host {
    /// Time since some fixed point; never goes back.
    fn now(&self) -> Duration;
    fn sleep(&self, time: Duration);
    fn random(&self) -> u64;
    /// Writes a line for a person.
    fn log(&self, line: &str);
}

/// An exchange without an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub reached: Reached,
    pub kind: Kind,
    /// What happened, as a clause: "the connection was refused".
    pub clause: String,
}

/// Whether the service can have seen a failed request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    No,
    Maybe,
}

impl Failure {
    pub fn new(reached: Reached, kind: Kind, clause: impl Into<String>) -> Self {
        Failure { reached, kind, clause: clause.into() }
    }
}
