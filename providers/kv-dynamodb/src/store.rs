//! The operations, in those of the service.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use plugboard_config::{Settings, WasiConfig};
use plugboard_credentials::aws::{Payload, Signer};
use plugboard_error::{Error, Kind, Result};
use plugboard_http::{Client, Host, Limits, Request, Response, Said, Transport};
use plugboard_keyvalue::{Bucket, Buckets, Page, Room, Snapshot, Store, Swap, behind, contended, sum};

use crate::config::Config;
use crate::places::{Place, Places};
use crate::wire::{self, Attribute, Item, Seen, Stamp};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The items of a batch have 16 MiB at most, which base64 makes a third longer.
const MAX_ANSWER: u64 = 32 << 20;
/// docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html: of an item, of what a transaction
/// writes, and of the items in one request.
const LARGEST_ITEM: usize = 400 << 10;
const LARGEST_TRANSACTION: usize = 4 << 20;
const BATCH: usize = 100;
/// Until what was left of a batch is asked for again, for the first time.
const PAUSE: Duration = Duration::from_millis(50);
/// How often an addition begins anew, as others were faster to replace a number that had ended.
const TRIES: usize = 5;

pub(crate) struct Dynamo<T> {
    client: Client<T>,
    signer: Signer<T>,
    places: Places,
    buckets: Buckets,
    ttl: Option<Duration>,
}

impl<T: Transport + Host + Default> Dynamo<T> {
    fn new(config: Config) -> Self {
        let limits =
            Limits { timeout: config.timeout, connect_timeout: CONNECT_TIMEOUT, max_answer: MAX_ANSWER };
        let (name, log) = ("kv-dynamodb", config.log);
        let client = |endpoint| Client { transport: T::default(), endpoint, limits, name, log };
        Dynamo {
            signer: Signer::new(config.access, "dynamodb", client),
            client: client(config.endpoint),
            places: config.places,
            buckets: config.buckets,
            ttl: config.ttl,
        }
    }
}

impl<T: Transport + Host> Dynamo<T> {
    fn run(&self, request: &mut Request) -> Result<Response> {
        self.run_by(request, self.client.deadline())
    }

    /// The answer: a success, or the refusal of a condition.
    fn run_by(&self, request: &mut Request, deadline: Duration) -> Result<Response> {
        let response = self.send(request, deadline)?;
        let Some(error) = self.error_of(request, &response) else { return Ok(response) };
        // What is not let in has done nothing, so this is no second time.
        let denied = error.kind == Kind::AccessDenied;
        if !denied || !self.signer.mend(&response, wire::code(&response).as_deref()) {
            return Err(error);
        }
        let response = self.send(request, deadline)?;
        self.error_of(request, &response).map_or(Ok(response), Err)
    }

    fn send(&self, request: &mut Request, deadline: Duration) -> Result<Response> {
        let endpoint = &self.client.endpoint;
        self.signer.sign(endpoint, request, Payload::Signed, deadline)?;
        let busy = |response: &Response| wire::busy(endpoint, request, response).map(Said::Busy);
        self.client.send_as(request, deadline, &busy)
    }

    fn error_of(&self, request: &Request, response: &Response) -> Option<Error> {
        if wire::is_condition(response) {
            return None;
        }
        if response.is_success() {
            return (!wire::is_of_service(response)).then(|| self.senseless(request));
        }
        let mut error = wire::error_of(&self.client.endpoint, request, response);
        match error.kind {
            Kind::AccessDenied => error.sentence.push_str(self.signer.shown()),
            Kind::NoSuchStore => {
                error.sentence.extend(wire::table(request).map(|table| [": `", &table, "`"].concat()))
            }
            _ => {}
        }
        Some(error)
    }

    fn senseless(&self, request: &Request) -> Error {
        let authority = &self.client.endpoint.authority;
        let what = request.what;
        request.resend.malformed(what, format!("`{authority}` answered {what} with something else"))
    }

