//! What the services of an Azure account know somebody by.

use std::time::Duration;

use anyhow::{Context as _, Result};
use azure_strict::{ACCOUNT, ASSERTION, Azure, CLIENT_ID, CLIENT_SECRET, IDENTITY_HEADER, KEY, TENANT};

use super::Credentials;

/// Of the form of a key, and of nobody's.
const WRONG_KEY: &str = "d3JvbmctQ3JlZGVudGlhbC81KyUmLXRoYXQtaXMtbG9uZy1lbm91Z2g=";
const WRONG: &str = "wr0ng-Credential~5.2fX";

pub(crate) fn shared_key(prefix: &'static str) -> Credentials {
    Credentials::new(prefix)
        .settings(&[("account", ACCOUNT), ("key", KEY)])
        .wrong(&[("key", WRONG_KEY)])
        .required(&["account", "key"])
        .malformed(&[("key", "a key!"), ("account", "Account"), ("sas", "sig=abc")])
        .secrets(&[KEY, WRONG_KEY])
}

/// With a shared access signature.
pub(crate) fn signature(prefix: &'static str, sas: &str) -> Result<Credentials> {
    let (start, signature) = sas.split_once("sig=").context("a signature without `sig=`")?;
    let signature = signature.split('&').next().unwrap_or_default();
    let wrong = format!("{start}sig={WRONG_KEY}").replace("==", "%3D%3D");
    Ok(Credentials::new(prefix)
        .settings(&[("account", ACCOUNT), ("sas", sas)])
        .wrong(&[("sas", &wrong)])
        .required(&["sas"])
        .malformed(&[("sas", "sp=r&se=tomorrow"), ("sas", "sig=a b")])
        .secrets(&[signature, WRONG_KEY]))
}

pub(crate) fn client_secret(prefix: &'static str, azure: &Azure) -> Credentials {
    entra(prefix, azure, ("client-secret", CLIENT_SECRET))
        .malformed(&[("tenant", "a/b"), ("authority", "login.example")])
        .secrets(&[CLIENT_SECRET])
}

/// Tokens are good for half a minute less than any provider would use one for, and so for one request.
pub(crate) fn short_lived(prefix: &'static str, azure: &Azure) -> Credentials {
    azure.tokens().set_lifetime(Duration::from_secs(1));
    client_secret(prefix, azure)
}

pub(crate) fn client_assertion(prefix: &'static str, azure: &Azure) -> Credentials {
    entra(prefix, azure, ("client-assertion", &azure.assertion_url()))
        .malformed(&[("client-assertion", "http://"), ("client-id", "{}")])
        .secrets(&[ASSERTION])
}

fn entra(prefix: &'static str, azure: &Azure, (name, proof): (&str, &str)) -> Credentials {
    Credentials::new(prefix)
        .settings(&[("account", ACCOUNT), ("tenant", TENANT), ("client-id", CLIENT_ID)])
        .settings(&[("authority", &azure.authority()), (name, proof)])
        .wrong(&[(name, WRONG)])
        .required(&[name, "client-id", "tenant"])
        .secrets(&[WRONG])
}

pub(crate) fn managed_identity(prefix: &'static str, azure: &Azure) -> Credentials {
    Credentials::new(prefix)
        .settings(&[("account", ACCOUNT), ("identity", "system")])
        .settings(&[("identity-endpoint", &azure.identity_endpoint()), ("identity-header", IDENTITY_HEADER)])
        .wrong(&[("identity-header", WRONG)])
        .required(&["identity"])
        .malformed(&[("identity", "me"), ("identity-endpoint", "ftp://127.0.0.1")])
        .secrets(&[IDENTITY_HEADER, WRONG])
}
