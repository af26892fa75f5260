//! How tokens are asked for, in the words of those who give them.

use std::time::Duration;

use plugboard_config::Secret;
use plugboard_error::{Error, Kind, Result};
use plugboard_http::{Endpoint, Method, Request, Resend, Response, Said, error_of, form};
use serde::Deserialize;

use crate::Address;

/// Of all clouds.
const RESOURCE: &str = "https://storage.azure.com/";
const DATE: &str = "date";

/// A way to a token.
#[derive(Debug)]
pub(super) struct Flow {
    pub(super) issuer: Address,
    pub(super) grant: Grant,
}

#[derive(Debug)]
pub(super) enum Grant {
    /// learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
    Secret { client: String, secret: Secret },
    /// The same with a token of another issuer, which the application trusts.
    Assertion { client: String, assertion: Assertion },
    /// What the machine is. Without a header that proves to be on it, by the protocol of virtual machines
    /// (learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token), with it by that
    /// of App Service (learn.microsoft.com/azure/app-service/overview-managed-identity).
    Identity { client: Option<String>, header: Option<Secret> },
}

#[derive(Debug)]
pub(super) enum Assertion {
    Value(Secret),
    /// Where there is always one that has not expired.
    Source(Address),
}

impl Flow {
    /// Where the assertion comes from that `request` needs, if it has to be fetched.
    pub(super) fn source(&self) -> Option<&Address> {
        match &self.grant {
            Grant::Assertion { assertion: Assertion::Source(address), .. } => Some(address),
            _ => None,
        }
    }

    pub(super) fn request(&self, fetched: Option<&Secret>) -> Request {
        let path = &self.issuer.path;
        match &self.grant {
            Grant::Secret { client, secret } => post(path, client, &[("client_secret", secret.expose())]),
            Grant::Assertion { client, assertion } => {
                let assertion = match assertion {
                    Assertion::Value(value) => Some(value),
                    Assertion::Source(_) => fetched,
                };
                post(
                    path,
                    client,
                    &[
                        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
                        ("client_assertion", assertion.map(Secret::expose).unwrap_or_default()),
                    ],
                )
            }
            Grant::Identity { client, header } => {
                let (version, header) = match header {
                    None => ("2018-02-01", ("metadata", "true".to_owned())),
                    Some(secret) => ("2019-08-01", ("x-identity-header", secret.expose().to_owned())),
                };
                let mut parameters = vec![("api-version", version), ("resource", RESOURCE)];
                parameters.extend(client.as_deref().map(|client| ("client_id", client)));
                let query = form(parameters);
                let separator = if path.contains('?') { "&" } else { "?" };
                request(Method::Get, [path, separator, &query].concat(), vec![header], Vec::new())
            }
        }
    }

    /// What says "not now" by an unusual status: a virtual machine while what gives its tokens is updated ("Error
    /// handling" in the document on them).
    pub(super) fn said(&self, endpoint: &Endpoint, response: &Response) -> Option<Said> {
        let machine = matches!(self.grant, Grant::Identity { header: None, .. });
        (machine && matches!(response.status, 404 | 410)).then(|| {
            let error = error_of(endpoint, response, Resend::Allowed, "token");
            Said::Busy(Error { kind: Kind::Unavailable, ..error })
        })
    }
}

