//! Profiles of users, and how often each was looked at. An ordinary `wasi:http/proxy` component on
//! `wasi:keyvalue`: which store that is, is decided when it is plugged together.
//!
//! | request | does |
//! | --- | --- |
//! | `PUT /users/{name}` | stores the body, which must be JSON |
//! | `GET /users/{name}` | gives the profile and counts the visit |
//! | `GET /users` | lists the names |

#[allow(clippy::all, unreachable_pub)]
mod keyvalue {
    wit_bindgen::generate!({
        path: ["../../wit/keyvalue-draft2", "wit"],
        world: "example:favorites/app",
        generate_all,
    });
    pub use wasi::keyvalue::{atomics, store};
}
mod http;

use http::{Answer, Request};
use keyvalue::{atomics, store};
use serde_json::{Value, json};
use wasip2::http::types::{IncomingRequest, Method, ResponseOutparam};

/// The profile of `ada` is at this followed by `ada`; what else is in the store is none of our business.
const PROFILE: &str = "profile:";
const VISITS: &str = "visits:";

struct Favorites;

impl wasip2::exports::http::incoming_handler::Guest for Favorites {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let request = Request::read(request);
        let answer = answer(&request).unwrap_or_else(|error| Answer::error(status(&error), &text(&error)));
        answer.send(out);
    }
}

wasip2::http::proxy::export!(Favorites);

fn answer(request: &Request) -> Result<Answer, store::Error> {
    let Some(path) = &request.path else { return Ok(Answer::error(400, "the path is not UTF-8")) };
    let name = path.strip_prefix("/users/").filter(|name| !name.is_empty());
    match (&request.method, name) {
        (Method::Put, Some(name)) => put(name, &request.body),
        (Method::Get, Some(name)) => get(name),
        (Method::Get, None) if path == "/users" => list(),
        (_, None) if path == "/users" => Ok(Answer::error(405, "the list takes GET")),
        (_, Some(_)) => Ok(Answer::error(405, "users take GET and PUT")),
        _ => Ok(Answer::error(404, "there are `/users` and `/users/{name}`")),
    }
}

fn put(name: &str, body: &Result<Vec<u8>, String>) -> Result<Answer, store::Error> {
    let body = match body {
        Ok(body) => body,
        Err(why) => return Ok(Answer::error(400, why)),
    };
    if let Err(error) = serde_json::from_slice::<Value>(body) {
        return Ok(Answer::error(400, &format!("the profile is not JSON: {error}")));
    }
    store::open("")?.set(&format!("{PROFILE}{name}"), body)?;
    Ok(Answer::empty(204))
}

fn get(name: &str) -> Result<Answer, store::Error> {
    let bucket = store::open("")?;
    let Some(profile) = bucket.get(&format!("{PROFILE}{name}"))? else {
        return Ok(Answer::error(404, &format!("there is no user `{name}`")));
    };
    // Written by others too, so it may be anything.
    let Ok(profile) = serde_json::from_slice::<Value>(&profile) else {
        return Ok(Answer::error(500, &format!("the stored profile of `{name}` is not JSON")));
    };
    let visits = atomics::increment(&bucket, &format!("{VISITS}{name}"), 1)?;
    Ok(Answer::json(&json!({ "name": name, "profile": profile, "visits": visits })))
}

fn list() -> Result<Answer, store::Error> {
    let bucket = store::open("")?;
    let mut names = Vec::new();
    let mut cursor = None;
    loop {
        let page = bucket.list_keys(cursor.as_deref())?;
        names.extend(page.keys.iter().filter_map(|key| key.strip_prefix(PROFILE)).map(str::to_owned));
        cursor = page.cursor;
        if cursor.is_none() {
            break;
        }
    }
    // A store may list a key twice while it grows.
    names.sort();
    names.dedup();
    Ok(Answer::json(&json!({ "users": names })))
}

/// Other errors of a store are text, which begins with the kind of error.
fn status(error: &store::Error) -> u16 {
    let store::Error::Other(sentence) = error else { return 500 };
    match sentence.split(':').next().unwrap_or_default() {
        "invalid" => 400,
        "too-large" => 413,
        "timeout" | "unavailable" => 503,
        _ => 500,
    }
}

fn text(error: &store::Error) -> String {
    match error {
        store::Error::NoSuchStore => "the store does not exist".into(),
        store::Error::AccessDenied => "the store refused access".into(),
        store::Error::Other(sentence) => sentence.clone(),
    }
}
