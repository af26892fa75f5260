//! What AWS knows somebody by.

use std::time::Duration;

use anyhow::{Context as _, Result};
use aws_strict::{ACCESS_KEY_ID, Aws, CONTAINER_TOKEN, ROLE_ARN, SECRET_ACCESS_KEY, WEB_IDENTITY_TOKEN};

use super::Credentials;

/// With characters that every encoding changes, as many as there are in those of AWS.
const WRONG: &str = "wr0ng/Credential+5/that+is/as+long/as+others";

/// One of the ways to credentials, for a provider whose settings begin with the prefix.
pub(crate) type Way = fn(prefix: &'static str, aws: &Aws) -> Result<Credentials>;

/// With an access key of whatever service.
pub(crate) fn key(prefix: &'static str, id: &str, secret: &str) -> Credentials {
    Credentials::new(prefix)
        .settings(&[("access-key-id", id), ("secret-access-key", secret)])
        .wrong(&[("secret-access-key", WRONG)])
        .required(&["access-key-id", "secret-access-key"])
        .malformed(&[("access-key-id", "AKID/x"), ("role-arn", "arn:aws:iam::1:role/x")])
        .secrets(&[secret, WRONG])
}

pub(crate) fn access_key(prefix: &'static str, _: &Aws) -> Result<Credentials> {
    Ok(key(prefix, ACCESS_KEY_ID, SECRET_ACCESS_KEY))
}

/// A key as somebody else was given it, with the token that belongs to it.
pub(crate) fn temporary(prefix: &'static str, aws: &Aws) -> Result<Credentials> {
    // The environment's proxy is not for 127.0.0.1.
    let agent = ureq::Agent::config_builder().proxy(None).build().new_agent();
    let text = agent.get(aws.credentials_uri()).call()?.body_mut().read_to_string()?;
    let given: serde_json::Value = serde_json::from_str(&text)?;
    let text = |name: &str| given[name].as_str().with_context(|| format!("keys without {name}"));
    Ok(key(prefix, text("AccessKeyId")?, text("SecretAccessKey")?)
        .settings(&[("session-token", text("Token")?)])
        .wrong(&[("session-token", WRONG)])
        .secrets(&[text("Token")?]))
}

pub(crate) fn container(prefix: &'static str, aws: &Aws) -> Result<Credentials> {
    Ok(Credentials::new(prefix)
        .settings(&[("credentials-uri", &aws.pod_credentials_uri()), ("credentials-token", CONTAINER_TOKEN)])
        .wrong(&[("credentials-token", WRONG)])
        .required(&["credentials-uri"])
        .malformed(&[("credentials-uri", "ftp://127.0.0.1")])
        .secrets(&[CONTAINER_TOKEN, WRONG]))
}

pub(crate) fn instance(prefix: &'static str, aws: &Aws) -> Result<Credentials> {
    Ok(Credentials::new(prefix)
        .settings(&[("identity", "instance"), ("metadata-endpoint", &aws.metadata_endpoint())])
        // There is nothing wrong to show to whom it is.
        .wrong(&[
            ("identity", ""),
            ("metadata-endpoint", ""),
            ("access-key-id", ACCESS_KEY_ID),
            ("secret-access-key", WRONG),
        ])
        .required(&["identity"])
        .malformed(&[("identity", "system"), ("metadata-endpoint", "169.254.169.254")])
        .secrets(&[WRONG]))
}

pub(crate) fn web_identity(prefix: &'static str, aws: &Aws) -> Result<Credentials> {
    Ok(role(prefix, aws, WEB_IDENTITY_TOKEN).secrets(&[WEB_IDENTITY_TOKEN]))
}

/// Keys are good for less than any provider would use them for, and so for one request.
pub(crate) fn short_lived(prefix: &'static str, aws: &Aws) -> Result<Credentials> {
    aws.credentials().set_lifetime(Duration::from_secs(1));
    Ok(role(prefix, aws, &aws.web_identity_url()))
}

fn role(prefix: &'static str, aws: &Aws, token: &str) -> Credentials {
    Credentials::new(prefix)
        .settings(&[
            ("web-identity-token", token),
            ("role-arn", ROLE_ARN),
            ("sts-endpoint", &aws.sts_endpoint()),
        ])
        .wrong(&[("web-identity-token", WRONG)])
        .required(&["web-identity-token", "role-arn"])
        .malformed(&[("sts-endpoint", "sts.example"), ("web-identity-token", "http://")])
        .secrets(&[WRONG])
}

/// The service's clock is not ours.
pub(crate) fn skewed(prefix: &'static str, aws: &Aws) -> Result<Credentials> {
    aws.shift_clock(-40 * 60);
    access_key(prefix, aws)
}
