//! What proves to a service who somebody is, as the settings of a provider have it.

pub(crate) mod aws;
pub(crate) mod azure;

use crate::fixture::Settings;

/// All names are those of the provider's settings.
pub(crate) struct Credentials {
    /// What the names begin with: `redis`.
    prefix: &'static str,
    /// The settings that are needed.
    pub(crate) settings: Settings,
    /// What to change for the service to refuse them.
    pub(crate) wrong: Settings,
    /// Settings that the provider cannot do without.
    pub(crate) required: Vec<String>,
    /// Malformed ones that only make sense with these.
    pub(crate) malformed: Vec<(String, String)>,
    /// Each that is in use, the wrong ones too.
    pub(crate) secrets: Vec<String>,
}

/// Names are without the provider's prefix here.
impl Credentials {
    pub(crate) fn new(prefix: &'static str) -> Credentials {
        Credentials {
            prefix,
            settings: Settings::new(),
            wrong: Settings::new(),
            required: Vec::new(),
            malformed: Vec::new(),
            secrets: Vec::new(),
        }
    }

    pub(crate) fn settings(mut self, settings: &[(&str, &str)]) -> Credentials {
        self.settings.extend(self.whole(settings));
        self
    }

    /// In place of those before.
    pub(crate) fn wrong(mut self, settings: &[(&str, &str)]) -> Credentials {
        self.wrong = self.whole(settings).collect();
        self
    }

    pub(crate) fn required(mut self, names: &[&str]) -> Credentials {
        self.required.extend(names.iter().map(|name| format!("{}-{name}", self.prefix)));
        self
    }

    pub(crate) fn malformed(mut self, settings: &[(&str, &str)]) -> Credentials {
        self.malformed.extend(self.whole(settings));
        self
    }

    pub(crate) fn secrets(mut self, secrets: &[&str]) -> Credentials {
        self.secrets.extend(secrets.iter().map(|&secret| secret.to_owned()));
        self
    }

    fn whole(&self, settings: &[(&str, &str)]) -> impl Iterator<Item = (String, String)> + use<> {
        let whole =
            settings.iter().map(|(name, value)| (format!("{}-{name}", self.prefix), (*value).to_owned()));
        whole.collect::<Vec<_>>().into_iter()
    }
}
