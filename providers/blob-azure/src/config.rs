//! The settings `azure-*`. README.md has the table.

use std::time::Duration;

use plugboard_blobstore::{Containers, Policy};
use plugboard_config::{Secret, Settings};
use plugboard_error::Result;
use plugboard_http::Endpoint;
use plugboard_sign::azure::SharedKey;

use crate::connection::{Connection, address};
use crate::credentials::{Address, Assertion, Flow, Grant, Proof};

pub(crate) struct Config {
    /// Of the account's blob service.
    pub(crate) endpoint: Endpoint,
    pub(crate) proof: Proof,
    pub(crate) policy: Policy,
    /// In place of what a name's extension says.
    pub(crate) content_type: Option<String>,
    pub(crate) block_size: usize,
    pub(crate) timeout: Duration,
    pub(crate) log: bool,
}

/// All that there are.
const NAMES: [&str; 21] = [
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
    "containers",
    "check-container",
    "deny",
    "content-type",
    "block-size",
    "timeout",
    "allow-http",
    "log",
];

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
const DEFAULT_BLOCK_SIZE: u64 = 4 << 20;
/// Below, an object would have no 4 GiB; above, three of them would not fit into a component's memory.
const BLOCK_SIZES: std::ops::RangeInclusive<u64> = 64 << 10..=512 << 20;

const DEFAULT_AUTHORITY: &str = "https://login.microsoftonline.com";
/// Of every virtual machine (learn.microsoft.com/azure/virtual-machines/instance-metadata-service).
const DEFAULT_IDENTITY_ENDPOINT: &str = "http://169.254.169.254/metadata/identity/oauth2/token";

impl Config {
    pub(crate) fn read(settings: &Settings) -> Result<Config> {
        settings.check_names(&[&NAMES])?;
        let allow_http = settings.flag("allow-http")?;
        let (endpoint, proof) = read_access(settings, allow_http)?;
        let deny = settings.list("deny")?;
        if let Some(word) = deny.iter().find(|word| !matches!(word.as_str(), "create" | "delete" | "clear")) {
            let fault = format!("has `{word}`; expected `create`, `delete` or `clear`");
            return Err(settings.error("deny", &fault));
        }
        let checks = settings.choice("check-container", &[("true", true), ("false", false)])?;
        let denies = |word: &str| deny.iter().any(|other| other == word);
        Ok(Config {
            endpoint,
            proof,
            policy: Policy {
                settings: "azure",
                containers: read_containers(settings)?,
                deny_create: denies("create"),
                deny_delete: denies("delete"),
                deny_clear: denies("clear"),
                check_container: checks.unwrap_or(true),
            },
            content_type: read_content_type(settings)?,
            block_size: read_block_size(settings)?,
            timeout: settings.duration("timeout")?.unwrap_or(DEFAULT_TIMEOUT),
            log: settings.choice("log", &[("off", false), ("debug", true)])?.unwrap_or(false),
        })
    }
}

fn read_containers(settings: &Settings) -> Result<Containers> {
    let list = settings.list("containers")?;
    if list.is_empty() {
        return Ok(Containers::any());
    }
    let names = list.iter().map(String::as_str);
    Containers::parse(names).map_err(|fault| settings.error("containers", &fault))
}

fn read_content_type(settings: &Settings) -> Result<Option<String>> {
    let content_type = settings.text("content-type")?;
    match content_type {
        Some(text) if !text.bytes().all(|b| b.is_ascii_graphic() || b == b' ') => {
            Err(settings.error("content-type", "holds a character that no media type has"))
        }
        content_type => Ok(content_type),
    }
}

fn read_block_size(settings: &Settings) -> Result<usize> {
    let size = settings.size("block-size")?.unwrap_or(DEFAULT_BLOCK_SIZE);
    match usize::try_from(size) {
        Ok(bytes) if BLOCK_SIZES.contains(&size) => Ok(bytes),
        _ => Err(settings.error("block-size", "is out of range; expected `64KiB` to `512MiB`")),
    }
}

/// The settings that authenticate. There is one of them.
const WAYS: [&str; 6] = ["connection-string", "key", "sas", "client-secret", "client-assertion", "identity"];

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
fn read_access(settings: &Settings, allow_http: bool) -> Result<(Endpoint, Proof)> {
    let way = read_way(settings)?;
    if way == "connection-string" {
        return read_connection(settings, allow_http);
    }
    let account = read_account(settings)?;
    let endpoint = read_endpoint(settings, account.as_deref(), allow_http)?;
    let wrong = |fault: &str| settings.error(way, fault);
    let proof = match way {
        "key" => {
            let account = needed(settings, "account", account, "`azure-key`")?;
            let key = needed(settings, way, settings.secret("key")?, "")?;
            Proof::SharedKey(shared_key(&account, &key).map_err(wrong)?)
        }
        "sas" => {
            let sas = needed(settings, way, settings.secret("sas")?, "")?;
            Proof::Sas(signature(&sas).map_err(wrong)?)
        }
        "identity" => Proof::Token(read_identity(settings, allow_http)?),
        _ => Proof::Token(read_client(settings, way, allow_http)?),
    };
    Ok((endpoint, proof))
}

