//! The settings that all services of the cloud have. README.md of each provider has them in its table.

use plugboard_config::{Secret, Settings};
use plugboard_error::Result;
use plugboard_http::Endpoint;

use super::{Flow, Keys, Source, Token};
use crate::way::read_way;
use crate::{Address, check_near, check_plain};

/// All that there are.
pub const NAMES: [&str; 13] = [
    "region",
    "endpoint",
    "access-key-id",
    "secret-access-key",
    "session-token",
    "credentials-uri",
    "credentials-token",
    "identity",
    "metadata-endpoint",
    "web-identity-token",
    "role-arn",
    "role-session-name",
    "sts-endpoint",
];

/// The settings that authenticate. There is one of them.
const WAYS: [&str; 4] = ["access-key-id", "credentials-uri", "identity", "web-identity-token"];

/// Those that go with one of the ways only.
const COMPANIONS: [(&str, &[&str]); 7] = [
    ("secret-access-key", &["access-key-id"]),
    ("session-token", &["access-key-id"]),
    ("credentials-token", &["credentials-uri"]),
    ("metadata-endpoint", &["identity"]),
    ("role-arn", &["web-identity-token"]),
    ("role-session-name", &["web-identity-token"]),
    ("sts-endpoint", &["web-identity-token"]),
];

/// Of services that imitate AWS, most are in this region, and all take requests that say so.
const DEFAULT_REGION: &str = "us-east-1";
/// Of every task of ECS.
const CONTAINER: &str = "http://169.254.170.2";
/// Of every instance of EC2.
const METADATA: &str = "http://169.254.169.254";
/// What the logs of the cloud call us by.
const SESSION: &str = "plugboard";

/// Where the services are, and what proves to them that requests may be made.
#[derive(Debug)]
pub struct Access {
    pub region: String,
    /// Of the service, if it is not where [`address`] says.
    pub endpoint: Option<Endpoint>,
    pub(super) source: Source,
}

/// Where AWS has a service.
pub fn address(service: &str, region: &str) -> String {
    let end = if region.starts_with("cn-") { ".amazonaws.com.cn" } else { ".amazonaws.com" };
    ["https://", service, ".", region, end].concat()
}

impl Access {
    pub fn read(settings: &Settings, allow_http: bool) -> Result<Access> {
        let endpoint = settings.text("endpoint")?;
        let endpoint =
            endpoint.map(|text| read_endpoint(settings, "endpoint", &text, allow_http)).transpose()?;
        let region = read_region(settings, endpoint.is_some())?;
        let source = read_source(settings, &region, allow_http)?;
        Ok(Access { region, endpoint, source })
    }
}

/// It becomes part of a host's name.
fn read_region(settings: &Settings, elsewhere: bool) -> Result<String> {
    match settings.text("region")? {
        Some(region) if region.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)) => Ok(region),
        Some(_) => Err(settings.error("region", "holds a character that no region has in its name")),
        None if elsewhere => Ok(DEFAULT_REGION.to_owned()),
        None => Err(settings.error("region", "is not set; expected one such as `us-east-1`")),
    }
}

fn read_source(settings: &Settings, region: &str, allow_http: bool) -> Result<Source> {
    match read_way(settings, &WAYS, &COMPANIONS)? {
        Some("access-key-id") => read_keys(settings).map(Source::Settings),
        Some("credentials-uri") => read_container(settings, allow_http).map(Source::Flow),
        Some("identity") => read_instance(settings, allow_http).map(Source::Flow),
        Some(_) => read_role(settings, region, allow_http).map(Source::Flow),
        None => Err(no_way(settings)),
    }
}

fn no_way(settings: &Settings) -> plugboard_error::Error {
    for (name, ways) in COMPANIONS {
        if let (Ok(Some(_)), [way]) = (settings.text(name), ways) {
            return settings.error(way, &["is not set, but `", &settings.key(name), "` is"].concat());
        }
    }
    let [first, others @ ..] = WAYS;
    let [second, third, fourth] = others.map(|way| settings.key(way));
    let others = ["`", &second, "`, `", &third, "` or `", &fourth, "`"].concat();
    settings.error(first, &["is not set, nor is another way to authenticate: ", &others].concat())
}