    /// What `read` makes of a success.
    fn ask<R>(&self, mut request: Request, deadline: Duration, read: fn(&[u8]) -> Option<R>) -> Result<R> {
        let response = self.run_by(&mut request, deadline)?;
        self.read(&request, read(&response.body))
    }

    fn read<R>(&self, request: &Request, read: Option<R>) -> Result<R> {
        read.ok_or_else(|| self.senseless(request))
    }

    /// Seconds since the Unix epoch.
    fn now(&self) -> u64 {
        self.client.transport.wall_clock().as_secs()
    }

    fn stamp(&self) -> Stamp {
        let now = self.client.transport.wall_clock();
        let ends = self.ttl.map(|ttl| {
            let end = now.saturating_add(ttl);
            end.as_secs().saturating_add(u64::from(end.subsec_nanos() > 0))
        });
        Stamp { version: self.client.transport.random().to_be_bytes(), now: now.as_secs(), ends }
    }

    fn token(&self) -> String {
        let [one, two] = [(); 2].map(|()| self.client.transport.random());
        format!("{one:016x}{two:016x}")
    }

    fn pause(&self, pause: Duration, deadline: Duration) -> Result<()> {
        let late = || {
            let authority = &self.client.endpoint.authority;
            let sentence = format!("`{authority}` has left out a part of the batch to the end");
            Error::new(Kind::Unavailable, sentence)
        };
        self.client.pause(pause, deadline).then_some(()).ok_or_else(late)
    }

    fn is_over(&self, item: &Item) -> bool {
        item.ends.is_some_and(|end| end <= self.now())
    }

    /// The item as an app may see it: none where it has ended.
    fn snapshot_of(&self, item: Option<Item>) -> Result<Snapshot<Option<Seen>>> {
        let Some(item) = item.filter(|item| !self.is_over(item)) else {
            return Ok(Snapshot { value: None, version: None });
        };
        let value = item.value.ok_or_else(not_plain)?;
        let seen = Seen { value: value.clone(), version: item.version };
        Ok(Snapshot { value: Some(value.into_value()), version: Some(seen) })
    }

    /// Writes on no other condition than that the table is one of the layout.
    fn write(&self, mut request: Request, deadline: Duration) -> Result<()> {
        let response = self.run_by(&mut request, deadline)?;
        match wire::is_condition(&response) {
            true => Err(wire::error_of(&self.client.endpoint, &request, &response)),
            false => Ok(()),
        }
    }

    /// Writes in as many requests as it takes, each of which happens as a whole.
    fn write_all<I>(
        &self,
        items: &[I],
        size: impl Fn(&I) -> usize,
        request: impl Fn(&[I]) -> Request,
    ) -> Result<()> {
        let deadline = self.client.deadline();
        let mut rest = items;
        while !rest.is_empty() {
            let (batch, after) = split(rest, &size);
            let done = items.len() - rest.len();
            self.write(request(batch), deadline).map_err(|error| behind(error, done, items.len()))?;
            rest = after;
        }
        Ok(())
    }
}

/// As many of the items as fit into a request, and the others.
fn split<I>(items: &[I], size: impl Fn(&I) -> usize) -> (&[I], &[I]) {
    let mut room = LARGEST_TRANSACTION;
    let fits = |item: &&I| {
        let left = room.checked_sub(size(item));
        room = left.unwrap_or(0);
        left.is_some()
    };
    let count = items.iter().take(BATCH).take_while(fits).count().max(1);
    items.split_at_checked(count).unwrap_or((items, &[]))
}

fn not_plain() -> Error {
    Error::new(Kind::Invalid, "the item's attribute `v` is no string, no number and no bytes")
}

