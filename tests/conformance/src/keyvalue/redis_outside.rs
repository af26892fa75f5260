//! Other clients of Redis.

use std::sync::{Mutex, PoisonError};

use anyhow::{Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use plugboard_harness::servers::Redis;
use plugboard_harness::servers::redis::{Connection, Value};
use serde_json::json;

use super::Outside;

/// One that speaks the protocol of Redis.
pub(crate) struct Direct(Mutex<Connection>);

impl Direct {
    pub(crate) fn new(redis: &Redis) -> Result<Direct> {
        Ok(Direct(Mutex::new(redis.connect(0)?)))
    }

    fn command(&self, arguments: &[&[u8]]) -> Result<Value> {
        let mut command = redis::Cmd::new();
        for argument in arguments {
            command.arg(*argument);
        }
        Ok(command.query(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))?)
    }
}

impl Outside for Direct {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        Ok(redis::from_redis_value(self.command(&[b"GET", key])?)?)
    }

    fn set(&self, key: &[u8], value: &[u8]) -> Result<()> {
        self.command(&[b"SET", key, value]).map(drop)
    }

    fn delete(&self, key: &[u8]) -> Result<()> {
        self.command(&[b"DEL", key]).map(drop)
    }

    fn keys(&self) -> Result<Vec<Vec<u8>>> {
        Ok(redis::from_redis_value(self.command(&[b"KEYS", b"*"])?)?)
    }

    fn put_other(&self, key: &[u8]) -> Result<()> {
        self.command(&[b"RPUSH", key, b"item"]).map(drop)
    }
}

/// One that speaks Upstash's REST, for a store that nothing else can reach.
pub(crate) struct Rest {
    agent: ureq::Agent,
    url: String,
    authorization: String,
}

impl Rest {
    pub(crate) fn new(url: &str, token: &str) -> Rest {
        let agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        Rest { agent, url: url.to_owned(), authorization: format!("Bearer {token}") }
    }

    /// `/command/argument/…`, the last argument in the body.
    fn command(&self, path: &[&[u8]], body: &[u8]) -> Result<serde_json::Value> {
        let path = path.iter().map(|part| format!("/{}", percent_encode(part, NON_ALPHANUMERIC)));
        let mut response = self
            .agent
            .post(format!("{}{}", self.url, path.collect::<String>()))
            .header("Authorization", &self.authorization)
            .header("Upstash-Encoding", "base64")
            .send(body)?;
        let answer: serde_json::Value =
            serde_json::from_slice(&response.body_mut().with_config().limit(1 << 30).read_to_vec()?)?;
        if let Some(error) = answer.get("error") {
            bail!("the outside writer: {error}");
        }
        Ok(answer["result"].clone())
    }
}

fn decoded(value: &serde_json::Value) -> Result<Option<Vec<u8>>> {
    Ok(value
        .as_str()
        .map(|text| if text == "OK" { Ok(b"OK".to_vec()) } else { STANDARD.decode(text) })
        .transpose()?)
}

impl Outside for Rest {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        if key.is_empty() {
            // Neither is an empty last word of the path.
            return decoded(&self.command(&[], br#"["GET",""]"#)?);
        }
        decoded(&self.command(&[b"get", key], b"")?)
    }

    fn set(&self, key: &[u8], value: &[u8]) -> Result<()> {
        if value.is_empty() {
            // An empty body is no argument.
            let command = json!(["SET", String::from_utf8(key.to_vec())?, ""]);
            return self.command(&[], &serde_json::to_vec(&command)?).map(drop);
        }
        self.command(&[b"set", key], value).map(drop)
    }

    fn delete(&self, key: &[u8]) -> Result<()> {
        self.command(&[b"del", key], b"").map(drop)
    }

    fn keys(&self) -> Result<Vec<Vec<u8>>> {
        let (mut all, mut cursor) = (Vec::new(), b"0".to_vec());
        loop {
            let page = self.command(&[b"scan", &cursor, b"count", b"1000"], b"")?;
            for key in page[1].as_array().into_iter().flatten() {
                all.extend(decoded(key)?);
            }
            cursor = decoded(&page[0])?.unwrap_or_default();
            if cursor == b"0" || cursor.is_empty() {
                return Ok(all);
            }
        }
    }

    fn put_other(&self, key: &[u8]) -> Result<()> {
        self.command(&[b"rpush", key, b"item"], b"").map(drop)
    }
}