fn needed<S>(settings: &Settings, name: &str, value: Option<S>, by: &str) -> Result<S> {
    let fault = || ["is not set, which `", &settings.key(by), "` needs"].concat();
    value.ok_or_else(|| settings.error(name, &fault()))
}

fn read_keys(settings: &Settings) -> Result<Keys> {
    let id = settings.text("access-key-id")?.unwrap_or_default();
    // It stands between `=` and `/`, in front of a `,`.
    if !id.bytes().all(|b| b.is_ascii_graphic() && !b"/,=".contains(&b)) {
        return Err(settings.error("access-key-id", "holds a character that no id of a key has"));
    }
    let secret = settings.secret("secret-access-key")?;
    let secret = needed(settings, "secret-access-key", secret, "access-key-id")?;
    let token = settings.secret("session-token")?;
    if token.iter().any(|token| !token.expose().bytes().all(|b| b.is_ascii_graphic())) {
        return Err(settings.error("session-token", "holds a character that no token has"));
    }
    Ok(Keys { id, secret, token })
}

fn read_container(settings: &Settings, allow_http: bool) -> Result<Flow> {
    let at = settings.text("credentials-uri")?.unwrap_or_default();
    // What AWS_CONTAINER_CREDENTIALS_RELATIVE_URI has.
    let at = if at.starts_with('/') { [CONTAINER, &at].concat() } else { at };
    let address = read_near(settings, "credentials-uri", &at, allow_http)?;
    let token = settings.secret("credentials-token")?;
    let token = token.map(|token| read_token(settings, "credentials-token", token, allow_http));
    Ok(Flow::Container { address, token: token.transpose()? })
}

fn read_instance(settings: &Settings, allow_http: bool) -> Result<Flow> {
    settings.choice("identity", &[("instance", ())])?;
    let at = settings.text("metadata-endpoint")?.unwrap_or_else(|| METADATA.to_owned());
    let mut address = read_near(settings, "metadata-endpoint", &at, allow_http)?;
    address.endpoint.base_path = address.path.trim_end_matches('/').to_owned();
    Ok(Flow::Instance { metadata: address.endpoint })
}

fn read_role(settings: &Settings, region: &str, allow_http: bool) -> Result<Flow> {
    let token = settings.secret("web-identity-token")?;
    let token = needed(settings, "web-identity-token", token, "role-arn")?;
    let arn = needed(settings, "role-arn", settings.text("role-arn")?, "web-identity-token")?;
    let sts = settings.text("sts-endpoint")?.unwrap_or_else(|| address("sts", region));
    Ok(Flow::Role {
        sts: read_endpoint(settings, "sts-endpoint", &sts, allow_http)?,
        arn,
        session: settings.text("role-session-name")?.unwrap_or_else(|| SESSION.to_owned()),
        token: read_token(settings, "web-identity-token", token, allow_http)?,
    })
}

/// A token, or where there is one.
fn read_token(settings: &Settings, name: &str, token: Secret, allow_http: bool) -> Result<Token> {
    let text = token.expose();
    if text.starts_with("http://") || text.starts_with("https://") {
        return Ok(Token::Address(read_near(settings, name, text, allow_http)?));
    }
    Ok(Token::Value(token))
}

fn read_endpoint(settings: &Settings, name: &str, text: &str, allow_http: bool) -> Result<Endpoint> {
    let endpoint = Endpoint::parse(text).map_err(|fault| settings.error(name, &fault))?;
    check_plain(settings, name, &endpoint, allow_http)?;
    Ok(endpoint)
}

/// Of what gives a machine its identity.
fn read_near(settings: &Settings, name: &str, text: &str, allow_http: bool) -> Result<Address> {
    let address = Address::parse(text).map_err(|fault| settings.error(name, &fault))?;
    check_near(settings, name, &address, allow_http)?;
    Ok(address)
}

#[cfg(test)]
mod tests;
