//! The operations, in Redis commands.

use std::borrow::Cow;
use std::time::Duration;

use plugboard_config::{Settings, WasiConfig};
use plugboard_error::{Error, Kind, Result};
use plugboard_http::{Client, Host, Limits, Transport};
use plugboard_keyvalue::{Bucket, Buckets, Page, Snapshot, Store, Swap};

use crate::config::Config;
use crate::keys;
use crate::scripts;
use crate::wire::{Command, Reply, Script, Wire};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

pub(crate) struct Redis<T> {
    client: Client<T>,
    wire: Wire,
    keys: keys::Keys,
    buckets: Buckets,
    /// Milliseconds in decimal.
    ttl: Option<String>,
}

impl<T: Transport + Host + Default> Redis<T> {
    fn new(config: Config, transport: T) -> Self {
        let limits = Limits {
            timeout: config.timeout,
            connect_timeout: CONNECT_TIMEOUT,
            // What may be sent may come back, and then some for the protocol around it.
            max_answer: config.max_request,
        };
        Redis {
            client: Client {
                transport,
                endpoint: config.endpoint,
                limits,
                log: config.log.then_some("kv-redis"),
            },
            wire: Wire::new(config.dialect, config.authorization, config.max_request),
            keys: keys::Keys::new(config.prefix),
            buckets: config.buckets,
            ttl: config.ttl.map(|ttl| ttl.as_millis().to_string()),
        }
    }

    fn run(&self, command: &Command) -> Result<Reply> {
        let response = self.client.send(&self.wire.encode(command)?)?;
        self.wire.decode(&self.client.endpoint, response)
    }

    /// Runs a script and gives its strings.
    fn eval(
        &self,
        script: &'static Script,
        keys: &[String],
        arguments: &[Cow<[u8]>],
    ) -> Result<Vec<Vec<u8>>> {
        let Reply::List(items) = self.run(&Command::Eval { script, keys, arguments })? else {
            return Err(self.unexpected(script.what));
        };
        let strings = items.into_iter().map(|item| match item {
            Reply::Text(text) => Ok(text),
            _ => Err(self.unexpected(script.what)),
        });
        strings.collect()
    }

    fn ttl(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(self.ttl.as_deref().unwrap_or_default().as_bytes())
    }

    fn unexpected(&self, what: &str) -> Error {
        let authority = &self.client.endpoint.authority;
        Error::new(Kind::Protocol, format!("`{authority}` answered {what} with another type than Redis does"))
    }
}

impl<T: Transport + Host + Default + 'static> Store for Redis<T> {
    /// Redis has no version of a value, so values are compared.
    type Version = ();

    fn configure() -> Result<Self> {
        Ok(Redis::new(Config::read(&Settings::new("redis", &WasiConfig))?, T::default()))
    }

    fn buckets(&self) -> &Buckets {
        &self.buckets
    }

    fn get(&self, bucket: &Bucket, key: &str) -> Result<Option<Vec<u8>>> {
        match self.run(&Command::Get { key: &self.keys.full(bucket, key)? })? {
            Reply::Nil => Ok(None),
            Reply::Text(value) => Ok(Some(value)),
            _ => Err(self.unexpected("GET")),
        }
    }

    fn set(&self, bucket: &Bucket, key: &str, value: Vec<u8>) -> Result<()> {
        let key = self.keys.full(bucket, key)?;
        match self.run(&Command::Set { key: &key, value: &value, ttl: self.ttl.as_deref() })? {
            Reply::Text(ok) if ok == b"OK" => Ok(()),
            _ => Err(self.unexpected("SET")),
        }
    }

    fn delete(&self, bucket: &Bucket, key: &str) -> Result<()> {
        self.delete_many(bucket, &[key.to_owned()])
    }

    /// By the type, as `list` and `get` see plain values only.
    fn exists(&self, bucket: &Bucket, key: &str) -> Result<bool> {
        match self.run(&Command::Type { key: &self.keys.full(bucket, key)? })? {
            Reply::Text(name) => Ok(name == b"string"),
            _ => Err(self.unexpected("TYPE")),
        }
    }

    fn list(&self, bucket: &Bucket, after: Option<u64>) -> Result<Page> {
        let cursor = after.unwrap_or(0).to_string().into_bytes();
        let arguments = [Cow::Owned(cursor), Cow::Owned(self.keys.pattern(bucket).into_bytes())];
        let mut strings = self.eval(&scripts::LIST, &[], &arguments)?.into_iter();
        let next = strings.next().and_then(|text| String::from_utf8(text).ok()?.parse().ok());
        let next: u64 = next.ok_or_else(|| self.unexpected(scripts::LIST.what))?;
        let keys = strings.filter_map(|full| self.keys.short(bucket, String::from_utf8(full).ok()?));
        Ok(Page { keys: keys.collect(), next: (next != 0).then_some(next) })
    }

    fn increment(&self, bucket: &Bucket, key: &str, delta: i64, least: i64) -> Result<i64> {
        let keys = [self.keys.full(bucket, key)?];
        let number = |n: i64| Cow::Owned(n.to_string().into_bytes());
        let sum = self.eval(&scripts::INCREMENT, &keys, &[number(delta), number(least), self.ttl()])?;
        let sum = sum.into_iter().next().and_then(|text| String::from_utf8(text).ok()?.parse().ok());
        sum.ok_or_else(|| self.unexpected(scripts::INCREMENT.what))
    }

    fn snapshot(&self, bucket: &Bucket, key: &str) -> Result<Snapshot<()>> {
        Ok(Snapshot { value: self.get(bucket, key)?, version: () })
    }

    fn swap(&self, bucket: &Bucket, key: &str, seen: &Snapshot<()>, value: &[u8]) -> Result<Swap<()>> {
        let keys = [self.keys.full(bucket, key)?];
        let arguments = [Cow::Owned(scripts::tag(seen.value.as_deref())), Cow::Borrowed(value), self.ttl()];
        let mut strings = self.eval(&scripts::SWAP, &keys, &arguments)?.into_iter();
        match (strings.next().as_deref(), strings.next().map(scripts::untag)) {
            (Some(b"done"), None) => Ok(Swap::Done),
            (Some(b"changed"), Some(Some(value))) => Ok(Swap::Changed(Snapshot { value, version: () })),
            _ => Err(self.unexpected(scripts::SWAP.what)),
        }
    }

    fn get_many(&self, bucket: &Bucket, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>> {
        let strings = self.eval(&scripts::GET_MANY, &self.keys.all(bucket, keys)?, &[])?;
        let values = strings.into_iter().map(scripts::untag).collect::<Option<Vec<_>>>();
        values.filter(|v| v.len() == keys.len()).ok_or_else(|| self.unexpected(scripts::GET_MANY.what))
    }

    fn set_many(&self, bucket: &Bucket, pairs: &[(String, Vec<u8>)]) -> Result<()> {
        let keys = self.keys.all(bucket, pairs.iter().map(|(key, _)| key))?;
        let values = pairs.iter().map(|(_, value)| Cow::Borrowed(value.as_slice()));
        let arguments = [self.ttl()].into_iter().chain(values).collect::<Vec<_>>();
        self.eval(&scripts::SET_MANY, &keys, &arguments).map(drop)
    }

    fn delete_many(&self, bucket: &Bucket, keys: &[String]) -> Result<()> {
        match self.run(&Command::Del { keys: &self.keys.all(bucket, keys)? })? {
            Reply::Integer(_) => Ok(()),
            _ => Err(self.unexpected("DEL")),
        }
    }
}
