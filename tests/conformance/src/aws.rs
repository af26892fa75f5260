//! What proves to AWS who somebody is, as the settings of each provider have it.

use std::time::Duration;

use anyhow::{Context as _, Result};
use aws_strict::{ACCESS_KEY_ID, Aws, CONTAINER_TOKEN, ROLE_ARN, SECRET_ACCESS_KEY, WEB_IDENTITY_TOKEN};

use crate::fixture::Settings;

/// With characters that every encoding changes, as many as there are in those of AWS.
const WRONG: &str = "wr0ng/Credential+5/that+is/as+long/as+others";

/// How the provider proves who it is.
pub(crate) struct Credentials {
    /// The settings that are needed.
    pub(crate) settings: Settings,
    /// What to change for the service to refuse them.
    pub(crate) wrong: Settings,
    pub(crate) required: Vec<&'static str>,
    /// Settings that only make sense with these.
    pub(crate) malformed: Vec<(&'static str, &'static str)>,
    pub(crate) secrets: Vec<String>,
}

/// One of the ways to them, for a provider whose settings begin with the prefix.
pub(crate) type Way = fn(prefix: &str, aws: &Aws) -> Result<Credentials>;

/// All names are those of the provider, which begin with its `prefix`.
impl Credentials {
    fn new(
        prefix: &str,
        settings: &[(&str, &str)],
        wrong: &[(&str, &str)],
        required: &[&str],
        malformed: &[(&str, &'static str)],
    ) -> Credentials {
        // As many as there are fixtures.
        let leaked = |name: &str| -> &'static str { format!("{prefix}-{name}").leak() };
        let all = |settings: &[(&str, &str)]| {
            settings.iter().map(|(name, value)| (format!("{prefix}-{name}"), (*value).to_owned())).collect()
        };
        Credentials {
            settings: all(settings),
            wrong: all(wrong),
            required: required.iter().map(|name| leaked(name)).collect(),
            malformed: malformed.iter().map(|(name, value)| (leaked(name), *value)).collect(),
            secrets: vec![WRONG.to_owned()],
        }
    }

    fn and_secret(mut self, secret: &str) -> Credentials {
        self.secrets.push(secret.to_owned());
        self
    }

    /// With an access key of whatever service.
    pub(crate) fn key(prefix: &str, id: &str, secret: &str) -> Credentials {
        let settings = [("access-key-id", id), ("secret-access-key", secret)];
        let required = ["access-key-id", "secret-access-key"];
        let malformed = [("access-key-id", "AKID/x"), ("role-arn", "arn:aws:iam::1:role/x")];
        Self::new(prefix, &settings, &[("secret-access-key", WRONG)], &required, &malformed)
            .and_secret(secret)
    }

    pub(crate) fn access_key(prefix: &str, _: &Aws) -> Result<Credentials> {
        Ok(Self::key(prefix, ACCESS_KEY_ID, SECRET_ACCESS_KEY))
    }

    /// A key as somebody else was given it, with the token that belongs to it.
    pub(crate) fn temporary(prefix: &str, aws: &Aws) -> Result<Credentials> {
        // The environment's proxy is not for 127.0.0.1.
        let agent = ureq::Agent::config_builder().proxy(None).build().new_agent();
        let text = agent.get(aws.credentials_uri()).call()?.body_mut().read_to_string()?;
        let given: serde_json::Value = serde_json::from_str(&text)?;
        let text = |name: &str| given[name].as_str().with_context(|| format!("keys without {name}"));
        let mut credentials = Self::key(prefix, text("AccessKeyId")?, text("SecretAccessKey")?);
        let token = format!("{prefix}-session-token");
        credentials.settings.insert(token.clone(), text("Token")?.to_owned());
        credentials.wrong = Settings::from([(token, WRONG.to_owned())]);
        Ok(credentials.and_secret(text("Token")?))
    }

    pub(crate) fn container(prefix: &str, aws: &Aws) -> Result<Credentials> {
        let uri = aws.pod_credentials_uri();
        let settings = [("credentials-uri", uri.as_str()), ("credentials-token", CONTAINER_TOKEN)];
        let malformed = [("credentials-uri", "ftp://127.0.0.1")];
        let wrong = [("credentials-token", WRONG)];
        Ok(Self::new(prefix, &settings, &wrong, &["credentials-uri"], &malformed).and_secret(CONTAINER_TOKEN))
    }

    pub(crate) fn instance(prefix: &str, aws: &Aws) -> Result<Credentials> {
        let metadata = aws.metadata_endpoint();
        let settings = [("identity", "instance"), ("metadata-endpoint", metadata.as_str())];
        // There is nothing wrong to show to whom it is.
        let wrong = [
            ("identity", ""),
            ("metadata-endpoint", ""),
            ("access-key-id", ACCESS_KEY_ID),
            ("secret-access-key", WRONG),
        ];
        let malformed = [("identity", "system"), ("metadata-endpoint", "169.254.169.254")];
        Ok(Self::new(prefix, &settings, &wrong, &["identity"], &malformed))
    }

    pub(crate) fn web_identity(prefix: &str, aws: &Aws) -> Result<Credentials> {
        Ok(Self::role(prefix, aws, WEB_IDENTITY_TOKEN).and_secret(WEB_IDENTITY_TOKEN))
    }

    /// Keys are good for less than any provider would use them for, and so for one request.
    pub(crate) fn short_lived(prefix: &str, aws: &Aws) -> Result<Credentials> {
        aws.credentials().set_lifetime(Duration::from_secs(1));
        Ok(Self::role(prefix, aws, &aws.web_identity_url()))
    }

    fn role(prefix: &str, aws: &Aws, token: &str) -> Credentials {
        let sts = aws.sts_endpoint();
        let settings =
            [("web-identity-token", token), ("role-arn", ROLE_ARN), ("sts-endpoint", sts.as_str())];
        let malformed = [("sts-endpoint", "sts.example"), ("web-identity-token", "http://")];
        let required = ["web-identity-token", "role-arn"];
        Self::new(prefix, &settings, &[("web-identity-token", WRONG)], &required, &malformed)
    }

    /// The service's clock is not ours.
    pub(crate) fn skewed(prefix: &str, aws: &Aws) -> Result<Credentials> {
        aws.shift_clock(-40 * 60);
        Self::access_key(prefix, aws)
    }
}
