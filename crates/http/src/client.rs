//! What the outcome of an exchange means: an answer, another try, or an error.

mod many;

use std::time::Duration;

use plugboard_error::{Error, Kind, Result};

use crate::date;
use crate::{
    Endpoint, Failure, Host, Log, Pace, Reached, Reading, Request, Resend, Response, Terms, Transport,
};

/// Tries in all. A service that is down shows within two seconds, not at the end of a long deadline.
const TRIES: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// The bounds of one call, retries included.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub timeout: Duration,
    pub connect_timeout: Duration,
    /// The longest body of an answer in bytes.
    pub max_answer: u64,
}

/// One service, as one provider calls it.
pub struct Client<T> {
    pub transport: T,
    pub endpoint: Endpoint,
    pub limits: Limits,
    /// The provider's, in front of each line that is written.
    pub name: &'static str,
    pub log: Log,
}

/// A request under way, whose body goes out as the host takes it.
pub struct Sending<E> {
    exchange: Result<E, Failure>,
    started: Duration,
}

/// What an answer says in the service's own words, which its status does not.
#[derive(Debug)]
pub enum Said {
    /// Nothing was done, and may be done later, as of 429. It is tried again whatever the request.
    Busy(Error),
    /// It failed, and may have been done all the same, as of 500.
    Failed(Error),
    /// It is no success, though its status may be one.
    Refused,
}

/// What to do after an exchange.
enum Next<B> {
    Give(Response, Option<B>),
    /// An answer that is no success.
    Refuse(Response, Option<B>),
    Fail(Error),
    /// Try again, not before the time the service asked for; give the error if there is no time for that.
    Retry(Option<Duration>, Error),
}

impl<T> Client<T> {
    /// The same for another address of the service, such as that of one bucket.
    pub fn at(&self, endpoint: Endpoint) -> Client<&T> {
        Client { transport: &self.transport, endpoint, limits: self.limits, name: self.name, log: self.log }
    }
}

impl<T: Transport + Host> Client<T> {
    /// Sends the request, again where that is safe and may help, and gives the service's answer: any
    /// status but 429, 500, 502, 503 and 504, which become errors. The client's timeout is for all of it.
    pub fn send(&self, request: &Request) -> Result<Response> {
        self.send_by(request, self.deadline())
    }

    /// When a call that begins now must have ended, on the transport's clock.
    pub fn deadline(&self) -> Duration {
        self.transport.now().saturating_add(self.limits.timeout)
    }

    /// As [`Client::send`], for a call of several requests that have one deadline together.
    pub fn send_by(&self, request: &Request, deadline: Duration) -> Result<Response> {
        self.send_as(request, deadline, &|_| None)
    }

    /// The same, of a service that has words of its own for what others say by the status: `said` knows them.
    pub fn send_as(
        &self,
        request: &Request,
        deadline: Duration,
        said: &dyn Fn(&Response) -> Option<Said>,
    ) -> Result<Response> {
        let terms = self.terms_by(Reading::Whole, request, deadline)?;
        Ok(self.conclude(self.start(request, &terms), request, terms, said)?.0)
    }

    /// Begins to send a request with a large body. Whatever fails shows in [`Client::finish`].
    pub fn begin(&self, request: &Request) -> Sending<T::Exchange> {
        self.start(request, &self.terms(Pace::Progress, Reading::Whole))
    }

    /// Sends what the host takes now, and does not wait. True once [`Client::finish`] would not wait either.
    pub fn pump(&self, sending: &mut Sending<T::Exchange>, request: &Request) -> bool {
        match &mut sending.exchange {
            Ok(exchange) => self.transport.pump(exchange, request),
            Err(_) => true,
        }
    }

