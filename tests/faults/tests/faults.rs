//! Each fault, as the raw bytes the client gets and as the server sees it.

mod support;

use std::{
    thread,
    time::{Duration, Instant, SystemTime},
};

use plugboard_faults::{Answer, At, By, Fault, Proxy, Recorded, Request, Upstream, When};
use support::*;

const MADE_UP_HEAD: &str = "HTTP/1.1 200 Injected\r\nContent-Length: 64\r\n\r\n";
/// `OK` with its length where rewriting puts it.
const TRUE_HEAD: &str = "HTTP/1.1 200 OK\r\nX-Up: 1\r\nContent-Length: 10\r\n\r\n";

/// Sends a request into a fault: what comes back, byte for byte and how it ends, and whether the server saw the
/// request; then, that a cleared proxy relays again.
fn check(answer: &str, request: &str, fault: Fault, expected: impl AsRef<[u8]>, end: End) {
    let server = Server::answering(answer);
    let proxy = Proxy::start(server.addr).unwrap();
    proxy.arm(fault.clone(), When::always());
    let mut client = Client::new(&proxy);
    client.send(request).expect(&expected).expect_end(end);

    if end == End::Silence {
        // Nothing told the client how far the proxy is.
        let start = Instant::now();
        let is_there = |recorded: &Recorded| recorded.upstream_status.is_some() == fault.reaches_upstream();
        while !proxy.requests().iter().any(is_there) && start.elapsed() < HANG {
            thread::sleep(Duration::from_millis(1));
        }
    }
    let recorded = taken(&proxy);
    assert_eq!(recorded.fault.as_deref(), Some(&fault));
    assert_eq!(recorded.forwarded, fault.reaches_upstream(), "{fault}");
    assert_eq!(server.seen().len(), usize::from(fault.reaches_upstream()), "{fault}");
    assert_eq!(recorded.upstream_status.is_some(), fault.reaches_upstream(), "{fault}");
    assert_eq!(recorded.status.is_some(), expected.as_ref().starts_with(b"HTTP/1.1 "), "{fault}");
    assert_eq!(recorded.problem, None, "{fault}");

    proxy.clear();
    if end == End::Silence && matches!(fault, Fault::Cut { .. }) {
        client.expect_end(End::Fin);
    }
    Client::new(&proxy).send(request).expect(answer);
}

#[test]
fn cuts() {
    for upstream in Upstream::ALL {
        for by in By::ALL {
            for at in At::ALL {
                let (head, half) = match upstream {
                    Upstream::Skipped => (MADE_UP_HEAD, "x".repeat(32)),
                    Upstream::Executed => (TRUE_HEAD, "01234".into()),
                };
                let expected = match at {
                    At::BeforeHeaders => String::new(),
                    At::AfterHeaders => head.to_owned(),
                    At::MidBody => format!("{head}{half}"),
                };
                let end = match by {
                    By::Reset => End::Rst,
                    By::Close => End::Fin,
                    By::Stall => End::Silence,
                };
                check(OK, GET, Fault::Cut { at, by, upstream }, expected, end);
            }
        }
    }
}

