//! What a trial works with: the components, the tools, and what they answer.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, bail, ensure};
use plugboard_harness::Run;
use plugboard_harness::servers::{Redis, Serve, Wasmtime, Webdis, webdis};
use plugboard_harness::tools::{self, Version};
use wasmparser::{Parser, Payload};

/// The name that providers import.
pub(crate) const CONFIG: &str = "wasi:config/store@0.2.0-rc.1";

pub(crate) struct Bench<'a> {
    pub(crate) run: &'a Run,
    pub(crate) version: Version,
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("two folders below the root").to_owned()
}

/// Where `cargo xtask build` puts components/ and wit/.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// A component of `cargo xtask build`.
pub(crate) fn component(name: &str) -> Result<PathBuf> {
    let path = target().join("components").join(format!("{name}.wasm"));
    ensure!(path.is_file(), "there is no {}; run `cargo xtask build`", path.display());
    Ok(path)
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
        let mut command = self.wac()?;
        command.arg("plug").arg(socket);
        for plug in plugs {
            command.arg("--plug").arg(plug);
        }
        done(command.arg("--output").arg(self.file(out)))?;
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

    /// `wac targets` with a world of `cargo xtask build`.
    pub(crate) fn targets(&self, component: &Path, world: &str) -> Result<()> {
        let mut command = self.wac()?;
        command.arg("targets").arg(component).arg("--wit").arg(target().join("wit"));
        done(command.args(["--world", world])).map(drop)
    }
}

/// Runs a command that must succeed.
pub(crate) fn done(command: &mut Command) -> Result<Output> {
    let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
    if !output.status.success() {
        bail!("{command:?} failed: {}", said(&output));
    }
    Ok(output)
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

pub(crate) fn said(output: &Output) -> String {
    [&output.stdout[..], &output.stderr[..]].map(String::from_utf8_lossy).concat().trim().to_owned()
}

/// The imports of the component itself, without those of what is inside.
pub(crate) fn imports(component: &Path) -> Result<BTreeSet<String>> {
    let bytes = std::fs::read(component).with_context(|| component.display().to_string())?;
    let (mut found, mut depth) = (BTreeSet::new(), 0);
    for payload in Parser::new(0).parse_all(&bytes) {
        match payload? {
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::ComponentImportSection(section) if depth == 1 => {
                for import in section {
                    found.insert(import?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok(found)
}

/// A request, and its status and body, whatever they are.
pub(crate) fn request(method: &str, url: &str, body: &str) -> Result<(u16, String)> {
    let agent: ureq::Agent =
        ureq::config::Config::builder().http_status_as_error(false).proxy(None).build().into();
    let mut response = match method {
        "PUT" => agent.put(url).send(body)?,
        _ => agent.get(url).call()?,
    };
    Ok((response.status().as_u16(), response.body_mut().read_to_string()?.trim_end().to_owned()))
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
