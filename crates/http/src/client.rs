//! What the outcome of an exchange means: an answer, another try, or an error.

mod many;

use std::time::Duration;

use plugboard_error::{Error, Kind, Result};

use crate::date;
use crate::{Endpoint, Failure, Host, Pace, Reached, Reading, Request, Resend, Response, Terms, Transport};

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
    /// The provider's name in front of log lines; none where logging is off.
    pub log: Option<&'static str>,
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
        Client { transport: &self.transport, endpoint, limits: self.limits, log: self.log }
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
        let mut terms = self.terms(Pace::Whole, Reading::Whole);
        terms.limits.timeout = deadline.saturating_sub(self.transport.now());
        if terms.limits.timeout.is_zero() {
            let sentence =
                format!("`{}`: the deadline passed before {}", self.endpoint.authority, request.what);
            return Err(Error::new(Kind::Timeout, sentence));
        }
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

    /// Sends the request and leaves the body of a success to be read by whoever wants it. Of any other answer the
    /// body is in the response, and what remains is an empty one.
    pub fn open(&self, request: &Request) -> Result<(Response, Option<T::Body>)> {
        let terms = self.terms(Pace::Whole, Reading::Head);
        self.conclude(self.start(request, &terms), request, terms, &|_| None)
    }

    fn terms(&self, pace: Pace, reading: Reading) -> Terms {
        Terms { limits: self.limits, pace, reading }
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
                let error = if maybe {
                    Error::new(Kind::Ambiguous, format!("{sentence}; {what} may or may not have happened"))
                } else {
                    Error::new(failure.kind, sentence)
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
        if self.log.is_none() {
            return;
        }
        let result = match outcome {
            Ok((response, _)) => response.status.to_string(),
            Err(failure) => failure.clause.clone(),
        };
        self.debug(&format!(
            "{} {} {} -> {result}, {} ms",
            request.method.as_str(),
            self.endpoint.authority,
            request.what,
            milliseconds(self.transport.now().saturating_sub(started)),
        ));
    }

    /// Writes a line for a person, where logging is on.
    pub fn debug(&self, line: &str) {
        let Some(provider) = self.log else { return };
        // What an app or a service has named does not begin a line of its own.
        let line = line.replace(char::is_control, " ");
        self.transport.log(&[provider, ": ", &line, "\n"].concat());
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
mod tests {
    use super::*;
    use crate::fake::{Fake, body, status};
    use crate::{Chunks, Method};

    pub(super) fn client(script: Vec<Result<Response, Failure>>) -> Client<Fake> {
        Client {
            transport: Fake::new(script),
            endpoint: Endpoint::parse("http://h:1").unwrap(),
            limits: Limits {
                timeout: Duration::from_secs(30),
                connect_timeout: Duration::from_secs(5),
                max_answer: 1 << 20,
            },
            log: Some("kv-test"),
        }
    }

    pub(super) fn request(resend: Resend) -> Request {
        Request {
            method: Method::Post,
            path: "/".into(),
            headers: vec![],
            body: Chunks::default(),
            resend,
            answer_fields: &[],
            what: "TEST",
        }
    }

    fn refused() -> Result<Response, Failure> {
        Err(Failure::new(Reached::No, Kind::Unavailable, "the connection was refused"))
    }

    fn lost() -> Result<Response, Failure> {
        Err(Failure::new(Reached::Maybe, Kind::Unavailable, "the connection broke"))
    }

    #[test]
    fn retries_what_may_be_sent_again() {
        for first in [refused(), lost(), status(429), status(500), status(502), status(503), status(504)] {
            let client = client(vec![first, status(200)]);
            assert_eq!(client.send(&request(Resend::Allowed)).unwrap().status, 200);
        }
    }

    #[test]
    fn sends_an_increment_again_only_if_it_did_not_leave() {
        let again = client(vec![refused(), status(200)]);
        assert_eq!(again.send(&request(Resend::Never)).unwrap().status, 200);
        for (outcome, kind) in
            [(lost(), Kind::Ambiguous), (status(503), Kind::Ambiguous), (status(429), Kind::Unavailable)]
        {
            let client = client(vec![outcome]);
            assert_eq!(client.send(&request(Resend::Never)).unwrap_err().kind, kind);
            assert_eq!(client.transport.sent(), 1);
        }
    }

    #[test]
    fn what_is_done_once_is_sent_again_and_then_a_refusal_says_nothing() {
        let send = |script| client(script).send(&request(Resend::Guarded)).map(|response| response.status);
        for first in [refused(), lost(), status(429), status(503)] {
            assert_eq!(send(vec![first, status(201)]), Ok(201));
        }
        for lost in [lost(), status(500)] {
            assert_eq!(send(vec![lost.clone(), status(409)]).unwrap_err().kind, Kind::Ambiguous);
            let late = Err(Failure::new(Reached::No, Kind::Timeout, "no connection in time"));
            assert_eq!(send(vec![lost.clone(), late]).unwrap_err().kind, Kind::Ambiguous);
            let mut down = (0..4).map(|_| refused()).collect::<Vec<_>>();
            down.insert(0, lost);
            assert_eq!(send(down).unwrap_err().kind, Kind::Ambiguous);
        }
        // Nothing of these was done.
        assert_eq!(send(vec![status(429), status(409)]), Ok(409));
        assert_eq!(send((0..5).map(|_| refused()).collect()).unwrap_err().kind, Kind::Unavailable);
        let late = Err(Failure::new(Reached::Maybe, Kind::Timeout, "no answer in time"));
        assert_eq!(send(vec![late]).unwrap_err().kind, Kind::Ambiguous);
    }

    #[test]
    fn what_the_service_itself_calls_busy_is_sent_again_in_any_case() {
        const SOON: Duration = Duration::from_secs(30);
        let busy = |response: &Response| {
            (response.status == 400).then(|| Said::Busy(Error::new(Kind::Conflict, "somebody else writes")))
        };
        for resend in [Resend::Allowed, Resend::Never] {
            let again = client(vec![status(400), status(400), status(200)]);
            assert_eq!(again.send_as(&request(resend), SOON, &busy).unwrap().status, 200);
            let always = client((0..5).map(|_| status(400)).collect());
            let error = always.send_as(&request(resend), SOON, &busy).unwrap_err();
            assert_eq!(error.to_string(), "conflict: somebody else writes");
        }
        // What was lost before stays in doubt.
        let lost = client(vec![lost()]);
        let error = lost.send_as(&request(Resend::Never), SOON, &busy).unwrap_err();
        assert_eq!(error.kind, Kind::Ambiguous);
    }

    #[test]
    fn what_the_service_says_counts_more_than_the_status() {
        let said = |response: &Response| match response.body.as_slice() {
            b"failed" => Some(Said::Failed(Error::new(Kind::Unavailable, "something broke"))),
            b"refused" => Some(Said::Refused),
            _ => None,
        };
        let words = |text: &str| body(200, text);
        let send = |resend, script| {
            let client = client(script);
            let outcome = client.send_as(&request(resend), client.deadline(), &said);
            (outcome.map(|response| response.body), client.transport.sent())
        };
        let ambiguous = |outcome: (Result<Vec<u8>>, usize), sentence: &str, sent| {
            let error = outcome.0.unwrap_err();
            assert_eq!((error.to_string().as_str(), outcome.1), (sentence, sent));
        };
        let done = (Ok(b"done".to_vec()), 2);
        for resend in [Resend::Allowed, Resend::Guarded] {
            assert_eq!(send(resend, vec![words("failed"), words("done")]), done);
        }
        let doubt = "ambiguous: something broke; TEST may or may not have happened";
        ambiguous(send(Resend::Never, vec![words("failed")]), doubt, 1);
        // What comes after it is an answer to a request that may have been the second.
        let doubt = "ambiguous: `h:1` answered 200 to TEST, which may or may not have happened";
        for first in [words("failed"), lost(), status(503)] {
            ambiguous(send(Resend::Guarded, vec![first, words("refused")]), doubt, 2);
        }
        // By itself it is certain.
        assert_eq!(send(Resend::Guarded, vec![words("refused")]), (Ok(b"refused".to_vec()), 1));
        let gone = send(Resend::Guarded, vec![words("failed"), refused(), refused(), refused(), refused()]);
        assert_eq!(gone.0.unwrap_err().kind, Kind::Ambiguous);
    }

    #[test]
    fn waits_for_what_is_under_way_beside_what_failed_at_once() {
        let client = client(vec![refused(), status(200)]);
        let both = [(); 2].map(|()| client.begin(&request(Resend::Allowed)));
        client.wait(&both).unwrap();
        assert_eq!(client.transport.waited_for(), 1);
    }

    #[test]
    fn pauses_while_there_is_time() {
        let client = client(vec![]);
        let second = Duration::from_secs(1);
        assert!(client.pause(second, second * 2));
        let passed = client.transport.now();
        assert!((second / 2..=second).contains(&passed), "{passed:?}");
        assert!(!client.pause(second, passed + second / 2));
        assert_eq!(client.transport.now(), passed);
    }

    #[test]
    fn gives_up_after_five_tries() {
        let client = client(vec![refused(), refused(), refused(), refused(), refused()]);
        let error = client.send(&request(Resend::Allowed)).unwrap_err();
        assert_eq!(error.to_string(), "unavailable: `h:1`: the connection was refused");
        assert!(client.transport.now() < Duration::from_secs(2));
    }

    #[test]
    fn honours_retry_after_inside_the_deadline() {
        let after = |seconds: &str| {
            status(503).map(|r| Response { headers: vec![("retry-after", seconds.into())], ..r })
        };
        let patient = client(vec![after("7"), status(200)]);
        assert!(patient.send(&request(Resend::Allowed)).is_ok());
        assert_eq!(patient.transport.now(), Duration::from_secs(7));
        let late = client(vec![after("31")]);
        let error = late.send(&request(Resend::Allowed)).unwrap_err();
        assert_eq!(error.to_string(), "unavailable: `h:1` answered 503 to TEST");
        assert_eq!(late.transport.now(), Duration::ZERO);
    }

    #[test]
    fn several_requests_have_one_deadline() {
        let client = client(vec![status(503), status(200), status(503)]);
        let deadline = client.deadline();
        client.transport.sleep(Duration::from_millis(29_900));
        assert_eq!(client.send_by(&request(Resend::Allowed), deadline).unwrap().status, 200);
        // No time is left for another pause, and then for nothing at all.
        let unavailable = client.send_by(&request(Resend::Allowed), deadline).unwrap_err();
        assert_eq!(unavailable.kind, Kind::Unavailable);
        client.transport.sleep(Duration::from_millis(100));
        let late = client.send_by(&request(Resend::Never), deadline).unwrap_err();
        assert_eq!(late.to_string(), "timeout: `h:1`: the deadline passed before TEST");
        assert_eq!(client.transport.sent(), 3);
    }

    #[test]
    fn reads_retry_after_as_a_date_by_the_clock_of_the_service() {
        let headers =
            [("date", "Sun, 06 Nov 1994 08:49:37 GMT"), ("retry-after", "Sun, 06 Nov 1994 08:49:41 GMT")];
        let headers = headers.map(|(name, value)| (name, value.as_bytes().to_vec())).to_vec();
        let client = client(vec![Ok(Response { status: 503, headers, body: vec![] }), status(200)]);
        assert!(client.send(&request(Resend::Allowed)).is_ok());
        assert_eq!(client.transport.now(), Duration::from_secs(4));
    }

    #[test]
    fn a_failure_that_waiting_does_not_mend_is_not_retried() {
        let client =
            client(vec![Err(Failure::new(Reached::Maybe, Kind::TooLarge, "the answer is too long"))]);
        assert_eq!(client.send(&request(Resend::Allowed)).unwrap_err().kind, Kind::TooLarge);
    }

    #[test]
    fn logs_the_shape_of_each_exchange() {
        let client = client(vec![refused(), status(200)]);
        client.send(&request(Resend::Allowed)).unwrap();
        assert_eq!(
            client.transport.logged(),
            "kv-test: POST h:1 TEST -> the connection was refused, 0 ms\nkv-test: POST h:1 TEST -> 200, 0 ms\n"
        );
    }

    #[test]
    fn whatever_is_logged_is_one_line() {
        let client = client(vec![]);
        client.debug("no-such-store: `a\nkv-test: b\u{1b}[2J` is not listed");
        assert_eq!(client.transport.logged(), "kv-test: no-such-store: `a kv-test: b [2J` is not listed\n");
        Client { log: None, ..client }.debug("nothing");
    }
}