fn check_size(place: &Place, key: &str, value: &[u8]) -> Result<()> {
    let size = wire::size(place, key, value);
    if size <= LARGEST_ITEM {
        return Ok(());
    }
    let sentence =
        format!("the key and the value make an item of {size} bytes, the service allows {LARGEST_ITEM}");
    Err(Error::new(Kind::TooLarge, sentence))
}

impl<T: Transport + Host + Default + 'static> Store for Dynamo<T> {
    /// What was there, if anything.
    type Version = Option<Seen>;
    /// The last key that was looked at, as the table has it.
    type Cursor = String;

    fn configure() -> Result<Self> {
        Ok(Dynamo::new(Config::read(&Settings::new("dynamodb", &WasiConfig))?))
    }

    fn buckets(&self) -> &Buckets {
        &self.buckets
    }

    fn tell(&self, why: &Error) {
        self.client.tell(why);
    }

    fn get(&self, bucket: &Bucket, key: &str) -> Result<Option<Vec<u8>>> {
        Ok(self.snapshot(bucket, key)?.value)
    }

    fn set(&self, bucket: &Bucket, key: &str, value: Vec<u8>) -> Result<()> {
        let place = self.places.of(bucket)?;
        let key = place.full(key)?;
        check_size(&place, &key, &value)?;
        self.write(wire::put(&place, &key, &value, &self.stamp()), self.client.deadline())
    }

    fn delete(&self, bucket: &Bucket, key: &str) -> Result<()> {
        let place = self.places.of(bucket)?;
        self.run(&mut wire::delete(&place, &place.full(key)?)).map(drop)
    }

    fn exists(&self, bucket: &Bucket, key: &str) -> Result<bool> {
        let place = self.places.of(bucket)?;
        let request = wire::exists(&place, &place.full(key)?, self.now());
        Ok(self.ask(request, self.client.deadline(), wire::count)? > 0)
    }

    fn list(&self, bucket: &Bucket, after: Option<String>) -> Result<Page<String>> {
        let place = self.places.of(bucket)?;
        // The service would refuse to begin where a query cannot come by.
        if after
            .as_ref()
            .is_some_and(|key| key.is_empty() || place.partition.is_some() && place.short(key).is_none())
        {
            return Err(Error::new(Kind::Invalid, "the cursor is not one of this listing"));
        }
        let request = wire::list(&place, after.as_deref(), self.now());
        let page = self.ask(request, self.client.deadline(), wire::page)?;
        Ok(Page { keys: page.keys.iter().filter_map(|key| place.short(key)).collect(), next: page.next })
    }

    fn increment(&self, bucket: &Bucket, key: &str, delta: i64, least: i64) -> Result<i64> {
        let deadline = self.client.deadline();
        let place = self.places.of(bucket)?;
        let key = place.full(key)?;
        for _ in 0..TRIES {
            let stamp = self.stamp();
            let mut request = wire::add(&place, &key, delta, least, &stamp);
            let response = self.run_by(&mut request, deadline)?;
            if response.is_success() {
                return match self.read(&request, wire::sum(&response.body))? {
                    Attribute::N(digits) => digits.parse().map_err(|_| fraction()),
                    _ => Err(self.senseless(&request)),
                };
            }
            match self.read(&request, wire::item(&response.body))? {
                Some(item) if !self.is_over(&item) => return Err(no_addition(item, delta, least)),
                // What has ended counts as 0, and cannot be added to in the same request.
                _ => {
                    let first = sum(None, delta, least)?;
                    let value = first.to_string();
                    let mut request = wire::swap(&place, &key, None, value.as_bytes(), &stamp);
                    if self.run_by(&mut request, deadline)?.is_success() {
                        return Ok(first);
                    }
                }
            }
        }
        Err(contended())
    }

    fn snapshot(&self, bucket: &Bucket, key: &str) -> Result<Snapshot<Option<Seen>>> {
        let place = self.places.of(bucket)?;
        let request = wire::get(&place, &place.full(key)?);
        self.snapshot_of(self.ask(request, self.client.deadline(), wire::item)?)
    }

    fn swap(
        &self,
        bucket: &Bucket,
        key: &str,
        seen: &Snapshot<Option<Seen>>,
        value: &[u8],
    ) -> Result<Swap<Option<Seen>>> {
        let place = self.places.of(bucket)?;
        let key = place.full(key)?;
        check_size(&place, &key, value)?;
        let mut request = wire::swap(&place, &key, seen.version.as_ref(), value, &self.stamp());
        let response = self.run(&mut request)?;
        if response.is_success() {
            return Ok(Swap::Done);
        }
        Ok(Swap::Changed(self.snapshot_of(self.read(&request, wire::item(&response.body))?)?))
    }

    fn get_many(&self, bucket: &Bucket, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>> {
        let deadline = self.client.deadline();
        let place = self.places.of(bucket)?;
        let full = place.all(keys)?;
        // The service refuses a key that comes twice.
        let mut left = BTreeSet::new();
        left.extend(full.iter().cloned());
        let mut values = BTreeMap::new();
        let mut room = Room::default();
        let mut pause = PAUSE;
        while !left.is_empty() {
            let batch = std::iter::from_fn(|| left.pop_first()).take(BATCH).collect::<Vec<_>>();
            let (items, unprocessed) = self.ask(wire::get_many(&place, &batch), deadline, wire::many)?;
            for item in items.into_iter().filter(|item| !self.is_over(item)) {
                let value = item.value.ok_or_else(not_plain)?.into_value();
                room.take(value.len())?;
                values.insert(item.key, value);
            }
            // An answer has room for 1 MiB of a partition; but the table may also have been asked enough for now.
            if unprocessed.len() < batch.len() {
                pause = PAUSE;
            } else {
                self.pause(pause, deadline)?;
                pause = pause.saturating_mul(2);
            }
            left.extend(unprocessed);
        }
        let mut room = Room::default();
        full.iter()
            .map(|key| {
                let value = values.get(key);
                room.take(value.map_or(0, Vec::len))?;
                Ok(value.cloned())
            })
            .collect()
    }

    fn set_many(&self, bucket: &Bucket, pairs: &[(String, Vec<u8>)]) -> Result<()> {
        let place = self.places.of(bucket)?;
        let full = place.all(pairs.iter().map(|(key, _)| key))?;
        let pairs = full.iter().zip(pairs).map(|(key, (_, value))| (key.as_str(), value.as_slice()));
        let pairs = pairs.collect::<Vec<_>>();
        for (key, value) in &pairs {
            check_size(&place, key, value)?;
        }
        let stamp = self.stamp();
        let size = |(key, value): &(&str, &[u8])| wire::size(&place, key, value);
        self.write_all(&pairs, size, |batch| match batch {
            // A transaction costs twice as much.
            [(key, value)] => wire::put(&place, key, value, &stamp),
            batch => wire::set_many(&place, batch, &stamp, self.token()),
        })
    }

    fn delete_many(&self, bucket: &Bucket, keys: &[String]) -> Result<()> {
        let place = self.places.of(bucket)?;
        let full = place.all(keys)?;
        self.write_all(
            &full,
            |_| 0,
            |batch| match batch {
                [key] => wire::delete(&place, key),
                batch => wire::delete_many(&place, batch, self.token()),
            },
        )
    }
}

fn no_addition(item: Item, delta: i64, least: i64) -> Error {
    let Some(value) = item.value else { return not_plain() };
    match sum(Some(&value.into_value()), delta, least) {
        Err(error) => error,
        // Only another client can have written it so.
        Ok(_) => {
            Error::new(Kind::Invalid, "the value reads as a number, but its attribute `v` is of another type")
        }
    }
}

/// Only another client can have written such a number; no condition can tell it.
fn fraction() -> Error {
    Error::new(Kind::Ambiguous, "the number is no whole one, and was added to")
}

#[cfg(test)]
mod tests;
