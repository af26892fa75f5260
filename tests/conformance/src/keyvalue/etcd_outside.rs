//! A client of etcd's own protocol, gRPC, in Python.

use std::net::SocketAddr;

use anyhow::{Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use plugboard_harness::{Run, tools};
use serde_json::json;

use super::Outside;
use crate::script::Script;

pub(super) struct Grpc(Script);

impl Grpc {
    pub(super) fn start(run: &Run, etcd: SocketAddr, user: Option<(&str, &str)>) -> Result<Grpc> {
        let (user, password) = user.unwrap_or_default();
        let arguments = [&etcd.ip().to_string(), &etcd.port().to_string(), user, password];
        Ok(Grpc(Script::start(run, &tools::python_etcd()?, include_str!("etcd_outside.py"), arguments)?))
    }
}

impl Outside for Grpc {
    /// etcd has no empty key, and says so by an error.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        if key.is_empty() {
            return Ok(None);
        }
        let (found, value) = self.0.ask(json!({ "do": "get", "key": STANDARD.encode(key) }), b"")?;
        Ok((found == true).then_some(value))
    }

    fn set(&self, key: &[u8], value: &[u8]) -> Result<()> {
        self.0.ask(json!({ "do": "set", "key": STANDARD.encode(key) }), value).map(drop)
    }

    fn delete(&self, key: &[u8]) -> Result<()> {
        self.0.ask(json!({ "do": "delete", "key": STANDARD.encode(key) }), b"").map(drop)
    }

    fn keys(&self) -> Result<Vec<Vec<u8>>> {
        let (keys, _) = self.0.ask(json!({ "do": "keys" }), b"")?;
        let keys = serde_json::from_value::<Vec<String>>(keys)?;
        keys.into_iter().map(|key| Ok(STANDARD.decode(key)?)).collect()
    }

    fn put_other(&self, _: &[u8]) -> Result<()> {
        bail!("etcd has plain values only")
    }
}
