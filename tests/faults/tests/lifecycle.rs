//! Starting, refusing, clearing, stopping; many clients at once.

mod support;

use std::{
    collections::HashSet,
    io::{ErrorKind, Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::process::CommandExt,
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use plugboard_faults::{Answer, At, By, Fault, Proxy, Upstream, When};
use support::*;

fn stall(at: At, upstream: Upstream) -> Fault {
    Fault::Cut { at, by: By::Stall, upstream }
}

fn refused(proxy: &Proxy) -> bool {
    TcpStream::connect(proxy.addr()).is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused)
}

#[test]
fn a_refusing_proxy_keeps_its_port_and_comes_back() {
    let server = Server::answering(OK);
    let proxy = Proxy::start(server.addr).unwrap();
    for round in 1..=20 {
        let mut client = Client::new(&proxy);
        client.send(GET).expect(OK);
        proxy.refuse_connections();
        assert!(refused(&proxy));
        client.expect_end(End::Fin);
        assert!(TcpListener::bind(proxy.addr()).is_err(), "someone else got the port");
        proxy.refuse_connections(); // still
        assert!(refused(&proxy));
        proxy.clear();
        Client::new(&proxy).send(GET).expect(OK);
        assert_eq!(server.seen().len(), 2 * round);
    }
}

#[test]
#[expect(unsafe_code, reason = "`pre_exec` is how a test gets a process between fork and exec")]
fn it_refuses_although_a_process_is_being_started() {
    // Until it calls exec, a new process has copies of all sockets: closing ours does not close those.
    let server = Server::answering(OK);
    let proxy = Proxy::start(server.addr).unwrap();
    let mut command = Command::new("true");
    let linger = || {
        thread::sleep(Duration::from_millis(500));
        Ok(())
    };
    // SAFETY: sleeping is fine between fork and exec.
    unsafe { command.pre_exec(linger) };
    let child = thread::spawn(move || command.status());
    thread::sleep(Duration::from_millis(200));
    proxy.refuse_connections();
    assert!(refused(&proxy));
    child.join().unwrap().unwrap();
    proxy.clear();
    Client::new(&proxy).send(GET).expect(OK);
}

#[test]
fn proxies_have_ports_of_their_own() {
    let server = Server::answering(OK);
    let proxies = (0..200).map(|_| Proxy::start(server.addr).unwrap()).collect::<Vec<_>>();
    assert_eq!(proxies.iter().map(Proxy::addr).collect::<HashSet<_>>().len(), 200);
}

#[test]
fn an_ignoring_proxy_says_nothing_to_new_connections() {
    let server = Server::answering(OK);
    let proxy = Proxy::start(server.addr).unwrap();
    let mut old = Client::new(&proxy);
    old.send(GET).expect(OK);
    proxy.ignore_connections();
    let mut new = Client::new(&proxy);
    new.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc").expect_end(End::Silence);
    old.send(GET).expect(OK);
    proxy.clear();
    new.expect_end(End::Fin);
    assert_eq!((proxy.count(), proxy.connections(), server.seen().len()), (2, 2, 2));
    Client::new(&proxy).send(GET).expect(OK);
}

#[test]
fn clearing_drops_only_those_who_wait() {
    let server = Server::answering(OK);
    let proxy = Proxy::start(server.addr).unwrap();
    let mut idle = Client::new(&proxy);
    idle.send(GET).expect(OK);
    proxy.arm(Fault::SlowFirstByte(HANG), When::next(1));
    let moment = Duration::from_millis(1);
    proxy.arm(Fault::SlowFirstByte(moment), When::next(1));
    proxy.arm(Fault::SlowDrip { every: moment, from: At::MidBody }, When::next(1));
    proxy.arm(stall(At::MidBody, Upstream::Executed), When::next(1));
    let mut waiting = Client::new(&proxy);
    waiting.send(GET);
    assert!(proxy.wait_for_requests(2, HANG));
    let mut slow = [Client::new(&proxy), Client::new(&proxy)];
    slow.iter_mut().for_each(|client| _ = client.send(GET).expect(OK));
    let mut half = Client::new(&proxy);
    half.send(GET).expect("HTTP/1.1 200 OK\r\n");
    proxy.clear();
    waiting.expect_end(End::Fin);
    assert_eq!(half.rest(HANG).1, End::Fin);
    idle.send(GET).expect(OK);
    slow.iter_mut().for_each(|client| _ = client.send(GET).expect(OK));
}

#[test]
fn a_client_that_leaves_frees_what_held_it() {
    let server = Server::answering(OK);
    let proxy = Proxy::start(server.addr).unwrap();
    for fault in
        [stall(At::BeforeHeaders, Upstream::Skipped), Fault::SlowFirstByte(Duration::from_secs(3600))]
    {
        proxy.arm(fault, When::next(1));
        let mut client = Client::new(&proxy);
        client.send(GET).expect_end(End::Silence);
        client.half_close().expect_end(End::Fin);
    }
}

#[test]
fn dropping_ends_everything_promptly() {
    let silent = Server::start(|_| None);
    let server = Server::answering(OK);
    let start = Instant::now();
    for round in 0..6 {
        let proxy = Proxy::start(if round == 0 { silent.addr } else { server.addr }).unwrap();
        let mut client = Client::new(&proxy);
        match round {
            0 => _ = client.send(GET), // the server takes for ever
            1 => {
                proxy.arm(stall(At::BeforeHeaders, Upstream::Skipped), When::always());
                client.send(GET);
            }
            2 => {
                proxy.arm(stall(At::MidBody, Upstream::Executed), When::always());
                client.send(GET).expect("HTTP/1.1 200 OK\r\n");
            }
            3 => {
                proxy.arm(Fault::SlowDrip { every: HANG, from: At::BeforeHeaders }, When::always());
                client.send(GET);
            }
            4 => {
                proxy.arm(Fault::Endless { chunked: true, limit: u64::MAX }, When::always());
                client.send(GET); // and read nothing
            }
            _ => _ = client.send("PUT / HTTP/1.1\r\nContent-Length: 5\r\n\r\n"), // and no body
        }
        if round < 5 {
            assert!(proxy.wait_for_requests(1, HANG));
        }
        drop(proxy);
        assert_ne!(client.rest(HANG).1, End::Silence);
    }
    assert!(start.elapsed() < HANG);
}

/// The body of a request that is whole.
fn body_of(request: &[u8]) -> &[u8] {
    let end = request.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    &request[end + 4..]
}

fn echo(request: &[u8]) -> Option<Vec<u8>> {
    is_complete(request).then(|| {
        let body = body_of(request);
        [format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()).as_bytes(), body].concat()
    })
}

