//! A transport that plays a script, with a clock that only sleeping moves.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::time::Duration;

use wasip2::io::streams::InputStream;

use crate::transport::{Reading, Terms};
use crate::{Body, Endpoint, Failure, Host, Reached, Request, Response, Transport};

#[derive(Default)]
pub struct Fake {
    script: RefCell<VecDeque<Result<Response, Failure>>>,
    requests: RefCell<Vec<Request>>,
    authorities: RefCell<Vec<String>>,
    waited_for: Cell<usize>,
    clock: Cell<Duration>,
    /// What the wall clock said when the other began.
    epoch: Cell<Duration>,
    log: RefCell<String>,
}

impl Fake {
    pub fn new(script: Vec<Result<Response, Failure>>) -> Self {
        Fake { script: RefCell::new(script.into()), ..Fake::default() }
    }

    /// Sets the wall clock.
    pub fn set_wall_clock(&self, time: Duration) {
        self.epoch.set(time.saturating_sub(self.clock.get()));
    }

    /// What was sent so far.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.borrow().clone()
    }

    /// Where to.
    pub fn authorities(&self) -> Vec<String> {
        self.authorities.borrow().clone()
    }

    pub fn sent(&self) -> usize {
        self.requests.borrow().len()
    }

    /// How many exchanges were waited for.
    pub fn waited_for(&self) -> usize {
        self.waited_for.get()
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
    /// What was there to answer when the request was made.
    type Exchange = Result<Response, Failure>;
    type Body = FakeBody;

    #[allow(clippy::expect_used, reason = "a script that is too short is a wrong test")]
    fn begin(&self, endpoint: &Endpoint, request: &Request, _: &Terms) -> Result<Self::Exchange, Failure> {
        self.authorities.borrow_mut().push(endpoint.authority.clone());
        self.requests.borrow_mut().push(request.clone());
        match self.script.borrow_mut().pop_front().expect("one exchange more than the script has") {
            // What did not leave may be known at once.
            Err(failure) if failure.reached == Reached::No => Err(failure),
            outcome => Ok(outcome),
        }
    }

    fn pump(&self, _: &mut Self::Exchange, _: &Request) -> bool {
        true
    }

    fn wait(&self, exchanges: &[&Self::Exchange], _: &Terms) -> bool {
        self.waited_for.set(self.waited_for.get() + exchanges.len());
        true
    }

    fn finish(
        &self,
        exchange: Self::Exchange,
        _: &Request,
        terms: &Terms,
    ) -> Result<(Response, Option<FakeBody>), Failure> {
        let mut response = exchange?;
        let body = match terms.reading {
            Reading::Whole => None,
            Reading::Head if response.is_success() => Some(FakeBody(std::mem::take(&mut response.body))),
            Reading::Head => Some(FakeBody(Vec::new())),
        };
        Ok((response, body))
    }
}

/// The body of an answer of the script.
pub struct FakeBody(Vec<u8>);

impl Body for FakeBody {
    fn read_to_end(&mut self, _: u64) -> Result<Vec<u8>, Failure> {
        Ok(std::mem::take(&mut self.0))
    }

    #[allow(clippy::unimplemented, reason = "there is no host")]
    fn into_stream(self) -> InputStream {
        unimplemented!("streams are the host's")
    }
}

impl Host for Fake {
    fn now(&self) -> Duration {
        self.clock.get()
    }

    fn wall_clock(&self) -> Duration {
        self.epoch.get() + self.clock.get()
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
