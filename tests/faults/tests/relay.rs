//! Without faults, a proxy that nobody notices.

mod support;

use std::{net::SocketAddr, thread, time::Duration};

use plugboard_faults::Proxy;
use support::*;

#[test]
fn bytes_are_relayed_and_recorded_as_they_are() {
    let answer =
        b"HTTP/1.1 201 Who Knows\r\nContent-LENGTH:   7\r\nx-odd: \x80\xff \t\r\n\r\n\x00\xff\r\n\r\n\x80";
    let server = Server::answering(answer);
    let proxy = Proxy::start(server.addr).unwrap();
    let request = b"PUT //a/%2F%2e/..?x=+&y HTTP/1.1\r\nHOST: example.test\r\nx-Odd:  \xe9 \t\r\n\
        Authorization: Bearer s3cret\r\nX-Two: 1\r\nX-Two: 2\r\nContent-Length: 5\r\n\r\n\x00\r\n\xffz";
    let mut client = Client::new(&proxy);
    client.send(request).expect(answer);

    assert_eq!(server.seen(), [request]);
    let recorded = taken(&proxy);
    assert_eq!((recorded.request.method.as_str(), recorded.body_len), ("PUT", 5));
    assert_eq!(recorded.request.target, "//a/%2F%2e/..?x=+&y");
    assert_eq!(recorded.request.body, b"\x00\r\n\xffz");
    assert_eq!(recorded.request.header("x-odd"), Some(b"\xe9".as_slice()));
    assert_eq!(recorded.request.headers.iter().filter(|(name, _)| name == "X-Two").count(), 2);
    assert!(recorded.forwarded && recorded.fault.is_none() && recorded.problem.is_none(), "{recorded:?}");
    assert_eq!((recorded.upstream_status, recorded.status), (Some(201), Some(201)));
    assert!(!recorded.request.outside_authorization().windows(6).any(|window| window == b"s3cret"));
}

#[test]
fn chunked_bodies_keep_their_chunks() {
    let answer =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x=y\r\na\r\n2\r\nbc\r\n0\r\nT: t\r\n\r\n";
    let server = Server::answering(answer);
    let proxy = Proxy::start(server.addr).unwrap();
    let request = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nSET\r\n2;e\r\n/k\r\n0\r\n\r\n";
    let mut client = Client::new(&proxy);
    for byte in request.as_bytes() {
        client.send([*byte]);
    }
    client.expect(answer);
    // The connection is in step still.
    client.send(request).expect(answer);
    assert_eq!(server.seen(), [request.as_bytes(), request.as_bytes()]);
    for recorded in proxy.requests() {
        assert_eq!((recorded.request.body.as_slice(), recorded.body_len), (b"SET/k".as_slice(), 5));
    }
}

#[test]
fn connections_are_kept_alive_and_pipelines_stay_in_order() {
    let server = Server::answering(OK);
    let proxy = Proxy::start(server.addr).unwrap();
    let mut client = Client::new(&proxy);
    client.send(GET).expect(OK).send(GET).expect(OK);
    client.send(GET.repeat(3)).expect(OK.repeat(3)).expect_end(End::Silence);
    Client::new(&proxy).send(GET).expect(OK);

    assert_eq!((proxy.count(), proxy.connections()), (6, 2));
    let connections = proxy.requests().iter().map(|recorded| recorded.connection).collect::<Vec<_>>();
    assert!(connections[..5].iter().all(|connection| *connection == connections[0]), "{connections:?}");
    assert_ne!(connections[5], connections[0]);
}

#[test]
fn connections_end_when_either_side_says_so() {
    let server = Server::answering(OK);
    let proxy = Proxy::start(server.addr).unwrap();
    for request in ["GET / HTTP/1.1\r\nConnection: close\r\n\r\n", "GET / HTTP/1.0\r\n\r\n"] {
        Client::new(&proxy).send(request).expect(OK).expect_end(End::Fin);
    }
    Client::new(&proxy).send(GET).half_close().expect(OK).expect_end(End::Fin);
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx",
        "HTTP/1.1 200 OK\r\n\r\nuntil the end",
        "HTTP/1.0 200 OK\r\n\r\n",
    ] {
        let server = Server::answering(answer);
        let proxy = Proxy::start(server.addr).unwrap();
        Client::new(&proxy).send(GET).expect(answer).expect_end(End::Fin);
    }
}

