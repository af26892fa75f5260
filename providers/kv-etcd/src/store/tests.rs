use std::collections::BTreeMap;

use plugboard_http::fake::{Fake, body, status};
use plugboard_http::{Failure, Reached, Response};

use super::*;

type Script = Vec<Result<Response, Failure>>;

/// A store that gets these answers.
fn store_with(settings: &[(&'static str, &'static str)], script: Script) -> Etcd<Fake> {
    let mut all = BTreeMap::from([("etcd-url", "http://h"), ("etcd-prefix", "p:")]);
    all.extend(settings.iter().copied());
    Etcd::new(Config::read(&Settings::new("etcd", &all)).unwrap(), Fake::new(script))
}

fn store(script: Script) -> Etcd<Fake> {
    store_with(&[], script)
}

/// What was sent: where to, and its operations in short.
fn sent(store: &Etcd<Fake>) -> Vec<String> {
    let shown = |request: &plugboard_http::Request| {
        let text = String::from_utf8(request.body.to_vec()).unwrap();
        let count = |part: &str| text.matches(part).count();
        match request.path.as_str() {
            "/v3/kv/txn" => format!(
                "{}{} put, {} range, {} delete",
                if count("\"compare\"") > 0 { "if, " } else { "" },
                count("request_put"),
                count("request_range"),
                count("request_delete_range"),
            ),
            path => path.to_owned(),
        }
    };
    store.client.transport.requests().iter().map(shown).collect()
}

