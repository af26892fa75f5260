//! An app of wasi:keyvalue as trials use it.

use anyhow::{Result, anyhow};
use probe::Bytes;
use probe::keyvalue::{Cursor, Draft, Outcome, Step};

use super::Session;
use crate::reply::Reply;

/// No trial has as many keys.
const MOST_PAGES: usize = 100_000;

impl Session {
    pub(crate) fn open(&self, identifier: &str) -> Reply<Bucket<'_>> {
        let (draft, handle) = (self.app.flavor.draft(), self.handle());
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

    /// Many steps, with hardly a stop in between: only so many that a slow service does not seem to hang.
    pub(crate) fn steps(&self, steps: Vec<Step>) -> Result<Vec<Outcome>> {
        let outcomes = steps.chunks(100).map(|steps| self.session.steps(steps.to_vec()));
        Ok(outcomes.collect::<Result<Vec<_>>>()?.concat())
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
