//! A provider with one of its fixtures: started when the first trial needs it, served as often as settings differ.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use anyhow::{Result, anyhow, bail};
use plugboard_faults::Proxy;
use plugboard_harness::Run;
use plugboard_harness::servers::{Serve, Wasmtime};
use plugboard_harness::tools::Version;

use crate::case::Flavor;
use crate::compose::compose;
use crate::fixture::{Entry, Fixture, Settings};
use crate::provider::Provider;
use crate::runner::Runner;
use crate::secrets::Scanner;

/// What all subjects share.
#[derive(Clone)]
pub(crate) struct Ground {
    pub(crate) run: Run,
    pub(crate) runner: Runner,
    pub(crate) version: Version,
}

pub(crate) struct Subject {
    pub(crate) provider: Provider,
    pub(crate) entry: &'static Entry,
    ground: Ground,
    started: OnceLock<Result<Started, String>>,
}

impl Subject {
    pub(crate) fn new(provider: Provider, entry: &'static Entry, ground: Ground) -> Subject {
        Subject { provider, entry, ground, started: OnceLock::new() }
    }

    /// Starts the servers, once.
    pub(crate) fn started(&self) -> Result<&Started> {
        let started = self.started.get_or_init(|| self.start().map_err(|error| format!("{error:#}")));
        started.as_ref().map_err(|error| anyhow!("the fixture did not start: {error}"))
    }

    /// What was found in the output so far, of servers too.
    pub(crate) fn findings(&self) -> Vec<String> {
        let Some(Ok(started)) = self.started.get() else { return Vec::new() };
        started.scan_logs();
        started.scanner.findings()
    }

    /// The text, unless it holds a secret.
    pub(crate) fn censored(&self, text: &str) -> String {
        let Some(Ok(started)) = self.started.get() else { return text.to_owned() };
        match started.scanner.scan(text.as_bytes(), "the message of a failed trial") {
            Ok(()) => text.to_owned(),
            Err(error) => format!("{error:#}"),
        }
    }

    fn start(&self) -> Result<Started> {
        let fixture = (self.entry.start)(&self.ground.run)?;
        let folder = self.ground.run.path().join(format!("{}-{}", self.provider.name, self.entry.name));
        std::fs::create_dir(&folder)?;
        let scanner = Arc::new(Scanner::new(&fixture.secrets())?);
        Ok(Started {
            provider: self.provider.name.clone(),
            fixture,
            scanner,
            ground: self.ground.clone(),
            folder,
            composed: Mutex::default(),
            shared: Mutex::default(),
            spare: Arc::default(),
        })
    }
}

pub(crate) struct Started {
    provider: String,
    pub(crate) fixture: Box<dyn Fixture>,
    pub(crate) scanner: Arc<Scanner>,
    pub(crate) ground: Ground,
    /// For what is composed.
    folder: PathBuf,
    composed: Mutex<HashMap<&'static str, PathBuf>>,
    shared: Mutex<HashMap<Key, Shared>>,
    spare: Spare,
}

/// Deployments with a proxy, that nobody uses just now.
type Spare = Arc<Mutex<HashMap<Key, Vec<Arc<Deployment>>>>>;

/// What makes a deployment: the suffix of the components, and the settings.
type Key = (&'static str, Settings);

type Shared = Arc<Mutex<Weak<Deployment>>>;

impl Started {
    /// The component that is served, composed once.
    fn composed(&self, suffix: &'static str) -> Result<PathBuf> {
        let mut composed = lock(&self.composed);
        if let Some(path) = composed.get(suffix) {
            return Ok(path.clone());
        }
        let (app, provider) = (format!("probe{suffix}"), format!("{}{suffix}", self.provider));
        let path = compose(&app, &provider, &self.folder)?;
        composed.insert(suffix, path.clone());
        Ok(path)
    }

    /// A deployment that is shared by all trials with the same settings, for as long as one of them uses it.
    pub(crate) fn shared(&self, flavor: Flavor, settings: Settings) -> Result<Arc<Deployment>> {
        let slot = lock(&self.shared).entry((flavor.suffix(), settings.clone())).or_default().clone();
        let mut slot = lock(&slot);
        if let Some(deployment) = slot.upgrade().filter(|deployment| deployment.alive().is_ok()) {
            return Ok(deployment);
        }
        let deployment = Arc::new(self.serve(flavor, settings, None)?);
        *slot = Arc::downgrade(&deployment);
        Ok(deployment)
    }

    /// A deployment with a proxy in front of the service, for one trial at a time.
    pub(crate) fn lease(&self, flavor: Flavor, changes: Settings) -> Result<Lease> {
        let key = (flavor.suffix(), changes);
        let spare = lock(&self.spare).get_mut(&key).and_then(Vec::pop);
        let deployment = match spare {
            Some(deployment) => deployment,
            None => {
                let proxy = Proxy::start(self.fixture.address())?;
                let mut settings = self.fixture.settings(proxy.addr());
                settings.extend(key.1.clone());
                Arc::new(self.serve(flavor, settings, Some(proxy))?)
            }
        };
        Ok(Lease { key, deployment, spare: self.spare.clone() })
    }

    fn serve(&self, flavor: Flavor, settings: Settings, proxy: Option<Proxy>) -> Result<Deployment> {
        let config = settings.iter().map(|(key, value)| (key.as_str(), value.clone())).collect::<Vec<_>>();
        let component = self.composed(flavor.suffix())?;
        let serve = Serve { config: Some(&config), version: self.ground.version, ..Serve::new(component) };
        let server = serve.start(&self.ground.run)?;
        Ok(Deployment { address: server.addr(), server, proxy, scanner: self.scanner.clone() })
    }

    fn scan_logs(&self) {
        // Deployments scan their logs when they end; these are still there.
        lock(&self.spare).clear();
    }
}

/// A composed component that is being served.
pub(crate) struct Deployment {
    pub(crate) address: SocketAddr,
    server: Wasmtime,
    proxy: Option<Proxy>,
    scanner: Arc<Scanner>,
}

impl Deployment {
    /// Everything it printed so far.
    pub(crate) fn log(&self) -> String {
        self.server.server().log()
    }

    /// An error if the host itself died, with its last words.
    pub(crate) fn alive(&self) -> Result<()> {
        let server = self.server.server();
        let Some(status) = server.exited()? else { return Ok(()) };
        let log = server.log();
        let words = log.lines().skip(1).take(4).collect::<Vec<_>>().join(" ");
        bail!("the host died ({status}): {words}; its log is {}", server.log_path().display())
    }
}

impl Drop for Deployment {
    fn drop(&mut self) {
        let _ = self.scanner.scan(self.server.server().log().as_bytes(), "the log of the host"); // kept by the scanner
    }
}

pub(crate) struct Lease {
    key: Key,
    deployment: Arc<Deployment>,
    spare: Spare,
}

impl Lease {
    pub(crate) fn deployment(&self) -> Arc<Deployment> {
        self.deployment.clone()
    }

    pub(crate) fn proxy(&self) -> &Proxy {
        self.deployment.proxy.as_ref().expect("a lease is of a deployment with a proxy")
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.proxy().clear();
        if self.deployment.alive().is_err() {
            return;
        }
        lock(&self.spare).entry(self.key.clone()).or_default().push(self.deployment.clone());
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A trial that panics leaves nothing half-done in here.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
