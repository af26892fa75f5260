//! What the bodies of answers say.

use std::fmt;
use std::marker::PhantomData;

use plugboard_keyvalue::Page;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::attribute::{Any, Attribute};

/// An item, as far as it concerns us.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) key: String,
    /// None where it is of a type that is no plain value, or missing.
    pub(crate) value: Option<Attribute<'static>>,
    /// None where another client wrote the item.
    pub(crate) version: Option<Vec<u8>>,
    /// Seconds since the Unix epoch from which it does not count any more.
    pub(crate) ends: Option<u64>,
}

#[derive(serde::Deserialize)]
struct RawItem {
    #[serde(default)]
    k: Any,
    #[serde(default)]
    v: Any,
    #[serde(default)]
    r: Any,
    #[serde(default)]
    e: Any,
}

impl From<RawItem> for Item {
    fn from(raw: RawItem) -> Item {
        let version = match raw.r.into_plain() {
            Some(Attribute::B(version)) => Some(version.into_owned()),
            _ => None,
        };
        let ends = match raw.e.into_plain() {
            Some(Attribute::N(digits)) => end(&digits),
            _ => None,
        };
        let key = match raw.k.into_plain() {
            Some(Attribute::S(key)) => key.into_owned(),
            _ => String::new(),
        };
        Item { key, value: raw.v.into_plain(), version, ends }
    }
}

/// A time that another client may have written: between two seconds, or before 1970. What is beyond all bounds never
/// comes.
fn end(digits: &str) -> Option<u64> {
    if digits.starts_with('-') {
        return Some(0);
    }
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let more = fraction.bytes().any(|digit| digit != b'0');
    whole.parse::<u64>().ok()?.checked_add(u64::from(more))
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    serde_json::from_slice(body).ok()
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OneItem {
    item: Option<RawItem>,
}

/// The item of GetItem, or that which a condition met: none if there is none.
pub(crate) fn item(body: &[u8]) -> Option<Option<Item>> {
    Some(parse::<OneItem>(body)?.item.map(Item::from))
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Count {
    count: u64,
}

pub(crate) fn count(body: &[u8]) -> Option<u64> {
    Some(parse::<Count>(body)?.count)
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Updated {
    attributes: RawItem,
}

/// The number of UpdateItem.
pub(crate) fn sum(body: &[u8]) -> Option<Attribute<'static>> {
    Item::from(parse::<Updated>(body)?.attributes).value
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Keys {
    items: Vec<RawItem>,
    last_evaluated_key: Option<RawItem>,
}

/// A page of keys as the table has them, and the last one that was looked at.
pub(crate) fn page(body: &[u8]) -> Option<Page<String>> {
    let Keys { items, last_evaluated_key } = parse(body)?;
    let keys = items.into_iter().map(|raw| Item::from(raw).key).collect();
    Some(Page { keys, next: last_evaluated_key.map(|raw| Item::from(raw).key) })
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Many {
    responses: ByTable<Vec<RawItem>>,
    #[serde(default)]
    unprocessed_keys: ByTable<Unprocessed>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Unprocessed {
    keys: Vec<RawItem>,
}

/// The items of BatchGetItem, in no order, and the keys that it did not come to.
pub(crate) fn many(body: &[u8]) -> Option<(Vec<Item>, Vec<String>)> {
    let Many { responses, unprocessed_keys } = parse(body)?;
    let items = responses.0.into_iter().flatten().map(Item::from).collect();
    let left = unprocessed_keys.0.into_iter().flat_map(|left| left.keys).map(|raw| Item::from(raw).key);
    Some((items, left.collect()))
}

/// What a map has under the names of tables, of which there is one or none.
struct ByTable<T>(Vec<T>);

impl<T> Default for ByTable<T> {
    fn default() -> Self {
        ByTable(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for ByTable<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(ByTableVisitor(PhantomData))
    }
}

struct ByTableVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ByTableVisitor<T> {
    type Value = ByTable<T>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a map by tables")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ByTable<T>, A::Error> {
        let mut all = Vec::new();
        while let Some((IgnoredAny, one)) = map.next_entry()? {
            all.push(one);
        }
        Ok(ByTable(all))
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    #[test]
    fn an_item_of_ours_and_of_another_client() {
        let ours =
            br#"{"Item":{"b":{"S":"default"},"k":{"S":"x"},"v":{"N":"7"},"r":{"B":"AQI="},"e":{"N":"99"}}}"#;
        let number = Some(Attribute::N(Cow::Borrowed("7")));
        let wanted = Item { key: "x".into(), value: number, version: Some(vec![1, 2]), ends: Some(99) };
        assert_eq!(item(ours), Some(Some(wanted)));
        let theirs =
            br#"{"Item":{"k":{"S":"x"},"v":{"L":[]},"r":{"S":"red"},"e":{"BOOL":true},"more":{"M":{}}}}"#;
        assert_eq!(item(theirs), Some(Some(Item { key: "x".into(), ..Item::default() })));
        assert_eq!(item(b"{}"), Some(None));
    }

    #[test]
    fn an_end_is_as_the_service_compares_it() {
        for (text, ends) in [
            ("1700000000", Some(1_700_000_000)),
            ("1700000000.5", Some(1_700_000_001)),
            ("-1", Some(0)),
            ("-0.5", Some(0)),
            ("99999999999999999999", None),
        ] {
            let item = item(format!(r#"{{"Item":{{"e":{{"N":"{text}"}}}}}}"#).as_bytes()).unwrap().unwrap();
            assert_eq!(item.ends, ends, "{text}");
        }
    }

    #[test]
    fn pages_and_batches() {
        let body = br#"{"Count":2,"Items":[{"k":{"S":"a"}},{"k":{"S":"b"}}],"LastEvaluatedKey":{"b":{"S":"x"},"k":{"S":"c"}},"ScannedCount":3}"#;
        assert_eq!(page(body), Some(Page { keys: vec!["a".into(), "b".into()], next: Some("c".into()) }));
        assert_eq!(count(body), Some(2));
        let body = br#"{"Responses":{"t":[{"k":{"S":"a"},"v":{"S":"1"}}]},"UnprocessedKeys":{"t":{"Keys":[{"b":{"S":"x"},"k":{"S":"b"}}]}}}"#;
        let (items, left) = many(body).unwrap();
        assert_eq!((items.len(), left), (1, vec!["b".to_owned()]));
        assert_eq!(sum(br#"{"Attributes":{"v":{"N":"8"}}}"#), Some(Attribute::N(Cow::Borrowed("8"))));
    }

    #[test]
    fn rubbish_is_none() {
        for bad in
            ["", "null", "[]", "12", r#"{"Item":7}"#, r#"{"Item":{"v":{"B":"*"}}}"#, &"[".repeat(100_000)]
        {
            assert_eq!(item(bad.as_bytes()), None, "{bad:.20}");
        }
        let deep = format!(r#"{{"Item":{{"v":{{"L":{}"#, "[".repeat(1_000_000));
        assert_eq!(item(deep.as_bytes()), None);
        for bad in ["{}", r#"{"Count":-1}"#, r#"{"Items":{}}"#, r#"{"Responses":[]}"#, r#"{"Attributes":1}"#]
        {
            let bad = bad.as_bytes();
            assert!(count(bad).is_none() && page(bad).is_none() && many(bad).is_none() && sum(bad).is_none());
        }
    }
}
