//! The services that issue tokens: Entra ID, the metadata service of virtual machines, App Service, and two
//! that issue assertions for Entra ID.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use form_urlencoded::parse;
use http_body_util::{BodyExt, Either, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, DATE};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response};
use serde_json::{Value, json};

use crate::state::State;
use crate::tokens::{
    ASSERTION, ASSERTION_REQUEST_TOKEN, CLIENT_ID, CLIENT_SECRET, IDENTITY_HEADER, RESOURCE, TENANT,
    TokenRequest,
};
use plugboard_strict::Answer;

/// What an assertion is for. <https://learn.microsoft.com/entra/workload-id/workload-identity-federation>
const EXCHANGE: &str = "api://AzureADTokenExchange";
const MAX_BODY: usize = 1 << 20;

type Reply = (u16, Value);

pub(crate) async fn answer(state: Arc<State>, request: Request<Incoming>) -> Answer {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, MAX_BODY).collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let body = String::from_utf8_lossy(&body).into_owned();
    state.tokens.record(TokenRequest {
        method: head.method.to_string(),
        target: head.uri.to_string(),
        headers: head
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect(),
        body: body.clone(),
    });
    let now = state.clock.now();
    let (status, content_type, body) = match head.uri.path() {
        "/assertion" => (200, "text/plain", state.tokens.issue(EXCHANGE, now)),
        path => {
            let (status, value) = match path {
                "/assertion/github" => github(&state, &head, now),
                "/metadata/identity/oauth2/token" => imds(&state, &head, now),
                "/msi/token" => app_service(&state, &head, now),
                _ => entra(&state, &head, &body, now),
            };
            (status, "application/json; charset=utf-8", value.to_string())
        }
    };
    Response::builder()
        .status(status)
        .header(CONTENT_TYPE, content_type)
        .header(DATE, httpdate::fmt_http_date(now))
        .header("cache-control", "no-store, no-cache")
        .body(Either::Left(Full::new(Bytes::from(body))))
        .expect("all of it is text")
}

