//! The settings of credentials, which all services of an account have in common.

use plugboard_config::{Secret, Settings};
use plugboard_error::Result;
use plugboard_http::Endpoint;
use plugboard_sign::azure::SharedKey;

use super::Service;
use super::connection::{Connection, address};
use super::flow::{Assertion, Flow, Grant};
use crate::way::read_way;
use crate::{Address, check_near, check_plain};

/// All that there are.
pub const NAMES: [&str; 13] = [
    "connection-string",
    "account",
    "key",
    "sas",
    "tenant",
    "client-id",
    "client-secret",
    "client-assertion",
    "authority",
    "identity",
    "identity-endpoint",
    "identity-header",
    "endpoint",
];

const DEFAULT_AUTHORITY: &str = "https://login.microsoftonline.com";
/// Of every virtual machine (learn.microsoft.com/azure/virtual-machines/instance-metadata-service).
const DEFAULT_IDENTITY_ENDPOINT: &str = "http://169.254.169.254/metadata/identity/oauth2/token";

/// What the settings say.
pub struct Access {
    /// Where the account has the service.
    pub endpoint: Endpoint,
    pub(super) service: Service,
    pub(super) proof: Proof,
}

#[derive(Debug)]
pub(super) enum Proof {
    SharedKey(SharedKey),
    /// A shared access signature: the end of a query, made by whoever has the key.
    Sas(Secret),
    /// Entra ID.
    Token(Flow),
}

impl Access {
    pub fn read(settings: &Settings, service: Service, allow_http: bool) -> Result<Access> {
        let (endpoint, proof) = read_access(settings, service, allow_http)?;
        Ok(Access { endpoint, service, proof })
    }
}

/// The settings that authenticate. There is one of them.
const WAYS: [&str; 6] = ["connection-string", "key", "sas", "client-secret", "client-assertion", "identity"];
/// Those beside the key of the account.
const OTHER_WAYS: [&str; 5] = ["connection-string", "sas", "client-secret", "client-assertion", "identity"];

/// Those that go with some of the ways only.
const COMPANIONS: [(&str, &[&str]); 7] = [
    ("account", &["key", "sas", "client-secret", "client-assertion", "identity"]),
    ("endpoint", &["key", "sas", "client-secret", "client-assertion", "identity"]),
    ("tenant", &["client-secret", "client-assertion"]),
    ("client-id", &["client-secret", "client-assertion"]),
    ("authority", &["client-secret", "client-assertion"]),
    ("identity-endpoint", &["identity"]),
    ("identity-header", &["identity"]),
];

/// Where the service is, and what proves to it that requests may be made.
fn read_access(settings: &Settings, service: Service, allow_http: bool) -> Result<(Endpoint, Proof)> {
    let way = read_way_of(settings)?;
    if way == "connection-string" {
        return read_connection(settings, service, allow_http);
    }
    let account = read_account(settings)?;
    let endpoint = read_endpoint(settings, service, account.as_deref(), allow_http)?;
    let wrong = |fault: &str| settings.error(way, fault);
    let proof = match way {
        "key" => {
            let account = needed(settings, "account", account, &["key"])?;
            let key = needed(settings, way, settings.secret("key")?, &[])?;
            Proof::SharedKey(shared_key(&account, &key).map_err(wrong)?)
        }
        "sas" => {
            let sas = needed(settings, way, settings.secret("sas")?, &[])?;
            Proof::Sas(signature(&sas).map_err(wrong)?)
        }
        "identity" => Proof::Token(read_identity(settings, allow_http)?),
        _ => Proof::Token(read_client(settings, way, allow_http)?),
    };
    Ok((endpoint, proof))
}

/// Which of the ways it is.
fn read_way_of(settings: &Settings) -> Result<&'static str> {
    if let Some(way) = read_way(settings, &WAYS, &COMPANIONS)? {
        return Ok(way);
    }
    for name in ["tenant", "client-id"] {
        if settings.text(name)?.is_some() {
            let neither = quoted(settings, &["client-secret", "client-assertion"], " nor ");
            return Err(settings.error(name, &["is set, but neither ", &neither, " is"].concat()));
        }
    }
    let others = quoted(settings, &OTHER_WAYS, " or ");
    Err(settings.error("key", &["is not set, nor is another way to authenticate: ", &others].concat()))
}

/// The value of a setting that one of those in `by` needs.
fn needed<S>(settings: &Settings, name: &str, value: Option<S>, by: &[&str]) -> Result<S> {
    value.ok_or_else(|| {
        let fault = ["is not set, which ", &quoted(settings, by, " or "), " needs"];
        settings.error(name, &fault.concat())
    })
}

/// The keys of settings, for a sentence.
fn quoted(settings: &Settings, names: &[&str], separator: &str) -> String {
    let mut text = String::new();
    for name in names {
        let separator = if text.is_empty() { "" } else { separator };
        text.extend([separator, "`", &settings.key(name), "`"]);
    }
    text
}

