//! What a trial works with.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use anyhow::{Result, ensure};

use crate::fixture::{Fixture as _, Settings};
use crate::interface::Interface;
use crate::provider::Provider;
use crate::session::{App, Session};
use crate::subject::{Deployment, Lease, Started, Subject};

pub(crate) struct Cx<'a, I: Interface> {
    pub(crate) flavor: I::Flavor,
    pub(crate) provider: &'a Provider<I>,
    started: &'a Started<I>,
    /// Begins every name of this trial, so that trials can share a store.
    id: String,
    problems: Arc<Mutex<Vec<String>>>,
}

impl<'a, I: Interface> Cx<'a, I> {
    pub(crate) fn new(subject: &'a Subject<I>, flavor: I::Flavor) -> Result<Cx<'a, I>> {
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

    /// A name for a bucket or container that no other trial has.
    pub(crate) fn room(&self, name: &str) -> String {
        format!("{}-{name}", self.id)
    }

    pub(crate) fn fixture(&self) -> &'a I::Fixture {
        &self.started.fixture
    }

    /// The settings without which there is no service, and those that let trials at it.
    fn settings(&self) -> Settings {
        let mut settings = self.started.fixture.settings(self.started.fixture.address());
        settings.extend(I::open_settings(self.provider));
        settings
    }

    /// The app that most trials share.
    pub(crate) fn app(&self) -> Result<App<I>> {
        self.app_with(&[])
    }

    /// An app with some settings changed; an empty one is taken away. Names are without the provider's: `prefix`.
    pub(crate) fn app_with(&self, changes: &[(&str, &str)]) -> Result<App<I>> {
        self.app_with_settings(&self.named(changes))
    }

    /// An app with some settings changed, under their full names.
    pub(crate) fn app_with_settings(&self, changes: &Settings) -> Result<App<I>> {
        self.app_of_host(&[], changes)
    }

    /// The same, served by a host with more flags.
    pub(crate) fn app_of_host(&self, flags: &[&str], changes: &Settings) -> Result<App<I>> {
        let mut settings = self.settings();
        for (name, value) in changes {
            change(&mut settings, name, value);
        }
        Ok(self.app_of(self.started.shared(self.flavor, settings, flags)?))
    }

    /// Settings by their names without the provider's.
    pub(crate) fn named(&self, settings: &[(&str, &str)]) -> Settings {
        settings.iter().map(|(name, value)| (self.provider.setting(name), (*value).to_owned())).collect()
    }

    /// An app of this trial alone, with a proxy between it and the service.
    pub(crate) fn proxied(&self, changes: &[(&str, &str)]) -> Result<Proxied<I>> {
        let mut all = I::open_settings(self.provider);
        all.extend(self.named(changes));
        let lease = self.started.lease(self.flavor, all)?;
        let app = self.app_of(lease.deployment());
        Ok(Proxied { app, lease })
    }

    fn app_of(&self, deployment: Arc<Deployment>) -> App<I> {
        App {
            address: deployment.address,
            flavor: self.flavor,
            runner: self.started.ground.runner.clone(),
            scanner: self.started.scanner.clone(),
            problems: self.problems.clone(),
            deployment,
        }
    }

    /// An instance of the shared app.
    pub(crate) fn session(&self) -> Result<Session<I>> {
        Ok(self.app()?.session())
    }
}

pub(crate) struct Proxied<I: Interface> {
    pub(crate) app: App<I>,
    lease: Lease,
}

impl<I: Interface> Proxied<I> {
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
