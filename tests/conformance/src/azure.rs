//! What proves to the services of an Azure account who somebody is, as the settings of each provider have it.

use anyhow::{Context as _, Result};
use azure_strict::{ACCOUNT, ASSERTION, Azure, CLIENT_ID, CLIENT_SECRET, IDENTITY_HEADER, KEY, TENANT};

/// Of the form of a key, and of nobody's.
const WRONG_KEY: &str = "d3JvbmctQ3JlZGVudGlhbC81KyUmLXRoYXQtaXMtbG9uZy1lbm91Z2g=";
const WRONG: &str = "wr0ng-Credential~5.2fX";

/// How the provider proves who it is.
pub(crate) struct Credentials {
    /// The settings that are needed.
    pub(crate) settings: Vec<(String, String)>,
    /// What to change for the service to refuse them.
    pub(crate) wrong: (String, String),
    pub(crate) required: Vec<&'static str>,
    /// Settings that only make sense with these.
    pub(crate) malformed: Vec<(&'static str, &'static str)>,
    pub(crate) secrets: Vec<String>,
}

/// All names are those of the provider, which begin with its `prefix`.
impl Credentials {
    fn new(
        prefix: &str,
        settings: &[(&str, &str)],
        (name, wrong): (&str, &str),
        required: &[&str],
        malformed: &[(&str, &'static str)],
    ) -> Credentials {
        // As many as there are fixtures.
        let leaked = |name: &str| -> &'static str { format!("{prefix}-{name}").leak() };
        let whole = |(name, value): (&str, &str)| (format!("{prefix}-{name}"), value.to_owned());
        Credentials {
            settings: settings.iter().copied().chain([("account", ACCOUNT)]).map(whole).collect(),
            wrong: whole((name, wrong)),
            required: required.iter().map(|name| leaked(name)).collect(),
            malformed: malformed.iter().map(|(name, value)| (leaked(name), *value)).collect(),
            secrets: vec![wrong.to_owned()],
        }
    }

    fn and_secret(mut self, secret: &str) -> Credentials {
        self.secrets.push(secret.to_owned());
        self
    }

    pub(crate) fn shared_key(prefix: &str) -> Credentials {
        let malformed = [("key", "a key!"), ("account", "Account"), ("sas", "sig=abc")];
        let required = ["account", "key"];
        Self::new(prefix, &[("key", KEY)], ("key", WRONG_KEY), &required, &malformed).and_secret(KEY)
    }

    /// With a shared access signature.
    pub(crate) fn signature(prefix: &str, sas: &str) -> Result<Credentials> {
        let (start, signature) = sas.split_once("sig=").context("a signature without `sig=`")?;
        let signature = signature.split('&').next().unwrap_or_default();
        let wrong = format!("{start}sig={WRONG_KEY}").replace("==", "%3D%3D");
        let malformed = [("sas", "sp=r&se=tomorrow"), ("sas", "sig=a b")];
        let mut credentials = Self::new(prefix, &[("sas", sas)], ("sas", &wrong), &["sas"], &malformed);
        credentials.secrets = vec![signature.to_owned(), WRONG_KEY.to_owned()];
        Ok(credentials)
    }

    pub(crate) fn client_secret(prefix: &str, azure: &Azure) -> Credentials {
        let malformed = [("tenant", "a/b"), ("authority", "login.example")];
        Self::entra(prefix, azure, ("client-secret", CLIENT_SECRET), &malformed).and_secret(CLIENT_SECRET)
    }

    pub(crate) fn client_assertion(prefix: &str, azure: &Azure) -> Credentials {
        let malformed = [("client-assertion", "http://"), ("client-id", "{}")];
        let source = azure.assertion_url();
        Self::entra(prefix, azure, ("client-assertion", &source), &malformed).and_secret(ASSERTION)
    }

    fn entra(
        prefix: &str,
        azure: &Azure,
        (name, proof): (&str, &str),
        malformed: &[(&str, &'static str)],
    ) -> Credentials {
        let authority = azure.authority();
        let settings =
            [("tenant", TENANT), ("client-id", CLIENT_ID), ("authority", &authority), (name, proof)];
        Self::new(prefix, &settings, (name, WRONG), &[name, "client-id", "tenant"], malformed)
    }

    pub(crate) fn managed_identity(prefix: &str, azure: &Azure) -> Credentials {
        let endpoint = azure.identity_endpoint();
        let settings =
            [("identity", "system"), ("identity-endpoint", &endpoint), ("identity-header", IDENTITY_HEADER)];
        let malformed = [("identity", "me"), ("identity-endpoint", "ftp://127.0.0.1")];
        Self::new(prefix, &settings, ("identity-header", WRONG), &["identity"], &malformed)
            .and_secret(IDENTITY_HEADER)
    }
}
