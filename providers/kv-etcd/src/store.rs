//! The operations, in transactions of etcd.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use plugboard_config::{Settings, WasiConfig};
use plugboard_error::{Error, Kind, Result};
use plugboard_http::{Client, Host, Limits, Transport};
use plugboard_keyvalue::{Bucket, Buckets, Page, Room, Snapshot, Store, Swap, behind, contended, sum};

use crate::config::Config;
use crate::keys::Keys;
use crate::session::Session;
use crate::wire::answer::{self, Done, Range};
use crate::wire::{Call, Condition, Op, check, chunks};

#[cfg(test)]
mod tests;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest answer where values are not longer: a page of keys, the values of a batch.
const MAX_ANSWER: u64 = 64 << 20;
/// Keys in one page of a listing.
const PAGE: i64 = 1000;
/// Before a number is read anew that others change as well.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

pub(crate) struct Etcd<T> {
    client: Client<T>,
    session: Session,
    keys: Keys,
    buckets: Buckets,
    /// In seconds.
    ttl: Option<i64>,
    max_request: u64,
}

impl<T: Transport + Host + Default> Etcd<T> {
    fn new(config: Config, transport: T) -> Self {
        let limits = Limits {
            timeout: config.timeout,
            connect_timeout: CONNECT_TIMEOUT,
            // Base64 takes a third more.
            max_answer: config.max_request.saturating_mul(2).max(MAX_ANSWER),
        };
        Etcd {
            client: Client { transport, endpoint: config.endpoint, limits, name: "kv-etcd", log: config.log },
            session: Session::new(config.credentials),
            // A swap has its key three times.
            keys: Keys::new(config.prefix, config.max_request / 4),
            buckets: config.buckets,
            ttl: config.ttl,
            max_request: config.max_request,
        }
    }

    /// Does any number of operations, as many at a time as etcd takes.
    fn in_chunks(&self, ops: &[Op], run: impl Fn(&[Op], Duration) -> Result<Done>) -> Result<Vec<Range>> {
        let chunks = chunks(ops, self.max_request)?;
        let deadline = self.client.deadline();
        let mut ranges = Vec::with_capacity(ops.len());
        let mut room = Room::default();
        for chunk in chunks {
            let done = run(chunk, deadline).map_err(|error| behind(error, ranges.len(), ops.len()))?;
            let values = done.ranges.iter().flat_map(|range| &range.kvs).map(|pair| pair.value().len());
            room.take(values.sum())?;
            ranges.extend(done.ranges);
        }
        Ok(ranges)
    }

    fn run(&self, what: &'static str, ops: &[Op]) -> Result<Vec<Range>> {
        self.in_chunks(ops, |chunk, deadline| self.transact(Call::batch(what, chunk), chunk, &[], deadline))
    }

    fn run_one(&self, what: &'static str, op: Op) -> Result<Range> {
        Ok(self.run(what, &[op])?.pop().unwrap_or_default())
    }