    /// Waits until one of them can go on; each wait is as long as the client's timeout at most.
    pub fn wait<'a>(&self, sending: impl IntoIterator<Item = &'a Sending<T::Exchange>>) -> Result<()>
    where
        T::Exchange: 'a,
    {
        // One that failed at once has nothing to wait for; who asks for it is told by `pump`.
        let exchanges = sending.into_iter().filter_map(|one| one.exchange.as_ref().ok()).collect::<Vec<_>>();
        if self.transport.wait(&exchanges, &self.terms(Pace::Progress, Reading::Whole)) {
            return Ok(());
        }
        let sentence = format!("`{}`: nothing moved before the deadline", self.endpoint.authority);
        Err(Error::new(Kind::Timeout, sentence))
    }

    /// Sends the rest, and then is as [`Client::send`], but the client's timeout is for each wait.
    pub fn finish(&self, sending: Sending<T::Exchange>, request: &Request) -> Result<Response> {
        self.finish_as(sending, request, &|_| None)
    }

    /// The same, as [`Client::send_as`].
    pub fn finish_as(
        &self,
        sending: Sending<T::Exchange>,
        request: &Request,
        said: &dyn Fn(&Response) -> Option<Said>,
    ) -> Result<Response> {
        Ok(self.conclude(sending, request, self.terms(Pace::Progress, Reading::Whole), said)?.0)
    }

    /// As [`Client::send_by`], but leaves the body of a success to be read by whoever wants it. Of any other answer the
    /// body is in the response, and what remains is an empty one.
    pub fn open(&self, request: &Request, deadline: Duration) -> Result<(Response, Option<T::Body>)> {
        let terms = self.terms_by(Reading::Head, request, deadline)?;
        self.conclude(self.start(request, &terms), request, terms, &|_| None)
    }

    fn terms(&self, pace: Pace, reading: Reading) -> Terms {
        Terms { limits: self.limits, pace, reading }
    }

    /// Those of a request that has as much time as is left.
    fn terms_by(&self, reading: Reading, request: &Request, deadline: Duration) -> Result<Terms> {
        let mut terms = self.terms(Pace::Whole, reading);
        terms.limits.timeout = deadline.saturating_sub(self.transport.now());
        if terms.limits.timeout.is_zero() {
            let sentence =
                format!("`{}`: the deadline passed before {}", self.endpoint.authority, request.what);
            return Err(Error::new(Kind::Timeout, sentence));
        }
        Ok(terms)
    }

    fn start(&self, request: &Request, terms: &Terms) -> Sending<T::Exchange> {
        let started = self.transport.now();
        Sending { exchange: self.transport.begin(&self.endpoint, request, terms), started }
    }

    /// Brings a request to its end, with as many tries as it takes and may.
    fn conclude(
        &self,
        mut sending: Sending<T::Exchange>,
        request: &Request,
        mut terms: Terms,
        said: &dyn Fn(&Response) -> Option<Said>,
    ) -> Result<(Response, Option<T::Body>)> {
        let timeout = terms.limits.timeout;
        let deadline = self.transport.now().saturating_add(timeout);
        let mut pause = FIRST_PAUSE;
        let mut tries = 1;
        // Whether an earlier try may have been done.
        let mut doubt = false;
        loop {
            let outcome =
                sending.exchange.and_then(|exchange| self.transport.finish(exchange, request, &terms));
            self.log(request, &outcome, sending.started);

            let (asked, error) = match self.judge(request, outcome, said) {
                Next::Give(response, body) => return Ok((response, body)),
                Next::Refuse(response, body) if !doubt => return Ok((response, body)),
                Next::Refuse(response, _) => return Err(self.in_doubt(request, response.status)),
                Next::Fail(error) if doubt => return Err(Error { kind: Kind::Ambiguous, ..error }),
                Next::Fail(error) => return Err(error),
                Next::Retry(asked, error) => (asked, error),
            };
            doubt |= error.kind == Kind::Ambiguous;
            let wait = asked.unwrap_or_else(|| self.jittered(pause));
            let left = match terms.pace {
                Pace::Whole => deadline.saturating_sub(self.transport.now()),
                Pace::Progress => timeout,
            };
            if tries == TRIES || wait >= left {
                return Err(if doubt { Error { kind: Kind::Ambiguous, ..error } } else { error });
            }
            self.transport.sleep(wait);
            pause = pause.saturating_mul(2);
            tries += 1;
            if terms.pace == Pace::Whole {
                terms.limits.timeout = left.saturating_sub(wait);
            }
            sending = self.start(request, &terms);
        }
    }

    fn judge(
        &self,
        request: &Request,
        outcome: Result<(Response, Option<T::Body>), Failure>,
        said: &dyn Fn(&Response) -> Option<Said>,
    ) -> Next<T::Body> {
        let authority = &self.endpoint.authority;
        let what = request.what;
        match outcome {
            Ok((response, body)) => match (said(&response), response.status) {
                (Some(Said::Busy(error)), _) => Next::Retry(retry_after(&response), error),
                (Some(Said::Failed(error)), _) => self.failed(request, &response, error),
                // 429 says that nothing was done; the others may come from a gateway that lost the answer.
                (None, status @ (429 | 500 | 502 | 503 | 504)) => {
                    let sentence = format!("`{authority}` answered {status} to {what}");
                    let error = Error::new(Kind::Unavailable, sentence);
                    match (request.resend, status) {
                        (Resend::Never, 429) => Next::Fail(error),
                        (_, 429) => Next::Retry(retry_after(&response), error),
                        _ => self.failed(request, &response, error),
                    }
                }
                (None, 200..=299) => Next::Give(response, body),
                _ => Next::Refuse(response, body),
            },
            Err(failure) => {
                let sentence = format!("`{authority}`: {}", failure.clause);
                let maybe = failure.reached == Reached::Maybe && request.resend != Resend::Allowed;
                let error = match maybe {
                    true => request.resend.malformed(what, sentence),
                    false => Error::new(failure.kind, sentence),
                };
                // Only what a later try can mend is tried again.
                match failure.kind == Kind::Unavailable && !(maybe && request.resend == Resend::Never) {
                    true => Next::Retry(None, error),
                    false => Next::Fail(error),
                }
            }
        }
    }

    /// After an answer to something that may have been done all the same.
    fn failed(&self, request: &Request, response: &Response, error: Error) -> Next<T::Body> {
        let asked = retry_after(response);
        match request.resend {
            Resend::Allowed => Next::Retry(asked, error),
            Resend::Guarded => Next::Retry(asked, request.resend.malformed(request.what, error.sentence)),
            Resend::Never => Next::Fail(request.resend.malformed(request.what, error.sentence)),
        }
    }

    fn in_doubt(&self, request: &Request, status: u16) -> Error {
        let sentence = format!(
            "`{}` answered {status} to {}, which may or may not have happened",
            self.endpoint.authority, request.what
        );
        Error::new(Kind::Ambiguous, sentence)
    }

    /// Waits before something is tried again, at random between half of the pause and all of it. False, and at once, if
    /// the deadline would have passed.
    pub fn pause(&self, pause: Duration, deadline: Duration) -> bool {
        let pause = self.jittered(pause);
        let in_time = self.transport.now().saturating_add(pause) < deadline;
        if in_time {
            self.transport.sleep(pause);
        }
        in_time
    }

    /// Half of the pause and a random part of the other half, so that clients do not come back all at once.
    fn jittered(&self, pause: Duration) -> Duration {
        let half = pause / 2;
        let span = u64::try_from(half.as_nanos()).unwrap_or(u64::MAX).max(1);
        half.saturating_add(Duration::from_nanos(self.transport.random() % span))
    }

    fn log<B>(&self, request: &Request, outcome: &Result<(Response, B), Failure>, started: Duration) {
        if self.log != Log::Debug {
            return;
        }
        let result = match outcome {
            Ok((response, _)) => response.status.to_string(),
            Err(failure) => failure.clause.clone(),
        };
        self.write(&format!(
            "{} {} {} -> {result}, {} ms",
            request.method.as_str(),
            self.endpoint.authority,
            request.what,
            milliseconds(self.transport.now().saturating_sub(started)),
        ));
    }

    /// Writes why something was refused, unless nothing is to be written.
    pub fn tell(&self, why: &Error) {
        if self.log != Log::Off {
            self.write(&why.to_string());
        }
    }

    fn write(&self, line: &str) {
        // What an app or a service has named does not begin a line of its own.
        let line = line.replace(char::is_control, " ");
        self.transport.log(&[self.name, ": ", &line, "\n"].concat());
    }
}

/// In 64 bits, as printing the standard library's 128 takes kilobytes.
fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// `Retry-After`, in seconds or as a date (RFC 9110, section 10.2.3). The date is held against the answer's own
/// `Date`: the service's clock and ours need not agree.
fn retry_after(response: &Response) -> Option<Duration> {
    let after = response.header("retry-after")?.trim();
    let seconds = match after.parse() {
        Ok(seconds) => seconds,
        Err(_) => {
            let now = date::seconds(response.header("date")?.trim())?;
            u64::try_from(date::seconds(after)?.saturating_sub(now)).unwrap_or(0)
        }
    };
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests;
