use std::time::Duration;

use plugboard_error::Kind;
use wasip2::io::streams::InputStream;

use crate::client::Limits;
use crate::{Endpoint, Request, Response};

/// The seam between deciding and doing: makes one exchange, in steps.
pub trait Transport {
    /// A request under way.
    type Exchange;
    /// What is left of an answer whose head has been read.
    type Body: Body;

    /// Hands the request's head to the host. Waits for nothing.
    fn begin(&self, endpoint: &Endpoint, request: &Request, terms: &Terms)
    -> Result<Self::Exchange, Failure>;

    /// Sends of the request's body what the host takes now. True once there is an answer, or a failure.
    fn pump(&self, exchange: &mut Self::Exchange, request: &Request) -> bool;

    /// Waits until one of them can go on. False if none could for as long as the terms say.
    fn wait(&self, exchanges: &[&Self::Exchange], terms: &Terms) -> bool;

    /// Sends what is left of the request, and reads the answer as the terms say.
    fn finish(
        &self,
        exchange: Self::Exchange,
        request: &Request,
        terms: &Terms,
    ) -> Result<(Response, Option<Self::Body>), Failure>;
}

impl<T: Transport> Transport for &T {
    type Exchange = T::Exchange;
    type Body = T::Body;

    fn begin(&self, endpoint: &Endpoint, request: &Request, terms: &Terms) -> Result<T::Exchange, Failure> {
        (*self).begin(endpoint, request, terms)
    }

    fn pump(&self, exchange: &mut T::Exchange, request: &Request) -> bool {
        (*self).pump(exchange, request)
    }

    fn wait(&self, exchanges: &[&T::Exchange], terms: &Terms) -> bool {
        (*self).wait(exchanges, terms)
    }

    fn finish(
        &self,
        exchange: T::Exchange,
        request: &Request,
        terms: &Terms,
    ) -> Result<(Response, Option<T::Body>), Failure> {
        (*self).finish(exchange, request, terms)
    }
}

/// How one exchange is to be made.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// `timeout` counts from the call of `finish`.
    pub limits: Limits,
    pub pace: Pace,
    pub reading: Reading,
}

/// What the timeout is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Of the whole exchange.
    Whole,
    /// Of any time without a byte: large bodies take the time that they take. Only waiting counts, never what
    /// the app does between two calls.
    Progress,
}

/// How far to read an answer that is a success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    Whole,
    /// To the end of the head; the body is handed out. Only for methods whose answers have one.
    Head,
}

/// A body that is still to be read.
pub trait Body {
    /// Reads all of it, at most `max` bytes, without a break longer than the client's timeout.
    fn read_to_end(&mut self, max: u64) -> Result<Vec<u8>, Failure>;

    /// Hands the host's stream to the app. What it depends on is kept for as long as the instance lives.
    fn into_stream(self) -> InputStream;
}

/// What else the client needs of the world around it.
pub trait Host {
    /// Time since some fixed point; never goes back.
    fn now(&self) -> Duration;
    /// Time since the Unix epoch, as far as this machine's clock is right.
    fn wall_clock(&self) -> Duration;
    fn sleep(&self, time: Duration);
    fn random(&self) -> u64;
    /// Writes a line for a person.
    fn log(&self, line: &str);
}

impl<T: Host> Host for &T {
    fn now(&self) -> Duration {
        (*self).now()
    }

    fn wall_clock(&self) -> Duration {
        (*self).wall_clock()
    }

    fn sleep(&self, time: Duration) {
        (*self).sleep(time);
    }

    fn random(&self) -> u64 {
        (*self).random()
    }

    fn log(&self, line: &str) {
        (*self).log(line);
    }
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