/// The client credentials flow:
/// <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow>
fn entra(state: &State, head: &Parts, body: &str, now: SystemTime) -> Reply {
    let error = |status, error: &str, number: u32, sentence: &str| {
        let description = format!("AADSTS{number}: {sentence} Trace ID: 0 Correlation ID: 0");
        (status, json!({ "error": error, "error_description": description, "error_codes": [number] }))
    };
    let Some(tenant) =
        head.uri.path().strip_prefix('/').and_then(|path| path.strip_suffix("/oauth2/v2.0/token"))
    else {
        return (404, json!({ "error": "not_found" }));
    };
    if head.method != Method::POST {
        return error(400, "invalid_request", 900561, "The endpoint only accepts POST requests.");
    }
    if tenant != TENANT {
        let sentence =
            format!("Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID.");
        return error(400, "invalid_request", 90002, &sentence);
    }
    let form: Vec<_> = parse(body.as_bytes()).into_owned().collect();
    let field = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    for name in ["grant_type", "client_id", "scope"] {
        if field(name).is_none() {
            let sentence = format!("The request body must contain the following parameter: '{name}'.");
            return error(400, "invalid_request", 900144, &sentence);
        }
    }
    if field("grant_type") != Some("client_credentials") {
        return error(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.");
    }
    if field("client_id") != Some(CLIENT_ID) {
        let sentence = "Application with that identifier was not found in the directory.";
        return error(400, "unauthorized_client", 700016, sentence);
    }
    if field("scope") != Some(&format!("{RESOURCE}/.default")) {
        let sentence = "The provided value for scope is not valid: it must be a resource with /.default.";
        return error(400, "invalid_scope", 1002012, sentence);
    }
    const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    match (field("client_secret"), field("client_assertion"), field("client_assertion_type")) {
        (Some(CLIENT_SECRET), None, _) => {}
        (Some(_), None, _) => {
            return error(401, "invalid_client", 7000215, "Invalid client secret provided.");
        }
        (None, Some(assertion), Some(JWT_BEARER)) => {
            if assertion != ASSERTION && state.tokens.check(assertion, EXCHANGE, now).is_err() {
                let sentence = "Client assertion is not within its valid time range.";
                return error(401, "invalid_client", 700024, sentence);
            }
        }
        _ => {
            let sentence = "The request body must contain 'client_assertion' or 'client_secret'.";
            return error(401, "invalid_client", 7000218, sentence);
        }
    }
    let seconds = state.tokens.lifetime().as_secs();
    let token = state.tokens.issue(RESOURCE, now);
    (
        200,
        json!({ "token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": token }),
    )
}

/// <https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token>
fn imds(state: &State, head: &Parts, now: SystemTime) -> Reply {
    let error = |error: &str, sentence: &str| (400, json!({ "error": error, "error_description": sentence }));
    if header(head, "metadata") != Some("true") {
        return error("invalid_request", "Required metadata header not specified");
    }
    if header(head, "x-forwarded-for").is_some() {
        return error("invalid_request", "Request contains a X-Forwarded-For header");
    }
    if param(head, "api-version").is_none_or(|version| version.as_str() < "2018-02-01") {
        return error("invalid_request", "Required query variable 'api-version' is missing or not supported");
    }
    managed(state, head, now, error)
}

/// <https://learn.microsoft.com/azure/app-service/overview-managed-identity>
fn app_service(state: &State, head: &Parts, now: SystemTime) -> Reply {
    let error = |_: &str, sentence: &str| (400, json!({ "statusCode": 400, "message": sentence }));
    if header(head, "x-identity-header") != Some(IDENTITY_HEADER) {
        return (401, json!({ "statusCode": 401, "message": "Unauthorized" }));
    }
    if param(head, "api-version").as_deref() != Some("2019-08-01") {
        return error("", "Invalid or missing api-version");
    }
    managed(state, head, now, error)
}

/// What the two kinds of managed identity have in common. All numbers are text, as documented.
fn managed(state: &State, head: &Parts, now: SystemTime, error: impl Fn(&str, &str) -> Reply) -> Reply {
    if head.method != Method::GET {
        return (405, json!({ "error": "method_not_allowed" }));
    }
    if param(head, "client_id").is_some_and(|id| id != CLIENT_ID) {
        return error("invalid_request", "Identity not found");
    }
    let Some(resource) = param(head, "resource") else {
        return error("invalid_request", "Required query variable 'resource' is missing");
    };
    if resource.trim_end_matches('/') != RESOURCE {
        return error(
            "invalid_resource",
            "AADSTS500011: The resource principal was not found in the tenant.",
        );
    }
    let lifetime = state.tokens.lifetime();
    let since_epoch =
        |time: SystemTime| time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs().to_string();
    let token = state.tokens.issue(&resource, now);
    let reply = json!({
        "access_token": token, "client_id": CLIENT_ID, "resource": resource, "token_type": "Bearer",
        "expires_in": lifetime.as_secs().to_string(), "expires_on": since_epoch(now + lifetime),
        "not_before": since_epoch(now),
    });
    (200, reply)
}

/// <https://docs.github.com/actions/reference/security/oidc>
fn github(state: &State, head: &Parts, now: SystemTime) -> Reply {
    let authorized =
        header(head, AUTHORIZATION.as_str()).and_then(|value| value.split_once(' ')).is_some_and(
            |(scheme, token)| scheme.eq_ignore_ascii_case("bearer") && token == ASSERTION_REQUEST_TOKEN,
        );
    if !authorized {
        return (401, json!({ "message": "Unauthorized" }));
    }
    let audience = param(head, "audience").unwrap_or_else(|| "https://github.com".to_owned());
    (200, json!({ "count": 1, "value": state.tokens.issue(&audience, now) }))
}

fn header<'a>(head: &'a Parts, name: &str) -> Option<&'a str> {
    head.headers.get(name)?.to_str().ok()
}

fn param(head: &Parts, name: &str) -> Option<String> {
    let query = head.uri.query().unwrap_or_default();
    parse(query.as_bytes()).into_owned().find(|(key, _)| key == name).map(|(_, value)| value)
}
