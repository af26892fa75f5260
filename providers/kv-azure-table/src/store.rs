//! The operations, in those of the service.

use std::time::Duration;

use plugboard_config::{Settings, WasiConfig};
use plugboard_credentials::azure::Signer;
use plugboard_error::{Error, Kind, Result};
use plugboard_http::{Client, Host, Limits, Request, Response, Transport};
use plugboard_keyvalue::{Bucket, Buckets, Page, Room, Snapshot, Store, Swap, behind, contended, sum};

use crate::config::Config;
use crate::keys::{Keys, Place};
use crate::wire::{self, Batch, Table};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// An entity has 1 MiB, which JSON may make six of; a page of the longest keys has as much.
const MAX_ANSWER: u64 = 8 << 20;
/// Reads and deletions under way at the same time.
const WIDTH: usize = 16;
/// Before a number is read anew that others change as well. Between reading and writing it another client's writing is
/// enough, so that many clients have to get out of each other's way.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

pub(crate) struct Tables<T> {
    client: Client<T>,
    signer: Signer<T>,
    table: Table,
    keys: Keys,
    buckets: Buckets,
}

/// Of an entity, if there is one.
type Etag = Option<String>;

impl<T: Transport + Host + Default> Tables<T> {
    fn new(config: Config) -> Self {
        let limits =
            Limits { timeout: config.timeout, connect_timeout: CONNECT_TIMEOUT, max_answer: MAX_ANSWER };
        let (name, log) = ("kv-azure-table", config.log);
        let client = |endpoint| Client { transport: T::default(), endpoint, limits, name, log };
        Tables {
            client: client(config.access.endpoint.clone()),
            signer: Signer::new(config.access, client),
            table: Table { name: config.name },
            keys: Keys::new(config.prefix),
            buckets: config.buckets,
        }
    }
}

impl<T: Transport + Host> Tables<T> {
    fn call(&self, request: Request) -> Result<Response> {
        self.call_by(request, self.client.deadline())
    }

    /// Sends a request, and gives the answer if it is a success.
    fn call_by(&self, mut request: Request, deadline: Duration) -> Result<Response> {
        self.signer.sign(&self.client, &mut request, deadline)?;
        let response = self.send(&request, deadline)?;
        self.settle(request, response, deadline)
    }

    fn send(&self, request: &Request, deadline: Duration) -> Result<Response> {
        let said = |response: &Response| wire::said(&self.client.endpoint, request, response);
        self.client.send_as(request, deadline, &said)
    }

    /// The same for many of them, with the answers in their order.
    fn call_each(
        &self,
        requests: impl Iterator<Item = Request>,
        deadline: Duration,
        mut take: impl FnMut(Result<Response>) -> Result<()>,
    ) -> Result<()> {
        let signed = requests.map(|mut request| {
            self.signer.sign(&self.client, &mut request, deadline)?;
            Ok(request)
        });
        self.client.send_each(signed, WIDTH, deadline, |request, response| {
            take(self.settle(request, response, deadline))
        })
    }

    /// Makes of an answer a success or an error, after another try where the refusal can be mended.
    fn settle(&self, mut request: Request, mut response: Response, deadline: Duration) -> Result<Response> {
        if self.signer.mend(&self.client, &response) {
            self.signer.sign(&self.client, &mut request, deadline)?;
            response = self.send(&request, deadline)?;
        }
        match response.is_success() && wire::is_of_service(&response) {
            true => Ok(response),
            false => Err(self.refusal(&request, &response)),
        }
    }

    fn refusal(&self, request: &Request, response: &Response) -> Error {
        if response.is_success() {
            return self.senseless(request);
        }
        let mut error = wire::error_of(&self.client.endpoint, request, response);
        if error.kind == Kind::AccessDenied {
            error.sentence.push_str(self.signer.shown());
        }
        error
    }

    fn senseless(&self, request: &Request) -> Error {
        let (authority, what) = (&self.client.endpoint.authority, request.what);
        request.resend.malformed(what, ["`", authority, "` answered ", what, " with something else"].concat())
    }

    fn read(&self, place: &Place, deadline: Duration) -> Result<Snapshot<Etag>> {
        self.read_from(place, self.call_by(self.table.get(place), deadline))
    }