fn read_way(settings: &Settings) -> Result<&'static str> {
    let mut chosen = None;
    for way in WAYS {
        if settings.text(way)?.is_some()
            && let Some(other) = chosen.replace(way)
        {
            let fault = ["and `", &settings.key(way), "` are both set; expected one of them"].concat();
            return Err(settings.error(other, &fault));
        }
    }
    let Some(way) = chosen else {
        for name in ["tenant", "client-id"] {
            if settings.text(name)?.is_some() {
                let fault = "is set, but neither `azure-client-secret` nor `azure-client-assertion` is";
                return Err(settings.error(name, fault));
            }
        }
        return Err(settings.error(
            "key",
            "is not set, nor is another way to authenticate: `azure-connection-string`, `azure-sas`, \
             `azure-client-secret`, `azure-client-assertion` or `azure-identity`",
        ));
    };
    for (name, ways) in COMPANIONS {
        if !ways.contains(&way) && settings.text(name)?.is_some() {
            let fault = ["does not go with `", &settings.key(way), "`"].concat();
            return Err(settings.error(name, &fault));
        }
    }
    Ok(way)
}

fn needed<S>(settings: &Settings, name: &str, value: Option<S>, by: &str) -> Result<S> {
    value.ok_or_else(|| settings.error(name, &["is not set, which ", by, " needs"].concat()))
}

fn read_connection(settings: &Settings, allow_http: bool) -> Result<(Endpoint, Proof)> {
    const NAME: &str = "connection-string";
    let wrong = |fault: &str| settings.error(NAME, fault);
    let text = needed(settings, NAME, settings.secret("connection-string")?, "")?;
    let connection = Connection::parse(text.expose()).map_err(wrong)?;
    let endpoint = Endpoint::parse(&connection.endpoint)
        .map_err(|fault| wrong(&["holds an address of the blob service that ", &fault].concat()))?;
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

fn read_endpoint(settings: &Settings, account: Option<&str>, allow_http: bool) -> Result<Endpoint> {
    let text = match (settings.text("endpoint")?, account) {
        (Some(text), _) => text,
        (None, Some(account)) => address("https", account, "core.windows.net"),
        (None, None) => {
            return Err(settings.error("account", "is not set, nor is `azure-connection-string`"));
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
        Grant::Secret { client, secret: needed(settings, way, settings.secret("client-secret")?, "")? }
    } else {
        Grant::Assertion { client, assertion: read_assertion(settings, allow_http)? }
    };
    let issuer = Address { path: ["/", &tenant, "/oauth2/v2.0/token"].concat(), endpoint: authority };
    Ok(Flow { issuer, grant })
}

/// A GUID, or the domain that a tenant may be called by.
fn read_id(settings: &Settings, name: &str, id: Option<String>) -> Result<String> {
    let id = needed(settings, name, id, "`azure-client-secret` or `azure-client-assertion`")?;
    if id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.')) {
        return Ok(id);
    }
    Err(settings.error(name, "holds a character that no identifier has"))
}

fn read_assertion(settings: &Settings, allow_http: bool) -> Result<Assertion> {
    const NAME: &str = "client-assertion";
    let assertion = needed(settings, NAME, settings.secret("client-assertion")?, "")?;
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
        return Err(settings.error(ENDPOINT, "is not set, but `azure-identity-header` is"));
    }
    let issuer = Address::parse(address.as_deref().unwrap_or(DEFAULT_IDENTITY_ENDPOINT))
        .map_err(|fault| settings.error(ENDPOINT, &fault))?;
    check_near(settings, ENDPOINT, &issuer, allow_http)?;
    Ok(Flow { issuer, grant: Grant::Identity { client, header } })
}

/// Credentials go over plain http to this machine only.
fn check_plain(settings: &Settings, name: &str, endpoint: &Endpoint, allow_http: bool) -> Result<()> {
    if endpoint.https || endpoint.is_loopback() || allow_http {
        return Ok(());
    }
    Err(settings.error(
        name,
        "leads to plain `http://`, which would send credentials unencrypted; expected `https://`, or \
         `azure-allow-http` set to `true`",
    ))
}

/// The services that give a machine its identity speak plain http, on addresses that never leave the machine's own
/// link.
fn check_near(settings: &Settings, name: &str, address: &Address, allow_http: bool) -> Result<()> {
    let host = &address.endpoint.authority;
    let link_local =
        host.starts_with("169.254.") && host.bytes().all(|b| b.is_ascii_digit() || b".:".contains(&b));
    check_plain(settings, name, &address.endpoint, allow_http || link_local)
}

#[cfg(test)]
mod tests;