#[test]
fn a_cut_answer_is_always_incomplete() {
    let cut = |answer: &str, request: &str, at, expected: &str| {
        check(
            answer,
            request,
            Fault::Cut { at, by: By::Close, upstream: Upstream::Executed },
            expected,
            End::Fin,
        );
    };
    // A body too short to cut is announced as longer.
    let empty = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    cut(empty, GET, At::AfterHeaders, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
    cut(empty, GET, At::MidBody, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nx");
    let one = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n7";
    cut(one, GET, At::MidBody, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n7");
    // One that ends with the connection gets a length.
    cut("HTTP/1.1 200 OK\r\n\r\n0123", GET, At::MidBody, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n01");
    // Chunks stay chunks.
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n0123\r\n0\r\n\r\n";
    cut(chunked, GET, At::MidBody, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n0123");
    // Where there is no body, the head is cut.
    let head = "HEAD / HTTP/1.1\r\n\r\n";
    cut(
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
        head,
        At::MidBody,
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n",
    );
    cut("HTTP/1.1 204 No\r\n\r\n", GET, At::AfterHeaders, "HTTP/1.1 204 No\r\n");
    let fault = Fault::Cut { at: At::AfterHeaders, by: By::Close, upstream: Upstream::Skipped };
    check(
        "HTTP/1.1 204 No\r\n\r\n",
        head,
        fault,
        "HTTP/1.1 200 Injected\r\nContent-Length: 64\r\n",
        End::Fin,
    );
}

#[test]
fn answers() {
    for upstream in Upstream::ALL {
        for (answer, expected) in [
            (Answer::status(503), "HTTP/1.1 503 Injected\r\nContent-Length: 0\r\n\r\n".into()),
            (Answer::status(200), "HTTP/1.1 200 Injected\r\nContent-Length: 0\r\n\r\n".into()),
            (Answer::status(204), "HTTP/1.1 204 Injected\r\n\r\n".into()),
            (
                Answer::status(429).retry_after(7),
                "HTTP/1.1 429 Injected\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n".into(),
            ),
            (
                Answer::status(429).retry_at(SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777)),
                "HTTP/1.1 429 Injected\r\nRetry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 0\r\n\r\n".into(),
            ),
            (
                Answer::redirect(302, "http://other.example/"),
                "HTTP/1.1 302 Injected\r\nLocation: http://other.example/\r\nContent-Length: 0\r\n\r\n".into(),
            ),
            (
                Answer::json("wrong-type", "{\"result\":7}"),
                "HTTP/1.1 200 Injected\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{\"result\":7}"
                    .to_owned(),
            ),
        ] {
            // The connection is kept, so silence follows.
            check(OK, GET, Fault::Answer { answer, upstream }, expected, End::Silence);
        }
    }
    let fault = Fault::Answer { answer: Answer::status(500).body("why"), upstream: Upstream::Skipped };
    let head = "HEAD / HTTP/1.1\r\n\r\n";
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n";
    check(answer, head, fault, "HTTP/1.1 500 Injected\r\nContent-Length: 3\r\n\r\n", End::Silence);
}

#[test]
fn an_answered_connection_serves_the_next_request() {
    let server = Server::answering(OK);
    let proxy = Proxy::start(server.addr).unwrap();
    let body = vec![b'x'; 1 << 20];
    let request =
        [format!("PUT / HTTP/1.1\r\nContent-Length: {}\r\n\r\n", body.len()).as_bytes(), &body].concat();
    for upstream in Upstream::ALL {
        proxy.arm(Fault::Answer { answer: Answer::status(503), upstream }, When::next(1));
        let mut client = Client::new(&proxy);
        client.send(&request).expect("HTTP/1.1 503 Injected\r\nContent-Length: 0\r\n\r\n");
        client.send(&request).expect(OK);
        assert_eq!(proxy.take_requests()[0].body_len, 1 << 20);
    }
    assert_eq!(server.seen().len(), 3);
}

#[test]
fn garbage_is_garbage() {
    let json = Answer::garbage_json();
    let text = std::str::from_utf8(&json.body).unwrap();
    assert!(text.starts_with('{') && text.ends_with(",}"), "no JSON ends like this: {text}");
    let bytes = Answer::garbage_bytes();
    assert!(std::str::from_utf8(&bytes.body).is_err() && (0..=255).all(|byte| bytes.body.contains(&byte)));
    let fault = Fault::Answer { answer: bytes.clone(), upstream: Upstream::Skipped };
    let expected = [b"HTTP/1.1 200 Injected\r\nContent-Length: 1024\r\n\r\n", &*bytes.body].concat();
    check(OK, GET, fault, expected, End::Silence);
}

#[test]
fn oversized_headers_arrive_whole() {
    let mut expected = String::from("HTTP/1.1 200 Injected\r\n");
    for n in 0..20 {
        expected += &format!("X-Fill-{n}: {}\r\n", "f".repeat(8192));
    }
    expected += "Content-Length: 0\r\n\r\n";
    assert!(expected.len() > 128 * 1024);
    let fault = Fault::Answer { answer: Answer::oversized_headers(), upstream: Upstream::Skipped };
    check(OK, GET, fault, expected, End::Silence);
}

#[test]
fn a_redirect_leads_to_a_proxy_that_can_tell() {
    let server = Server::answering(OK);
    let (proxy, other) = (Proxy::start(server.addr).unwrap(), Proxy::start(server.addr).unwrap());
    let answer = Answer::redirect(307, &format!("{}/elsewhere", other.url()));
    proxy.arm(Fault::Answer { answer, upstream: Upstream::Skipped }, When::always());
    let mut client = Client::new(&proxy);
    client
        .send(GET)
        .expect(format!("HTTP/1.1 307 Injected\r\nLocation: http://{}/elsewhere\r\n", other.addr()));
    assert_eq!((other.connections(), other.count()), (0, 0));
    Client::new(&other).send(GET).expect(OK);
    assert_eq!((other.connections(), other.count()), (1, 1));
}

#[test]
fn close_mid_request() {
    let server = Server::answering(OK);
    let proxy = Proxy::start(server.addr).unwrap();
    for after in [0, 10] {
        let head_only = |request: &Request| request.target == "/k" && request.body.is_empty();
        proxy.arm(Fault::CloseMidRequest { after }, When::next(1).matching(head_only));
        let mut client = Client::new(&proxy);
        client.send(format!("PUT /k HTTP/1.1\r\nContent-Length: 100\r\n\r\n{}", "b".repeat(after)));
        client.expect_end(End::Fin);
        let recorded = taken(&proxy);
        assert_eq!((recorded.body_len, recorded.forwarded, recorded.status), (after as u64, false, None));
        assert_eq!(recorded.fault.as_deref(), Some(&Fault::CloseMidRequest { after }));
    }
    // A client that goes on sending is told by RST.
    proxy.arm(Fault::CloseMidRequest { after: 1 }, When::next(1));
    let mut client = Client::new(&proxy);
    client.send("PUT /k HTTP/1.1\r\nContent-Length: 1000000000\r\n\r\n");
    let sent = (0..10_000).try_for_each(|_| std::io::Write::write_all(&mut client.0, &[b'x'; 100_000]));
    assert!(sent.is_err());
    assert!(server.seen().is_empty());
    Client::new(&proxy).send(GET).expect(OK);
}

#[test]
fn slow_first_byte() {
    let start = Instant::now();
    let delay = Duration::from_millis(300);
    check(OK, GET, Fault::SlowFirstByte(delay), OK, End::Silence);
    assert!(start.elapsed() >= delay);
}

#[test]
fn slow_drip() {
    let every = Duration::from_millis(3);
    let head = OK.len() - 10;
    for (from, slow) in [(At::BeforeHeaders, OK.len()), (At::AfterHeaders, 10), (At::MidBody, 5)] {
        let start = Instant::now();
        check(OK, GET, Fault::SlowDrip { every, from }, OK, End::Silence);
        assert!(start.elapsed() >= every * slow as u32);
    }
    let server = Server::answering(OK);
    let proxy = Proxy::start(server.addr).unwrap();
    proxy.arm(Fault::SlowDrip { every: HANG, from: At::AfterHeaders }, When::next(1));
    let mut client = Client::new(&proxy);
    client.send(GET).expect(&OK[..head]).expect_end(End::Silence);
    proxy.clear();
    client.expect_end(End::Fin);
}

#[test]
fn endless_bodies_end_at_their_limit_only() {
    const LIMIT: usize = 100_000;
    let endless = |chunked| Fault::Endless { chunked, limit: LIMIT as u64 };
    let plain =
        format!("HTTP/1.1 200 Injected\r\nContent-Length: {}\r\n\r\n{}", 1_u64 << 50, "x".repeat(LIMIT));
    check(OK, GET, endless(false), plain, End::Fin);
    let mut chunked = String::from("HTTP/1.1 200 Injected\r\nTransfer-Encoding: chunked\r\n\r\n");
    for start in (0..LIMIT).step_by(16384) {
        let length = (LIMIT - start).min(16384);
        chunked += &format!("{length:x}\r\n{}\r\n", "x".repeat(length));
    }
    check(OK, GET, endless(true), chunked, End::Fin);

    for chunked in [true, false] {
        let server = Server::answering(OK);
        let proxy = Proxy::start(server.addr).unwrap();
        proxy.arm(Fault::Endless { chunked, limit: u64::MAX }, When::next(2));
        let mut leaving = Client::new(&proxy);
        leaving.send(GET).receive(20 << 20);
        drop(leaving);
        // One that does not read is dropped by `clear`.
        let mut staying = Client::new(&proxy);
        staying.send(GET).receive(1);
        proxy.clear();
        let (bytes, end) = staying.rest(HANG);
        assert!(!bytes.is_empty() && end == End::Fin, "{} bytes, {end:?}", bytes.len());
        Client::new(&proxy).send(GET).expect(OK);
    }
}

#[test]
fn without_length() {
    let expected = "HTTP/1.0 200 OK\r\nX-Up: 1\r\n\r\n0123456789";
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Up: 1\r\n\r\n4\r\n0123\r\n6\r\n456789\r\n0\r\n\r\n";
    for answer in [OK, chunked] {
        let server = Server::answering(answer);
        let proxy = Proxy::start(server.addr).unwrap();
        proxy.arm(Fault::WithoutLength, When::always());
        Client::new(&proxy).send(GET).expect(expected).expect_end(End::Fin);
        assert_eq!(server.seen().len(), 1);
    }
}

#[test]
fn interim_noise() {
    let noise = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n";
    check(OK, GET, Fault::InterimNoise, format!("{noise}{OK}"), End::Silence);
}

#[test]
fn not_http() {
    check(OK, GET, Fault::NotHttp, "-ERR unknown command 'GET', with args beginning with: \r\n", End::Fin);
}

#[test]
fn names_tell_faults_apart() {
    let cut = |at, by, upstream| Fault::Cut { at, by, upstream }.to_string();
    assert_eq!(cut(At::MidBody, By::Reset, Upstream::Executed), "reset-mid-body-executed");
    assert_eq!(cut(At::BeforeHeaders, By::Stall, Upstream::Skipped), "stall-before-headers");
    let answer = |answer, upstream| Fault::Answer { answer, upstream }.to_string();
    assert_eq!(
        answer(Answer::status(503).retry_after(1), Upstream::Executed),
        "status-503-retry-after-executed"
    );
    assert_eq!(answer(Answer::redirect(302, "/"), Upstream::Skipped), "redirect-302");
    assert_eq!(Fault::Endless { chunked: true, limit: 1 }.to_string(), "endless-chunked");
    assert_eq!(
        Fault::SlowDrip { every: HANG, from: At::AfterHeaders }.to_string(),
        "slow-drip-after-headers"
    );
}