fn post(path: &str, client: &str, proof: &[(&'static str, &str)]) -> Request {
    let scope = [RESOURCE, ".default"].concat();
    let mut parameters = vec![("grant_type", "client_credentials"), ("client_id", client), ("scope", &scope)];
    parameters.extend(proof);
    let headers = vec![("content-type", "application/x-www-form-urlencoded".to_owned())];
    request(Method::Post, path.to_owned(), headers, form(parameters).into_bytes())
}

pub(super) fn request(
    method: Method,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
) -> Request {
    Request {
        method,
        path,
        headers,
        body: body.into(),
        resend: Resend::Allowed,
        answer_fields: &[DATE],
        what: "token",
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Answer<'a> {
    access_token: &'a str,
    error: &'a str,
}

/// A number of the answer. Virtual machines and App Service put theirs in quotes, Entra ID does not, and others do both.
fn number(json: &[u8], name: &str) -> Option<u64> {
    let name = ["\"", name, "\""].concat();
    let at = json.windows(name.len()).position(|window| window == name.as_bytes())?;
    let rest = json.get(at + name.len()..)?.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
    let rest = rest.strip_prefix(b"\"").unwrap_or(rest);
    let number = rest.split(|b| b"\",}".contains(b)).next()?.trim_ascii_end();
    std::str::from_utf8(number).ok()?.parse().ok()
}

/// Reads what `request` was answered: a value of the field `authorization`, and for how long it is good.
pub(super) fn token(endpoint: &Endpoint, response: &Response) -> Result<(Secret, Duration)> {
    let authority = &endpoint.authority;
    let answer = serde_json_core::from_slice::<Answer>(&response.body).map(|(answer, _)| answer);
    let answer = answer.unwrap_or_default();
    if matches!(response.status, 400 | 401 | 403) {
        // A word of the protocol such as `invalid_client`; the rest may quote what was sent.
        let known = !answer.error.is_empty()
            && answer.error.len() <= 64
            && answer.error.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        let word = if known { format!(": `{}`", answer.error) } else { String::new() };
        return Err(Error::new(Kind::AccessDenied, format!("`{authority}` gave no token{word}")));
    }
    if !response.is_success() {
        return Err(error_of(endpoint, response, Resend::Allowed, "token"));
    }
    if !is_token(answer.access_token) {
        return Err(Error::new(Kind::Protocol, format!("what `{authority}` answered has no token in it")));
    }
    let until = || {
        let now = plugboard_http::date_seconds(response.header(DATE)?)?;
        Some(number(&response.body, "expires_on")?.saturating_sub(u64::try_from(now).ok()?))
    };
    // Of one without an end it shows when it is refused.
    let lifetime =
        number(&response.body, "expires_in").or_else(until).map_or(Duration::MAX, Duration::from_secs);
    Ok((Secret::new(["Bearer ", answer.access_token].concat()), lifetime))
}

/// Reads the assertion that was fetched.
pub(super) fn assertion(endpoint: &Endpoint, response: Response) -> Result<Secret> {
    if !response.is_success() {
        return Err(error_of(endpoint, &response, Resend::Allowed, "token"));
    }
    let text = String::from_utf8(response.body).unwrap_or_default();
    let text = text.trim();
    if !is_token(text) {
        let sentence = format!("what `{}` answered is no client assertion", endpoint.authority);
        return Err(Error::new(Kind::Protocol, sentence));
    }
    Ok(Secret::new(text))
}

/// As RFC 6750, section 2.1, writes tokens. None has a character that JSON escapes, so they are taken as they are there.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b))
}

#[cfg(test)]
mod tests {
    use plugboard_http::fake::body;

    use super::*;

    fn address(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    fn text(request: &Request) -> String {
        String::from_utf8(request.body.to_vec()).unwrap()
    }

    fn answered(status: u16, json: &str, date: &str) -> Result<(Secret, Duration)> {
        let mut response = body(status, json).unwrap();
        response.headers.push((DATE, date.into()));
        token(&address("https://h").endpoint, &response)
    }

    /// The request that the document on this flow shows, with our scope.
    #[test]
    fn a_client_secret() {
        let issuer = address("https://login.microsoftonline.com/contoso.onmicrosoft.com/oauth2/v2.0/token");
        let secret = Secret::new("qWgdYAmab0YSkuL1qKv5bPX~+&");
        let request =
            Flow { issuer, grant: Grant::Secret { client: "535fb089".into(), secret } }.request(None);
        assert_eq!(
            (request.method, request.path.as_str()),
            (Method::Post, "/contoso.onmicrosoft.com/oauth2/v2.0/token")
        );
        assert_eq!(request.headers, [("content-type", "application/x-www-form-urlencoded".to_owned())]);
        assert_eq!(
            text(&request),
            "grant_type=client_credentials&client_id=535fb089&scope=https%3A%2F%2Fstorage.azure.com%2F.default\
             &client_secret=qWgdYAmab0YSkuL1qKv5bPX~%2B%26"
        );
    }

    #[test]
    fn an_assertion_of_either_kind() {
        for (assertion, fetched) in [
            (Assertion::Value(Secret::new("a.b.c")), None),
            (Assertion::Source(address("https://h")), Some(Secret::new("a.b.c"))),
        ] {
            let grant = Grant::Assertion { client: "c".into(), assertion };
            let request = Flow { issuer: address("https://i/t"), grant }.request(fetched.as_ref());
            let proof = "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer\
                         &client_assertion=a.b.c";
            assert!(text(&request).ends_with(proof), "{}", text(&request));
        }
    }

    /// The requests that the two documents on identities show.
    #[test]
    fn the_identity_of_a_machine() {
        let identity = |at: &str, client: Option<&str>, header: Option<&str>| {
            let grant =
                Grant::Identity { client: client.map(str::to_owned), header: header.map(Secret::new) };
            let request = Flow { issuer: address(at), grant }.request(None);
            assert_eq!((request.method, request.body.len()), (Method::Get, 0));
            (request.path, request.headers)
        };
        let (path, headers) = identity("http://169.254.169.254/metadata/identity/oauth2/token", None, None);
        let resource = "resource=https%3A%2F%2Fstorage.azure.com%2F";
        assert_eq!(path, format!("/metadata/identity/oauth2/token?api-version=2018-02-01&{resource}"));
        assert_eq!(headers, [("metadata", "true".to_owned())]);
        let (path, headers) = identity("http://localhost:8081/msi/token?x", Some("id"), Some("853b9a84"));
        assert_eq!(path, format!("/msi/token?x&api-version=2019-08-01&{resource}&client_id=id"));
        assert_eq!(headers, [("x-identity-header", "853b9a84".to_owned())]);
    }

    #[test]
    fn tokens_of_each_issuer() {
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        for (json, lifetime) in [
            (
                r#"{"token_type":"Bearer","expires_in":3599,"ext_expires_in":3599,"access_token":"a.b-_"}"#,
                3599,
            ),
            (
                r#"{ "access_token": "a.b-_", "refresh_token": "", "expires_in": "3599", "expires_on": "1506484173",
                     "not_before": "1506480273", "resource": "https://r/", "token_type": "Bearer" }"#,
                3599,
            ),
            (r#"{"access_token":"a.b-_","expires_on":"784111877","client_id":"A"}"#, 100),
            (r#"{"access_token":"a.b-_","expires_on":"784111000"}"#, 0),
            (r#"{"access_token":"a.b-_"}"#, u64::MAX),
            (r#"{"access_token":"a.b-_","expires_in":3599,"expires_on":"1506484173"}"#, 3599),
            (r#"{"access_token":"a.b-_","expires_in":"3599","expires_on":1506484173}"#, 3599),
        ] {
            let (authorization, good_for) = answered(200, json, date).unwrap();
            assert_eq!((authorization.expose(), good_for.as_secs()), ("Bearer a.b-_", lifetime), "{json}");
        }
    }

    #[test]
    fn a_refusal_is_told_by_its_name_only() {
        let json = r#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid secret \"hunter2\".\r\n",
                       "error_codes":[7000215],"timestamp":"2026-01-01","trace_id":"t","nested":{"a":[1,{}]}}"#;
        let error = answered(401, json, "").unwrap_err().to_string();
        assert_eq!(error, "access-denied: `h` gave no token: `invalid_client`");
        let error = answered(400, r#"{"error":"Hunter2!"}"#, "").unwrap_err().to_string();
        assert_eq!(error, "access-denied: `h` gave no token");
    }

    #[test]
    fn whatever_is_no_token_is_an_error() {
        for bad in
            ["", "{", "[]", "null", "{}", "<html>", r#"{"access_token":""}"#, r#"{"access_token":"a\nb"}"#]
        {
            assert_eq!(answered(200, bad, "").unwrap_err().kind, Kind::Protocol, "{bad}");
        }
        assert_eq!(answered(404, "", "").unwrap_err().kind, Kind::Protocol);
    }

    #[test]
    fn a_fetched_assertion_is_one_word() {
        let endpoint = address("https://h").endpoint;
        let read = |status, text: &str| assertion(&endpoint, body(status, text).unwrap());
        assert_eq!(read(200, " a.b.c\n"), Ok(Secret::new("a.b.c")));
        for (status, text) in [(200, ""), (200, "a b"), (200, "\u{e4}"), (204, ""), (404, "a.b.c")] {
            assert!(read(status, text).is_err(), "{status} {text}");
        }
    }
}
