//! Processes that are ready when they are handed over, and gone afterwards.

mod children;
mod port;
mod run;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use children::Child;
pub use port::free_port;
pub use run::Run;

/// Generous: a server that needs longer on a busy machine is a hang.
const READY_WITHIN: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(5);
const TAIL_LINES: usize = 20;

/// A running server. Dropping it stops it: SIGTERM, then SIGKILL after two seconds.
pub struct Server {
    child: Child,
    log: PathBuf,
    /// Keeps the directory with the log for as long as somebody may write to it.
    run: Run,
}

impl Server {
    /// Starts `command` in `run`'s directory, with its output in `<name>.log` there, and asks `ready`
    /// until it answers: [`Server::line`] for a line in the log, [`http_status`] or a `TcpStream` for a port.
    /// That the process ended, or is not ready after half a minute, is an error that shows the log's end.
    pub fn start<T>(
        run: &Run,
        name: &str,
        command: Command,
        ready: impl FnMut(&Server) -> Option<T>,
    ) -> Result<(Server, T)> {
        Self::start_within(READY_WITHIN, run, name, command, ready)
    }

    /// [`Server::start`] with a deadline of the caller's.
    pub fn start_within<T>(
        deadline: Duration,
        run: &Run,
        name: &str,
        mut command: Command,
        mut ready: impl FnMut(&Server) -> Option<T>,
    ) -> Result<(Server, T)> {
        let (log, out) = run.create(name, "log")?;
        command.stdin(Stdio::null()).stdout(out.try_clone()?).stderr(out).current_dir(run.path());
        let program = command.get_program().to_string_lossy().into_owned();
        let child = Child::spawn(command).with_context(|| format!("cannot start `{program}`"))?;
        let server = Server { child, log, run: run.clone() };

        let since = Instant::now();
        loop {
            // The exit first: whoever answers on the port of a dead server is not the server.
            if let Some(status) = server.exited()? {
                return Err(server.failure(format!("`{name}` ended before it was ready ({status})")));
            }
            if let Some(value) = ready(&server) {
                return Ok((server, value));
            }
            if since.elapsed() > deadline {
                return Err(server.failure(format!("`{name}` was not ready after {deadline:?}")));
            }
            thread::sleep(POLL);
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.pid()
    }

    /// How the process ended, if it has.
    pub fn exited(&self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Waits until the process ends by itself.
    pub fn wait(&self) -> Result<ExitStatus> {
        Ok(self.child.wait()?)
    }

    /// Stops the process; its log stays readable.
    pub fn stop(&self) {
        self.child.stop();
    }

    pub fn log_path(&self) -> &Path {
        &self.log
    }

    /// Everything the process has printed so far.
    pub fn log(&self) -> String {
        fs::read(&self.log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// What follows `marker` on the first finished line of the log that has it.
    pub fn line(&self, marker: &str) -> Option<String> {
        let log = self.log();
        let (_, rest) = log.split_once(marker)?;
        let (line, _) = rest.split_once('\n')?;
        Some(line.trim_end().to_owned())
    }

    fn failure(&self, what: String) -> anyhow::Error {
        self.run.keep();
        anyhow::anyhow!("{what}; its log {} ends with:\n{}", self.log.display(), tail(&self.log))
    }
}

/// The status with which `url` answers a GET, or none if nobody answers.
pub fn http_status(url: &str) -> Option<u16> {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None) // the environment's is not for 127.0.0.1
        .timeout_global(Some(Duration::from_secs(1)));
    let response = config.build().new_agent().get(url).call().ok()?;
    Some(response.status().as_u16())
}

/// Runs `command` to its end with its output appended to `log`: for installers, which talk too much.
pub(crate) fn run_logged(mut command: Command, log: &Path) -> Result<()> {
    let out = fs::File::options().create(true).append(true).open(log)?;
    command.stdin(Stdio::null()).stdout(out.try_clone()?).stderr(out);
    let program = command.get_program().to_string_lossy().into_owned();
    let child = Child::spawn(command).with_context(|| format!("cannot start `{program}`"))?;
    let status = child.wait()?;
    if !status.success() {
        bail!("`{program}` failed ({status}); its output {} ends with:\n{}", log.display(), tail(log));
    }
    Ok(())
}

fn tail(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}
