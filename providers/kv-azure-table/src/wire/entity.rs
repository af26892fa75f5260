//! A value as the properties of an entity.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value};

use crate::keys::Place;

/// Bytes in a value. An entity has 1 MiB, from which come off what the keys, the properties' names and the service's own
/// take, 2.5 KiB at most (learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model).
pub(crate) const LARGEST: usize = (1 << 20) - (4 << 10);
/// Bytes in a property.
const PIECE: usize = 64 << 10;

const NAME: &str = "value";
const BINARY: &str = "Edm.Binary";
/// What every entity has, beside what its client made.
const SYSTEM: [&str; 3] = ["PartitionKey", "RowKey", "Timestamp"];

/// The whole entity, as it is sent.
pub(super) fn json(place: &Place, value: &[u8]) -> String {
    let text = |text: &str| Value::from(text).to_string();
    let mut json = String::with_capacity(value.len() / 3 * 4 + 1024);
    json.extend(["{\"PartitionKey\":", &text(&place.partition), ",\"RowKey\":", &text(&place.row)]);
    let mut pieces = value.chunks(PIECE);
    // One property there is, be it empty.
    let first = pieces.next().unwrap_or_default();
    for (number, piece) in [first].into_iter().chain(pieces).enumerate() {
        let name = name(number);
        json.extend([",\"", &name, "@odata.type\":\"", BINARY, "\",\"", &name, "\":\""]);
        BASE64_STANDARD.encode_string(piece, &mut json);
        json.push('"');
    }
    json.push('}');
    json
}

/// `value`, `value1`, `value2`
fn name(number: usize) -> String {
    match number {
        0 => NAME.to_owned(),
        _ => [NAME, &number.to_string()].concat(),
    }
}

/// The value of an entity. Other clients' may be of another type than bytes, and is its text then, or not there at all:
/// what they have is the value then, as JSON.
pub(crate) fn value(json: &[u8]) -> Option<Vec<u8>> {
    let Value::Object(mut entity) = serde_json::from_slice(json).ok()? else { return None };
    match entity.get(NAME) {
        Some(Value::String(_)) if is_binary(&entity, NAME) => bytes(&entity),
        Some(Value::String(text)) => Some(text.clone().into_bytes()),
        Some(scalar) => Some(scalar.to_string().into_bytes()),
        // Whoever answers like that is not the service.
        None if !SYSTEM.iter().all(|name| entity.contains_key(*name)) => None,
        None => {
            entity.retain(|name, _| !name.contains("odata.") && !SYSTEM.contains(&name.as_str()));
            serde_json::to_vec(&entity).ok()
        }
    }
}

fn bytes(entity: &Map<String, Value>) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let names = (0..).map(name).take_while(|name| is_binary(entity, name));
    for name in names {
        BASE64_STANDARD.decode_vec(entity.get(&name)?.as_str()?, &mut bytes).ok()?;
    }
    Some(bytes)
}

fn is_binary(entity: &Map<String, Value>, name: &str) -> bool {
    entity.get(&[name, "@odata.type"].concat()).and_then(Value::as_str) == Some(BINARY)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        Place { partition: "p\"".into(), row: "é".into() }
    }

    #[test]
    fn an_entity_has_its_keys_and_bytes() {
        assert_eq!(
            json(&place(), b"abc"),
            r#"{"PartitionKey":"p\"","RowKey":"é","value@odata.type":"Edm.Binary","value":"YWJj"}"#
        );
        assert!(json(&place(), b"").ends_with(r#","value@odata.type":"Edm.Binary","value":""}"#));
    }

    #[test]
    fn what_was_written_is_read() {
        for size in [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, LARGEST] {
            let bytes = (0..size).map(|n| (n % 251) as u8).collect::<Vec<_>>();
            let json = json(&place(), &bytes);
            assert_eq!(json.matches("@odata.type").count(), size.div_ceil(PIECE).max(1), "{size}");
            assert_eq!(value(json.as_bytes()), Some(bytes), "{size}");
        }
    }

    #[test]
    fn what_other_clients_wrote_is_text() {
        let system = r#""odata.metadata":"http://h/$metadata#t/@Element","odata.etag":"W/\"x\"","PartitionKey":"p",
                        "RowKey":"r","Timestamp":"2026-01-01T00:00:00Z""#;
        for (properties, expected) in [
            (r#","value":"t\u00e9xt","value1":"more""#, "t\u{e9}xt"),
            (r#","value@odata.type":"Edm.Int64","value":"9007199254740993""#, "9007199254740993"),
            (r#","value":-5"#, "-5"),
            (r#","value":1.5"#, "1.5"),
            (r#","value":true"#, "true"),
            (r#","Size":7,"At@odata.type":"Edm.Guid","At":"0-1""#, r#"{"At":"0-1","Size":7}"#),
            ("", "{}"),
        ] {
            let read = value(format!("{{{system}{properties}}}").as_bytes()).unwrap();
            assert_eq!(String::from_utf8(read).unwrap(), expected);
        }
    }

    #[test]
    fn whatever_is_no_entity_is_no_value() {
        for bad in [
            "",
            "null",
            "[]",
            "{}",
            "12",
            "{\"odata.error\":{}}",
            r#"{"value@odata.type":"Edm.Binary","value":"no base64!"}"#,
            r#"{"value@odata.type":"Edm.Binary","value1@odata.type":"Edm.Binary","value":"YWJj"}"#,
        ] {
            assert_eq!(value(bad.as_bytes()), None, "{bad}");
        }
    }
}
