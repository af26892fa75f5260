//! Attributes in the JSON of the service (docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html).

use std::borrow::Cow;
use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::{Serialize, Serializer};

/// What is in an attribute that can be a value: a string, a number or bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Attribute<'a> {
    S(Cow<'a, str>),
    N(Cow<'a, str>),
    #[serde(serialize_with = "encode")]
    B(Cow<'a, [u8]>),
}

impl<'a> Attribute<'a> {
    /// Numbers can be counted with, here and by other clients, so a value is one if it comes back as it went: digits
    /// as a 64-bit number has them. `007`, `-0` and longer ones are bytes, as everything else.
    pub(crate) fn of_value(value: &'a [u8]) -> Self {
        match std::str::from_utf8(value) {
            Ok(text) if is_number(text) => Attribute::N(Cow::Borrowed(text)),
            _ => Attribute::B(Cow::Borrowed(value)),
        }
    }

    pub(super) fn text(text: &'a str) -> Self {
        Attribute::S(Cow::Borrowed(text))
    }

    pub(super) fn bytes(bytes: &'a [u8]) -> Self {
        Attribute::B(Cow::Borrowed(bytes))
    }

    pub(super) fn number(number: impl ToString) -> Self {
        Attribute::N(Cow::Owned(number.to_string()))
    }

    pub(crate) fn into_value(self) -> Vec<u8> {
        match self {
            Attribute::S(text) | Attribute::N(text) => text.into_owned().into_bytes(),
            Attribute::B(bytes) => bytes.into_owned(),
        }
    }

    /// How much of an item it takes, or a little more
    /// (docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html).
    pub(super) fn size(&self) -> usize {
        match self {
            Attribute::S(text) => text.len(),
            Attribute::N(digits) => digits.len() / 2 + 2,
            Attribute::B(bytes) => bytes.len(),
        }
    }
}

fn is_number(text: &str) -> bool {
    // No longer one is worth a look.
    const LONGEST: usize = "-9223372036854775808".len();
    text.len() <= LONGEST && text.parse().is_ok_and(|number: i64| number.to_string() == text)
}

fn encode<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&BASE64_STANDARD.encode(bytes))
}

/// An attribute as it comes: of any type, most of which are none of ours.
#[derive(Default, serde::Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) struct Any {
    s: Option<String>,
    n: Option<String>,
    b: Option<Bytes>,
}

impl Any {
    pub(super) fn into_plain(self) -> Option<Attribute<'static>> {
        match self {
            Any { s: Some(text), .. } => Some(Attribute::S(Cow::Owned(text))),
            Any { n: Some(digits), .. } => Some(Attribute::N(Cow::Owned(digits))),
            Any { b: Some(Bytes(bytes)), .. } => Some(Attribute::B(Cow::Owned(bytes))),
            _ => None,
        }
    }
}

/// Decoded where it is read, so that the text is in memory once.
struct Bytes(Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(BytesVisitor)
    }
}

struct BytesVisitor;

impl Visitor<'_> for BytesVisitor {
    type Value = Bytes;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("bytes in base64")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Bytes, E> {
        BASE64_STANDARD.decode(text).map(Bytes).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(value: &[u8]) -> String {
        serde_json::to_string(&Attribute::of_value(value)).unwrap()
    }

    #[test]
    fn numbers_are_those_that_come_back_as_they_went() {
        for number in ["0", "7", "-1", "9223372036854775807", "-9223372036854775808"] {
            assert_eq!(json(number.as_bytes()), format!(r#"{{"N":"{number}"}}"#));
        }
        for other in
            ["", "-0", "+1", "007", "1.0", "1e3", " 1", "9223372036854775808", "-", "１", &"1".repeat(39)]
        {
            let text = BASE64_STANDARD.encode(other);
            assert_eq!(json(other.as_bytes()), format!(r#"{{"B":"{text}"}}"#), "{other}");
        }
        assert_eq!(json(b"\xff\0"), r#"{"B":"/wA="}"#);
    }

    #[test]
    fn what_other_clients_wrote_is_text_number_or_bytes_or_nothing() {
        let value = |json: &str| {
            let any: Any = serde_json::from_str(json).unwrap();
            any.into_plain().map(Attribute::into_value)
        };
        assert_eq!(value(r#"{"S":"a\"é"}"#), Some("a\"é".into()));
        assert_eq!(value(r#"{"N":"1.5"}"#), Some("1.5".into()));
        assert_eq!(value(r#"{"B":"/w=="}"#), Some(vec![255]));
        assert_eq!(value(r#"{"B":""}"#), Some(vec![]));
        for other in [
            r#"{"BOOL":true}"#,
            r#"{"NULL":true}"#,
            r#"{"L":[{"S":"a"}]}"#,
            r#"{"M":{"S":{"S":"a"}}}"#,
            r#"{"SS":["a"]}"#,
        ] {
            assert_eq!(value(other), None, "{other}");
        }
        for bad in [r#"{"B":"*"}"#, r#"{"S":7}"#, r#"{"N":[]}"#, "[[]]"] {
            assert!(serde_json::from_str::<Any>(bad).is_err(), "{bad}");
        }
    }
}