    fn put<'a>(&self, what: &'static str, pairs: impl Iterator<Item = (&'a String, &'a [u8])>) -> Result<()> {
        let puts = pairs.map(|(key, value)| Op::Put { key, value, lease: 0 }).collect::<Vec<_>>();
        let run = |chunk: &[Op], deadline| {
            // It is not given back, whatever the answer is: one before it may have been lost, and the pairs been written.
            let lease = self.grant(deadline)?.id;
            let chunk = chunk.iter().map(|op| op.with_lease(lease)).collect::<Vec<_>>();
            self.transact(Call::batch(what, &chunk), &chunk, &[], deadline)
        };
        self.in_chunks(&puts, run).map(drop)
    }

    /// Writes if the key's last change is still that one; otherwise tells what is there now. Sent once.
    fn replace(&self, what: &'static str, seen: Condition, put: Op, deadline: Duration) -> Result<Swap<i64>> {
        let get = Op::Get { key: seen.key };
        let call = Call::conditional(what, seen, put, get);
        let done = self.transact(call, &[put], &[get], deadline)?;
        Ok(if done.succeeded { Swap::Done } else { Swap::Changed(snapshot_of(done.ranges)) })
    }

    /// Adds to a number until nobody else did in between.
    fn add(&self, key: &str, delta: i64, least: i64, lease: &mut Lease, deadline: Duration) -> Result<i64> {
        // That there is none yet is a guess: if it is wrong, the answer brings the number.
        let mut seen = match delta < least {
            false => Snapshot { value: None, version: 0 },
            true => self.read(key, deadline)?,
        };
        let mut pause = Duration::ZERO;
        loop {
            let sum = sum(seen.value.as_deref(), delta, least)?;
            let value = sum.to_string();
            self.renew(lease, deadline)?;
            let put = Op::Put { key, value: value.as_bytes(), lease: lease.id };
            let condition = Condition { key, revision: seen.version };
            match self.replace("increment", condition, put, deadline)? {
                Swap::Done => return Ok(sum),
                Swap::Changed(now) if pause.is_zero() => {
                    seen = now;
                    pause = FIRST_PAUSE;
                }
                // What the answer brought is old after a pause, and without one all clients meet again at once.
                Swap::Changed(_) => {
                    self.wait(pause, deadline)?;
                    seen = self.read(key, deadline)?;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    fn read(&self, key: &str, deadline: Duration) -> Result<Snapshot<i64>> {
        let get = [Op::Get { key }];
        let done = self.transact(Call::batch("increment", &get), &get, &[], deadline)?;
        Ok(snapshot_of(done.ranges))
    }

    fn wait(&self, pause: Duration, deadline: Duration) -> Result<()> {
        self.client.pause(pause, deadline).then_some(()).ok_or_else(contended)
    }

    fn transact(&self, mut call: Call, then: &[Op], otherwise: &[Op], deadline: Duration) -> Result<Done> {
        let response = self.session.send(&self.client, &mut call, deadline)?;
        let done = answer::done(&response.body, then, otherwise)
            .ok_or_else(|| call.malformed(&self.client.endpoint))?;
        let values = done.ranges.iter().flat_map(|range| &range.kvs).map(|pair| pair.value().len() as u64);
        match values.max().filter(|length| *length > self.max_request) {
            None => Ok(done),
            Some(length) => {
                let (length, max) = (length.to_string(), self.max_request.to_string());
                let sentence = ["the value has ", &length, " bytes, `etcd-max-request` allows ", &max];
                Err(Error::new(Kind::TooLarge, sentence.concat()))
            }
        }
    }

    /// A lease for what is written next, where pairs are to end.
    fn grant(&self, deadline: Duration) -> Result<Lease> {
        let since = self.client.transport.now();
        let Some(ttl) = self.ttl else { return Ok(Lease { id: 0, since }) };
        let mut call = Call::grant(ttl);
        let response = self.session.send(&self.client, &mut call, deadline)?;
        let id = answer::lease(&response.body).ok_or_else(|| call.malformed(&self.client.endpoint))?;
        Ok(Lease { id, since })
    }

    /// Takes another for one that would leave the pair less than half of its time, or be over.
    fn renew(&self, lease: &mut Lease, deadline: Duration) -> Result<()> {
        let passed = self.client.transport.now().saturating_sub(lease.since);
        if self.ttl.is_some_and(|ttl| passed.saturating_mul(2) >= Duration::from_secs(ttl.unsigned_abs())) {
            self.revoke(lease, deadline);
            *lease = self.grant(deadline)?;
        }
        Ok(())
    }

    /// If that fails it ends all the same, in its time.
    fn revoke(&self, lease: &Lease, deadline: Duration) {
        if lease.id != 0 {
            let _ = self.session.send(&self.client, &mut Call::revoke(lease.id), deadline);
        }
    }
}

/// What pairs end with.
struct Lease {
    /// 0 is none.
    id: i64,
    /// On the transport's clock.
    since: Duration,
}

/// Whether it is certain that nothing was written by what is sent once: a lease takes its pair along.
fn wrote_nothing<R>(outcome: &Result<R>) -> bool {
    matches!(outcome, Err(error) if matches!(error.kind, Kind::AccessDenied | Kind::Invalid | Kind::Conflict))
}

impl<T: Transport + Host + Default + 'static> Store for Etcd<T> {
    /// The revision of the last change; 0 where there is no such key.
    type Version = i64;
    type Cursor = String;

    fn configure() -> Result<Self> {
        Ok(Etcd::new(Config::read(&Settings::new("etcd", &WasiConfig))?, T::default()))
    }

    fn buckets(&self) -> &Buckets {
        &self.buckets
    }

    fn tell(&self, why: &Error) {
        self.client.tell(why);
    }

    fn get(&self, bucket: &Bucket, key: &str) -> Result<Option<Vec<u8>>> {
        let key = self.keys.full(bucket, key)?;
        Ok(value_of(self.run_one("get", Op::Get { key: &key })?))
    }

    fn set(&self, bucket: &Bucket, key: &str, value: Vec<u8>) -> Result<()> {
        let key = self.keys.full(bucket, key)?;
        self.put("set", [(&key, value.as_slice())].into_iter())
    }

    fn delete(&self, bucket: &Bucket, key: &str) -> Result<()> {
        let key = self.keys.full(bucket, key)?;
        self.run_one("delete", Op::Delete { key: &key }).map(drop)
    }

    fn exists(&self, bucket: &Bucket, key: &str) -> Result<bool> {
        let key = self.keys.full(bucket, key)?;
        Ok(self.run_one("exists", Op::Has { key: &key })?.count() > 0)
    }

    /// The pages of a listing are all of one revision, that of the first.
    fn list(&self, bucket: &Bucket, after: Option<String>) -> Result<Page<String>> {
        let (revision, from) = match after {
            Some(cursor) => read_cursor(&cursor)?,
            None => (0, Vec::new()),
        };
        let (from, to) = self.keys.range(bucket, &from);
        let deadline = self.client.deadline();
        let mut limit = PAGE;
        let done = loop {
            let page = [Op::Page { from: &from, to: &to, revision, limit }];
            match self.transact(Call::batch("list-keys", &page), &page, &[], deadline) {
                // So many keys as long as these are more than an answer has room for; one never is.
                Err(error) if error.kind == Kind::TooLarge && limit > 1 => limit /= 2,
                done => break done?,
            }
        };
        let revision = if revision == 0 { done.revision } else { revision };
        let range = done.ranges.into_iter().next().unwrap_or_default();
        let last = range.kvs.last().filter(|_| range.more);
        let next = last.and_then(|last| self.keys.behind(bucket, last.key()));
        let keys = range.kvs.iter().filter_map(|pair| self.keys.short(bucket, pair.key()));
        Ok(Page { keys: keys.collect(), next: next.map(|from| write_cursor(revision, &from)) })
    }

    fn increment(&self, bucket: &Bucket, key: &str, delta: i64, least: i64) -> Result<i64> {
        let key = self.keys.full(bucket, key)?;
        let deadline = self.client.deadline();
        let mut lease = self.grant(deadline)?;
        let sum = self.add(&key, delta, least, &mut lease, deadline);
        if wrote_nothing(&sum) {
            self.revoke(&lease, deadline);
        }
        sum
    }

    fn snapshot(&self, bucket: &Bucket, key: &str) -> Result<Snapshot<i64>> {
        let key = self.keys.full(bucket, key)?;
        Ok(snapshot_of(vec![self.run_one("snapshot", Op::Get { key: &key })?]))
    }

    fn swap(&self, bucket: &Bucket, key: &str, seen: &Snapshot<i64>, value: &[u8]) -> Result<Swap<i64>> {
        let key = self.keys.full(bucket, key)?;
        let (key, revision) = (key.as_str(), seen.version);
        let put = Op::Put { key, value, lease: 0 };
        // Its key is in the condition, too, and in what is done otherwise.
        check(&[put, Op::Get { key }, Op::Get { key }], self.max_request)?;
        let deadline = self.client.deadline();
        let lease = self.grant(deadline)?;
        let swap = self.replace("swap", Condition { key, revision }, put.with_lease(lease.id), deadline);
        if matches!(swap, Ok(Swap::Changed(_))) || wrote_nothing(&swap) {
            self.revoke(&lease, deadline);
        }
        swap
    }

    fn get_many(&self, bucket: &Bucket, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>> {
        let keys = self.keys.all(bucket, keys)?;
        let gets = keys.iter().map(|key| Op::Get { key }).collect::<Vec<_>>();
        Ok(self.run("get-many", &gets)?.into_iter().map(value_of).collect())
    }

    fn set_many(&self, bucket: &Bucket, pairs: &[(String, Vec<u8>)]) -> Result<()> {
        let keys = self.keys.all(bucket, pairs.iter().map(|(key, _)| key))?;
        self.put("set-many", keys.iter().zip(pairs.iter().map(|(_, value)| value.as_slice())))
    }

    fn delete_many(&self, bucket: &Bucket, keys: &[String]) -> Result<()> {
        let keys = self.keys.all(bucket, keys)?;
        let deletes = keys.iter().map(|key| Op::Delete { key }).collect::<Vec<_>>();
        self.run("delete-many", &deletes).map(drop)
    }
}

fn value_of(range: Range) -> Option<Vec<u8>> {
    Some(range.kvs.into_iter().next()?.into_value())
}

fn snapshot_of(ranges: Vec<Range>) -> Snapshot<i64> {
    match ranges.into_iter().flat_map(|range| range.kvs).next() {
        Some(pair) => Snapshot { version: pair.revision(), value: Some(pair.into_value()) },
        None => Snapshot { version: 0, value: None },
    }
}

/// The revision that a listing is of, and where it goes on.
fn write_cursor(revision: i64, from: &[u8]) -> String {
    let mut cursor = revision.to_string();
    cursor.push('.');
    BASE64_STANDARD.encode_string(from, &mut cursor);
    cursor
}

fn read_cursor(cursor: &str) -> Result<(i64, Vec<u8>)> {
    let read = || {
        let (revision, from) = cursor.split_once('.')?;
        let revision = revision.parse().ok().filter(|revision: &i64| *revision > 0)?;
        Some((revision, BASE64_STANDARD.decode(from).ok()?))
    };
    read().ok_or_else(|| Error::new(Kind::Invalid, "the cursor is none of a listing"))
}
