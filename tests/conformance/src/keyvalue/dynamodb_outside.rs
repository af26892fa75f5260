//! Amazon's own SDK, in Python.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use plugboard_harness::servers::Moto;
use plugboard_harness::{Run, tools};
use serde_json::{Value, json};

use super::Outside;

pub(super) struct Sdk(Mutex<Script>);

struct Script {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Sdk {
    /// Of a table at moto, in one of the layouts.
    pub(super) fn start(run: &Run, moto: SocketAddr, table: &str, layout: &str) -> Result<Sdk> {
        let (id, secret) = (Moto::ACCESS_KEY_ID, Moto::SECRET_ACCESS_KEY);
        let mut command = Command::new(tools::python_aws()?);
        command.args(["-c", include_str!("dynamodb_outside.py"), &format!("http://{moto}"), Moto::REGION]);
        command.args([id, secret, table, layout]).current_dir(run.path());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().context("no Python")?;
        let input = child.stdin.take().context("no input")?;
        let output = BufReader::new(child.stdout.take().context("no output")?);
        Ok(Sdk(Mutex::new(Script { child, input, output })))
    }

    pub(super) fn create_table(&self) -> Result<()> {
        self.perform(&json!({ "do": "create" })).map(drop)
    }

    fn perform(&self, order: &Value) -> Result<Value> {
        let mut script = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(script.input, "{order}")?;
        script.input.flush()?;
        let mut line = String::new();
        script.output.read_line(&mut line)?;
        let mut answer: Value = serde_json::from_str(&line).context("the SDK's script ended")?;
        if let Some(error) = answer.get("error") {
            bail!("another client's `{}`: {error}", order["do"].as_str().unwrap_or_default());
        }
        Ok(answer["ok"].take())
    }
}

impl Drop for Sdk {
    fn drop(&mut self) {
        let script = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        let _ = script.child.kill(); // an error: it has ended already
        let _ = script.child.wait();
    }
}

impl Outside for Sdk {
    /// The service has no empty key, and its SDK says so by an error.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        if key.is_empty() {
            return Ok(None);
        }
        let value = self.perform(&json!({ "do": "get", "key": STANDARD.encode(key) }))?;
        value.as_str().map(|text| Ok(STANDARD.decode(text)?)).transpose()
    }

    fn set(&self, key: &[u8], value: &[u8]) -> Result<()> {
        let (key, value) = (STANDARD.encode(key), STANDARD.encode(value));
        self.perform(&json!({ "do": "set", "key": key, "value": value })).map(drop)
    }

    fn delete(&self, key: &[u8]) -> Result<()> {
        self.perform(&json!({ "do": "delete", "key": STANDARD.encode(key) })).map(drop)
    }

    fn keys(&self) -> Result<Vec<Vec<u8>>> {
        let keys = self.perform(&json!({ "do": "keys" }))?;
        let keys = serde_json::from_value::<Vec<String>>(keys)?;
        keys.into_iter().map(|key| Ok(STANDARD.decode(key)?)).collect()
    }

    fn put_other(&self, key: &[u8]) -> Result<()> {
        self.perform(&json!({ "do": "put-other", "key": STANDARD.encode(key) })).map(drop)
    }
}
