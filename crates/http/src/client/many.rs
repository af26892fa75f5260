//! Calls of many small requests.

use std::collections::VecDeque;
use std::time::Duration;

use plugboard_error::Result;

use super::Client;
use crate::{Host, Pace, Reading, Request, Response, Transport};

impl<T: Transport + Host> Client<T> {
    /// As [`Client::send_by`] for each of many small requests, of which so many at a time are under way. `take` gets the
    /// answers in the order of the requests. The first error ends it.
    pub fn send_each(
        &self,
        requests: impl IntoIterator<Item = Result<Request>>,
        width: usize,
        deadline: Duration,
        mut take: impl FnMut(Request, Response) -> Result<()>,
    ) -> Result<()> {
        let mut requests = requests.into_iter();
        let mut under_way = VecDeque::new();
        let terms = || {
            let mut terms = self.terms(Pace::Whole, Reading::Whole);
            terms.limits.timeout = deadline.saturating_sub(self.transport.now());
            terms
        };
        loop {
            while under_way.len() < width
                && let Some(request) = requests.next()
            {
                let request = request?;
                let mut sending = self.start(&request, &terms());
                self.pump(&mut sending, &request);
                under_way.push_back((sending, request));
            }
            let Some((sending, request)) = under_way.pop_front() else { return Ok(()) };
            let response = self.conclude(sending, &request, terms(), &|_| None)?.0;
            take(request, response)?;
        }
    }
}

#[cfg(test)]
mod tests {
    use plugboard_error::Kind;

    use super::super::tests::{client, request};
    use crate::fake::status;
    use crate::{Failure, Reached, Resend};

    #[test]
    fn many_are_under_way_at_once_and_answered_in_order() {
        let client = client((201..=205).chain([429, 206]).map(status).collect());
        let mut under_way = Vec::new();
        let mut statuses = Vec::new();
        let requests = (0..6).map(|_| Ok(request(Resend::Allowed)));
        let done = client.send_each(requests, 3, client.deadline(), |_, response| {
            under_way.push(client.transport.sent() - statuses.len());
            statuses.push(response.status);
            Ok(())
        });
        assert_eq!((done, statuses), (Ok(()), vec![201, 202, 203, 204, 205, 206]));
        assert_eq!(under_way, [3, 3, 3, 3, 2, 2]);
    }

    #[test]
    fn of_many_the_first_error_is_the_last_word() {
        let client =
            client(vec![status(200), Err(Failure::new(Reached::Maybe, Kind::Timeout, "late")), status(200)]);
        let requests = (0..9).map(|_| Ok(request(Resend::Allowed)));
        let mut taken = 0;
        let error = client.send_each(requests, 2, client.deadline(), |_, _| {
            taken += 1;
            Ok(())
        });
        assert_eq!((error.unwrap_err().kind, taken, client.transport.sent()), (Kind::Timeout, 1, 3));
    }
}
