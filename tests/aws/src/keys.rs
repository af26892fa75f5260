//! The keys: who gets them, which are issued, and what they are worth.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

/// Of the one user, for ever.
pub const ACCESS_KEY_ID: &str = "AKIAPLUGBOARDEXAMPLE";
/// With the characters that are no letters and no digits.
pub const SECRET_ACCESS_KEY: &str = "pL+gb/oard+K7MDENG/bPxRfiCYEXAMPLEKEY0+/";
/// What the pod identity agent of EKS wants to see; those from the address end as keys do.
pub const CONTAINER_TOKEN: &str = "eyJraWQiOiJwb2QifQ.eyJzdWIiOiJwbHVnYm9hcmQifQ.cG9kLXRva2Vu";
/// The role that a web identity may assume.
pub const ROLE_ARN: &str = "arn:aws:iam::123456789012:role/plugboard@test";
/// A token that is always good for it; those from the address end as keys do.
pub const WEB_IDENTITY_TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJwbHVnYm9hcmQifQ.c2lnbmF0dXJl";
/// What the instance is.
pub const INSTANCE_ROLE: &str = "plugboard-instance";

/// What somebody who gives out credentials was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

/// All that concerns temporary keys.
#[derive(Default)]
pub struct Credentials(Mutex<Inner>);

struct Inner {
    lifetime: Duration,
    /// By their id.
    keys: HashMap<String, Temporary>,
    /// Of instances, containers and web identities, with what they are for.
    tokens: HashMap<String, (Use, SystemTime)>,
    requests: Vec<Asked>,
    /// How many keys were issued, the revoked ones included.
    count: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    Metadata,
    Container,
    WebIdentity,
}

#[derive(Clone, Debug)]
pub(crate) struct Temporary {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) token: String,
    pub(crate) end: SystemTime,
}

/// What is wrong with keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    UnknownId,
    WrongToken,
    Ended,
}

impl Default for Inner {
    fn default() -> Inner {
        Inner {
            lifetime: Duration::from_secs(3600), // as roles have it
            keys: HashMap::new(),
            tokens: HashMap::new(),
            requests: Vec::new(),
            count: 0,
        }
    }
}

impl Credentials {
    /// How long the keys and tokens live that are issued from now on.
    pub fn set_lifetime(&self, lifetime: Duration) {
        self.inner().lifetime = lifetime;
    }

    /// No temporary key that was issued so far is good any more.
    pub fn revoke(&self) {
        self.inner().keys.clear();
    }

    /// How many keys were issued so far.
    pub fn count(&self) -> usize {
        self.inner().count
    }

    /// What those who give out credentials were asked, whatever the answer.
    pub fn requests(&self) -> Vec<Asked> {
        self.inner().requests.clone()
    }

    pub(crate) fn record(&self, request: Asked) {
        self.inner().requests.push(request);
    }

    pub(crate) fn issue(&self, now: SystemTime) -> Temporary {
        let mut inner = self.inner();
        let temporary = Temporary {
            id: format!("ASIA{}", random("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16)),
            secret: random(BASE64, 40),
            // As long as real ones.
            token: format!("IQoJb3JpZ2luX2VjE{}==", random(BASE64, 800)),
            end: now + inner.lifetime,
        };
        inner.keys.insert(temporary.id.clone(), temporary.clone());
        inner.count += 1;
        temporary
    }

    pub(crate) fn issue_token(&self, of: Use, lifetime: Option<Duration>, now: SystemTime) -> String {
        let mut inner = self.inner();
        let end = now + lifetime.unwrap_or(inner.lifetime);
        let token = format!("{}-_.{}", random(BASE64.trim_end_matches(['+', '/']), 60), random("ab12", 20));
        inner.tokens.insert(token.clone(), (of, end));
        token
    }

    /// Whether it was issued for that, and when it ends.
    pub(crate) fn token_end(&self, token: &str, of: Use) -> Option<SystemTime> {
        let inner = self.inner();
        let (issued, end) = inner.tokens.get(token)?;
        (*issued == of).then_some(*end)
    }

    /// The secret that belongs to an id, if the token does too.
    pub(crate) fn secret(&self, id: &str, token: Option<&str>, now: SystemTime) -> Result<String, Fault> {
        match (id, token) {
            (ACCESS_KEY_ID, None) => return Ok(SECRET_ACCESS_KEY.to_owned()),
            (ACCESS_KEY_ID, Some(_)) => return Err(Fault::WrongToken),
            _ => {}
        }
        let inner = self.inner();
        // Without its token, a temporary key is none.
        let (Some(temporary), Some(token)) = (inner.keys.get(id), token) else {
            return Err(Fault::UnknownId);
        };
        match () {
            _ if temporary.token != token => Err(Fault::WrongToken),
            _ if temporary.end <= now => Err(Fault::Ended),
            _ => Ok(temporary.secret.clone()),
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn random(characters: &str, length: usize) -> String {
    let characters = characters.as_bytes();
    (0..length).map(|_| char::from(characters[fastrand::usize(..characters.len())])).collect()
}
