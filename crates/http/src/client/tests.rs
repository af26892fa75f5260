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
        name: "kv-test",
        log: Log::Debug,
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
    let after =
        |seconds: &str| status(503).map(|r| Response { headers: vec![("retry-after", seconds.into())], ..r });
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
    let client = client(vec![Err(Failure::new(Reached::Maybe, Kind::TooLarge, "the answer is too long"))]);
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
    let of = |log| {
        let client = Client { log, ..client(vec![status(200)]) };
        client.send(&request(Resend::Allowed)).unwrap();
        client.tell(&Error::new(Kind::NoSuchStore, "`a\nkv-test: b\u{1b}[2J` is not listed"));
        client.transport.logged()
    };
    let refusal = "kv-test: no-such-store: `a kv-test: b [2J` is not listed\n";
    assert_eq!(of(Log::default()), refusal);
    assert_eq!(of(Log::Off), "");
    assert_eq!(of(Log::Debug), ["kv-test: POST h:1 TEST -> 200, 0 ms\n", refusal].concat());
}