#[test]
fn sixty_four_clients_at_once_get_their_own_answers() {
    let server = Server::start(echo);
    let proxy = Proxy::start(server.addr).unwrap();
    thread::scope(|scope| {
        for client in 0..64 {
            let proxy = &proxy;
            scope.spawn(move || {
                let mut connection = Client::new(proxy);
                for n in 0..10 {
                    let body = format!("{client}/{n};").repeat(500);
                    connection
                        .send(format!("POST / HTTP/1.1\r\nContent-Length: {}\r\n\r\n{body}", body.len()));
                    connection
                        .expect(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()));
                }
            });
        }
    });
    assert_eq!((proxy.count(), proxy.connections(), server.seen().len()), (640, 64, 640));
    let seen = server.seen().into_iter().map(|request| body_of(&request).to_vec()).collect::<HashSet<_>>();
    let recorded = proxy.requests().into_iter().map(|recorded| recorded.request.body).collect::<HashSet<_>>();
    assert_eq!((seen.len(), seen == recorded), (640, true));
}

/// What `kv.linear` asks of a counter under faults, proved here for the tool that will check it.
#[test]
fn under_faults_the_server_ran_what_was_acknowledged_and_no_more_than_the_ambiguous() {
    let server = Server::answering(OK);
    let proxy = Proxy::start(server.addr).unwrap();
    let cut = |at, by, upstream| Fault::Cut { at, by, upstream };
    proxy.arm(cut(At::BeforeHeaders, By::Reset, Upstream::Executed), When::fraction(0.1, 1));
    proxy.arm(cut(At::MidBody, By::Close, Upstream::Skipped), When::fraction(0.1, 2));
    proxy.arm(Fault::Answer { answer: Answer::status(503), upstream: Upstream::Skipped }, When::every(10));
    let (acknowledged, ambiguous) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..32 {
            scope.spawn(|| {
                for _ in 0..10 {
                    let mut client = Client::new(&proxy);
                    client.send("POST /INCR HTTP/1.1\r\nConnection: close\r\n\r\n");
                    let (bytes, end) = client.rest(HANG);
                    assert_ne!(end, End::Silence);
                    if bytes == OK.as_bytes() {
                        acknowledged.fetch_add(1, Ordering::Relaxed);
                    } else if !bytes.starts_with(b"HTTP/1.1 503") {
                        ambiguous.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let (acknowledged, ambiguous) = (acknowledged.into_inner(), ambiguous.into_inner());
    let executed = server.seen().len();
    assert!(
        acknowledged < executed && executed < acknowledged + ambiguous,
        "{acknowledged} {executed} {ambiguous}"
    );
    let recorded = proxy.requests();
    assert_eq!(recorded.len(), 320);
    assert_eq!(recorded.iter().filter(|recorded| recorded.forwarded).count(), executed);
    for (name, at_least) in [("reset-before-headers-executed", 5), ("close-mid-body", 5), ("status-503", 10)]
    {
        let struck = |fault: &Fault| fault.to_string() == name;
        let count = recorded.iter().filter(|recorded| recorded.fault.as_deref().is_some_and(struck)).count();
        assert!(count >= at_least, "{name}: {count}");
    }
}

#[test]
fn a_predicate_that_panics_is_not_swallowed() {
    let server = Server::answering(OK);
    let proxy = Proxy::start(server.addr).unwrap();
    proxy.arm(Fault::NotHttp, When::next(1).matching(|request| panic!("expected: {}", request.target)));
    let mut client = Client::new(&proxy);
    client.0.write_all(GET.as_bytes()).unwrap();
    assert_eq!(client.0.read(&mut [0]).unwrap(), 0);
    let dropped = thread::spawn(move || drop(proxy)).join();
    assert_eq!(*dropped.unwrap_err().downcast::<&str>().unwrap(), "a thread of the fault proxy panicked");
}
