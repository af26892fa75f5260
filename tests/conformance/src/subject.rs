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

use crate::compose::compose;
use crate::fixture::{Entry, Fixture as _, Settings};
use crate::interface::{Flavor, Interface};
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

pub(crate) struct Subject<I: Interface> {
    pub(crate) provider: Provider<I>,
    pub(crate) entry: &'static Entry<I>,
    ground: Ground,
    started: OnceLock<Result<Started<I>, String>>,
}

/// Where secrets may have been found.
pub(crate) trait Findings {
    /// What was found in the output so far, of servers too.
    fn findings(&self) -> Vec<String>;
}

impl<I: Interface> Findings for Subject<I> {
    fn findings(&self) -> Vec<String> {
        let Some(Ok(started)) = self.started.get() else { return Vec::new() };
        started.scan_logs();
        started.scanner.findings()
    }
}

impl<I: Interface> Subject<I> {
    pub(crate) fn new(provider: Provider<I>, entry: &'static Entry<I>, ground: Ground) -> Subject<I> {
        Subject { provider, entry, ground, started: OnceLock::new() }
    }

    /// Starts the servers, once.
    pub(crate) fn started(&self) -> Result<&Started<I>> {
        let started = self.started.get_or_init(|| self.start().map_err(|error| format!("{error:#}")));
        started.as_ref().map_err(|error| anyhow!("the fixture did not start: {error}"))
    }

    /// The text, unless it holds a secret.
    pub(crate) fn censored(&self, text: &str) -> String {
        let Some(Ok(started)) = self.started.get() else { return text.to_owned() };
        match started.scanner.scan(text.as_bytes(), "the message of a failed trial") {
            Ok(()) => text.to_owned(),
            Err(error) => format!("{error:#}"),
        }
    }

    fn start(&self) -> Result<Started<I>> {
        let fixture = (self.entry.start)(&self.ground.run)?;
        let folder = self.ground.run.path().join(format!("{}-{}", self.provider.name, self.entry.name));
        std::fs::create_dir(&folder)?;
        let scanner = Arc::new(Scanner::new(&fixture.credentials().secrets)?);
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

pub(crate) struct Started<I: Interface> {
    provider: String,
    pub(crate) fixture: Box<I::Fixture>,
    pub(crate) scanner: Arc<Scanner>,
    pub(crate) ground: Ground,
    /// For what is composed.
    folder: PathBuf,
    composed: Mutex<HashMap<&'static str, PathBuf>>,
    shared: Mutex<HashMap<Setup, Shared>>,
    spare: Spare,
}

/// Deployments with a proxy, that nobody uses just now.
type Spare = Arc<Mutex<HashMap<Setup, Vec<Arc<Deployment>>>>>;

/// What makes a deployment.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Setup {
    /// Of the components' names.
    suffix: &'static str,
    settings: Settings,
    /// For the host.
    flags: Vec<String>,
}

type Shared = Arc<Mutex<Weak<Deployment>>>;

impl<I: Interface> Started<I> {
    /// The component that is served, composed once.
    fn composed(&self, flavor: I::Flavor) -> Result<PathBuf> {
        let suffix = flavor.suffix();
        let mut composed = lock(&self.composed);
        if let Some(path) = composed.get(suffix) {
            return Ok(path.clone());
        }
        let (app, provider) = (format!("{}{suffix}", I::APP), format!("{}{suffix}", self.provider));
        let path = compose(&app, &provider, flavor, &self.folder)?;
        composed.insert(suffix, path.clone());
        Ok(path)
    }

    /// A deployment that is shared by all trials with the same settings, for as long as one of them uses it.
    pub(crate) fn shared(
        &self,
        flavor: I::Flavor,
        settings: Settings,
        flags: &[&str],
    ) -> Result<Arc<Deployment>> {
        let setup = setup(flavor, settings, flags);
        let slot = lock(&self.shared).entry(setup.clone()).or_default().clone();
        let mut slot = lock(&slot);
        if let Some(deployment) = slot.upgrade().filter(|deployment| deployment.alive().is_ok()) {
            return Ok(deployment);
        }
        let deployment = Arc::new(self.serve(flavor, &setup, None)?);
        *slot = Arc::downgrade(&deployment);
        Ok(deployment)
    }

    /// A deployment with a proxy in front of the service, for one trial at a time.
    pub(crate) fn lease(&self, flavor: I::Flavor, changes: Settings) -> Result<Lease> {
        let key = setup(flavor, changes, &[]);
        let spare = lock(&self.spare).get_mut(&key).and_then(Vec::pop);
        let deployment = match spare {
            Some(deployment) => deployment,
            None => {
                let proxy = Proxy::start(self.fixture.address())?;
                let mut setup = key.clone();
                setup.settings = self.fixture.settings(proxy.addr());
                setup.settings.extend(key.settings.clone());
                Arc::new(self.serve(flavor, &setup, Some(proxy))?)
            }
        };
        Ok(Lease { key, deployment, spare: self.spare.clone() })
    }

    fn serve(&self, flavor: I::Flavor, setup: &Setup, proxy: Option<Proxy>) -> Result<Deployment> {
        let config =
            setup.settings.iter().map(|(key, value)| (key.as_str(), value.clone())).collect::<Vec<_>>();
        let flags = setup.flags.iter().map(String::as_str).collect::<Vec<_>>();
        let component = self.composed(flavor)?;
        let version = self.ground.version;
        let serve = Serve { config: Some(&config), flags: &flags, version, ..Serve::new(component) };
        let server = serve.start(&self.ground.run)?;
        Ok(Deployment { address: server.addr(), server, proxy, scanner: self.scanner.clone() })
    }

    fn scan_logs(&self) {
        // Deployments scan their logs when they end; these are still there.
        lock(&self.spare).clear();
    }
}

fn setup<F: Flavor>(flavor: F, settings: Settings, flags: &[&str]) -> Setup {
    let flags = flavor.flags().iter().chain(flags).map(|flag| (*flag).to_owned()).collect();
    Setup { suffix: flavor.suffix(), settings, flags }
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
    key: Setup,
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
