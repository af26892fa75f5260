//! An app that wants the credentials of the provider that it is composed with: it asks `wasi:config` for everything,
//! uses the store in every way that might make an error talk, and answers each request with all that it heard.

#[allow(clippy::all, unreachable_pub)]
mod bindings {
    wit_bindgen::generate!({
        path: ["../../wit/config", "../../wit/keyvalue-draft2", "wit"],
        world: "plugboard:hostile/app",
        generate_all,
    });
}

use std::fmt::Debug;

use bindings::wasi::config::store as config;
use bindings::wasi::keyvalue::{atomics, store};
use serde_json::{Map, Value, json};
use wasip2::http::types::{Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam};

/// The settings that a provider may have, as its README lists them.
const KEYS: [&str; 12] = [
    "redis-url",
    "redis-dialect",
    "redis-user",
    "redis-password",
    "redis-token",
    "redis-prefix",
    "redis-buckets",
    "redis-ttl",
    "redis-timeout",
    "redis-max-request",
    "redis-allow-http",
    "redis-log",
];

struct Hostile;

impl wasip2::exports::http::incoming_handler::Guest for Hostile {
    fn handle(_: IncomingRequest, out: ResponseOutparam) {
        let heard = json!({ "get-all": all(), "get": each(), "store": store_says() });
        answer(out, heard.to_string().as_bytes());
    }
}

wasip2::http::proxy::export!(Hostile);

fn all() -> Value {
    match config::get_all() {
        Ok(settings) => settings.into_iter().map(|(key, value)| (key, Value::from(value))).collect(),
        Err(error) => error_of(&error),
    }
}

fn each() -> Value {
    let value = |key: &str| match config::get(key) {
        Ok(value) => Value::from(value),
        Err(error) => error_of(&error),
    };
    KEYS.iter().map(|key| (key.to_string(), value(key))).collect::<Map<_, _>>().into()
}

/// What the store says to a good request and to bad ones.
fn store_says() -> Value {
    let bucket = match store::open("") {
        Ok(bucket) => bucket,
        Err(error) => return error_of(&error),
    };
    let _ = bucket.set("hostile:text", b"no number");
    json!({
        "set": outcome(bucket.set("hostile:key", b"value")),
        "get": outcome(bucket.get("hostile:key")),
        "an empty key": outcome(bucket.get("")),
        "a long key": outcome(bucket.get(&"k".repeat(200_000))),
        "a foreign cursor": outcome(bucket.list_keys(Some("garbage"))),
        "no number": outcome(atomics::increment(&bucket, "hostile:text", 1)),
        "another bucket": outcome(store::open("redis-password")),
    })
}

fn outcome(result: Result<impl Debug, impl Debug>) -> String {
    format!("{result:?}")
}

fn error_of(error: &impl Debug) -> Value {
    json!({ "error": format!("{error:?}") })
}

fn answer(out: ResponseOutparam, mut bytes: &[u8]) {
    let response = OutgoingResponse::new(Fields::new());
    let body = response.body().expect("the first time");
    ResponseOutparam::set(out, Ok(response));
    let stream = body.write().expect("the first time");
    while !bytes.is_empty() {
        let (chunk, rest) = bytes.split_at(bytes.len().min(4096)); // what one call may write
        stream.blocking_write_and_flush(chunk).expect("the client is there");
        bytes = rest;
    }
    drop(stream);
    OutgoingBody::finish(body, None).expect("all of it is written");
}
