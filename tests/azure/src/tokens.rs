//! The tokens: who gets them, which are issued, and what they are worth.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

/// What every token here is for.
pub const RESOURCE: &str = "https://storage.azure.com";
pub const TENANT: &str = "6f1f7a0e-6d5c-4a43-9f4e-0b6b1f0a5a11";
/// Of the application, and of the managed identity too.
pub const CLIENT_ID: &str = "2b7cc0de-3f5d-4c8a-8b0e-7a3f5e4d9c22";
/// With the characters that a form must encode.
pub const CLIENT_SECRET: &str = "8Q~a+b/c=d&e%f g-h_i.j";
/// What App Service gives as `IDENTITY_HEADER`.
pub const IDENTITY_HEADER: &str = "4d8f0c27-5b1e-4f59-a6c0-3e9d2a7b6c33";
/// An assertion that is always good; those from the URLs end as tokens do.
pub const ASSERTION: &str = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJwbHVnYm9hcmQifQ.c2lnbmF0dXJl";
/// What GitHub Actions gives as `ACTIONS_ID_TOKEN_REQUEST_TOKEN`.
pub const ASSERTION_REQUEST_TOKEN: &str = "eyJ0eXAiOiJKV1QifQ.eyJydW4iOiIxIn0.cmVxdWVzdA";

/// What a service that issues tokens was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRequest {
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

/// All that concerns tokens.
#[derive(Default)]
pub struct Tokens(Mutex<Inner>);

struct Inner {
    lifetime: Duration,
    issued: HashMap<String, Issued>,
    requests: Vec<TokenRequest>,
    /// How many were issued, the revoked ones included.
    count: usize,
}

struct Issued {
    audience: String,
    until: SystemTime,
}

impl Default for Inner {
    fn default() -> Inner {
        let lifetime = Duration::from_secs(3599); // as Entra ID, usually
        Inner { lifetime, issued: HashMap::new(), requests: Vec::new(), count: 0 }
    }
}

impl Tokens {
    /// How long the tokens live that are issued from now on.
    pub fn set_lifetime(&self, lifetime: Duration) {
        self.inner().lifetime = lifetime;
    }

    /// No token that was issued so far is good any more.
    pub fn revoke(&self) {
        self.inner().issued.clear();
    }

    /// How many tokens and assertions were issued so far.
    pub fn count(&self) -> usize {
        self.inner().count
    }

    /// What was asked of the services that issue tokens, whatever the answer.
    pub fn requests(&self) -> Vec<TokenRequest> {
        self.inner().requests.clone()
    }

    pub(crate) fn record(&self, request: TokenRequest) {
        self.inner().requests.push(request);
    }

    pub(crate) fn lifetime(&self) -> Duration {
        self.inner().lifetime
    }

    pub(crate) fn issue(&self, audience: &str, now: SystemTime) -> String {
        let mut inner = self.inner();
        let until = now + inner.lifetime;
        let seconds = |time: SystemTime| time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let claims = json!({
            "aud": audience, "iss": format!("https://sts.windows.net/{TENANT}/"), "appid": CLIENT_ID,
            "nbf": seconds(now), "exp": seconds(until),
        });
        // As long as a real one with a few groups in it, and not to be guessed.
        let signature: Vec<u8> = (0..512).map(|_| fastrand::u8(..)).collect();
        let parts = [br#"{"typ":"JWT","alg":"RS256"}"#.as_slice(), claims.to_string().as_bytes(), &signature]
            .map(|part| URL_SAFE_NO_PAD.encode(part));
        let token = parts.join(".");
        inner.issued.insert(token.clone(), Issued { audience: audience.to_owned(), until });
        inner.count += 1;
        token
    }

    /// Whether a token is good for `audience`, and if not, why.
    pub(crate) fn check(&self, token: &str, audience: &str, now: SystemTime) -> Result<(), &'static str> {
        let inner = self.inner();
        match inner.issued.get(token) {
            None => Err("Signature validation failed. The token is not known or was revoked."),
            Some(issued) if issued.audience.trim_end_matches('/') != audience => {
                Err("Audience validation failed. Audience did not match.")
            }
            Some(issued) if issued.until <= now => Err("Lifetime validation failed. The token is expired."),
            Some(_) => Ok(()),
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
