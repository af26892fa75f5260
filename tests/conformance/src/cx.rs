//! What a trial works with.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use anyhow::{Result, ensure};

use crate::app::{App, Session};
use crate::case::Flavor;
use crate::fixture::{Fixture, Outside, Settings};
use crate::provider::Provider;
use crate::subject::{Deployment, Lease, Started, Subject};

pub(crate) struct Cx<'a> {
    pub(crate) flavor: Flavor,
    pub(crate) provider: &'a Provider,
    started: &'a Started,
    /// Begins every key of this trial, so that trials can share a store.
    id: String,
    problems: Arc<Mutex<Vec<String>>>,
}

impl<'a> Cx<'a> {
    pub(crate) fn new(subject: &'a Subject, flavor: Flavor) -> Result<Cx<'a>> {
        static LAST: AtomicU64 = AtomicU64::new(0);
        let id = format!("t{}", LAST.fetch_add(1, Ordering::Relaxed));
        Ok(Cx {
            flavor,
            provider: &subject.provider,
            started: subject.started()?,
            id,
            problems: Arc::default(),
        })
    }

    /// What trials do not look at, but must not have happened.
    pub(crate) fn finish(self) -> Result<()> {
        let problems = self.problems.lock().expect("no panic holds it");
        ensure!(problems.is_empty(), "{}", problems.join("; "));
        Ok(())
    }

    /// A key that no other trial has.
    pub(crate) fn key(&self, name: &str) -> String {
        format!("{}:{name}", self.id)
    }

    /// A name for a bucket that no other trial has.
    pub(crate) fn bucket(&self, name: &str) -> String {
        format!("{}-{name}", self.id)
    }

    pub(crate) fn fixture(&self) -> &dyn Fixture {
        &*self.started.fixture
    }

    pub(crate) fn outside(&self) -> &dyn Outside {
        self.started.fixture.outside()
    }

    /// The settings without which there is no service; all buckets are allowed.
    fn settings(&self) -> Settings {
        let mut settings = self.started.fixture.settings(self.started.fixture.address());
        settings.insert(self.provider.setting("buckets"), "*".to_owned());
        settings
    }

    /// The app that most trials share.
    pub(crate) fn app(&self) -> Result<App> {
        self.served(self.settings())
    }

    /// An app with some settings changed; an empty one is taken away. Names are without the provider's: `prefix`.
    pub(crate) fn app_with(&self, changes: &[(&str, &str)]) -> Result<App> {
        let mut settings = self.settings();
        for (name, value) in changes {
            change(&mut settings, &self.provider.setting(name), value);
        }
        self.served(settings)
    }

    /// An app with some settings changed, under their full names.
    pub(crate) fn app_with_settings(&self, changes: &Settings) -> Result<App> {
        let mut settings = self.settings();
        for (name, value) in changes {
            change(&mut settings, name, value);
        }
        self.served(settings)
    }

    fn served(&self, settings: Settings) -> Result<App> {
        let deployment = self.started.shared(self.flavor, settings)?;
        Ok(self.app_of(deployment))
    }

    /// An app of this trial alone, with a proxy between it and the service.
    pub(crate) fn proxied(&self, changes: &[(&str, &str)]) -> Result<Proxied> {
        let changes = changes.iter().map(|(name, value)| (self.provider.setting(name), (*value).to_owned()));
        let mut all = Settings::from([(self.provider.setting("buckets"), "*".to_owned())]);
        all.extend(changes);
        let lease = self.started.lease(self.flavor, all)?;
        let app = self.app_of(lease.deployment());
        Ok(Proxied { app, lease })
    }

    fn app_of(&self, deployment: Arc<Deployment>) -> App {
        App {
            address: deployment.address,
            draft: self.flavor.draft(),
            runner: self.started.ground.runner.clone(),
            scanner: self.started.scanner.clone(),
            problems: self.problems.clone(),
            deployment,
        }
    }

    /// An instance of the shared app.
    pub(crate) fn session(&self) -> Result<Session> {
        Ok(self.app()?.session())
    }
}

pub(crate) struct Proxied {
    pub(crate) app: App,
    lease: Lease,
}

impl Proxied {
    pub(crate) fn proxy(&self) -> &plugboard_faults::Proxy {
        self.lease.proxy()
    }
}

fn change(settings: &mut Settings, name: &str, value: &str) {
    if value.is_empty() {
        settings.remove(name);
    } else {
        settings.insert(name.to_owned(), value.to_owned());
    }
}
