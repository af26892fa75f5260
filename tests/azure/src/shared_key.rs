//! Signatures with the account's key, after
//! <https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key>.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use hyper::http::request::Parts;
use sha2::Sha256;

use crate::{ACCOUNT, KEY};

/// In this order, and empty where a request has none.
const HEADERS: [&str; 11] = [
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
];

/// `path` is what the client sent, still encoded.
pub(crate) fn string_to_sign(head: &Parts, path: &str, query: &[(String, String)]) -> String {
    let value = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut text = format!("{}\n", head.method);
    for name in HEADERS {
        let value = match (name, value(name)) {
            ("content-length", "0") => "",
            ("date", _) if head.headers.contains_key("x-ms-date") => "",
            (_, value) => value,
        };
        text += &format!("{value}\n");
    }
    let ours = head.headers.keys().map(|name| name.as_str()).filter(|name| name.starts_with("x-ms-"));
    let ours: BTreeMap<_, _> = ours.map(|name| (name, value(name).trim())).collect();
    for (name, value) in ours {
        text += &format!("{name}:{value}\n");
    }
    text += &format!("/{ACCOUNT}{path}");
    let mut values = BTreeMap::<_, Vec<&str>>::new();
    for (name, value) in query {
        values.entry(name.to_lowercase()).or_default().push(value);
    }
    for (name, mut values) in values {
        values.sort_unstable();
        text += &format!("\n{name}:{}", values.join(","));
    }
    text
}

pub(crate) fn sign(text: &str) -> String {
    let key = STANDARD.decode(KEY).expect("the account's key is base64");
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("a key of any length will do");
    mac.update(text.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}
