//! What is particular to one back end.

mod common;

use std::collections::HashSet;
use std::time::Duration;

use common::{RedisServer, TOKEN, command, start, start_embedded};
use upstash_local::{Backend, Config, Reply, Store, serve};

#[test]
fn embedded_data_is_kept_when_the_server_stops() {
    let directory = tempfile::tempdir().unwrap();
    {
        let server = start_embedded(directory.path());
        command(&server, r#"["MSET", "a", "1", "ключ", "\u0000"]"#);
        command(&server, r#"["SET", "short", "x", "PX", 1]"#);
        command(&server, r#"["SET", "long", "x", "EX", 1000]"#);
        command(&server, r#"["RPUSH", "l", "a", "b"]"#);
        command(&server, r#"["SCRIPT", "LOAD", "return 1"]"#);
    }
    let server = start_embedded(directory.path());
    assert_eq!(
        command(&server, r#"["MGET", "a", "ключ", "short", "long"]"#).text(),
        r#"{"result":["1","\u0000",null,"x"]}"#
    );
    assert_eq!(command(&server, r#"["LRANGE", "l", 0, -1]"#).text(), r#"{"result":["a","b"]}"#);
    assert_eq!(command(&server, r#"["TTL", "long"]"#).text(), r#"{"result":1000}"#);
    // Scripts are not kept, as in Redis.
    let evalsha = command(&server, r#"["EVALSHA", "e0e1f9fabfc9d4800c877a703b823ac0578ff8db", 0]"#);
    assert_eq!(evalsha.text(), r#"{"error":"NOSCRIPT No matching script. Please use EVAL."}"#);
}

#[test]
fn embedded_keys_expire() {
    let directory = tempfile::tempdir().unwrap();
    let server = start_embedded(directory.path());
    let set = || {
        command(&server, r#"["SET", "k", "old", "PX", 1]"#);
        std::thread::sleep(Duration::from_millis(20));
    };
    for (request, expected) in [
        (r#"["GET", "k"]"#, r#"null"#),
        (r#"["EXISTS", "k"]"#, "0"),
        (r#"["SCAN", 0]"#, r#"["0",[]]"#),
        (r#"["KEYS", "*"]"#, "[]"),
        (r#"["DBSIZE"]"#, "0"),
        (r#"["TTL", "k"]"#, "-2"),
        (r#"["TYPE", "k"]"#, r#""none""#),
        (r#"["DEL", "k"]"#, "0"),
        (r#"["PERSIST", "k"]"#, "0"),
        (r#"["EXPIRE", "k", 100]"#, "0"),
        (r#"["MGET", "k"]"#, "[null]"),
        (r#"["EVAL", "return redis.call('GET', 'k')", 0]"#, "null"),
        (r#"["SET", "k", "new", "XX"]"#, "null"),
        (r#"["SETNX", "k", "new"]"#, "1"),
        (r#"["APPEND", "k", "new"]"#, "3"),
        (r#"["INCR", "k"]"#, "1"),
    ] {
        set();
        assert_eq!(command(&server, request).text(), format!(r#"{{"result":{expected}}}"#), "{request}");
    }
    assert_eq!(
        command(&server, r#"["TTL", "k"]"#).text(),
        r#"{"result":-1}"#,
        "a new value took the old deadline"
    );
}

#[test]
fn embedded_scans_find_every_key_that_stays() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::Embedded(directory.path().into());
    let run = |backend: &dyn Backend, words: &[&str]| {
        backend.run(words.iter().map(|word| word.as_bytes().to_vec()).collect()).unwrap()
    };
    let mut backend = store.open().unwrap();
    for number in 0..300 {
        run(&*backend, &["MSET", &format!("stays:{number}"), "", &format!("goes:{number}"), ""]);
    }
    let (mut cursor, mut found, mut page) = ("0".to_string(), HashSet::new(), 0);
    loop {
        let Reply::Array(reply) = run(&*backend, &["SCAN", &cursor, "MATCH", "stays:*"]) else {
            panic!("no array")
        };
        let [Reply::Bulk(next), Reply::Array(keys)] = &reply[..] else { panic!("{reply:?}") };
        found.extend(keys.iter().map(|key| format!("{key:?}")));
        cursor = String::from_utf8(next.clone()).unwrap();
        if cursor == "0" {
            break;
        }
        // Others come and go, and so does the server.
        for number in page * 10..page * 10 + 10 {
            run(&*backend, &["DEL", &format!("goes:{number}")]);
            run(&*backend, &["SET", &format!("comes:{number}"), ""]);
        }
        page += 1;
        drop(backend);
        backend = store.open().unwrap();
    }
    assert_eq!(found.len(), 300);
}

#[test]
fn a_directory_serves_one_server() {
    let directory = tempfile::tempdir().unwrap();
    let _first = start_embedded(directory.path());
    let config = Config {
        listen: "127.0.0.1:0".parse().unwrap(),
        token: TOKEN.into(),
        store: Store::Embedded(directory.path().into()),
    };
    let Err(error) = serve(config) else { panic!("two servers share a directory") };
    let error = format!("{error:#}");
    assert!(error.contains(directory.path().to_str().unwrap()) && error.contains("already open"), "{error}");
}

#[test]
fn a_redis_that_comes_back_is_used_again() {
    let mut redis = RedisServer::start();
    let address = redis.address.clone();
    let server = start(Store::Redis(address.clone()));
    let get = || command(&server, r#"["GET", "a"]"#);
    assert_eq!(command(&server, r#"["SET", "a", "b"]"#).status, 200);
    // The connection that the first command left behind is noticed to be closed before it is used.
    drop(redis);
    redis = RedisServer::start_at(&address);
    assert_eq!(get().text(), r#"{"result":null}"#);
    drop(redis);
    assert_eq!(get().status, 500);
    assert!(get().text().contains(&format!("Redis at `{address}` failed")), "{}", get().text());
    let _redis = RedisServer::start_at(&address);
    assert_eq!(get().text(), r#"{"result":null}"#);
}

#[test]
fn no_redis_is_an_error_at_the_start() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = Config {
        listen: "127.0.0.1:0".parse().unwrap(),
        token: TOKEN.into(),
        store: Store::Redis(free.to_string()),
    };
    let Err(error) = serve(config) else { panic!("there is no Redis at {free}") };
    assert!(format!("{error:#}").contains(&format!("Redis at `{free}` failed")), "{error:#}");
}
