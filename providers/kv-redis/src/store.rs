//! The operations, in Redis commands.

use std::borrow::Cow;
use std::time::Duration;

use plugboard_config::{Settings, WasiConfig};
use plugboard_error::{Error, Result};
use plugboard_http::{Client, Host, Limits, Resend, Transport};
use plugboard_keyvalue::{Bucket, Buckets, Keys, Page, Snapshot, Store, Swap};

use crate::config::Config;
use crate::keys;
use crate::scripts;
use crate::wire::{Command, Reply, Script, Wire};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

pub(crate) struct Redis<T> {
    client: Client<T>,
    wire: Wire,
    keys: Keys,
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
                name: "kv-redis",
                log: config.log,
            },
            wire: Wire::new(config.dialect, config.authorization, config.max_request),
            keys: Keys::new(config.prefix),
            buckets: config.buckets,
            ttl: config.ttl.map(|ttl| u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX).to_string()),
        }
    }

    fn run(&self, command: &Command) -> Result<Reply> {
        let response = self.client.send(&self.wire.encode(command)?)?;
        self.wire.decode(&self.client.endpoint, command, response)
    }

    /// Runs a script and gives its strings.
    fn eval(
        &self,
        script: &'static Script,
        keys: &[String],
        arguments: &[Cow<[u8]>],
    ) -> Result<Vec<Vec<u8>>> {
        let Reply::List(items) = self.run(&Command::Eval { script, keys, arguments })? else {
            return Err(self.unexpected(script.what, script.resend));
        };
        let strings = items.into_iter().map(|item| match item {
            Reply::Text(text) => Ok(text),
            _ => Err(self.unexpected(script.what, script.resend)),
        });
        strings.collect()
    }

    fn ttl(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(self.ttl.as_deref().unwrap_or_default().as_bytes())
    }

    fn unexpected(&self, what: &str, resend: Resend) -> Error {
        let authority = &self.client.endpoint.authority;
        resend.malformed(what, format!("`{authority}` answered {what} with another type than Redis does"))
    }
}

