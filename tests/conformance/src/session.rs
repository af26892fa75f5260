//! The composed component as trials use it: one instance that does what it is told, call by call.

use std::cell::Cell;
use std::net::SocketAddr;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail, ensure};

use crate::interface::Interface;
use crate::reply::{self, Problem, Reply};
use crate::runner::{Event, Runner};
use crate::secrets::Scanner;
use crate::subject::Deployment;

/// No step may take longer, whatever is wrong: beyond it a trial says that something hangs.
const HANG: Duration = Duration::from_secs(100);
/// Nor may an instance live longer, on a busy machine.
const LIFE: Duration = Duration::from_secs(400);

/// A served component.
pub(crate) struct App<I: Interface> {
    pub(crate) address: SocketAddr,
    pub(crate) flavor: I::Flavor,
    pub(crate) runner: Runner,
    pub(crate) scanner: Arc<Scanner>,
    /// What went wrong where no trial looks; each fails the trial at its end.
    pub(crate) problems: Arc<Mutex<Vec<String>>>,
    pub(crate) deployment: Arc<Deployment>,
}

impl<I: Interface> Clone for App<I> {
    fn clone(&self) -> Self {
        App {
            address: self.address,
            flavor: self.flavor,
            runner: self.runner.clone(),
            scanner: self.scanner.clone(),
            problems: self.problems.clone(),
            deployment: self.deployment.clone(),
        }
    }
}

impl<I: Interface> App<I> {
    /// Runs a whole program in an instance of its own. For what is about speed or about many clients; a
    /// [`Session`] reads better.
    pub(crate) fn run(&self, steps: &[I::Step]) -> Result<Vec<I::Outcome>> {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(LIFE))
            .build()
            .into();
        let mut response = agent
            .post(format!("http://{}/", self.address))
            .send(serde_json::to_vec(steps)?)
            .or_else(|error| {
            // If the host is dying, that is what to tell.
            std::thread::sleep(Duration::from_millis(200));
            self.deployment.alive()?;
            Err(error).context("no answer from the app")
        })?;
        let body = response.body_mut().with_config().limit(1 << 30).read_to_vec()?;
        if response.status() != 200 {
            self.scanner.scan(&body, "a response body")?;
            bail!("the app trapped: HTTP {} {:?}", response.status(), String::from_utf8_lossy(&body));
        }
        self.outcomes(&body)
    }

    /// What the probe says, held to the rules that hold for everything.
    fn outcomes(&self, json: &[u8]) -> Result<Vec<I::Outcome>> {
        self.scanner.scan(json, "what the app answers")?;
        let outcomes: Vec<I::Outcome> = serde_json::from_slice(json)?;
        for outcome in &outcomes {
            I::failure(outcome)?;
        }
        Ok(outcomes)
    }

    /// The same app for what ends in a trap and must: its end is nobody's problem.
    pub(crate) fn unobserved(self) -> App<I> {
        App { problems: Arc::default(), ..self }
    }

    fn problem(&self, problem: String) {
        self.problems.lock().expect("no panic holds it").push(problem);
    }

    /// An instance that lives until the session is dropped.
    pub(crate) fn session(&self) -> Session<I> {
        let (events, receiver) = mpsc::channel();
        let (name, steps) = self.runner.session(events.clone());
        let app = self.clone();
        let barrier = I::barrier(self.runner.address.to_string(), name.clone());
        let program = [barrier.clone()];
        std::thread::spawn(move || events.send(Event::End(app.run(&program).map(drop))));
        Session {
            app: self.clone(),
            name,
            barrier,
            steps: Some(steps),
            events: receiver,
            at_barrier: Cell::new(false),
            handles: Cell::new(0),
            ended: Cell::new(false),
        }
    }
}

pub(crate) struct Session<I: Interface> {
    pub(crate) app: App<I>,
    name: String,
    barrier: I::Step,
    steps: Option<tokio::sync::mpsc::Sender<Vec<u8>>>,
    events: Receiver<Event>,
    at_barrier: Cell<bool>,
    handles: Cell<u32>,
    ended: Cell<bool>,
}

impl<I: Interface> Session<I> {
    /// Runs the steps and waits for their outcomes.
    pub(crate) fn steps(&self, mut steps: Vec<I::Step>) -> Result<Vec<I::Outcome>> {
        if !self.at_barrier.replace(true) {
            self.wait()?;
        }
        let count = steps.len();
        steps.push(self.barrier.clone());
        let sender = self.steps.as_ref().context("the session has ended")?;
        let steps = serde_json::to_vec(&steps)?;
        sender.try_send(steps).map_err(|_| anyhow!("the probe is not at its barrier"))?;
        let outcomes = self.wait()?;
        ensure!(outcomes.len() == count, "{count} steps had {} outcomes", outcomes.len());
        Ok(outcomes)
    }

    fn wait(&self) -> Result<Vec<I::Outcome>> {
        match self.events.recv_timeout(HANG) {
            Ok(Event::Barrier(outcomes)) => self.app.outcomes(&outcomes),
            Ok(Event::End(outcome)) => {
                self.ended.set(true);
                bail!("the app ended in the middle: {:#}", outcome.err().context("an early answer")?)
            }
            Err(_) => bail!("the app hangs: no sign of it for {HANG:?}"),
        }
    }

    pub(crate) fn step(&self, step: I::Step) -> Reply<I::Outcome> {
        let what = reply::describe(&step);
        let outcome = self.steps(vec![step])?.pop().context("no outcome")?;
        match I::failure(&outcome)? {
            Some(error) => Err(Problem::Failed { what, error }),
            None => Ok(outcome),
        }
    }

    /// A name for a handle that is new.
    pub(crate) fn handle(&self) -> String {
        self.handles.set(self.handles.get() + 1);
        self.handles.get().to_string()
    }
}

impl<I: Interface> Drop for Session<I> {
    /// Ends the instance, which must not trap on the way out either.
    fn drop(&mut self) {
        self.app.runner.forget(&self.name);
        self.steps = None;
        while !self.ended.get() {
            match self.events.recv_timeout(HANG) {
                Ok(Event::Barrier(_)) => continue,
                Ok(Event::End(Ok(()))) => {}
                Ok(Event::End(Err(error))) => self.app.problem(format!("at the end of the app: {error:#}")),
                Err(_) => self.app.problem(format!("the app did not end within {HANG:?}")),
            }
            self.ended.set(true);
        }
    }
}
