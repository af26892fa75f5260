//! A program beside the suite, which does what it is told: a JSON line and so many bytes in, a JSON line and so many
//! bytes out.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result, bail};
use plugboard_harness::Run;
use serde_json::Value;

/// Of one order at a time.
pub(crate) struct Script(Mutex<Process>);

struct Process {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Script {
    /// In Python.
    pub(crate) fn start(
        run: &Run,
        python: &Path,
        program: &str,
        arguments: impl IntoIterator<Item: AsRef<OsStr>>,
    ) -> Result<Script> {
        let mut command = Command::new(python);
        command.args(["-c", program]).args(arguments).current_dir(run.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().context("cannot start Python")?;
        let input = child.stdin.take().context("no input")?;
        let output = BufReader::new(child.stdout.take().context("no output")?);
        Ok(Script(Mutex::new(Process { child, input, output })))
    }

    /// What it came to, as the program says.
    pub(crate) fn ask(&self, mut order: Value, body: &[u8]) -> Result<(Value, Vec<u8>)> {
        order["length"] = body.len().into();
        let mut process = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        serde_json::to_writer(&process.input, &order)?;
        process.input.write_all(b"\n")?;
        process.input.write_all(body)?;
        process.input.flush()?;
        let mut line = String::new();
        process.output.read_line(&mut line)?;
        let mut answer: Value = serde_json::from_str(&line).context("the program ended")?;
        let mut bytes = vec![0; usize::try_from(answer["length"].as_u64().context("no length")?)?];
        process.output.read_exact(&mut bytes)?;
        if let Some(error) = answer.get("error") {
            bail!("another client's `{}`: {error}", order["do"].as_str().unwrap_or_default());
        }
        Ok((answer["ok"].take(), bytes))
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        let process = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        let _ = process.child.kill(); // an error: it has ended already
        let _ = process.child.wait();
    }
}
