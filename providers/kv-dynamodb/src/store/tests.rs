use std::collections::BTreeMap;

use plugboard_http::fake::{Fake, body};
use plugboard_http::{Failure, Reached};
use serde_json::{Value, json};

use super::*;

const NOW: u64 = 1_700_000_000;

/// A store whose service gives these answers.
fn store_with(
    changes: &[(&'static str, &'static str)],
    script: Vec<Result<Response, Failure>>,
) -> Dynamo<Fake> {
    let mut settings = BTreeMap::from([
        ("dynamodb-region", "eu-central-1"),
        ("dynamodb-access-key-id", "AKID"),
        ("dynamodb-secret-access-key", "hunter2"),
        ("dynamodb-table", "pairs"),
    ]);
    settings.extend(changes.iter().copied());
    let config = Config::read(&Settings::new("dynamodb", &settings)).unwrap();
    let mut store = Dynamo::<Fake>::new(config);
    store.client.transport = Fake::new(script);
    store.client.transport.set_wall_clock(Duration::from_secs(NOW));
    store
}

fn store(script: Vec<Result<Response, Failure>>) -> Dynamo<Fake> {
    store_with(&[], script)
}

fn ok(json: &Value) -> Result<Response, Failure> {
    let mut response = body(200, json.to_string())?;
    response.headers.push(("content-type", "application/x-amz-json-1.0".into()));
    Ok(response)
}

fn refused(code: &str) -> Result<Response, Failure> {
    body(400, json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{code}") }).to_string())
}

/// A condition was refused, because of this item.
fn condition(item: Value) -> Result<Response, Failure> {
    let mut answer = json!({ "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException" });
    if !item.is_null() {
        answer["Item"] = item;
    }
    body(400, answer.to_string())
}

/// The operations that were sent.
fn sent(store: &Dynamo<Fake>) -> Vec<&'static str> {
    store.client.transport.requests().iter().map(|request| request.what).collect()
}

fn bodies(store: &Dynamo<Fake>) -> Vec<Value> {
    let requests = store.client.transport.requests();
    requests.iter().map(|request| serde_json::from_slice(&request.body.to_vec()).unwrap()).collect()
}

const BUCKET: Bucket = Bucket::Default;

#[test]
fn a_value_is_what_the_attribute_holds() {
    let item = |v: Value| ok(&json!({ "Item": { "v": v } }));
    for (v, value) in
        [(json!({ "N": "42" }), "42"), (json!({ "B": "YQA=" }), "a\0"), (json!({ "S": "é" }), "é")]
    {
        assert_eq!(store(vec![item(v)]).get(&BUCKET, "k"), Ok(Some(value.into())));
    }
    assert_eq!(store(vec![ok(&json!({}))]).get(&BUCKET, "k"), Ok(None));
    assert_eq!(store(vec![item(json!({ "L": [] }))]).get(&BUCKET, "k").unwrap_err().kind, Kind::Invalid);
}

#[test]
fn an_answer_that_is_not_of_the_service_is_none() {
    for answer in [body(200, "{}"), ok(&json!([])), ok(&json!({ "Item": 7 }))] {
        assert_eq!(store(vec![answer]).get(&BUCKET, "k").unwrap_err().kind, Kind::Protocol);
    }
    let store = store(vec![body(200, "{}")]);
    assert_eq!(store.increment(&BUCKET, "k", 1, 0).unwrap_err().kind, Kind::Ambiguous);
}

#[test]
fn what_was_throttled_is_tried_again_even_an_addition() {
    let done = ok(&json!({ "Attributes": { "v": { "N": "42" } } }));
    let store_ = store(vec![refused("ThrottlingException"), refused("TransactionConflictException"), done]);
    assert_eq!(store_.increment(&BUCKET, "k", 1, i64::MIN), Ok(42));
    let busy = store((0..5).map(|_| refused("ProvisionedThroughputExceededException")).collect());
    assert_eq!(busy.set(&BUCKET, "k", vec![]).unwrap_err().kind, Kind::Unavailable);
}

