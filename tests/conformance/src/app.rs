//! The composed component as trials use it: one instance that does what it is told, call by call.

use std::cell::Cell;
use std::net::SocketAddr;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use probe::{Bytes, Cursor, Draft, Outcome, Step};

use crate::reply::{self, Reply};
use crate::runner::{Event, Runner};
use crate::secrets::Scanner;
use crate::subject::Deployment;

/// Nothing may take longer, whatever is wrong: beyond it a trial says that something hangs.
const HANG: Duration = Duration::from_secs(100);
/// No trial has as many keys.
const MOST_PAGES: usize = 100_000;

/// A served component.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) address: SocketAddr,
    pub(crate) draft: Draft,
    pub(crate) runner: Runner,
    pub(crate) scanner: Arc<Scanner>,
    /// What went wrong where no trial looks; each fails the trial at its end.
    pub(crate) problems: Arc<Mutex<Vec<String>>>,
    pub(crate) deployment: Arc<Deployment>,
}

impl App {
    /// Runs a whole program in an instance of its own. For what is about speed or about many clients; a
    /// [`Session`] reads better.
    pub(crate) fn run(&self, steps: &[Step]) -> Result<Vec<Outcome>> {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(HANG))
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
    fn outcomes(&self, json: &[u8]) -> Result<Vec<Outcome>> {
        self.scanner.scan(json, "what the app answers")?;
        let outcomes: Vec<Outcome> = serde_json::from_slice(json)?;
        reply::check(&outcomes)?;
        Ok(outcomes)
    }

    fn problem(&self, problem: String) {
        self.problems.lock().expect("no panic holds it").push(problem);
    }

    /// An instance that lives until the session is dropped.
    pub(crate) fn session(&self) -> Session {
        let (events, receiver) = mpsc::channel();
        let (name, steps) = self.runner.session(events.clone());
        let app = self.clone();
        let barrier = Step::Barrier { runner: self.runner.address.to_string(), session: name.clone() };
        let program = [barrier.clone()];
        std::thread::spawn(move || events.send(Event::End(app.run(&program))));
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

pub(crate) struct Session {
    app: App,
    name: String,
    barrier: Step,
    steps: Option<tokio::sync::mpsc::Sender<Vec<Step>>>,
    events: Receiver<Event>,
    at_barrier: Cell<bool>,
    handles: Cell<u32>,
    ended: Cell<bool>,
}

impl Session {
    /// Runs the steps and waits for their outcomes.
    pub(crate) fn steps(&self, mut steps: Vec<Step>) -> Result<Vec<Outcome>> {
        if !self.at_barrier.replace(true) {
            self.wait()?;
        }
        let count = steps.len();
        steps.push(self.barrier.clone());
        let sender = self.steps.as_ref().context("the session has ended")?;
        sender.try_send(steps).map_err(|_| anyhow!("the probe is not at its barrier"))?;
        let outcomes = self.wait()?;
        ensure!(outcomes.len() == count, "{count} steps had {} outcomes", outcomes.len());
        Ok(outcomes)
    }

    fn wait(&self) -> Result<Vec<Outcome>> {
        match self.events.recv_timeout(HANG) {
            Ok(Event::Barrier(outcomes)) => self.app.outcomes(&outcomes),
            Ok(Event::End(outcome)) => {
                self.ended.set(true);
                bail!("the app ended in the middle: {:#}", outcome.err().context("an early answer")?)
            }
            Err(_) => bail!("the app hangs: no sign of it for {HANG:?}"),
        }
    }

    fn step(&self, step: Step) -> Reply<Outcome> {
        let what = reply::describe(&step);
        let outcome = self.steps(vec![step])?.pop().context("no outcome")?;
        reply::succeeded(outcome, what)
    }

    fn handle(&self) -> String {
        self.handles.set(self.handles.get() + 1);
        self.handles.get().to_string()
    }

    pub(crate) fn open(&self, identifier: &str) -> Reply<Bucket<'_>> {
        let (draft, handle) = (self.app.draft, self.handle());
        self.step(Step::Open { draft, identifier: identifier.into(), handle: handle.clone() })?;
        Ok(Bucket { session: self, handle })
    }

    /// The same in the other draft, or this one: both are in every component.
    pub(crate) fn open_in(&self, draft: Draft, identifier: &str) -> Reply<Bucket<'_>> {
        let handle = self.handle();
        self.step(Step::Open { draft, identifier: identifier.into(), handle: handle.clone() })?;
        Ok(Bucket { session: self, handle })
    }
}

impl Drop for Session {
    /// Ends the instance, which must not trap on the way out either.
    fn drop(&mut self) {
        self.app.runner.forget(&self.name);
        self.steps = None;
        while !self.ended.get() {
            match self.events.recv_timeout(HANG) {
                Ok(Event::Barrier(_)) => continue,
                Ok(Event::End(Ok(_))) => {}
                Ok(Event::End(Err(error))) => self.app.problem(format!("at the end of the app: {error:#}")),
                Err(_) => self.app.problem(format!("the app did not end within {HANG:?}")),
            }
            self.ended.set(true);
        }
    }
}

pub(crate) struct Bucket<'a> {
    session: &'a Session,
    pub(crate) handle: String,
}

/// One page of a listing.
pub(crate) struct Page {
    pub(crate) keys: Vec<String>,
    pub(crate) cursor: Option<Cursor>,
}

pub(crate) type Pair = (Option<String>, Option<Vec<u8>>);

