//! What a trial works with: the components, the tools, and what they answer.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, ensure};
use plugboard_harness::Run;
use plugboard_harness::components::{self, component, done, said};
use plugboard_harness::http::request;
use plugboard_harness::servers::{Redis, Serve, Wasmtime, Webdis, webdis};
use plugboard_harness::tools::{self, Version};

/// The name that providers import.
pub(crate) const CONFIG: &str = "wasi:config/store@0.2.0-rc.1";

pub(crate) struct Bench<'a> {
    pub(crate) run: &'a Run,
    pub(crate) version: Version,
}

impl Bench<'_> {
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.run.path().join(name)
    }

    pub(crate) fn wac(&self) -> Result<Command> {
        Ok(Command::new(tools::wac()?))
    }

    pub(crate) fn wasmtime(&self) -> Result<Command> {
        Ok(Command::new(tools::wasmtime(self.version)?))
    }

    /// `wac plug`, which must work.
    pub(crate) fn plug(&self, socket: &Path, plugs: &[&Path], out: &str) -> Result<PathBuf> {
        components::plug(socket, plugs, &self.file(out))?;
        Ok(self.file(out))
    }

    /// The app on kv-redis on the configuration, as the recipe for a sealed app has it.
    pub(crate) fn seal(&self, app: &str, config: &Path) -> Result<PathBuf> {
        let kv = self.plug(&component("kv-redis")?, &[config], "kv.wasm")?;
        self.plug(&component(app)?, &[&kv], "out.wasm")
    }

    /// config-static with the settings on the command line.
    pub(crate) fn bake(&self, settings: &[(&str, &str)], out: &str) -> Result<PathBuf> {
        done(&mut self.wizer(settings, out)?)?;
        Ok(self.file(out))
    }

    /// The command that bakes, for trials in which it fails.
    pub(crate) fn wizer(&self, settings: &[(&str, &str)], out: &str) -> Result<Command> {
        // The escapes of WAVE and of JSON are the same as far as these values go.
        let pairs = settings.iter().map(|(key, value)| {
            format!("({}, {})", serde_json::Value::from(*key), serde_json::Value::from(*value))
        });
        let call = format!("configure([{}])", pairs.collect::<Vec<_>>().join(", "));
        let mut command = self.wasmtime()?;
        command.args(["wizer", "--init-func", &call]).arg(component("config-static")?);
        command.arg("-o").arg(self.file(out));
        Ok(command)
    }

    /// What a configuration component answers to a call such as `get("redis-url")`, under one of the names that the
    /// interface has. The component's own exports of one name `--invoke` could not tell apart.
    pub(crate) fn ask(&self, config: &Path, name: &str, flags: &[&str], call: &str) -> Result<String> {
        let source = self.file("one.wac");
        let text = format!("package test:one;\nlet c = new test:config {{ ... }};\nexport c[\"{name}\"];\n");
        std::fs::write(&source, text)?;
        let dependency = format!("test:config={}", config.display());
        let one = self.file("one.wasm");
        done(self.wac()?.arg("compose").arg(&source).args(["--dep", &dependency, "--output"]).arg(&one))?;
        let output = done(self.wasmtime()?.arg("run").args(flags).args(["--invoke", call]).arg(&one))?;
        Ok(String::from_utf8(output.stdout)?.trim_end().to_owned())
    }

    pub(crate) fn serve(&self, component: &Path, config: Option<&[(&str, String)]>) -> Result<Wasmtime> {
        self.serve_with(component, config, &[])
    }

    pub(crate) fn serve_with(
        &self,
        component: &Path,
        config: Option<&[(&str, String)]>,
        flags: &[&str],
    ) -> Result<Wasmtime> {
        Serve { version: self.version, config, flags, ..Serve::new(component) }.start(self.run)
    }

    /// A Redis behind a Webdis that wants a user and a password.
    pub(crate) fn store(&self, user: &str, password: &str) -> Result<(Redis, Webdis)> {
        let redis = Redis::start(self.run)?;
        let basic_auth = Some((user.to_owned(), password.to_owned()));
        let webdis = Webdis::start(self.run, &redis, webdis::Options { basic_auth, ..Default::default() })?;
        Ok((redis, webdis))
    }
}

/// Runs a command that must fail, and answers with all that it said.
pub(crate) fn refused(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
    ensure!(!output.status.success(), "{command:?} succeeded: {}", said(&output));
    Ok(said(&output))
}

/// Runs a command with this on its standard input.
pub(crate) fn with_input(command: &mut Command, input: &[u8]) -> Result<Output> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("cannot run {command:?}"))?;
    child.stdin.take().context("no standard input")?.write_all(input)?;
    Ok(child.wait_with_output()?)
}

/// Uses the example as its clients do: the composition is whole, and the store is the one that it was sealed with.
pub(crate) fn use_favorites(url: &str, redis: &Redis) -> Result<()> {
    let expect = |method: &str, path: &str, sent: &str, status: u16, body: &str| {
        let found = request(method, &format!("{url}{path}"), sent)?;
        ensure!((found.0, found.1.as_str()) == (status, body), "{method} {path} answered {found:?}");
        Ok(())
    };
    expect("PUT", "/users/ada", r#"{"likes":["looms"]}"#, 204, "")?;
    expect("GET", "/users/ada", "", 200, r#"{"name":"ada","profile":{"likes":["looms"]},"visits":1}"#)?;
    expect("GET", "/users/ada", "", 200, r#"{"name":"ada","profile":{"likes":["looms"]},"visits":2}"#)?;
    expect("GET", "/users", "", 200, r#"{"users":["ada"]}"#)?;
    let stored = format!("{:?}", redis.cli(&["GET", "visits:ada"])?);
    ensure!(stored.contains('2'), "Redis has {stored}");
    Ok(())
}
