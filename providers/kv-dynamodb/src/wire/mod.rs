//! Operations of the service and their requests: JSON over POST, the operation's name in a header
//! (docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html).

mod answer;
mod attribute;
mod body;
mod failure;

use plugboard_http::{Method, Request, Resend, Response};
use serde::Serialize;

pub(crate) use answer::{Item, count, item, many, page, sum};
pub(crate) use attribute::Attribute;
pub(crate) use failure::{busy, code, error_of, is_condition};

use crate::places::Place;
use attribute::Attribute as A;
use body::{BatchGet, Body, Fields, KeysOf, Transaction, Values, Write};

const CONTENT_TYPE: &str = "content-type";
const JSON: &str = "application/x-amz-json-1.0";

/// Keys on a page of a listing, looked at and not only found.
const PAGE: u32 = 1000;

/// The value is one, and has not ended. What has, the service deletes within days.
const PLAIN: &str =
    "(attribute_type(v, :tb) OR attribute_type(v, :tn) OR attribute_type(v, :ts)) AND NOT (e <= :now)";
/// Of a scan, which finds keys with any beginning.
const PLAIN_WITH_PREFIX: &str = "(attribute_type(v, :tb) OR attribute_type(v, :tn) OR attribute_type(v, :ts)) \
                                 AND NOT (e <= :now) AND begins_with(k, :p)";

/// What a write leaves in the item beside the value, and the time of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stamp {
    /// Random, so that no two writes leave the same.
    pub(crate) version: [u8; 8],
    /// Seconds since the Unix epoch.
    pub(crate) now: u64,
    /// When the pair stops to count, if ever.
    pub(crate) ends: Option<u64>,
}

/// What there was when a swap looked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Types count: text, number and bytes are never equal.
    pub(crate) value: Attribute<'static>,
    /// None where another client wrote the item.
    pub(crate) version: Option<Vec<u8>>,
}

pub(crate) fn get(place: &Place, key: &str) -> Request {
    let body = Body {
        key: Some(fields(place, key)),
        consistent_read: Some(true),
        projection_expression: Some("v, r, e"),
        ..of(place)
    };
    request("GetItem", Resend::Allowed, &body)
}

/// A query of one key: GetItem would bring the value along, only to tell its type.
pub(crate) fn exists(place: &Place, key: &str, now: u64) -> Request {
    let condition = if place.partition.is_some() { "b = :b AND k = :k" } else { "k = :k" };
    let mut values = plain(now);
    values.push((":k", A::text(key)));
    values.extend(place.partition.as_deref().map(|partition| (":b", A::text(partition))));
    let body = Body {
        key_condition_expression: Some(condition),
        filter_expression: Some(PLAIN),
        expression_attribute_values: values,
        consistent_read: Some(true),
        select: Some("COUNT"),
        ..of(place)
    };
    request("Query", Resend::Allowed, &body)
}

/// `after` is a key as the table has it.
pub(crate) fn list(place: &Place, after: Option<&str>, now: u64) -> Request {
    let mut values = plain(now);
    let prefixed = !place.prefix.is_empty();
    if prefixed {
        values.push((":p", A::text(place.prefix)));
    }
    let (what, condition, filter) = match &place.partition {
        Some(partition) => {
            values.push((":b", A::text(partition)));
            let condition = if prefixed { "b = :b AND begins_with(k, :p)" } else { "b = :b" };
            ("Query", Some(condition), PLAIN)
        }
        None => ("Scan", None, if prefixed { PLAIN_WITH_PREFIX } else { PLAIN }),
    };
    let body = Body {
        key_condition_expression: condition,
        filter_expression: Some(filter),
        expression_attribute_values: values,
        projection_expression: Some("k"),
        consistent_read: Some(true),
        exclusive_start_key: after.map(|key| fields(place, key)),
        limit: Some(PAGE),
        ..of(place)
    };
    request(what, Resend::Allowed, &body)
}

pub(crate) fn put(place: &Place, key: &str, value: &[u8], stamp: &Stamp) -> Request {
    request("PutItem", Resend::Allowed, &put_body(place, key, value, stamp))
}

pub(crate) fn delete(place: &Place, key: &str) -> Request {
    request("DeleteItem", Resend::Allowed, &delete_body(place, key))
}

/// Adds, if the number is one and the sum stays within bounds: ADD alone goes on beyond 64 bits, and for ever.
pub(crate) fn add(place: &Place, key: &str, delta: i64, least: i64, stamp: &Stamp) -> Request {
    // Each bound that cannot be reached is as far as any number that we write.
    let (low, high) = (least.saturating_sub(delta), i64::MAX.saturating_sub(delta));
    // A missing number is 0.
    let condition = match low <= 0 && 0 <= high {
        true => {
            "(attribute_not_exists(k) OR (attribute_type(v, :tn) AND v BETWEEN :low AND :high)) \
             AND NOT (e <= :now)"
        }
        false => "attribute_type(v, :tn) AND v BETWEEN :low AND :high AND NOT (e <= :now)",
    };
    let mut values = vec![
        (":d", A::number(delta)),
        (":r", A::bytes(&stamp.version)),
        (":low", A::number(low)),
        (":high", A::number(high)),
        (":now", A::number(stamp.now)),
        (":tn", A::text("N")),
    ];
    let update = match stamp.ends {
        Some(ends) => {
            values.push((":e", A::number(ends)));
            "SET r = :r, e = :e ADD v :d"
        }
        None => "SET r = :r ADD v :d",
    };
    let body = Body {
        key: Some(fields(place, key)),
        update_expression: Some(update),
        condition_expression: Some(condition),
        expression_attribute_values: values,
        // Not what was changed only, which the number is not if nothing was added.
        return_values: Some("ALL_NEW"),
        return_values_on_condition_check_failure: Some("ALL_OLD"),
        ..of(place)
    };
    request("UpdateItem", Resend::Never, &body)
}