#[test]
fn a_lost_addition_is_not_sent_again() {
    let lost = Failure::new(Reached::Maybe, Kind::Unavailable, "the connection broke");
    for outcome in [Err(lost), body(500, "{}")] {
        let store = store(vec![outcome]);
        assert_eq!(store.increment(&BUCKET, "k", 1, 0).unwrap_err().kind, Kind::Ambiguous);
        assert_eq!(sent(&store), ["UpdateItem"]);
    }
}

#[test]
fn an_addition_that_the_condition_refuses_says_why() {
    let error = |item| store(vec![condition(item)]).increment(&BUCKET, "k", 1, 0).unwrap_err();
    for (item, start) in [
        (json!({ "v": { "N": "9223372036854775807" } }), "the sum does not fit"),
        (json!({ "v": { "N": "-2" } }), "the sum is below"),
        (json!({ "v": { "N": "9223372036854775808" } }), "the value is not a whole number"),
        (json!({ "v": { "B": "MDA3" } }), "the value is not a whole number"),
        (json!({ "v": { "S": "7" } }), "the value reads as a number, but"),
        (json!({ "v": { "BOOL": true } }), "the item's attribute `v`"),
        (json!({}), "the item's attribute `v`"),
    ] {
        let error = error(item);
        assert!(error.kind == Kind::Invalid && error.sentence.starts_with(start), "{error}");
    }
    let missing = store(vec![condition(Value::Null)]).increment(&BUCKET, "k", -1, 0);
    assert_eq!(missing.unwrap_err().kind, Kind::Invalid);
}

#[test]
fn a_number_with_a_fraction_was_added_to() {
    let store = store(vec![ok(&json!({ "Attributes": { "v": { "N": "2.5" } } }))]);
    assert_eq!(store.increment(&BUCKET, "k", 1, 0).unwrap_err().kind, Kind::Ambiguous);
}

#[test]
fn what_has_ended_is_not_there() {
    let ended = || json!({ "k": { "S": "k" }, "v": { "N": "41" }, "r": { "B": "AA==" }, "e": { "N": NOW.to_string() } });
    let store = store_with(
        &[("dynamodb-ttl", "1500ms")],
        vec![
            ok(&json!({ "Item": ended() })),
            ok(&json!({ "Responses": { "pairs": [ended()] } })),
            condition(ended()),
            ok(&json!({})),
        ],
    );
    let seen = store.snapshot(&BUCKET, "k").unwrap();
    assert_eq!(seen, Snapshot { value: None, version: None });
    assert_eq!(store.get_many(&BUCKET, &["k".into()]), Ok(vec![None]));
    assert_eq!(store.increment(&BUCKET, "k", 5, 0), Ok(5));
    assert_eq!(sent(&store), ["GetItem", "BatchGetItem", "UpdateItem", "PutItem"]);
    // Up to a second longer, never shorter.
    let last = bodies(&store).pop().unwrap();
    assert_eq!(last["Item"]["e"], json!({ "N": (NOW + 2).to_string() }));
    assert_eq!(last["ConditionExpression"], "attribute_not_exists(k) OR e <= :now");
}

#[test]
fn a_swap_that_fails_brings_what_is_there_now() {
    let seen = Snapshot { value: None, version: None };
    let now = json!({ "v": { "N": "7" }, "r": { "B": "AQ==" } });
    let store = store(vec![condition(now), condition(Value::Null), ok(&json!({})), condition(json!({}))]);
    let Ok(Swap::Changed(fresh)) = store.swap(&BUCKET, "k", &seen, b"x") else { panic!("it changed") };
    assert_eq!(fresh.value, Some(b"7".to_vec()));
    assert_eq!(fresh.version.as_ref().unwrap().version, Some(vec![1]));
    let gone = Snapshot { value: None, version: None };
    assert_eq!(store.swap(&BUCKET, "k", &fresh, b"x"), Ok(Swap::Changed(gone)));
    assert_eq!(store.swap(&BUCKET, "k", &fresh, b"x"), Ok(Swap::Done));
    assert_eq!(store.swap(&BUCKET, "k", &fresh, b"x").unwrap_err().kind, Kind::Invalid);
}