    fn read_from(&self, place: &Place, answer: Result<Response>) -> Result<Snapshot<Etag>> {
        let response = match answer {
            Err(error) if error.kind == Kind::NoSuchObject => {
                return Ok(Snapshot { value: None, version: None });
            }
            answer => answer?,
        };
        match (wire::value(&response.body), wire::etag(&response)) {
            (Some(value), Some(etag)) => Ok(Snapshot { value: Some(value), version: Some(etag) }),
            _ => Err(self.senseless(&self.table.get(place))),
        }
    }

    /// Writes if the entity is still the one of that etag, or still not there. Sent once. False if it is not.
    fn replace(&self, place: &Place, seen: &Etag, value: &[u8], deadline: Duration) -> Result<bool> {
        let request = match seen {
            Some(etag) => self.table.update(place, value, etag),
            None => self.table.insert(place, value),
        };
        match self.call_by(request, deadline) {
            Err(error) if matches!(error.kind, Kind::Conflict | Kind::NoSuchObject) => Ok(false),
            outcome => outcome.map(|_| true),
        }
    }

    fn wait(&self, pause: Duration, deadline: Duration) -> Result<()> {
        self.client.pause(pause, deadline).then_some(()).ok_or_else(contended)
    }

    /// Makes changes, as many at a time as fit into a request. `refused` has another try at those of a request that the
    /// service refuses.
    fn change_all(
        &self,
        places: &[Place],
        change: impl Fn(usize, &Place) -> String,
        refused: impl Fn(Error, &[Place], Duration) -> Result<()>,
    ) -> Result<()> {
        let deadline = self.client.deadline();
        let mut done = 0;
        let mut send = |batch: &mut Batch| {
            let count = batch.count();
            let outcome = self.send_batch(std::mem::take(batch), deadline);
            let some = places.get(done..done + count).unwrap_or_default();
            outcome
                .or_else(|error| refused(error, some, deadline))
                .map_err(|error| behind(error, done, places.len()))?;
            done += count;
            Ok(())
        };
        let mut batch = Batch::default();
        for (number, place) in places.iter().enumerate() {
            if let Err(change) = batch.add(change(number, place)) {
                send(&mut batch)?;
                // An empty one takes any.
                let _ = batch.add(change);
            }
        }
        send(&mut batch)
    }

    fn send_batch(&self, batch: Batch, deadline: Duration) -> Result<()> {
        let count = batch.count();
        let request = self.table.batch(batch);
        // What it was is for sentences; its body is not kept for them.
        let told = Request { body: Vec::new().into(), ..request.clone() };
        let response = self.call_by(request, deadline)?;
        match wire::outcome(&response, count) {
            Some(outcome) if outcome.is_success() => Ok(()),
            Some(outcome) => Err(self.refusal(&told, &outcome)),
            None => Err(self.senseless(&told)),
        }
    }

    /// One by one, as a single entity that is missing keeps a batch from happening.
    fn delete_each(&self, places: &[Place], deadline: Duration) -> Result<()> {
        let requests = places.iter().map(|place| self.table.delete(place));
        self.call_each(requests, deadline, |answer| missing_is_fine(answer.map(drop)))
    }
}

fn missing_is_fine(outcome: Result<()>) -> Result<()> {
    outcome.or_else(|error| if error.kind == Kind::NoSuchObject { Ok(()) } else { Err(error) })
}

/// The error of an operation that goes by what is there in no way, so that nothing can be missing or in its way.
fn senseless_refusal(error: Error) -> Error {
    match error.kind {
        Kind::NoSuchObject | Kind::Conflict => Error { kind: Kind::Protocol, ..error },
        _ => error,
    }
}

fn check_size(value: &[u8]) -> Result<()> {
    if value.len() <= wire::LARGEST {
        return Ok(());
    }
    let (length, largest) = (value.len().to_string(), wire::LARGEST.to_string());
    let sentence = ["the value has ", &length, " bytes, an entity takes ", &largest];
    Err(Error::new(Kind::TooLarge, sentence.concat()))
}