macro_rules! expect {
    ($outcome:expr, $pattern:pat => $value:expr) => {
        match $outcome {
            $pattern => Ok($value),
            other => Err(anyhow!("an outcome of another kind: {other:?}").into()),
        }
    };
}

impl<'a> Bucket<'a> {
    fn bucket(&self) -> String {
        self.handle.clone()
    }

    /// Many steps without a stop in between.
    pub(crate) fn steps(&self, steps: Vec<Step>) -> Result<Vec<Outcome>> {
        self.session.steps(steps)
    }

    pub(crate) fn get(&self, key: &str) -> Reply<Option<Vec<u8>>> {
        let step = Step::Get { bucket: self.bucket(), key: key.into() };
        expect!(self.session.step(step)?, Outcome::Value(value) => value.map(|value| value.0))
    }

    pub(crate) fn set(&self, key: &str, value: impl Into<Bytes>) -> Reply<()> {
        let step = Step::Set { bucket: self.bucket(), key: key.into(), value: value.into() };
        expect!(self.session.step(step)?, Outcome::Done => ())
    }

    pub(crate) fn delete(&self, key: &str) -> Reply<()> {
        let step = Step::Delete { bucket: self.bucket(), key: key.into() };
        expect!(self.session.step(step)?, Outcome::Done => ())
    }

    pub(crate) fn exists(&self, key: &str) -> Reply<bool> {
        let step = Step::Exists { bucket: self.bucket(), key: key.into() };
        expect!(self.session.step(step)?, Outcome::Exists(exists) => exists)
    }

    pub(crate) fn list(&self, cursor: Option<Cursor>) -> Reply<Page> {
        let step = Step::ListKeys { bucket: self.bucket(), cursor };
        expect!(self.session.step(step)?, Outcome::Keys { keys, cursor } => Page { keys, cursor })
    }

    /// All pages' keys, those twice that are listed twice. `between` is called after each page.
    pub(crate) fn list_all(&self, mut between: impl FnMut() -> Result<()>) -> Reply<Vec<String>> {
        let (mut keys, mut cursor) = (Vec::new(), None);
        for _ in 0..MOST_PAGES {
            let page = self.list(cursor)?;
            keys.extend(page.keys);
            between()?;
            cursor = page.cursor;
            if cursor.is_none() {
                return Ok(keys);
            }
        }
        Err(anyhow!("the listing does not end after {MOST_PAGES} pages").into())
    }

    pub(crate) fn increment(&self, key: &str, delta: i128) -> Reply<i128> {
        let step = Step::Increment { bucket: self.bucket(), key: key.into(), delta };
        expect!(self.session.step(step)?, Outcome::Number(number) => number)
    }

    pub(crate) fn get_many<S: AsRef<str>>(&self, keys: &[S]) -> Reply<Vec<Pair>> {
        let keys = keys.iter().map(|key| key.as_ref().to_owned()).collect();
        let pairs = self.session.step(Step::GetMany { bucket: self.bucket(), keys })?;
        expect!(pairs, Outcome::Pairs(pairs) => {
            pairs.into_iter().map(|(key, value)| (key, value.map(|value| value.0))).collect()
        })
    }

    pub(crate) fn set_many<S: AsRef<str>, V: AsRef<[u8]>>(&self, pairs: &[(S, V)]) -> Reply<()> {
        let pairs =
            pairs.iter().map(|(key, value)| (key.as_ref().to_owned(), value.as_ref().into())).collect();
        let step = Step::SetMany { bucket: self.bucket(), pairs };
        expect!(self.session.step(step)?, Outcome::Done => ())
    }

    pub(crate) fn delete_many<S: AsRef<str>>(&self, keys: &[S]) -> Reply<()> {
        let keys = keys.iter().map(|key| key.as_ref().to_owned()).collect();
        let step = Step::DeleteMany { bucket: self.bucket(), keys };
        expect!(self.session.step(step)?, Outcome::Done => ())
    }

    pub(crate) fn cas(&self, key: &str) -> Reply<Cas<'a>> {
        let handle = self.session.handle();
        self.session.step(Step::CasNew { bucket: self.bucket(), key: key.into(), handle: handle.clone() })?;
        Ok(Cas { session: self.session, handle })
    }

    /// Drops the handle in the app.
    pub(crate) fn close(self) -> Reply<()> {
        expect!(self.session.step(Step::Drop { handle: self.handle })?, Outcome::Done => ())
    }
}

pub(crate) struct Cas<'a> {
    session: &'a Session,
    handle: String,
}

impl<'a> Cas<'a> {
    pub(crate) fn current(&self) -> Reply<Option<Vec<u8>>> {
        let step = Step::CasCurrent { cas: self.handle.clone() };
        expect!(self.session.step(step)?, Outcome::Value(value) => value.map(|value| value.0))
    }

    /// The fresh handle if another writer was faster.
    pub(crate) fn swap(self, value: impl Into<Bytes>) -> Reply<Option<Cas<'a>>> {
        let failed = self.session.handle();
        let step = Step::CasSwap { cas: self.handle, value: value.into(), failed: failed.clone() };
        match self.session.step(step)? {
            Outcome::Done => Ok(None),
            Outcome::CasFailed => Ok(Some(Cas { session: self.session, handle: failed })),
            other => Err(anyhow!("an outcome of another kind: {other:?}").into()),
        }
    }

    pub(crate) fn close(self) -> Reply<()> {
        expect!(self.session.step(Step::Drop { handle: self.handle })?, Outcome::Done => ())
    }
}