#[test]
fn what_is_left_of_a_batch_is_asked_for_again() {
    let store = store(vec![
        ok(&json!({
            "Responses": { "pairs": [{ "k": { "S": "b" }, "v": { "B": "Mg==" } }] },
            "UnprocessedKeys": { "pairs": { "Keys": [{ "b": { "S": "default" }, "k": { "S": "a" } }] } },
        })),
        ok(
            &json!({ "Responses": { "pairs": [{ "k": { "S": "a" }, "v": { "N": "1" } }] }, "UnprocessedKeys": {} }),
        ),
    ]);
    let keys = ["a", "b", "a", "c"].map(str::to_owned);
    let values =
        [Some("1"), Some("2"), Some("1"), None].map(|value| value.map(|value| value.as_bytes().to_vec()));
    assert_eq!(store.get_many(&BUCKET, &keys), Ok(values.to_vec()));
    let asked = bodies(&store)
        .iter()
        .map(|body| body["RequestItems"]["pairs"]["Keys"].as_array().unwrap().len())
        .collect::<Vec<_>>();
    assert_eq!(asked, [3, 1]);
}

#[test]
fn a_batch_that_never_ends_ends_at_the_deadline() {
    let nothing = json!({
        "Responses": {}, "UnprocessedKeys": { "pairs": { "Keys": [{ "k": { "S": "a" } }] } },
    });
    let store = store((0..20).map(|_| ok(&nothing)).collect());
    assert_eq!(store.get_many(&BUCKET, &["a".into()]).unwrap_err().kind, Kind::Unavailable);
    assert!(store.client.transport.now() < store.client.limits.timeout);
}

#[test]
fn batches_are_as_large_as_the_service_takes() {
    let pair = |n: usize, size| (n.to_string(), vec![b'x'; size]);
    let sizes = |pairs: Vec<(String, Vec<u8>)>| {
        let store = store((0..9).map(|_| ok(&json!({}))).collect());
        store.set_many(&BUCKET, &pairs).unwrap();
        let count = |body: &Value| body["TransactItems"].as_array().map_or(1, Vec::len);
        bodies(&store).iter().map(count).collect::<Vec<_>>()
    };
    assert_eq!(sizes((0..201).map(|n| pair(n, 1)).collect()), [100, 100, 1]);
    // 4 MiB hold ten of these.
    assert_eq!(sizes((0..12).map(|n| pair(n, 400_000)).collect()), [10, 2]);
    assert_eq!(sizes(vec![pair(0, 1)]), [1]);
}

#[test]
fn an_error_in_the_middle_says_how_much_was_done() {
    let store = store(vec![ok(&json!({})), refused("AccessDeniedException")]);
    let keys = (0..150).map(|n| n.to_string()).collect::<Vec<_>>();
    let error = store.delete_many(&BUCKET, &keys).unwrap_err();
    assert!(error.sentence.ends_with("; of 150 keys the first 100 were done before"), "{error}");
    assert!(!error.sentence.contains("hunter2"));
}

#[test]
fn nothing_that_is_too_large_is_sent() {
    let store = store(vec![]);
    let large = vec![0; 400 << 10];
    assert_eq!(store.set(&BUCKET, "k", large.clone()).unwrap_err().kind, Kind::TooLarge);
    let pairs = [("a".to_owned(), vec![]), ("b".to_owned(), large)];
    assert_eq!(store.set_many(&BUCKET, &pairs).unwrap_err().kind, Kind::TooLarge);
    assert_eq!(store.list(&BUCKET, Some(String::new())).unwrap_err().kind, Kind::Invalid);
    assert!(sent(&store).is_empty());
}