impl<T: Transport + Host + Default + 'static> Store for Tables<T> {
    type Version = Etag;
    /// Two words of the service's.
    type Cursor = String;

    fn configure() -> Result<Self> {
        Ok(Tables::new(Config::read(&Settings::new("azure-table", &WasiConfig))?))
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
        let place = self.keys.place(bucket, key)?;
        check_size(&value)?;
        self.call(self.table.put(&place, &value)).map(drop).map_err(senseless_refusal)
    }

    fn delete(&self, bucket: &Bucket, key: &str) -> Result<()> {
        let place = self.keys.place(bucket, key)?;
        missing_is_fine(self.call(self.table.delete(&place)).map(drop))
    }

    fn exists(&self, bucket: &Bucket, key: &str) -> Result<bool> {
        let request = self.table.look(&self.keys.place(bucket, key)?);
        match self.call(request) {
            Err(error) if error.kind == Kind::NoSuchObject => Ok(false),
            answer => answer.map(|_| true),
        }
    }

    fn list(&self, bucket: &Bucket, after: Option<String>) -> Result<Page<String>> {
        let lead = self.keys.lead(bucket);
        let request = || self.table.list(&self.keys.partition(bucket), &lead, after.as_deref());
        let response = self.call(request()).map_err(senseless_refusal)?;
        let (rows, next) = wire::page(&response).ok_or_else(|| self.senseless(&request()))?;
        // They are in order, so that behind one without the lead there is none with it.
        let ended = rows.last().is_some_and(|row| !row.starts_with(&lead));
        let keys = rows.iter().filter_map(|row| self.keys.key(bucket, row)).collect();
        Ok(Page { keys, next: next.filter(|_| !ended) })
    }

    /// The service does not add, so that a number is read and replaced until nobody else did in between.
    fn increment(&self, bucket: &Bucket, key: &str, delta: i64, least: i64) -> Result<i64> {
        let place = self.keys.place(bucket, key)?;
        let deadline = self.client.deadline();
        let mut pause = FIRST_PAUSE;
        loop {
            let seen = self.read(&place, deadline)?;
            let sum = sum(seen.value.as_deref(), delta, least)?;
            if self.replace(&place, &seen.version, sum.to_string().as_bytes(), deadline)? {
                return Ok(sum);
            }
            self.wait(pause, deadline)?;
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }

    fn snapshot(&self, bucket: &Bucket, key: &str) -> Result<Snapshot<Etag>> {
        self.read(&self.keys.place(bucket, key)?, self.client.deadline())
    }

    fn swap(&self, bucket: &Bucket, key: &str, seen: &Snapshot<Etag>, value: &[u8]) -> Result<Swap<Etag>> {
        let place = self.keys.place(bucket, key)?;
        check_size(value)?;
        let deadline = self.client.deadline();
        match self.replace(&place, &seen.version, value, deadline)? {
            true => Ok(Swap::Done),
            false => Ok(Swap::Changed(self.read(&place, deadline)?)),
        }
    }

    /// Each in a request of its own: the service's request for many takes one that reads, and a filter with many keys
    /// makes it look through the partition.
    fn get_many(&self, bucket: &Bucket, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>> {
        let places = self.keys.all(bucket, keys)?;
        let mut values = Vec::with_capacity(places.len());
        let mut asked = places.iter();
        let mut room = Room::default();
        let requests = places.iter().map(|place| self.table.get(place));
        self.call_each(requests, self.client.deadline(), |answer| {
            if let Some(place) = asked.next() {
                let value = self.read_from(place, answer)?.value;
                room.take(value.as_ref().map_or(0, Vec::len))?;
                values.push(value);
            }
            Ok(())
        })?;
        Ok(values)
    }

    fn set_many(&self, bucket: &Bucket, pairs: &[(String, Vec<u8>)]) -> Result<()> {
        let places = self.keys.all(bucket, pairs.iter().map(|(key, _)| key))?;
        pairs.iter().try_for_each(|(_, value)| check_size(value))?;
        let put = |number: usize, place: &Place| {
            let value = pairs.get(number).map(|(_, value)| value.as_slice()).unwrap_or_default();
            self.table.put_in_batch(&self.client.endpoint, place, value)
        };
        self.change_all(&places, put, |error, _, _| Err(senseless_refusal(error)))
    }

    fn delete_many(&self, bucket: &Bucket, keys: &[String]) -> Result<()> {
        let places = self.keys.all(bucket, keys)?;
        let delete = |_, place: &Place| self.table.delete_in_batch(&self.client.endpoint, place);
        self.change_all(&places, delete, |error, some, deadline| match error.kind {
            Kind::NoSuchObject if some.len() == 1 => Ok(()),
            Kind::NoSuchObject => self.delete_each(some, deadline),
            _ => Err(error),
        })
    }
}

#[cfg(test)]
mod tests;
