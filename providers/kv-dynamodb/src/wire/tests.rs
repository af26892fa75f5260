use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;

const STAMP: Stamp = Stamp { version: *b"\0\x01\x02\x03\x04\x05\x06\x07", now: 1_700_000_000, ends: None };

fn partition<'a>(prefix: &'a str) -> Place<'a> {
    Place { table: Cow::Borrowed("pairs"), partition: Some(Cow::Borrowed("default")), prefix }
}

fn table() -> Place<'static> {
    Place { table: Cow::Borrowed("pairs.carts"), partition: None, prefix: "" }
}

fn sent(request: &Request) -> Value {
    serde_json::from_slice(&request.body.to_vec()).unwrap()
}

#[test]
fn a_request_names_its_operation_in_a_header() {
    let request = get(&table(), "k");
    assert_eq!((request.method, request.path.as_str(), request.what), (Method::Post, "/", "GetItem"));
    assert!(request.headers.contains(&("x-amz-target", "DynamoDB_20120810.GetItem".to_owned())));
    let wanted = json!({
        "TableName": "pairs.carts", "Key": { "k": { "S": "k" } },
        "ConsistentRead": true, "ProjectionExpression": "v, r, e",
    });
    assert_eq!(sent(&get(&table(), "k")), wanted);
}

#[test]
fn an_item_has_key_value_version_and_end() {
    let stamp = Stamp { ends: Some(1_700_000_060), ..STAMP };
    let written = put(&partition(""), "k\"\n", b"7", &stamp);
    let item = json!({
        "b": { "S": "default" }, "k": { "S": "k\"\n" }, "v": { "N": "7" },
        "r": { "B": "AAECAwQFBgc=" }, "e": { "N": "1700000060" },
    });
    let wanted = json!({
        "TableName": "pairs", "Item": item, "ConditionExpression": "attribute_not_exists(k) OR b = :b",
        "ExpressionAttributeValues": { ":b": { "S": "default" } },
    });
    assert_eq!(sent(&written), wanted);
    // With the other layout there is nothing to tell buckets apart by.
    assert!(sent(&put(&table(), "k", b"7", &STAMP)).get("ConditionExpression").is_none());
    assert_eq!(written.resend, Resend::Allowed);
}

#[test]
fn a_listing_asks_for_the_prefix_in_the_way_of_the_layout() {
    let query = sent(&list(&partition("p:"), Some("p:x"), 7));
    assert_eq!(query["KeyConditionExpression"], "b = :b AND begins_with(k, :p)");
    assert_eq!(query["ExclusiveStartKey"], json!({ "b": { "S": "default" }, "k": { "S": "p:x" } }));
    assert!(!query["FilterExpression"].as_str().unwrap().contains(":p"));
    let scan = list(&Place { prefix: "p:", ..table() }, None, 7);
    assert_eq!(scan.what, "Scan");
    assert!(sent(&scan)["FilterExpression"].as_str().unwrap().ends_with("begins_with(k, :p)"));
    // The service refuses values that no expression names.
    for place in [partition(""), table()] {
        assert!(sent(&list(&place, None, 7))["ExpressionAttributeValues"].get(":p").is_none());
    }
}

#[test]
fn an_addition_keeps_within_bounds() {
    let bounds = |delta, least| {
        let body = sent(&add(&table(), "k", delta, least, &STAMP));
        let values = &body["ExpressionAttributeValues"];
        let number = |name: &str| values[name]["N"].as_str().unwrap().parse::<i64>().unwrap();
        let missing = body["ConditionExpression"].as_str().unwrap().contains("attribute_not_exists");
        (number(":low"), number(":high"), missing)
    };
    assert_eq!(bounds(1, i64::MIN), (i64::MIN, i64::MAX - 1, true));
    assert_eq!(bounds(-1, i64::MIN), (i64::MIN + 1, i64::MAX, true));
    assert_eq!(bounds(i64::MIN, i64::MIN), (0, i64::MAX, true));
    assert_eq!(bounds(5, 0), (-5, i64::MAX - 5, true));
    assert_eq!(bounds(i64::MAX, 0), (-i64::MAX, 0, true));
    assert_eq!(bounds(-1, 0), (1, i64::MAX, false));
    assert_eq!(add(&table(), "k", 1, 0, &STAMP).resend, Resend::Never);
}

#[test]
fn a_swap_compares_what_there_is_to_compare() {
    let condition = |seen: Option<Seen>| {
        let body = sent(&swap(&table(), "k", seen.as_ref(), b"new", &STAMP));
        let names =
            body["ExpressionAttributeValues"].as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
        let condition = body["ConditionExpression"].as_str().unwrap().to_owned();
        (condition, names.into_iter().collect::<Vec<_>>().join(" "))
    };
    let seen = |version| Some(Seen { value: Attribute::B(Cow::Borrowed(b"old")), version });
    for (seen, text, names) in [
        (None, "attribute_not_exists(k) OR e <= :now", ":now"),
        (seen(Some(vec![1])), "r = :r AND v = :v AND NOT (e <= :now)", ":now :r :v"),
        (seen(None), "NOT attribute_type(r, :tb) AND v = :v AND NOT (e <= :now)", ":now :tb :v"),
    ] {
        assert_eq!(condition(seen), (text.to_owned(), names.to_owned()));
    }
}

#[test]
fn batches() {
    let asked = sent(&get_many(&table(), &["a".to_owned(), "b".to_owned()]));
    let keys = json!([{ "k": { "S": "a" } }, { "k": { "S": "b" } }]);
    let wanted = json!({ "Keys": keys, "ConsistentRead": true, "ProjectionExpression": "k, v, e" });
    assert_eq!(asked, json!({ "RequestItems": { "pairs.carts": wanted } }));
    let deletion = delete_many(&table(), &["a".to_owned()], "t".into());
    let one = json!({ "Delete": { "TableName": "pairs.carts", "Key": { "k": { "S": "a" } } } });
    assert_eq!(sent(&deletion), json!({ "TransactItems": [one], "ClientRequestToken": "t" }));
    let set = sent(&set_many(&partition(""), &[("a", b"1"), ("b", b"x")], &STAMP, "t".into()));
    assert_eq!(set["TransactItems"][1]["Put"]["Item"]["v"], json!({ "B": "eA==" }));
}

#[test]
fn the_size_counts_names_and_values() {
    assert_eq!(size(&table(), "key", b"four"), 5 + 3 + 4 + 8 + 7);
    assert_eq!(size(&partition(""), "key", b"four"), 5 + 7 + 3 + 4 + 8 + 7);
}
