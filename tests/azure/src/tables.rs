//! What is stricter about tables than Azurite.

use form_urlencoded::parse;
use hyper::Method;
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, DATE, HOST};
use hyper::http::request::Parts;
use hyper::{Response, StatusCode};
use percent_encoding::percent_decode_str;

use crate::auth::{Client, authenticate};
use crate::forward::{header_value, passed_on};
use crate::refusal::{AUTHENTICATION_FAILED, INTERNAL_ERROR, OUT_OF_RANGE_INPUT, Refusal};
use crate::repair::{ERROR_CODE, own_headers};
use crate::shared_key::sign;
use crate::state::State;
use crate::target::below_account;
use crate::{ACCOUNT, rules};
use plugboard_strict::Answer;

/// The head of the request to Azurite, if there is to be one.
pub(crate) fn prepare(state: &State, head: &Parts) -> Result<Parts, Refusal> {
    if matches!(head.method, Method::PUT | Method::POST) {
        rules::length(&head.headers)?;
    }
    let path = head.uri.path();
    check_keys(path)?;
    let query: Vec<_> = parse(head.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let client = authenticate(state, head, &query, || string_to_sign(head, path))?;

    let mut upstream = head.clone();
    let below = below_account(path).unwrap_or(path);
    let query = head.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    upstream.uri = format!("/{ACCOUNT}{below}{query}").parse().map_err(|_| INTERNAL_ERROR)?;
    upstream.headers.insert(HOST, header_value(state.azurite.to_string())?);
    if client == Client::Owner {
        let text = string_to_sign(&upstream, upstream.uri.path());
        let authorization = header_value(format!("SharedKey {ACCOUNT}:{}", sign(&text)))?;
        upstream.headers.insert(AUTHORIZATION, authorization);
    }
    Ok(upstream)
}

/// Keys in a path: `Table(PartitionKey='…',RowKey='…')`. What they cannot have:
/// <https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model>. A percent sign
/// they can, but the service decodes it twice:
/// <https://blogs.msdn.microsoft.com/windowsazurestorage/2012/05/28/partitionkey-or-rowkey-containing-the-percent-character-causes-some-windows-azure-tables-apis-to-fail/>.
fn check_keys(path: &str) -> Result<(), Refusal> {
    let keys = path.split_once('(').map(|(_, keys)| keys).unwrap_or_default();
    let keys = percent_decode_str(keys).decode_utf8().map_err(|_| OUT_OF_RANGE_INPUT)?;
    let forbidden = |c: char| c.is_control() || matches!(c, '/' | '\\' | '#' | '?' | '%');
    if keys.contains(forbidden) {
        return Err(OUT_OF_RANGE_INPUT.into());
    }
    Ok(())
}

/// <https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key#table-service-shared-key-authorization>
fn string_to_sign(head: &Parts, path: &str) -> String {
    let value = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    let date = value("x-ms-date").or_else(|| value(DATE.as_str())).unwrap_or_default();
    let [md5, kind] = ["content-md5", "content-type"].map(|name| value(name).unwrap_or_default());
    format!("{}\n{md5}\n{kind}\n{date}\n/{ACCOUNT}{path}", head.method)
}

/// Azurite's answer as Azure would give it.
pub(crate) fn repair(state: &State, head: &Parts, mut answer: Response<Incoming>) -> Answer {
    let code = answer.headers_mut().remove(ERROR_CODE);
    // That is the firewall's in Azure.
    if answer.status() == StatusCode::FORBIDDEN && code.is_some_and(|code| code == "AuthorizationFailure") {
        let refusal = Refusal::from(AUTHENTICATION_FAILED);
        return refusal.answer(state.service, &head.method, state.clock.now());
    }
    own_headers(state, head, answer.headers_mut());
    passed_on(answer)
}