#[test]
fn a_wrong_clock_is_mended_once() {
    let mut skewed = refused("InvalidSignatureException").unwrap();
    skewed.headers.push(("date", "Tue, 14 Nov 2023 23:13:20 GMT".into()));
    let store = store(vec![Ok(skewed.clone()), ok(&json!({})), Ok(skewed)]);
    // An hour later than the clock here.
    assert_eq!(store.delete(&BUCKET, "k"), Ok(()));
    assert_eq!(store.delete(&BUCKET, "k").unwrap_err().kind, Kind::AccessDenied);
    assert_eq!(sent(&store).len(), 3);
}

/// It takes the partition for a value.
#[test]
fn another_buckets_pair_in_a_table_of_the_other_layout_is_left_alone() {
    let keys = "the keys of `dynamodb-table` are not those that `dynamodb-layout` needs";
    let one = store(vec![condition(json!(null))]);
    let error = one.set(&Bucket::Default, "k", b"v".to_vec()).unwrap_err();
    assert_eq!((error.kind, error.sentence.ends_with(keys)), (Kind::Config, true), "{error}");
    let canceled = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "CancellationReasons": [{ "Code": "None" }, { "Code": "ConditionalCheckFailed" }],
    });
    let two = store(vec![body(400, canceled.to_string())]);
    let pairs = ["a", "b"].map(|key| (key.to_owned(), b"v".to_vec()));
    let error = two.set_many(&Bucket::Default, &pairs).unwrap_err();
    assert_eq!((error.kind, error.sentence.contains(keys)), (Kind::Config, true), "{error}");
}

#[test]
fn the_table_that_is_missing_is_named() {
    let store = store_with(
        &[("dynamodb-buckets", "carts"), ("dynamodb-layout", "table")],
        vec![refused("ResourceNotFoundException")],
    );
    let error = store.get(&Bucket::Named("carts".into()), "k").unwrap_err();
    assert_eq!(error.kind, Kind::NoSuchStore);
    assert!(error.sentence.ends_with("there is no such table: `pairs.carts`"), "{error}");
}

#[test]
fn a_partition_answers_a_megabyte_at_a_time_and_that_is_no_reason_to_wait() {
    let key = |n: usize| format!("{n:03}");
    let answers = (0..12).map(|round| {
        let item = |n| json!({ "k": { "S": key(n) }, "v": { "B": "eA==" } });
        let left = |n| json!({ "b": { "S": "default" }, "k": { "S": key(n) } });
        let first = round * 10;
        let mut answer =
            json!({ "Responses": { "pairs": (first..first + 10).map(item).collect::<Vec<_>>() } });
        // Each asks for a hundred, or as many as are left.
        let rest = (first + 10..(first + 100).min(120)).map(left).collect::<Vec<_>>();
        if !rest.is_empty() {
            answer["UnprocessedKeys"] = json!({ "pairs": { "Keys": rest } });
        }
        ok(&answer)
    });
    let store = store(answers.collect());
    let keys = (0..120).map(key).collect::<Vec<_>>();
    let values = store.get_many(&Bucket::Default, &keys).unwrap();
    assert!(values.iter().all(|value| value.as_deref() == Some(b"x")));
    assert_eq!(store.client.transport.now(), Duration::ZERO);
}

#[test]
fn one_value_asked_for_too_often_is_too_large() {
    let value = "A".repeat(100_000);
    let answer = json!({ "Responses": { "pairs": [{ "k": { "S": "k" }, "v": { "S": value } }] } });
    let store = store(vec![ok(&answer)]);
    let keys = vec!["k".to_owned(); 3000];
    assert_eq!(store.get_many(&Bucket::Default, &keys).unwrap_err().kind, Kind::TooLarge);
}