impl<T: Transport + Host + Default + 'static> Store for Redis<T> {
    /// Redis has no version of a value, so values are compared.
    type Version = ();
    type Cursor = u64;

    fn configure() -> Result<Self> {
        Ok(Redis::new(Config::read(&Settings::new("redis", &WasiConfig))?, T::default()))
    }

    fn buckets(&self) -> &Buckets {
        &self.buckets
    }

    fn tell(&self, why: &Error) {
        self.client.tell(why);
    }

    fn get(&self, bucket: &Bucket, key: &str) -> Result<Option<Vec<u8>>> {
        match self.run(&Command::Get { key: &self.keys.full(bucket, key)? })? {
            Reply::Nil => Ok(None),
            Reply::Text(value) => Ok(Some(value)),
            _ => Err(self.unexpected("GET", Resend::Allowed)),
        }
    }

    fn set(&self, bucket: &Bucket, key: &str, value: Vec<u8>) -> Result<()> {
        let key = self.keys.full(bucket, key)?;
        match self.run(&Command::Set { key: &key, value: &value, ttl: self.ttl.as_deref() })? {
            Reply::Text(ok) if ok == b"OK" => Ok(()),
            _ => Err(self.unexpected("SET", Resend::Allowed)),
        }
    }

    fn delete(&self, bucket: &Bucket, key: &str) -> Result<()> {
        self.delete_many(bucket, &[key.to_owned()])
    }

    /// By the type, as `list` and `get` see plain values only.
    fn exists(&self, bucket: &Bucket, key: &str) -> Result<bool> {
        match self.run(&Command::Type { key: &self.keys.full(bucket, key)? })? {
            Reply::Text(name) => Ok(name == b"string"),
            _ => Err(self.unexpected("TYPE", Resend::Allowed)),
        }
    }

    fn list(&self, bucket: &Bucket, after: Option<u64>) -> Result<Page<u64>> {
        let cursor = after.unwrap_or(0).to_string().into_bytes();
        let arguments = [Cow::Owned(cursor), Cow::Owned(keys::pattern(&self.keys, bucket).into_bytes())];
        let mut strings = self.eval(&scripts::LIST, &[], &arguments)?.into_iter();
        let next = strings.next().and_then(|text| String::from_utf8(text).ok()?.parse().ok());
        let next: u64 = next.ok_or_else(|| self.unexpected(scripts::LIST.what, scripts::LIST.resend))?;
        let keys = strings.filter_map(|full| self.keys.short(bucket, &full));
        Ok(Page { keys: keys.collect(), next: (next != 0).then_some(next) })
    }

    fn increment(&self, bucket: &Bucket, key: &str, delta: i64, least: i64) -> Result<i64> {
        let keys = [self.keys.full(bucket, key)?];
        let number = |n: i64| Cow::Owned(n.to_string().into_bytes());
        let sum = self.eval(&scripts::INCREMENT, &keys, &[number(delta), number(least), self.ttl()])?;
        let sum = sum.into_iter().next().and_then(|text| String::from_utf8(text).ok()?.parse().ok());
        sum.ok_or_else(|| self.unexpected(scripts::INCREMENT.what, scripts::INCREMENT.resend))
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
            _ => Err(self.unexpected(scripts::SWAP.what, scripts::SWAP.resend)),
        }
    }

    fn get_many(&self, bucket: &Bucket, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>> {
        let strings = self.eval(&scripts::GET_MANY, &self.keys.all(bucket, keys)?, &[])?;
        let values = strings.into_iter().map(scripts::untag).collect::<Option<Vec<_>>>();
        values
            .filter(|v| v.len() == keys.len())
            .ok_or_else(|| self.unexpected(scripts::GET_MANY.what, scripts::GET_MANY.resend))
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
            _ => Err(self.unexpected("DEL", Resend::Allowed)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use plugboard_error::Kind;
    use plugboard_http::fake::{Fake, body};
    use plugboard_http::{Failure, Response};

    use super::*;

    /// A store on Webdis that gets these answers.
    fn store(script: Vec<Result<Response, Failure>>) -> Redis<Fake> {
        let settings = BTreeMap::from([("redis-url", "http://h"), ("redis-prefix", "p:")]);
        let config = Config::read(&Settings::new("redis", &settings)).unwrap();
        Redis::new(config, Fake::new(script))
    }

    fn sent(store: &Redis<Fake>) -> usize {
        store.client.transport.sent()
    }

    #[test]
    fn a_malformed_answer_leaves_an_increment_in_doubt_but_not_a_read() {
        for rubbish in ["", "{}", "$5\r\nabc", "+OK\r\n", "*1\r\n$1\r\nx\r\n"] {
            let store = store(vec![body(200, rubbish), body(200, rubbish)]);
            let increment = store.increment(&Bucket::Default, "k", 1, i64::MIN).unwrap_err();
            assert_eq!(increment.kind, Kind::Ambiguous, "{rubbish:?}");
            assert_eq!(store.get_many(&Bucket::Default, &["k".into()]).unwrap_err().kind, Kind::Protocol);
            assert_eq!(sent(&store), 2);
        }
    }

    #[test]
    fn an_error_of_redis_says_that_nothing_changed() {
        let store = store(vec![body(200, "-ERR value is not an integer or out of range\r\n")]);
        assert_eq!(store.increment(&Bucket::Default, "k", 1, i64::MIN).unwrap_err().kind, Kind::Invalid);
    }

    #[test]
    fn a_page_has_the_keys_of_the_bucket_without_the_prefix() {
        let answer = "*5\r\n$2\r\n17\r\n$3\r\np:a\r\n$1\r\nb\r\n$3\r\np:\u{e9}\r\n$2\r\np:\r\n";
        // The third key is not of this prefix; the fourth has three bytes in Latin-1, which is not UTF-8.
        let latin1 = answer.chars().map(|c| c as u8).collect::<Vec<_>>();
        let page = store(vec![body(200, latin1)]).list(&Bucket::Default, None).unwrap();
        assert_eq!(page, Page { keys: vec!["a".into(), String::new()], next: Some(17) });
    }

    #[test]
    fn a_lost_swap_brings_the_value_as_it_is_now() {
        let seen = Snapshot { value: Some(b"old".to_vec()), version: () };
        let store = store(vec![
            body(200, "*2\r\n$7\r\nchanged\r\n$4\r\n+new\r\n"),
            body(200, "*1\r\n$4\r\ndone\r\n"),
        ]);
        let now = Snapshot { value: Some(b"new".to_vec()), version: () };
        assert_eq!(store.swap(&Bucket::Default, "k", &seen, b"v"), Ok(Swap::Changed(now)));
        assert_eq!(store.swap(&Bucket::Default, "k", &seen, b"v"), Ok(Swap::Done));
    }

    #[test]
    fn a_request_over_the_limit_is_not_sent() {
        let store = store(vec![]);
        let error = store.set(&Bucket::Default, "k", vec![0; (64 << 20) + 1]).unwrap_err();
        assert_eq!(error.kind, Kind::TooLarge);
        assert!(error.sentence.contains("`redis-max-request`"), "{error}");
        assert_eq!(sent(&store), 0);
    }
}