fn read_connection(settings: &Settings, service: Service, allow_http: bool) -> Result<(Endpoint, Proof)> {
    const NAME: &str = "connection-string";
    let wrong = |fault: &str| settings.error(NAME, fault);
    let text = needed(settings, NAME, settings.secret("connection-string")?, &[])?;
    let connection = Connection::parse(service, text.expose()).map_err(|fault| wrong(&fault))?;
    let endpoint = Endpoint::parse(&connection.endpoint).map_err(|fault| {
        wrong(&["holds an address of the ", service.name(), " service that ", &fault].concat())
    })?;
    check_plain(settings, NAME, &endpoint, allow_http)?;
    let proof = match (&connection.account, &connection.key, &connection.sas) {
        (Some(account), Some(key), _) => Proof::SharedKey(shared_key(account, key).map_err(wrong)?),
        (_, _, Some(sas)) => Proof::Sas(signature(sas).map_err(wrong)?),
        _ => return Err(wrong("holds nothing to authenticate with")),
    };
    Ok((endpoint, proof))
}

/// It becomes part of a host's name.
fn read_account(settings: &Settings) -> Result<Option<String>> {
    let account = settings.text("account")?;
    match account {
        Some(text) if !text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') => {
            Err(settings.error("account", "holds a character that is no lower-case letter and no digit"))
        }
        account => Ok(account),
    }
}

fn read_endpoint(
    settings: &Settings,
    service: Service,
    account: Option<&str>,
    allow_http: bool,
) -> Result<Endpoint> {
    let text = match (settings.text("endpoint")?, account) {
        (Some(text), _) => text,
        (None, Some(account)) => address(service, "https", account, "core.windows.net"),
        (None, None) => {
            let fault = ["is not set, nor is ", &quoted(settings, &["connection-string"], "")].concat();
            return Err(settings.error("account", &fault));
        }
    };
    let endpoint = Endpoint::parse(&text).map_err(|fault| settings.error("endpoint", &fault))?;
    check_plain(settings, "endpoint", &endpoint, allow_http)?;
    Ok(endpoint)
}

fn shared_key(account: &str, key: &Secret) -> Result<SharedKey, &'static str> {
    SharedKey::new(account, key).ok_or("holds a key that is no Base64, which keys of accounts are")
}

/// It is appended to addresses as it is.
fn signature(sas: &Secret) -> Result<Secret, &'static str> {
    let text = sas.expose().trim_start_matches('?');
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"-._~%=&:/+*,!'()@;$".contains(&b);
    if text.is_empty() || !text.bytes().all(legal) {
        return Err("holds a shared access signature with characters that must be percent-encoded");
    }
    // What a URL of the portal, and not only its end, would lack.
    if !text.split('&').any(|pair| pair.starts_with("sig=")) {
        return Err("holds a shared access signature without `sig=`");
    }
    Ok(Secret::new(text))
}

/// An application that Entra ID knows, `way` of which proves that we are it.
fn read_client(settings: &Settings, way: &str, allow_http: bool) -> Result<Flow> {
    let tenant = read_id(settings, "tenant", settings.text("tenant")?)?;
    let client = read_id(settings, "client-id", settings.text("client-id")?)?;
    let authority = settings.text("authority")?;
    let authority = Endpoint::parse(authority.as_deref().unwrap_or(DEFAULT_AUTHORITY))
        .map_err(|fault| settings.error("authority", &fault))?;
    check_plain(settings, "authority", &authority, allow_http)?;
    let grant = if way == "client-secret" {
        Grant::Secret { client, secret: needed(settings, way, settings.secret("client-secret")?, &[])? }
    } else {
        Grant::Assertion { client, assertion: read_assertion(settings, allow_http)? }
    };
    let issuer = Address { path: ["/", &tenant, "/oauth2/v2.0/token"].concat(), endpoint: authority };
    Ok(Flow { issuer, grant })
}

/// A GUID, or the domain that a tenant may be called by.
fn read_id(settings: &Settings, name: &str, id: Option<String>) -> Result<String> {
    let id = needed(settings, name, id, &["client-secret", "client-assertion"])?;
    if id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.')) {
        return Ok(id);
    }
    Err(settings.error(name, "holds a character that no identifier has"))
}

fn read_assertion(settings: &Settings, allow_http: bool) -> Result<Assertion> {
    const NAME: &str = "client-assertion";
    let assertion = needed(settings, NAME, settings.secret("client-assertion")?, &[])?;
    let text = assertion.expose();
    if !text.starts_with("http://") && !text.starts_with("https://") {
        return Ok(Assertion::Value(assertion));
    }
    let source = Address::parse(text).map_err(|fault| settings.error(NAME, &fault))?;
    check_near(settings, NAME, &source, allow_http)?;
    Ok(Assertion::Source(source))
}

fn read_identity(settings: &Settings, allow_http: bool) -> Result<Flow> {
    const ENDPOINT: &str = "identity-endpoint";
    let client = settings.text("identity")?.filter(|identity| identity != "system");
    if client.iter().any(|id| !id.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')) {
        return Err(settings.error("identity", "is neither `system` nor the client id of an identity"));
    }
    let header = settings.secret("identity-header")?;
    let address = settings.text("identity-endpoint")?;
    if header.is_some() && address.is_none() {
        let fault = ["is not set, but ", &quoted(settings, &["identity-header"], ""), " is"].concat();
        return Err(settings.error(ENDPOINT, &fault));
    }
    let issuer = Address::parse(address.as_deref().unwrap_or(DEFAULT_IDENTITY_ENDPOINT))
        .map_err(|fault| settings.error(ENDPOINT, &fault))?;
    check_near(settings, ENDPOINT, &issuer, allow_http)?;
    Ok(Flow { issuer, grant: Grant::Identity { client, header } })
}

#[cfg(test)]
mod tests;
