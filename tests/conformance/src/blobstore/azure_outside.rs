//! Azure's own SDK, in Python.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result, bail};
use plugboard_harness::{Run, tools};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::fixture::{About, Outside};

pub(super) struct Sdk(Mutex<Script>);

struct Script {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Sdk {
    pub(super) fn start(run: &Run, connection_string: &str) -> Result<Sdk> {
        let script = run.path().join("outside.py");
        std::fs::write(&script, include_str!("outside.py"))?;
        let mut command = Command::new(tools::python_azure()?);
        command.arg(script).arg(connection_string).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().context("cannot start Python")?;
        let input = child.stdin.take().context("no input")?;
        let output = BufReader::new(child.stdout.take().context("no output")?);
        Ok(Sdk(Mutex::new(Script { child, input, output })))
    }

    /// What it came to; none where there is no such object.
    fn perform<T: DeserializeOwned>(&self, mut order: Value, body: &[u8]) -> Result<Option<(T, Vec<u8>)>> {
        order["length"] = body.len().into();
        let mut script = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        serde_json::to_writer(&script.input, &order)?;
        script.input.write_all(b"\n")?;
        script.input.write_all(body)?;
        script.input.flush()?;
        let mut line = String::new();
        script.output.read_line(&mut line)?;
        let answer: Value = serde_json::from_str(&line).context("the SDK's script ended")?;
        let mut bytes = vec![0; usize::try_from(answer["length"].as_u64().context("no length")?)?];
        script.output.read_exact(&mut bytes)?;
        if let Some(error) = answer.get("error") {
            bail!("another client's `{}`: {error}", order["do"].as_str().unwrap_or_default());
        }
        Ok(serde_json::from_value::<Option<T>>(answer["ok"].clone())?.map(|result| (result, bytes)))
    }

    /// A shared access signature that allows everything for an hour.
    pub(super) fn signature(&self) -> Result<String> {
        self.must(json!({ "do": "sign" }), b"")
    }

    fn must<T: DeserializeOwned>(&self, order: Value, body: &[u8]) -> Result<T> {
        Ok(self.perform(order, body)?.context("there is no such object")?.0)
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
    fn containers(&self) -> Result<Vec<String>> {
        self.must(json!({ "do": "containers" }), b"")
    }

    fn create_container(&self, container: &str) -> Result<()> {
        self.must::<bool>(json!({ "do": "create-container", "container": container }), b"").map(drop)
    }

    fn touch_container(&self, container: &str) -> Result<()> {
        self.must::<bool>(json!({ "do": "touch-container", "container": container }), b"").map(drop)
    }

    fn get(&self, container: &str, name: &str) -> Result<Option<Vec<u8>>> {
        let order = json!({ "do": "get", "container": container, "name": name });
        Ok(self.perform::<bool>(order, b"")?.map(|(_, bytes)| bytes))
    }

    fn put(&self, container: &str, name: &str, bytes: &[u8]) -> Result<()> {
        self.must::<bool>(json!({ "do": "put", "container": container, "name": name }), bytes).map(drop)
    }

    fn delete(&self, container: &str, name: &str) -> Result<()> {
        self.perform::<bool>(json!({ "do": "delete", "container": container, "name": name }), b"").map(drop)
    }

    fn names(&self, container: &str) -> Result<Vec<String>> {
        self.must(json!({ "do": "names", "container": container }), b"")
    }

    fn about(&self, container: &str, name: &str) -> Result<Option<About>> {
        let order = json!({ "do": "about", "container": container, "name": name });
        Ok(self.perform(order, b"")?.map(|(about, _)| about))
    }
}
