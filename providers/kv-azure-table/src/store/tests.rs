use std::collections::BTreeMap;

use plugboard_http::fake::{Fake, body};
use plugboard_http::{Failure, Method, Reached};

use super::*;

type Answer = Result<Response, Failure>;

const ETAG: &str = "W/\"datetime'2026-11-22T00%3A00%3A00.0Z'\"";

fn with(more: &[(&'static str, &'static str)], script: Vec<Answer>) -> Tables<Fake> {
    let enough =
        [("azure-table-account", "shop"), ("azure-table-key", "QUJD"), ("azure-table-name", "Pairs")];
    let settings = enough.iter().chain(more).copied().collect::<BTreeMap<_, _>>();
    let mut store: Tables<Fake> =
        Tables::new(Config::read(&Settings::new("azure-table", &settings)).unwrap());
    store.client.transport = Fake::new(script);
    store
}

fn store(script: Vec<Answer>) -> Tables<Fake> {
    with(&[], script)
}

/// An answer of the service's.
fn answer(status: u16, text: &str) -> Answer {
    body(status, text).map(|response| Response {
        headers: vec![("x-ms-request-id", b"1".to_vec()), ("etag", ETAG.into())],
        ..response
    })
}

fn done() -> Answer {
    answer(204, "")
}

fn refused(status: u16, code: &str) -> Answer {
    answer(status, &format!(r#"{{"odata.error":{{"code":"{code}","message":{{"value":"x"}}}}}}"#))
}

fn missing() -> Answer {
    refused(404, "ResourceNotFound")
}

fn entity(text: &str) -> Answer {
    answer(200, &format!(r#"{{"PartitionKey":"default","RowKey":"k","value":"{text}"}}"#))
}

fn lost() -> Answer {
    Err(Failure::new(Reached::Maybe, Kind::Unavailable, "the connection broke"))
}

/// An answer to a batch, with these statuses.
fn batch(statuses: &[&str]) -> Answer {
    answer(202, &statuses.iter().map(|status| format!("HTTP/1.1 {status}\r\n\r\n")).collect::<String>())
}

fn batch_refused(code: &str) -> Answer {
    let json = format!(r#"{{"odata.error":{{"code":"{code}"}}}}"#);
    answer(202, &format!("HTTP/1.1 404 Not Found\r\n\r\n{json}\r\n"))
}

fn requests(store: &Tables<Fake>) -> Vec<Request> {
    store.client.transport.requests()
}

fn keys(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("k{n}")).collect()
}

const DEFAULT: Bucket = Bucket::Default;

#[test]
fn a_value_is_written_and_signed() {
    let store = store(vec![done()]);
    store.set(&DEFAULT, "a/b", b"abc".to_vec()).unwrap();
    let request = &requests(&store)[0];
    assert_eq!(request.method, Method::Put);
    assert_eq!(request.path, "/Pairs(PartitionKey=%27default%27,RowKey=%27a%5E2Fb%27)");
    let header = |name| &request.headers.iter().find(|(other, _)| *other == name).unwrap().1;
    assert!(header("authorization").starts_with("SharedKey shop:"));
    assert_eq!(header("content-type"), "application/json");
}

#[test]
fn what_is_missing_is_none_but_a_table_is_not() {
    let store = store(vec![missing(), missing(), missing(), refused(404, "TableNotFound")]);
    assert_eq!(store.get(&DEFAULT, "k"), Ok(None));
    assert_eq!(store.exists(&DEFAULT, "k"), Ok(false));
    assert_eq!(store.delete(&DEFAULT, "k"), Ok(()));
    assert_eq!(store.get(&DEFAULT, "k").unwrap_err().kind, Kind::NoSuchStore);
}

#[test]
fn who_is_not_the_service_is_not_believed() {
    let store = store((0..9).map(|n| body([200, 204, 404][n % 3], "{}")).collect());
    for _ in 0..3 {
        assert_eq!(store.get(&DEFAULT, "k").unwrap_err().kind, Kind::Protocol);
        assert_eq!(store.set(&DEFAULT, "k", vec![]).unwrap_err().kind, Kind::Protocol);
        assert_eq!(store.delete(&DEFAULT, "k").unwrap_err().kind, Kind::Protocol);
    }
}

#[test]
fn what_is_too_large_is_not_sent() {
    let store = store(vec![]);
    let large = vec![0; wire::LARGEST + 1];
    assert_eq!(store.set(&DEFAULT, "k", large.clone()).unwrap_err().kind, Kind::TooLarge);
    let pairs = [("a".to_owned(), vec![]), ("b".to_owned(), large.clone())];
    assert_eq!(store.set_many(&DEFAULT, &pairs).unwrap_err().kind, Kind::TooLarge);
    let seen = Snapshot { value: None, version: None };
    assert_eq!(store.swap(&DEFAULT, "k", &seen, &large).unwrap_err().kind, Kind::TooLarge);
}

#[test]
fn a_listing_ends_with_the_prefix() {
    let page = |rows: &str, next: bool| {
        answer(200, &format!(r#"{{"value":[{rows}]}}"#)).map(|mut response| {
            if next {
                response.headers.push(("x-ms-continuation-nextpartitionkey", "P".into()));
                response.headers.push(("x-ms-continuation-nextrowkey", "R".into()));
            }
            response
        })
    };
    let all = r#"{"RowKey":"p^2Fa"},{"RowKey":"p^2Fb^2f"},{"RowKey":"p^2Fc"}"#;
    let more = format!(r#"{all},{{"RowKey":"q"}}"#);
    let store =
        with(&[("azure-table-prefix", "p/")], vec![page(all, true), page(&more, true), page("", true)]);
    let keys = vec!["a".to_owned(), "c".to_owned()];
    let next = Some("P R".to_owned());
    assert_eq!(store.list(&DEFAULT, None), Ok(Page { keys: keys.clone(), next: next.clone() }));
    assert_eq!(store.list(&DEFAULT, next.clone()), Ok(Page { keys, next: None }));
    assert_eq!(store.list(&DEFAULT, None), Ok(Page { keys: vec![], next }));
    assert!(requests(&store)[1].path.ends_with("&NextPartitionKey=P&NextRowKey=R"));
}

#[test]
fn an_increment_is_made_on_what_was_read() {
    let store = store(vec![
        missing(),
        done(),
        entity("41"),
        refused(412, "UpdateConditionNotSatisfied"),
        entity("50"),
        done(),
    ]);
    assert_eq!(store.increment(&DEFAULT, "k", 3, i64::MIN), Ok(3));
    assert_eq!(store.increment(&DEFAULT, "k", 1, i64::MIN), Ok(51));
    let methods = requests(&store).iter().map(|request| request.method).collect::<Vec<_>>();
    assert_eq!(methods, [Method::Get, Method::Post, Method::Get, Method::Put, Method::Get, Method::Put]);
}

#[test]
fn a_lost_increment_is_ambiguous_and_not_sent_again() {
    for last in [lost(), answer(503, ""), answer(200, "").map(|r| Response { headers: vec![], ..r })] {
        let store = store(vec![entity("1"), last]);
        assert_eq!(store.increment(&DEFAULT, "k", 1, i64::MIN).unwrap_err().kind, Kind::Ambiguous);
        assert_eq!(store.client.transport.sent(), 2);
    }
    let store = store(vec![entity("1"), answer(429, "")]);
    assert_eq!(store.increment(&DEFAULT, "k", 1, i64::MIN).unwrap_err().kind, Kind::Unavailable);
}

#[test]
fn others_that_are_faster_to_the_end_are_a_conflict() {
    let script = (0..2000).map(|n| match n % 2 {
        0 => entity("1"),
        _ => refused(409, "EntityAlreadyExists"),
    });
    let store = store(script.collect());
    assert_eq!(store.increment(&DEFAULT, "k", 1, i64::MIN).unwrap_err().kind, Kind::Conflict);
    assert!(store.client.transport.now() <= Duration::from_secs(30));
}

#[test]
fn a_lost_swap_brings_what_is_there_now() {
    let seen = Snapshot { value: Some(b"old".to_vec()), version: Some("W/\"old\"".to_owned()) };
    let none = Snapshot { value: None, version: None };
    let now = || Snapshot { value: Some(b"new".to_vec()), version: Some(ETAG.to_owned()) };
    let store = store(vec![
        refused(412, "UpdateConditionNotSatisfied"),
        entity("new"),
        missing(),
        missing(),
        refused(409, "EntityAlreadyExists"),
        entity("new"),
        done(),
        lost(),
    ]);
    let swap = |seen| store.swap(&DEFAULT, "k", seen, b"v");
    assert_eq!(swap(&seen), Ok(Swap::Changed(now())));
    assert_eq!(swap(&seen), Ok(Swap::Changed(Snapshot { value: None, version: None })));
    assert_eq!(swap(&none), Ok(Swap::Changed(now())));
    assert_eq!(swap(&none), Ok(Swap::Done));
    assert_eq!(swap(&seen).unwrap_err().kind, Kind::Ambiguous);
}

#[test]
fn many_are_read_at_a_time_and_given_in_order() {
    let store = store((0..40).map(|n| if n == 7 { missing() } else { entity(&n.to_string()) }).collect());
    let values = store.get_many(&DEFAULT, &keys(40)).unwrap();
    let expected = (0..40).map(|n| (n != 7).then(|| n.to_string().into_bytes())).collect::<Vec<_>>();
    assert_eq!(values, expected);
}

#[test]
fn many_are_written_a_hundred_at_a_time() {
    let some = |count| batch(&vec!["204 No Content"; count]);
    let store = store(vec![
        some(100),
        some(100),
        some(1),
        some(100),
        lost(),
        answer(503, ""),
        batch_refused("TableNotFound"),
    ]);
    let pairs = keys(201).into_iter().map(|key| (key, b"v".to_vec())).collect::<Vec<_>>();
    assert_eq!(store.set_many(&DEFAULT, &pairs), Ok(()));
    let error = store.set_many(&DEFAULT, &pairs).unwrap_err();
    assert_eq!(error.kind, Kind::NoSuchStore);
    assert!(error.sentence.ends_with("of 201 keys the first 100 were done before"), "{error}");
    let paths = requests(&store).iter().map(|request| request.path.clone()).collect::<Vec<_>>();
    assert_eq!(paths, ["/$batch"; 7]);
}

#[test]
fn one_that_is_missing_does_not_keep_the_others_from_being_deleted() {
    let store = store(vec![batch_refused("ResourceNotFound"), done(), missing(), done()]);
    assert_eq!(store.delete_many(&DEFAULT, &keys(3)), Ok(()));
    let methods = requests(&store).iter().map(|request| request.method).collect::<Vec<_>>();
    assert_eq!(methods, [Method::Post, Method::Delete, Method::Delete, Method::Delete]);
}

#[test]
fn an_answer_to_fewer_changes_is_none() {
    let store = store(vec![batch(&["204 No Content"]), answer(202, "{}"), answer(202, "")]);
    for _ in 0..3 {
        assert_eq!(store.delete_many(&DEFAULT, &keys(2)).unwrap_err().kind, Kind::Protocol);
    }
}

#[test]
fn a_refusal_names_what_was_shown() {
    let store = store(vec![refused(403, "AuthenticationFailed")]);
    let error = store.get(&DEFAULT, "k").unwrap_err().to_string();
    assert!(error.starts_with("access-denied: ") && error.ends_with("the account's key"), "{error}");
}

#[test]
fn what_the_service_calls_busy_was_not_done() {
    let store = store(vec![entity("1"), refused(503, "ServerBusy"), done()]);
    assert_eq!(store.increment(&DEFAULT, "k", 1, i64::MIN), Ok(2));
    for last in [refused(500, "OperationTimedOut"), body(503, r#"{"odata.error":{"code":"ServerBusy"}}"#)] {
        let store = self::store(vec![entity("1"), last]);
        assert_eq!(store.increment(&DEFAULT, "k", 1, i64::MIN).unwrap_err().kind, Kind::Ambiguous);
    }
}

#[test]
fn what_fails_inside_a_batch_is_tried_again() {
    let pairs = [("k".to_owned(), vec![])];
    for status in ["429 Too Many Requests", "500 X", "502 X", "503 X", "504 X"] {
        let again = store(vec![batch(&[status]), batch(&["204 No Content"])]);
        assert_eq!(again.set_many(&DEFAULT, &pairs), Ok(()), "{status}");
        let to_the_end = store((0..5).map(|_| batch(&[status])).collect());
        assert_eq!(to_the_end.set_many(&DEFAULT, &pairs).unwrap_err().kind, Kind::Unavailable, "{status}");
    }
}

#[test]
fn what_an_operation_is_never_told_is_no_answer_to_it() {
    let pairs = [("k".to_owned(), vec![])];
    let store = store(vec![
        missing(),
        refused(409, "EntityAlreadyExists"),
        missing(),
        batch_refused("ResourceNotFound"),
        batch_refused("TableNotFound"),
    ]);
    assert_eq!(store.set(&DEFAULT, "k", vec![]).unwrap_err().kind, Kind::Protocol);
    assert_eq!(store.set(&DEFAULT, "k", vec![]).unwrap_err().kind, Kind::Protocol);
    assert_eq!(store.list(&DEFAULT, None).unwrap_err().kind, Kind::Protocol);
    assert_eq!(store.set_many(&DEFAULT, &pairs).unwrap_err().kind, Kind::Protocol);
    assert_eq!(store.set_many(&DEFAULT, &pairs).unwrap_err().kind, Kind::NoSuchStore);
}

#[test]
fn more_values_than_there_is_memory_for_are_too_large() {
    let long = "v".repeat(1 << 20);
    let store = store((0..300).map(|_| entity(&long)).collect());
    let kind = store.get_many(&DEFAULT, &keys(300)).map(drop).map_err(|error| error.kind);
    assert_eq!(kind, Err(Kind::TooLarge));
}
