//! Exchanges over `wasi:http@0.2`, on any host.
//!
//! Every wait is a poll of the thing waited for and of the deadline: host timeouts do not cover all of an
//! exchange (not the TLS handshake on wasmtime).

mod answer;
mod deadline;
mod exchange;
mod failure;

use std::time::Duration;

use wasip2::clocks::{monotonic_clock, wall_clock};

use crate::transport::Terms;
use crate::{Endpoint, Failure, Host, Request, Response, Transport};
use answer::{Remaining, read_answer};
use deadline::{Deadline, nanoseconds};
use exchange::Exchange;

/// The host that the component runs on.
#[derive(Default)]
pub struct Wasi;

impl Transport for Wasi {
    type Exchange = Exchange;
    type Body = Remaining;

    fn begin(&self, endpoint: &Endpoint, request: &Request, terms: &Terms) -> Result<Exchange, Failure> {
        Exchange::begin(endpoint, request, terms)
    }

    fn pump(&self, exchange: &mut Exchange, request: &Request) -> bool {
        exchange.push(&request.body);
        exchange.answered().ready()
    }

    fn wait(&self, exchanges: &[&Exchange], terms: &Terms) -> bool {
        // One that is through is ready at once, over and over: whoever then asks again leaves the host no time for
        // the others.
        let open = || exchanges.iter().filter(|exchange| !exchange.answered().ready());
        let writable = open().filter_map(|exchange| exchange.writable()).collect::<Vec<_>>();
        let answered = open().map(|exchange| exchange.answered());
        let all = writable.iter().chain(answered).collect::<Vec<_>>();
        all.is_empty() || Deadline::new(terms).wait(&all).is_ok()
    }

    fn finish(
        &self,
        mut exchange: Exchange,
        request: &Request,
        terms: &Terms,
    ) -> Result<(Response, Option<Remaining>), Failure> {
        let mut deadline = Deadline::new(terms);
        let incoming = exchange.head(&request.body, &mut deadline)?;
        read_answer(incoming, request, terms, &mut deadline)
    }
}

impl Host for Wasi {
    fn now(&self) -> Duration {
        Duration::from_nanos(monotonic_clock::now())
    }

    fn wall_clock(&self) -> Duration {
        let now = wall_clock::now();
        Duration::new(now.seconds, now.nanoseconds)
    }

    fn sleep(&self, time: Duration) {
        monotonic_clock::subscribe_duration(nanoseconds(time)).block();
    }

    fn random(&self) -> u64 {
        wasip2::random::random::get_random_u64()
    }

    fn log(&self, line: &str) {
        let stderr = wasip2::cli::stderr::get_stderr();
        // The most that one call may write; a line that cannot be written is nobody's problem.
        let _ = stderr.blocking_write_and_flush(line.as_bytes().get(..4096).unwrap_or(line.as_bytes()));
    }
}
