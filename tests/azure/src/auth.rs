//! Who may: the account's key, a token, or a shared access signature.

use std::time::{Duration, SystemTime};

use hyper::header::{AUTHORIZATION, DATE, WWW_AUTHENTICATE};
use hyper::http::request::Parts;

use crate::ACCOUNT;
use crate::refusal::{
    AUTHENTICATION_FAILED, Code, INVALID_AUTHENTICATION_INFO, INVALID_HEADER_VALUE, MISSING_REQUIRED_HEADER,
    NO_AUTHENTICATION_INFORMATION, Refusal,
};
use crate::shared_key::sign;
use crate::state::State;
use crate::tokens::{RESOURCE, TENANT};

/// What Azure allows a request to be old, or to come from the future.
const SKEW: Duration = Duration::from_secs(15 * 60);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Client {
    /// Whoever has the key or a token, for whom this proxy signs with the key.
    Owner,
    /// With a shared access signature, which Azurite checks.
    Guest,
}

/// `text_to_sign` is what whoever has the key has signed; a `sig` in the query is another's signature.
pub(crate) fn authenticate(
    state: &State,
    head: &Parts,
    query: &[(String, String)],
    text_to_sign: impl Fn() -> String,
) -> Result<Client, Refusal> {
    if query.iter().any(|(name, _)| name == "sig") {
        return Ok(Client::Guest);
    }
    let text = |name| head.headers.get(name).and_then(|value| value.to_str().ok());
    let Some(authorization) = text(AUTHORIZATION) else {
        return Err(challenge(state, NO_AUTHENTICATION_INFORMATION));
    };
    version(head)?;
    match authorization.split_once(' ').unwrap_or((authorization, "")) {
        ("SharedKey", credential) => {
            let date = text("x-ms-date".parse().expect("a name")).or_else(|| text(DATE));
            fresh(date, state.clock.now())?;
            signed(&text_to_sign(), credential)?;
        }
        ("Bearer", token) => {
            let checked = state.tokens.check(token, RESOURCE, state.clock.now());
            checked.map_err(|why| {
                challenge(state, INVALID_AUTHENTICATION_INFO).detail("AuthenticationErrorDetail", why)
            })?;
        }
        _ => return Err(challenge(state, INVALID_AUTHENTICATION_INFO)),
    }
    Ok(Client::Owner)
}

/// <https://learn.microsoft.com/rest/api/storageservices/versioning-for-the-azure-storage-services>
fn version(head: &Parts) -> Result<(), Refusal> {
    const NAME: &str = "x-ms-version";
    let Some(version) = head.headers.get(NAME) else {
        return Err(Refusal::from(MISSING_REQUIRED_HEADER).detail("HeaderName", NAME));
    };
    let date = version.as_bytes().iter().map(|byte| if byte.is_ascii_digit() { b'0' } else { *byte });
    if date.eq(*b"0000-00-00") {
        return Ok(());
    }
    let value = String::from_utf8_lossy(version.as_bytes());
    Err(Refusal::from(INVALID_HEADER_VALUE).detail("HeaderName", NAME).detail("HeaderValue", value))
}

fn fresh(date: Option<&str>, now: SystemTime) -> Result<(), Refusal> {
    let failed = |why: String| Refusal::from(AUTHENTICATION_FAILED).detail("AuthenticationErrorDetail", why);
    let Some(text) = date else { return Err(failed("The Date header is not specified.".into())) };
    let Ok(date) = httpdate::parse_http_date(text) else {
        return Err(failed(format!("The Date header in the request is incorrect: '{text}'")));
    };
    match (now.duration_since(date), date.duration_since(now)) {
        (Ok(age), _) if age > SKEW => Err(failed(format!("Request date header too old: '{text}'"))),
        (_, Ok(ahead)) if ahead > SKEW => Err(failed(format!("Request date header in the future: '{text}'"))),
        _ => Ok(()),
    }
}

fn signed(text: &str, credential: &str) -> Result<(), Refusal> {
    match credential.split_once(':') {
        Some((account, signature)) if account == ACCOUNT && signature == sign(text) => Ok(()),
        // The string helps who writes a signer; it holds nothing secret.
        _ => Err(Refusal::from(AUTHENTICATION_FAILED).detail(
            "AuthenticationErrorDetail",
            format!(
                "The MAC signature found in the HTTP request is not the same as any computed signature. \
                 Server used following string to sign: '{text}'."
            ),
        )),
    }
}

fn challenge(state: &State, code: Code) -> Refusal {
    let authority = state.authority;
    Refusal::from(code).header(
        WWW_AUTHENTICATE,
        format!(
            "Bearer authorization_uri=http://{authority}/{TENANT}/oauth2/authorize resource_id={RESOURCE}"
        ),
    )
}