#[test]
fn answers_without_a_body_end_with_their_head() {
    for (request, answer) in [
        ("HEAD / HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"),
        (GET, "HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n"),
        (GET, "HTTP/1.1 204 No Content\r\n\r\n"),
        (GET, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    ] {
        let server = Server::answering(answer);
        let proxy = Proxy::start(server.addr).unwrap();
        Client::new(&proxy).send(request).expect(answer).send(request).expect(answer);
    }
}

#[test]
fn interim_answers_are_dropped_and_continue_is_given_by_the_proxy() {
    let server =
        Server::answering(format!("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nA: b\r\n\r\n{OK}"));
    let proxy = Proxy::start(server.addr).unwrap();
    let mut client = Client::new(&proxy);
    client.send("PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    client.expect("HTTP/1.1 100 Continue\r\n\r\n").send("hi").expect(OK).expect_end(End::Silence);
    assert_eq!(taken(&proxy).request.body, b"hi");
}

#[test]
fn large_bodies_stream_both_ways_and_are_recorded_in_part() {
    const SIZE: usize = 8 << 20;
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\n\r\n");
    let body = (0..SIZE).map(|n| ((n * n) >> 7) as u8).collect::<Vec<_>>();
    let answer = [head.as_bytes(), &body].concat();
    let request = [format!("PUT / HTTP/1.1\r\nContent-Length: {SIZE}\r\n\r\n").as_bytes(), &body].concat();
    let server = Server::answering(answer.clone());
    let proxy = Proxy::start(server.addr).unwrap();
    let mut client = Client::new(&proxy);
    client.send(&request);
    assert!(client.receive(answer.len()) == answer);
    assert!(server.seen() == [request]);
    let recorded = taken(&proxy);
    assert_eq!(recorded.body_len, SIZE as u64);
    assert_eq!(recorded.request.body, body[..64 * 1024]);
}

#[test]
fn an_early_answer_is_relayed() {
    // As a server does that takes no body of this size: it answers on seeing the head, and leaves.
    let early = "HTTP/1.1 413 Too Large\r\n\r\n";
    let server = Server::start(move |_| Some(early.into()));
    let proxy = Proxy::start(server.addr).unwrap();
    let mut client = Client::new(&proxy);
    client.send("PUT / HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n").send(vec![b'x'; 1_000_000]);
    client.expect(early).expect_end(End::Fin);
    let recorded = taken(&proxy);
    assert_eq!((recorded.status, recorded.body_len), (Some(413), 1_000_000));
}

#[test]
fn what_is_not_a_request_is_answered_400_and_recorded() {
    let server = Server::answering(OK);
    let proxy = Proxy::start(server.addr).unwrap();
    for (bytes, why) in [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc".as_slice(), "invalid"),
        (b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", "invalid Content-Length"),
        (b"GET /a b HTTP/1.1\r\n\r\n", "invalid"),
    ] {
        Client::new(&proxy).send(bytes).expect("HTTP/1.1 400 ");
        let recorded = taken(&proxy);
        let problem = recorded.problem.unwrap();
        assert!(problem.starts_with("not a request: ") && problem.contains(why), "{problem}");
        assert_eq!((recorded.request.body.as_slice(), recorded.status), (bytes, Some(400)));
    }
    let mut client = Client::new(&proxy);
    client.send("GET / HTTP/1.1\r\nX: ");
    let _ = std::io::Write::write_all(&mut client.0, &vec![b'x'; 2 << 20]); // may be refused on the way
    assert!(proxy.wait_for_requests(4, HANG));
    assert_eq!(taken(&proxy).problem.unwrap(), "not a request: more than 1 MiB of headers");
    assert!(server.seen().is_empty());
}

#[test]
fn a_client_that_leaves_early_is_recorded() {
    let server = Server::answering(OK);
    let proxy = Proxy::start(server.addr).unwrap();
    Client::new(&proxy)
        .send("PUT / HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc")
        .half_close()
        .expect_end(End::Fin);
    let recorded = taken(&proxy);
    assert_eq!(recorded.problem.unwrap(), "client: the connection ended in the middle of a message");
    assert_eq!((recorded.request.body.as_slice(), recorded.forwarded), (b"abc".as_slice(), false));

    Client::new(&proxy).send("GET / HTTP/1.1\r\nX").half_close().expect_end(End::Fin);
    Client::new(&proxy).half_close().expect_end(End::Fin);
    assert!(proxy.requests().is_empty() && server.seen().is_empty());

    // Leaving by RST between two requests is not a request either.
    let mark = proxy.count();
    let mut client = Client::new(&proxy);
    client.send(GET).receive(1);
    thread::sleep(Duration::from_millis(50)); // until the proxy waits for the next request
    drop(client);
    Client::new(&proxy).send(GET).expect(OK);
    thread::sleep(Duration::from_millis(50));
    assert_eq!(proxy.since(mark).len(), 2);
}

#[test]
fn a_broken_server_breaks_the_connection() {
    // Bound, so that nobody else gets the port, but not listening.
    let nobody = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    nobody.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let proxy = Proxy::start(nobody.local_addr().unwrap().as_socket().unwrap()).unwrap();
    Client::new(&proxy).send(GET).expect_end(End::Fin);
    let recorded = taken(&proxy);
    assert!(recorded.problem.unwrap().contains("refused"));
    assert_eq!((recorded.forwarded, recorded.status), (false, None));

    for (answer, relayed, problem) in [
        ("", "", "server: the connection ended without an answer"),
        ("HTTP/1.1 2", "", "server: the connection ended in the middle of a message"),
        ("garbage\r\n\r\n", "", "server: invalid HTTP version"),
        // (no length here, or the test's server would wait)
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: CHUNK\r\n\r\nx",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: CHUNK\r\n\r\nx",
            "",
        ),
    ] {
        let server = Server::answering(answer);
        let proxy = Proxy::start(server.addr).unwrap();
        Client::new(&proxy).send(GET).expect(relayed).expect_end(End::Fin);
        let recorded = taken(&proxy);
        assert_eq!(recorded.problem.unwrap_or_default(), problem);
        assert!(recorded.forwarded);
    }
}

#[test]
fn marks_tell_requests_apart() {
    let server = Server::answering(OK);
    let proxy = Proxy::start(server.addr).unwrap();
    let mut client = Client::new(&proxy);
    let mut get = |path: &str| _ = client.send(format!("GET {path} HTTP/1.1\r\n\r\n")).expect(OK);
    get("/1");
    let mark = proxy.count();
    get("/2");
    get("/3");
    let targets =
        |mark| proxy.since(mark).into_iter().map(|recorded| recorded.request.target).collect::<Vec<_>>();
    assert_eq!(targets(mark), ["/2", "/3"]);
    assert_eq!(proxy.take_requests().len(), 3);
    get("/4");
    assert_eq!(targets(mark), ["/4"]);
    assert_eq!(proxy.count(), 4);
    assert!(!proxy.wait_for_requests(5, Duration::from_millis(1)));
}
