//! A transport that plays a script, with a clock that only sleeping moves.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::time::Duration;

use crate::{Endpoint, Failure, Host, Limits, Request, Response, Transport};

#[derive(Default)]
pub struct Fake {
    script: RefCell<VecDeque<Result<Response, Failure>>>,
    requests: RefCell<Vec<Request>>,
    clock: Cell<Duration>,
    log: RefCell<String>,
}

impl Fake {
    pub fn new(script: Vec<Result<Response, Failure>>) -> Self {
        Fake { script: RefCell::new(script.into()), ..Fake::default() }
    }

    /// What was sent so far.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.borrow().clone()
    }

    pub fn sent(&self) -> usize {
        self.requests.borrow().len()
    }

    pub fn logged(&self) -> String {
        self.log.borrow().clone()
    }
}

/// An empty answer of that status, for scripts.
pub fn status(status: u16) -> Result<Response, Failure> {
    body(status, "")
}

/// An answer of that status and body, for scripts.
pub fn body(status: u16, body: impl AsRef<[u8]>) -> Result<Response, Failure> {
    Ok(Response { status, headers: Vec::new(), body: body.as_ref().to_vec() })
}

impl Transport for Fake {
    #[allow(clippy::expect_used, reason = "a script that is too short is a wrong test")]
    fn exchange(&self, _: &Endpoint, request: &Request, _: &Limits) -> Result<Response, Failure> {
        self.requests.borrow_mut().push(request.clone());
        self.script.borrow_mut().pop_front().expect("one exchange more than the script has")
    }
}

impl Host for Fake {
    fn now(&self) -> Duration {
        self.clock.get()
    }

    fn sleep(&self, time: Duration) {
        self.clock.set(self.clock.get() + time);
    }

    fn random(&self) -> u64 {
        0
    }

    fn log(&self, line: &str) {
        self.log.borrow_mut().push_str(line);
    }
}