/// Versions are compared, and values too: other clients may change a value in place, and leave the version. What
/// had ended is as if it were not there.
pub(crate) fn swap(place: &Place, key: &str, seen: Option<&Seen>, value: &[u8], stamp: &Stamp) -> Request {
    let mut values = vec![(":now", A::number(stamp.now))];
    values.extend(seen.map(|seen| (":v", seen.value.clone())));
    let condition = match seen.map(|seen| &seen.version) {
        None => "attribute_not_exists(k) OR e <= :now",
        Some(Some(version)) => {
            values.push((":r", A::bytes(version)));
            "r = :r AND v = :v AND NOT (e <= :now)"
        }
        Some(None) => {
            values.push((":tb", A::text("B")));
            "NOT attribute_type(r, :tb) AND v = :v AND NOT (e <= :now)"
        }
    };
    let body = Body {
        condition_expression: Some(condition),
        expression_attribute_values: values,
        return_values_on_condition_check_failure: Some("ALL_OLD"),
        ..put_body(place, key, value, stamp)
    };
    request("PutItem", Resend::Never, &body)
}

/// No key twice.
pub(crate) fn get_many(place: &Place, keys: &[String]) -> Request {
    let keys = KeysOf {
        keys: keys.iter().map(|key| fields(place, key)).collect(),
        consistent_read: true,
        projection_expression: "k, v, e",
    };
    let body = BatchGet { request_items: [(&*place.table, keys)] };
    request("BatchGetItem", Resend::Allowed, &body)
}

/// Of keys as the table has them.
pub(crate) fn set_many(place: &Place, pairs: &[(&str, &[u8])], stamp: &Stamp, token: String) -> Request {
    transaction(
        pairs.iter().map(|(key, value)| Write::Put(put_body(place, key, value, stamp))).collect(),
        token,
    )
}

pub(crate) fn delete_many(place: &Place, keys: &[String], token: String) -> Request {
    transaction(keys.iter().map(|key| Write::Delete(delete_body(place, key))).collect(), token)
}

/// Bytes that the item takes (docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html):
/// names and values of all attributes.
pub(crate) fn size(place: &Place, key: &str, value: &[u8]) -> usize {
    const NAMES: usize = "bkvre".len();
    const VERSION: usize = 8;
    /// A time has ten digits.
    const END: usize = 7;
    let partition = place.partition.as_deref().unwrap_or_default();
    NAMES + partition.len() + key.len() + A::of_value(value).size() + VERSION + END
}

/// The table that a request is about, if there is one for all of it.
pub(crate) fn table(request: &Request) -> Option<String> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct OfTable {
        table_name: String,
    }
    Some(serde_json::from_slice::<OfTable>(&request.body.to_vec()).ok()?.table_name)
}

/// Whether an answer is one of the service's, which alone has this type.
pub(crate) fn is_of_service(response: &Response) -> bool {
    response.header(CONTENT_TYPE).is_some_and(|value| value.starts_with(JSON))
}

/// The request of an operation, before it is signed.
fn request(what: &'static str, resend: Resend, body: &impl Serialize) -> Request {
    let target = ["DynamoDB_20120810.", what].concat();
    Request {
        method: Method::Post,
        path: "/".to_owned(),
        headers: vec![(CONTENT_TYPE, JSON.to_owned()), ("x-amz-target", target)],
        // All of it is text in maps, which always has a JSON form: there is no error to hand on.
        body: serde_json::to_vec(body).unwrap_or_default().into(),
        resend,
        answer_fields: &[CONTENT_TYPE],
        what,
    }
}

fn of<'a>(place: &'a Place) -> Body<'a> {
    Body { table_name: &place.table, ..Body::default() }
}

fn fields<'a>(place: &'a Place, key: &'a str) -> Fields<'a> {
    Fields { b: place.partition.as_deref().map(A::text), k: Some(A::text(key)), ..Fields::default() }
}

fn put_body<'a>(place: &'a Place, key: &'a str, value: &'a [u8], stamp: &'a Stamp) -> Body<'a> {
    let item = Fields {
        v: Some(A::of_value(value)),
        r: Some(A::bytes(&stamp.version)),
        e: stamp.ends.map(A::number),
        ..fields(place, key)
    };
    // A table whose key is `k` alone takes `b` for a value, and would have buckets write over each other's pairs.
    let partition = place.partition.as_deref();
    Body {
        item: Some(item),
        condition_expression: partition.map(|_| "attribute_not_exists(k) OR b = :b"),
        expression_attribute_values: partition
            .map(|partition| (":b", A::text(partition)))
            .into_iter()
            .collect(),
        ..of(place)
    }
}

fn delete_body<'a>(place: &'a Place, key: &'a str) -> Body<'a> {
    Body { key: Some(fields(place, key)), ..of(place) }
}

fn transaction(transact_items: Vec<Write>, client_request_token: String) -> Request {
    request("TransactWriteItems", Resend::Allowed, &Transaction { transact_items, client_request_token })
}

/// What [`PLAIN`] is about.
fn plain<'a>(now: u64) -> Values<'a> {
    vec![(":tb", A::text("B")), (":tn", A::text("N")), (":ts", A::text("S")), (":now", A::number(now))]
}

#[cfg(test)]
mod tests;
