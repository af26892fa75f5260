//! The REST dialect, request by request, on both back ends.

mod common;

use std::io::{Read, Write};
use std::net::TcpStream;

use common::{TOKEN, command, on_both, send, send_anonymous};

const BASE64: &str = "Upstash-Encoding: base64";
const RESP2: &str = "Upstash-Response-Format: resp2";

#[test]
fn the_examples_of_the_documentation() {
    on_both(|server| {
        let get = |target: &str| {
            let response = send(server, &format!("GET {target}"), &[], b"");
            assert_eq!(response.status, 200, "{target}: {}", response.text());
            response.text().to_owned()
        };
        assert_eq!(get("/set/foo/bar"), r#"{"result":"OK"}"#);
        assert_eq!(get("/get/foo"), r#"{"result":"bar"}"#);
        assert_eq!(get("/set/foo/bar/EX/100"), r#"{"result":"OK"}"#);
        assert_eq!(get("/mget/foo/foo1/foo"), r#"{"result":["bar",null,"bar"]}"#);

        let value = br#"{"a": "JSON/value & more"}"#;
        assert_eq!(send(server, "POST /set/foo?EX=100", &[], value).text(), r#"{"result":"OK"}"#);
        assert_eq!(get("/ttl/foo"), r#"{"result":100}"#);
        assert_eq!(
            send(server, "GET /get/foo", &[RESP2], b"").body,
            b"$26\r\n{\"a\": \"JSON/value & more\"}\r\n"
        );
        assert_eq!(command(server, r#"["SET", "foo", "bar", "EX", 100]"#).text(), r#"{"result":"OK"}"#);

        let pipeline = br#"[["SET", "key1", "valuex"], ["SETEX", "key2", 13, "valuez"], ["INCR", "key1"], ["GET", "key2"]]"#;
        for path in ["/pipeline", "/multi-exec"] {
            let response = send(server, &format!("POST {path}"), &[], pipeline);
            assert_eq!(
                (response.status, response.text()),
                (
                    200,
                    r#"[{"result":"OK"},{"result":"OK"},{"error":"ERR value is not an integer or out of range"},{"result":"valuez"}]"#
                )
            );
        }
    });
}

#[test]
fn commands_in_json() {
    on_both(|server| {
        let numbers = r#"["MSET", "a", 1, "b", -2.50, "c", 1e3, "d", 123456789012345678901234567890, "e", true, "f", "é\u0000\ud83d\ude00"]"#;
        assert_eq!(command(server, numbers).text(), r#"{"result":"OK"}"#);
        assert_eq!(
            command(server, r#"["MGET", "a", "b", "c", "d", "e", "f"]"#).text(),
            r#"{"result":["1","-2.50","1e3","123456789012345678901234567890","true","é\u0000😀"]}"#
        );
        for (request, error) in [
            ("", "ERR failed to parse request: "),
            ("{}", "ERR failed to parse request: "),
            ("[1", "ERR failed to parse request: "),
            (r#"["GET", "\ud800"]"#, "ERR failed to parse request: "),
            ("[]", "ERR empty command"),
            (r#"["GET", null]"#, "ERR null args are not supported"),
            (r#"["GET", ["a"]]"#, "ERR args must be strings, numbers or booleans"),
            (r#"["GET", {"a": 1}]"#, "ERR args must be strings, numbers or booleans"),
            (r#"["GET"]"#, "ERR wrong number of arguments for 'get' command"),
            (r#"["NOSUCH", "a"]"#, "ERR unknown command 'NOSUCH', with args beginning with: 'a' "),
            (r#"["LPUSH", "a", "x"]"#, "WRONGTYPE Operation against a key holding the wrong kind of value"),
        ] {
            let response = command(server, request);
            assert_eq!(response.status, 400, "{request}");
            assert!(
                response.text().starts_with(&format!(r#"{{"error":"{error}"#)),
                "{request}: {}",
                response.text()
            );
        }
        for request in ["", "[]", r#"[["GET", "a"], []]"#, r#"[["GET", "a"], "GET"]"#, r#"["GET", "a"]"#] {
            for path in ["/pipeline", "/multi-exec"] {
                let response = send(server, &format!("POST {path}"), &[], request.as_bytes());
                assert_eq!(response.status, 400, "{path} {request}");
                assert!(
                    response.text().starts_with(r#"{"error":"ERR "#),
                    "{path} {request}: {}",
                    response.text()
                );
            }
        }
    });
}

#[test]
fn commands_in_the_path() {
    on_both(|server| {
        let run = |request: &str, body: &[u8]| send(server, request, &[RESP2], body).body;
        // Whatever is percent-encoded is part of an argument, `+` is itself.
        run("POST /set/a%2Fb%20%00%C3%A9+%25", b"1");
        assert_eq!(run("POST /", r#"["GET", "a/b \u0000é+%"]"#.as_bytes()), b"$1\r\n1\r\n");
        // An empty argument inside, a slash at the end.
        run("GET /set//empty", b"");
        assert_eq!(run("GET /get//", b""), b"$5\r\nempty\r\n");
        assert_eq!(run("GET /PING/", b""), b"+PONG\r\n");
        // The body is the last argument before the query, as it is; GET has none.
        assert_eq!(run("PUT /set/k?nx&px=100000", b"a+b%20"), b"+OK\r\n");
        assert_eq!(run("POST /set/k?NX=", b"other"), b"$-1\r\n");
        assert_eq!(run("GET /get/k", b"ignored"), b"$6\r\na+b%20\r\n");
        assert_eq!(run("GET /echo?a+b%2B", b""), b"$4\r\na b+\r\n");
    });
}

#[test]
fn every_byte_survives() {
    on_both(|server| {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(send(server, "POST /set/bytes", &[], &bytes).text(), r#"{"result":"OK"}"#);
        let resp2 = send(server, "GET /get/bytes", &[RESP2], b"").body;
        assert_eq!(resp2, [b"$256\r\n", &bytes[..], b"\r\n"].concat());
        let base64 = send(server, "GET /get/bytes", &[BASE64], b"");
        assert!(base64.text().starts_with(r#"{"result":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIj"#));
        assert!(base64.text().ends_with(r#"8/T19vf4+fr7/P3+/w=="}"#), "{}", base64.text());
        // As documented: without an encoding, what is not UTF-8 becomes U+FFFD.
        send(server, "POST /set/bytes", &[], b"a\xffb");
        assert_eq!(send(server, "GET /get/bytes", &[], b"").text(), "{\"result\":\"a\u{fffd}b\"}");
    });
}

#[test]
fn large_values() {
    on_both(|server| {
        let value = vec![0xAB; 20 << 20];
        assert_eq!(send(server, "POST /set/large", &[], &value).text(), r#"{"result":"OK"}"#);
        let answer = send(server, "GET /get/large", &[RESP2], b"").body;
        assert_eq!(answer.len(), "$20971520\r\n".len() + value.len() + 2);
    });
}

#[test]
fn base64_encodes_every_string_but_the_status_ok() {
    on_both(|server| {
        let run = |path: &str, body: &str| {
            send(server, &format!("POST {path}"), &[BASE64], body.as_bytes()).text().to_owned()
        };
        assert_eq!(run("/", r#"["SET", "a", "OK"]"#), r#"{"result":"OK"}"#);
        assert_eq!(run("/", r#"["GET", "a"]"#), r#"{"result":"T0s="}"#);
        assert_eq!(run("/", r#"["GET", "missing"]"#), r#"{"result":null}"#);
        assert_eq!(run("/", r#"["PING"]"#), r#"{"result":"UE9ORw=="}"#);
        assert_eq!(run("/", r#"["INCR", "n"]"#), r#"{"result":1}"#);
        assert_eq!(
            run("/", r#"["INCR", "a"]"#),
            r#"{"error":"ERR value is not an integer or out of range"}"#
        );
        assert_eq!(
            run("/", r#"["EVAL", "return {'a', {'', 1, {ok='OK'}, {ok='fine'}}, {ok='OK'}}", 0]"#),
            r#"{"result":["YQ==",["",1,"T0s=","ZmluZQ=="],"T0s="]}"#
        );
        for path in ["/pipeline", "/multi-exec"] {
            assert_eq!(
                run(path, r#"[["SET", "a", "b"], ["GET", "a"], ["INCR", "a"]]"#),
                r#"[{"result":"OK"},{"result":"Yg=="},{"error":"ERR value is not an integer or out of range"}]"#
            );
        }
    });
}

#[test]
fn resp2_is_what_a_redis_server_sends() {
    on_both(|server| {
        let run = |path: &str, body: &str| {
            let response = send(server, &format!("POST {path}"), &[RESP2], body.as_bytes());
            assert!(response.head.contains("content-type: application/octet-stream"), "{}", response.head);
            (response.status, String::from_utf8(response.body).unwrap())
        };
        assert_eq!(
            run("/", r#"["GET"]"#),
            (400, "-ERR wrong number of arguments for 'get' command\r\n".into())
        );
        assert_eq!(
            run(
                "/pipeline",
                r#"[["RPUSH", "l", "a", ""], ["GET", "l"], ["LRANGE", "l", 0, -1], ["GET", "missing"]]"#
            ),
            (
                200,
                ":2\r\n-WRONGTYPE Operation against a key holding the wrong kind of value\r\n\
                 *2\r\n$1\r\na\r\n$0\r\n\r\n$-1\r\n"
                    .into()
            )
        );
        // Documented: transactions answer in JSON.
        let transaction = send(server, "POST /multi-exec", &[RESP2], br#"[["LLEN", "l"]]"#);
        assert_eq!(transaction.text(), r#"[{"result":2}]"#);
        for headers in [&[RESP2, BASE64][..], &["Upstash-Response-Format: resp3"], &["Upstash-Encoding: hex"]]
        {
            let response = send(server, "GET /ping", headers, b"");
            assert_eq!(response.status, 400, "{headers:?}");
            assert!(response.text().starts_with(r#"{"error":"ERR "#), "{}", response.text());
        }
    });
}

#[test]
fn transactions_are_discarded_as_a_whole() {
    on_both(|server| {
        for (bad, error) in [
            (r#"["NOSUCH"]"#, "ERR unknown command 'NOSUCH', with args beginning with: "),
            (r#"["GET"]"#, "ERR wrong number of arguments for 'get' command"),
            (r#"["SELECT", 1]"#, "ERR Command is not available: 'SELECT'. "),
        ] {
            let body = format!(r#"[["SET", "discarded", "1"], {bad}]"#);
            let response = send(server, "POST /multi-exec", &[], body.as_bytes());
            assert_eq!(response.status, 400, "{bad}");
            assert!(
                response.text().starts_with(&format!(r#"{{"error":"{error}"#)),
                "{bad}: {}",
                response.text()
            );
            assert_eq!(command(server, r#"["EXISTS", "discarded"]"#).text(), r#"{"result":0}"#);
        }
        // The connection to the store is left in order.
        assert_eq!(command(server, r#"["PING"]"#).text(), r#"{"result":"PONG"}"#);
    });
}

#[test]
fn a_token_is_needed() {
    on_both(|server| {
        let body = br#"["SET", "unauthorized", "1"]"#;
        for headers in [
            &[][..],
            &["Authorization: Bearer wrong"],
            &["Authorization: Bearer "],
            &["Authorization: Bearer"],
            &[&format!("Authorization: Basic {TOKEN}")],
            &[&format!("Authorization: {TOKEN}")],
            &[&format!("Authorization: Bearer {TOKEN}x")],
            &[&format!("Authorization: Bearer {}", &TOKEN[..3])],
        ] {
            let response = send_anonymous(server.addr, "POST /", headers, body);
            assert_eq!(response.status, 401, "{headers:?}");
            assert!(
                response.text().starts_with(r#"{"error":"WRONGPASS invalid or missing auth token"#),
                "{}",
                response.text()
            );
            assert!(!response.text().contains(TOKEN));
        }
        assert_eq!(
            send(server, "POST /?_token=wrong", &[], body).status,
            401,
            "a wrong _token beside a right header"
        );
        assert_eq!(command(server, r#"["EXISTS", "unauthorized"]"#).text(), r#"{"result":0}"#);

        let with = |request: &str| send_anonymous(server.addr, request, &[], b"").text().to_owned();
        assert_eq!(with("GET /set/a/b?_token=t0ken%2B%2F%3D"), r#"{"result":"OK"}"#);
        assert_eq!(with("POST /set/a/b?EX=100&_token=t0ken%2B/="), r#"{"result":"OK"}"#);
        let lower = format!("authorization: bearer {TOKEN}");
        assert_eq!(send_anonymous(server.addr, "GET /get/a", &[&lower], b"").text(), r#"{"result":"b"}"#);
    });
}

#[test]
fn methods() {
    on_both(|server| {
        for method in ["DELETE", "PATCH", "OPTIONS"] {
            assert_eq!(send(server, &format!("{method} /ping"), &[], b"").status, 405, "{method}");
        }
        let head = send(server, "HEAD /ping", &[], b"");
        assert_eq!((head.status, &head.body[..]), (200, &b""[..]));
    });
}

#[test]
fn connection_commands_are_not_available() {
    on_both(|server| {
        for request in
            [r#"["MULTI"]"#, r#"["select", "1"]"#, r#"["CLIENT", "REPLY", "OFF"]"#, r#"["SUBSCRIBE", "c"]"#]
        {
            let response = command(server, request);
            assert_eq!(response.status, 400, "{request}");
            assert!(response.text().contains("ERR Command is not available"), "{}", response.text());
        }
        assert_eq!(send(server, "POST /subscribe/channel", &["Accept: text/event-stream"], b"").status, 400);
        assert_eq!(send(server, "GET /monitor", &[], b"").status, 400);
    });
}

#[test]
fn one_connection_serves_many_requests_also_in_chunks() {
    on_both(|server| {
        let mut stream = TcpStream::connect(server.addr).unwrap();
        let authorization = format!("Host: x\r\nAuthorization: Bearer {TOKEN}\r\n");
        write!(stream, "GET /set/a/1 HTTP/1.1\r\n{authorization}\r\n").unwrap();
        write!(
            stream,
            "POST /append/a HTTP/1.1\r\n{authorization}Transfer-Encoding: chunked\r\n\r\n\
             3\r\nabc\r\n1;x=y\r\nd\r\n0\r\n\r\n"
        )
        .unwrap();
        write!(stream, "GET /get/a HTTP/1.1\r\n{authorization}Connection: close\r\n\r\n").unwrap();
        let mut answers = String::new();
        stream.read_to_string(&mut answers).unwrap();
        assert!(answers.ends_with(r#"{"result":"1abcd"}"#), "{answers}");
        assert_eq!(answers.matches("HTTP/1.1 200").count(), 3, "{answers}");
    });
}

#[test]
fn answers_carry_a_sync_token() {
    on_both(|server| {
        let response = send(server, "GET /ping", &["Upstash-Sync-Token: "], b"");
        assert!(response.head.contains("upstash-sync-token: 1"), "{}", response.head);
        let response = send(server, "GET /ping", &["Upstash-Sync-Token: 1"], b"");
        assert!(response.head.contains("upstash-sync-token: 2"), "{}", response.head);
    });
}

#[test]
fn commands_of_many_clients_do_not_mix() {
    on_both(|server| {
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..25 {
                        assert_eq!(command(server, r#"["INCR", "n"]"#).status, 200);
                        let script = r#"["EVAL", "local n = redis.call('GET', 's') or 0 redis.call('SET', 's', n + 1)", 0]"#;
                        assert_eq!(command(server, script).status, 200);
                        let body = br#"[["INCR", "t"], ["INCR", "t"]]"#;
                        let response = send(server, "POST /multi-exec", &[], body);
                        let results: Vec<i64> = response
                            .text()
                            .split(|c: char| !c.is_ascii_digit())
                            .filter_map(|number| number.parse().ok())
                            .collect();
                        assert_eq!(results[1], results[0] + 1, "another client came in between");
                    }
                });
            }
        });
        assert_eq!(command(server, r#"["MGET", "n", "s", "t"]"#).text(), r#"{"result":["200","200","400"]}"#);
    });
}