fn answer(succeeded: bool, responses: &[String]) -> Result<Response, Failure> {
    let responses = responses.join(",");
    body(200, format!(r#"{{"header":{{"revision":"9"}},"succeeded":{succeeded},"responses":[{responses}]}}"#))
}

fn range(value: &[u8], revision: i64) -> String {
    let value = BASE64_STANDARD.encode(value);
    format!(
        r#"{{"response_range":{{"kvs":[{{"key":"cDpr","value":"{value}","mod_revision":"{revision}"}}],"count":"1"}}}}"#
    )
}

fn nothing() -> String {
    r#"{"response_range":{}}"#.to_owned()
}

fn put() -> String {
    r#"{"response_put":{}}"#.to_owned()
}

fn wrote() -> Result<Response, Failure> {
    answer(true, &[put()])
}

fn found(value: &str, revision: i64) -> Result<Response, Failure> {
    answer(true, &[range(value.as_bytes(), revision)])
}

fn changed(value: &str, revision: i64) -> Result<Response, Failure> {
    answer(false, &[range(value.as_bytes(), revision)])
}

fn lost() -> Result<Response, Failure> {
    Err(Failure::new(Reached::Maybe, Kind::Unavailable, "the connection broke"))
}

fn increment(store: &Etcd<Fake>, delta: i64) -> Result<i64> {
    store.increment(&Bucket::Default, "k", delta, i64::MIN)
}

#[test]
fn a_new_number_takes_one_request_and_another_two() {
    let store = store(vec![wrote(), changed("41", 5), wrote()]);
    assert_eq!((increment(&store, 7), increment(&store, 1)), (Ok(7), Ok(42)));
    assert_eq!(sent(&store), ["if, 1 put, 1 range, 0 delete"; 3]);
    assert_eq!(store.client.transport.now(), Duration::ZERO);
}

#[test]
fn others_who_count_are_waited_for() {
    let store = store(vec![
        changed("1", 5),
        changed("2", 6),
        found("3", 7),
        changed("4", 8),
        answer(true, &[nothing()]),
        wrote(),
    ]);
    assert_eq!(increment(&store, 10), Ok(10));
    let (cas, read) = ("if, 1 put, 1 range, 0 delete", "0 put, 1 range, 0 delete");
    assert_eq!(sent(&store), [cas, cas, read, cas, read, cas]);
    // Half of 10 ms and of 20 ms, without the random part.
    assert_eq!(store.client.transport.now(), Duration::from_millis(15));
}

#[test]
fn who_is_never_first_gives_up_at_the_deadline() {
    let rounds = (0..100).flat_map(|n| [changed("1", 2 * n + 1), found("1", 2 * n + 2)]);
    let store = store_with(&[("etcd-timeout", "1s")], [changed("0", 1)].into_iter().chain(rounds).collect());
    assert_eq!(increment(&store, 1).unwrap_err().kind, Kind::Conflict);
    assert!(store.client.transport.now() < Duration::from_secs(1));
}

#[test]
fn what_cannot_be_counted_stays_as_it_is() {
    for text in ["", "x", "+1", "01", "-0", " 1", "1.0", "9223372036854775808", "9223372036854775807"] {
        let store = store(vec![changed(text, 5)]);
        assert_eq!(increment(&store, 1).unwrap_err().kind, Kind::Invalid, "{text}");
    }
    let below = store(vec![changed("-5", 5), found("5", 5), wrote()]);
    let least = |delta, least| below.increment(&Bucket::Default, "k", delta, least);
    assert_eq!(least(3, 0).unwrap_err().kind, Kind::Invalid);
    // What a missing key may not become may still be reached.
    assert_eq!(least(-1, 0), Ok(4));
}

#[test]
fn an_increment_whose_answer_is_lost_is_in_doubt_unless_it_was_a_look() {
    for outcome in [lost(), status(503), status(200), body(200, r#"{"header":{"revision":"9"}}"#)] {
        let first = store(vec![outcome.clone()]);
        assert_eq!(increment(&first, 1).unwrap_err().kind, Kind::Ambiguous);
        let second = store(vec![changed("1", 5), outcome]);
        assert_eq!(increment(&second, 1).unwrap_err().kind, Kind::Ambiguous);
        assert_eq!((first.client.transport.sent(), second.client.transport.sent()), (1, 2));
    }
    let look = store(vec![changed("1", 5), changed("2", 6), lost(), found("3", 7), wrote()]);
    assert_eq!(increment(&look, 1), Ok(4));
}

#[test]
fn a_lost_swap_brings_the_pair_as_it_is_now() {
    let seen = Snapshot { value: Some(b"old".to_vec()), version: 5 };
    let store = store(vec![changed("new", 6), answer(false, &[nothing()]), wrote()]);
    let swap = || store.swap(&Bucket::Default, "k", &seen, b"v");
    let now = |value: Option<&[u8]>, version| {
        Ok(Swap::Changed(Snapshot { value: value.map(<[u8]>::to_vec), version }))
    };
    assert_eq!(swap(), now(Some(b"new"), 6));
    assert_eq!(swap(), now(None, 0));
    assert_eq!(swap(), Ok(Swap::Done));
    let last = store.client.transport.requests()[2].body.to_vec();
    assert!(String::from_utf8(last).unwrap().contains(r#""mod_revision":"5""#));
}

#[test]
fn a_batch_is_a_transaction_for_each_128_keys() {
    let all = (0..200).map(|n| n.to_string()).collect::<Vec<_>>();
    let pairs = all.iter().map(|key| (key.clone(), vec![1])).collect::<Vec<_>>();
    let deleted = r#"{"response_delete_range":{}}"#.to_owned();
    let halves = |response: String| [128, 72].map(|count| answer(true, &vec![response.clone(); count]));
    let script = [halves(put()), halves(range(b"v", 5)), halves(deleted)].into_iter().flatten();
    let store = store(script.collect());
    store.set_many(&Bucket::Default, &pairs).unwrap();
    assert_eq!(store.get_many(&Bucket::Default, &all).unwrap(), vec![Some(b"v".to_vec()); 200]);
    store.delete_many(&Bucket::Default, &all).unwrap();
    assert_eq!(
        sent(&store)[1..4],
        ["72 put, 0 range, 0 delete", "0 put, 128 range, 0 delete", "0 put, 72 range, 0 delete"]
    );
}

#[test]
fn an_error_tells_how_much_of_a_batch_was_done() {
    let all = (0..200).map(|n| n.to_string()).collect::<Vec<_>>();
    let gone = vec![r#"{"response_delete_range":{}}"#.to_owned(); 128];
    let store = store(vec![answer(true, &gone), status(204)]);
    let error = store.delete_many(&Bucket::Default, &all).unwrap_err();
    assert_eq!(error.kind, Kind::Protocol);
    assert!(error.sentence.ends_with("; of 200 keys the first 128 were done before"), "{error}");
}

#[test]
fn a_batch_with_something_too_large_is_not_sent() {
    let store = store(vec![]);
    let value = vec![0; 3 << 19];
    let pairs = [("a".to_owned(), vec![]), ("b".to_owned(), value.clone())];
    let seen = Snapshot { value: None, version: 0 };
    for error in [
        store.set(&Bucket::Default, "k", value.clone()).unwrap_err(),
        store.set_many(&Bucket::Default, &pairs).unwrap_err(),
        store.swap(&Bucket::Default, "k", &seen, &value).unwrap_err(),
    ] {
        assert_eq!(error.kind, Kind::TooLarge);
        assert!(error.sentence.contains("`etcd-max-request`"), "{error}");
    }
    assert_eq!(store.client.transport.sent(), 0);
}

#[test]
fn the_longest_key_fits_wherever_there_is_one() {
    let key = "k".repeat((3 << 17) - 2);
    let store = store(vec![wrote(), wrote(), wrote()]);
    store.set(&Bucket::Default, &key, vec![0; 20]).unwrap();
    let seen = Snapshot { value: None, version: 0 };
    store.swap(&Bucket::Default, &key, &seen, &[0; 20]).unwrap();
    store.increment(&Bucket::Default, &key, i64::MIN, i64::MIN).unwrap();
    assert_eq!(store.get(&Bucket::Default, &(key + "k")).unwrap_err().kind, Kind::TooLarge);
}

#[test]
fn a_value_over_the_limit_is_not_handed_out() {
    let store = store_with(&[("etcd-max-request", "4KiB")], vec![answer(true, &[range(&[0; 4097], 5)])]);
    assert_eq!(store.get(&Bucket::Default, "k").unwrap_err().kind, Kind::TooLarge);
}

#[test]
fn the_pages_of_a_listing_are_of_one_revision() {
    let keys = |keys: &[&[u8]], more| {
        let kvs = keys.iter().map(|key| format!(r#"{{"key":"{}"}}"#, BASE64_STANDARD.encode(key)));
        let kvs = kvs.collect::<Vec<_>>().join(",");
        answer(true, &[format!(r#"{{"response_range":{{"kvs":[{kvs}],"more":{more},"count":"4"}}}}"#)])
    };
    let store = store(vec![keys(&[b"p:", b"p:a", b"p:\xff"], true), keys(&[b"p:\xffb"], false)]);
    let page = store.list(&Bucket::Default, None).unwrap();
    assert_eq!(page.keys, ["", "a"]);
    let next = page.next.unwrap();
    assert_eq!(next, "9./wA=");
    let last = store.list(&Bucket::Default, Some(next)).unwrap();
    assert_eq!(last, Page { keys: vec![], next: None });
    let bodies =
        store.client.transport.requests().into_iter().map(|r| String::from_utf8(r.body.to_vec()).unwrap());
    let bodies = bodies.collect::<Vec<_>>();
    assert!(bodies[0].contains(r#""key":"cDo=","range_end":"cDs=","revision":"0""#), "{}", bodies[0]);
    assert!(bodies[1].contains(r#""key":"cDr/AA==","range_end":"cDs=","revision":"9""#), "{}", bodies[1]);
}

#[test]
fn a_page_of_long_keys_is_a_shorter_one() {
    let long = || Err(Failure::new(Reached::Maybe, Kind::TooLarge, "the answer is too long"));
    let store = store(vec![long(), long(), answer(true, &[nothing()])]);
    assert_eq!(store.list(&Bucket::Default, None), Ok(Page { keys: vec![], next: None }));
    let requests = store.client.transport.requests();
    for (request, limit) in requests.iter().zip(["1000", "500", "250"]) {
        let body = String::from_utf8(request.body.to_vec()).unwrap();
        assert!(body.contains(&format!(r#""limit":"{limit}""#)), "{body}");
    }
    let never = self::store((0..10).map(|_| long()).collect());
    assert_eq!(never.list(&Bucket::Default, None).unwrap_err().kind, Kind::TooLarge);
}

#[test]
fn more_values_than_there_is_memory_for_are_too_large() {
    let value = range(&[0; 1 << 20], 5);
    let full = || answer(true, &vec![value.clone(); 128]);
    let store = store(vec![full(), full(), full()]);
    let keys = (0..300).map(|n| n.to_string()).collect::<Vec<_>>();
    let kind = store.get_many(&Bucket::Default, &keys).map(drop).map_err(|error| error.kind);
    assert_eq!((kind, store.client.transport.sent()), (Err(Kind::TooLarge), 3));
}

#[test]
fn a_cursor_that_is_none_or_too_old_is_invalid() {
    let compacted = r#"{"message":"etcdserver: mvcc: required revision has been compacted","code":11}"#;
    let store = store(vec![body(400, compacted)]);
    let list = |cursor: &str| store.list(&Bucket::Default, Some(cursor.to_owned())).unwrap_err();
    for bad in ["", "9", ".", "9.*", "0.", "-1.", "x.", "9223372036854775808."] {
        assert_eq!(list(bad).kind, Kind::Invalid, "{bad}");
    }
    assert_eq!(store.client.transport.sent(), 0);
    let old = list("9.").to_string();
    assert!(old.starts_with("invalid: `h` refused list-keys: etcd has compacted the revision"), "{old}");
}

fn granted() -> Result<Response, Failure> {
    body(200, r#"{"header":{},"ID":"77","TTL":"60"}"#)
}

#[test]
fn each_write_has_a_lease_where_pairs_end() {
    let revoked = || body(200, r#"{"header":{}}"#);
    let store = store_with(
        &[("etcd-ttl", "1m")],
        vec![
            granted(),
            wrote(),
            granted(),
            changed("x", 5),
            revoked(),
            granted(),
            changed("x", 5),
            revoked(),
        ],
    );
    store.set(&Bucket::Default, "k", vec![]).unwrap();
    let seen = Snapshot { value: None, version: 0 };
    assert!(matches!(store.swap(&Bucket::Default, "k", &seen, b"v"), Ok(Swap::Changed(_))));
    assert_eq!(increment(&store, 1).unwrap_err().kind, Kind::Invalid);
    let (put, swap) = ("1 put, 0 range, 0 delete", "if, 1 put, 1 range, 0 delete");
    let (grant, revoke) = ("/v3/lease/grant", "/v3/lease/revoke");
    assert_eq!(sent(&store), [grant, put, grant, swap, revoke, grant, swap, revoke]);
    let requests = store.client.transport.requests();
    let body = |at: usize| String::from_utf8(requests[at].body.to_vec()).unwrap();
    assert!(body(1).contains(r#""lease":"77""#) && body(3).contains(r#""lease":"77""#));
    assert_eq!(body(4), r#"{"ID":"77"}"#);
}

#[test]
fn a_lease_is_left_alone_where_its_pair_may_have_been_written() {
    let store = store_with(&[("etcd-ttl", "1m")], vec![granted(), lost()]);
    let seen = Snapshot { value: None, version: 0 };
    let error = store.swap(&Bucket::Default, "k", &seen, b"v").unwrap_err();
    assert_eq!((error.kind, store.client.transport.sent()), (Kind::Ambiguous, 2));
}

fn refused(status: u16, code: u32, message: &str) -> Result<Response, Failure> {
    body(status, format!(r#"{{"error":"{message}","message":"{message}","code":{code}}}"#))
}

#[test]
fn a_full_database_may_have_taken_it_and_a_busy_one_has_not() {
    let full = || refused(429, 8, "etcdserver: mvcc: database space exceeded");
    let doubt = store(vec![full()]);
    assert_eq!(increment(&doubt, 1).unwrap_err().kind, Kind::Ambiguous);
    let again = store(vec![full(), wrote()]);
    assert_eq!(again.set(&Bucket::Default, "k", vec![]), Ok(()));
    let to_the_end = store((0..5).map(|_| full()).collect());
    let error = to_the_end.set(&Bucket::Default, "k", vec![]).unwrap_err().to_string();
    assert_eq!(
        error,
        "unavailable: `h` refused set: etcd's database has reached its `--quota-backend-bytes`"
    );
    let busy = store(vec![refused(429, 8, "etcdserver: too many requests"), wrote()]);
    assert_eq!(increment(&busy, 1), Ok(1));
}

#[test]
fn a_member_that_is_being_stopped_is_asked_again_unless_it_may_have_been_done() {
    for (status, code) in [(408, 1), (499, 1), (409, 10)] {
        let stopping = || refused(status, code, "grpc: the client connection is closing");
        let again = store(vec![stopping(), found("v", 5)]);
        assert_eq!(again.get(&Bucket::Default, "k"), Ok(Some(b"v".to_vec())));
        let stopped = store((0..5).map(|_| stopping()).collect());
        assert_eq!(stopped.get(&Bucket::Default, "k").unwrap_err().kind, Kind::Unavailable);
        let doubt = store(vec![stopping()]);
        assert_eq!(increment(&doubt, 1).unwrap_err().kind, Kind::Ambiguous);
    }
}

#[test]
fn a_refused_set_leaves_its_lease_alone_as_an_earlier_try_may_have_been_done() {
    let denied = refused(403, 7, "etcdserver: permission denied");
    let store = store_with(&[("etcd-ttl", "1m")], vec![granted(), lost(), denied, body(200, "{}")]);
    assert_eq!(store.set(&Bucket::Default, "k", vec![]).unwrap_err().kind, Kind::AccessDenied);
    let put = "1 put, 0 range, 0 delete";
    assert_eq!(sent(&store), ["/v3/lease/grant", put, put]);
}

#[test]
fn a_number_that_others_change_for_long_gets_a_lease_that_is_new() {
    let second = || body(200, r#"{"header":{},"ID":"78","TTL":"2"}"#);
    // Pauses of 5 to 100 ms, a second in all.
    let rounds = (0..14).flat_map(|n| [changed("1", 2 * n + 2), found("1", 2 * n + 3)]);
    let script = [granted(), changed("1", 1)].into_iter().chain(rounds);
    let script = script.chain([body(200, "{}"), second(), wrote()]);
    let store = store_with(&[("etcd-ttl", "2s")], script.collect());
    assert_eq!(increment(&store, 1), Ok(2));
    let sent = sent(&store);
    assert_eq!(sent[sent.len() - 3..sent.len() - 1], ["/v3/lease/revoke", "/v3/lease/grant"]);
    assert_eq!(sent.iter().filter(|sent| sent.starts_with("/v3/lease")).count(), 3);
    let last = store.client.transport.requests().pop().unwrap().body.to_vec();
    assert!(String::from_utf8(last).unwrap().contains(r#""lease":"78""#));
}
