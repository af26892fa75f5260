//! The components under measurement, composed by the real `wac` and served by the real `wasmtime`.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use plugboard_harness::Run;
use plugboard_harness::servers::{Serve, Wasmtime};
use plugboard_harness::tools::{self, Version};

const WASMTIME: Version = Version::LongTerm;

/// A component that runs by itself, given a `redis-url`.
pub struct App {
    pub wasm: PathBuf,
    /// The same, compiled ahead of time.
    cwasm: PathBuf,
}

/// What is handed to `wasmtime serve`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Component,
    /// By `wasmtime compile`.
    Compiled,
}

impl App {
    pub fn load(run: &Run, component: &Path) -> Result<App> {
        ensure!(component.exists(), "there is no {}: run `cargo xtask build`", component.display());
        let name = component.file_name().context("a component has a name")?;
        let cwasm = run.path().join(name).with_extension("cwasm");
        let arguments = ["compile".as_ref(), component.as_os_str(), "-o".as_ref(), cwasm.as_os_str()];
        run_tool(&tools::wasmtime(WASMTIME)?, &arguments)?;
        Ok(App { wasm: component.to_owned(), cwasm })
    }

    /// The app with the provider plugged in by `wac plug`. That skips silently what does not match, but then no
    /// host would run what came out.
    pub fn plug(run: &Run, app: &Path, provider: &Path) -> Result<App> {
        let name = |path: &Path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let out = run.path().join(format!("{}+{}.wasm", name(app), name(provider)));
        let [socket, plug] = [app, provider].map(Path::as_os_str);
        let arguments = ["plug".as_ref(), socket, "--plug".as_ref(), plug, "-o".as_ref(), out.as_os_str()];
        run_tool(&tools::wac()?, &arguments).context("the components are those of `cargo xtask build`")?;
        App::load(run, &out)
    }

    /// Port 0 takes a free one.
    pub fn serve(
        &self,
        run: &Run,
        form: Form,
        port: u16,
        redis_url: &str,
        flags: &[&str],
    ) -> Result<Wasmtime> {
        let (component, allow): (_, &[_]) = match form {
            Form::Component => (&self.wasm, &[]),
            Form::Compiled => (&self.cwasm, &["--allow-precompiled"]),
        };
        let serve = Serve {
            version: WASMTIME,
            addr: ([127, 0, 0, 1], port).into(),
            config: Some(&[("redis-url", redis_url.to_owned())]),
            flags: &[allow, flags].concat(),
            ..Serve::new(component)
        };
        serve.start(run)
    }
}

/// `wasmtime 48.0.2 (…)`
pub fn wasmtime_version() -> Result<String> {
    let output = Command::new(tools::wasmtime(WASMTIME)?).arg("--version").output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

fn run_tool(program: &Path, arguments: &[&OsStr]) -> Result<()> {
    let output = Command::new(program).args(arguments).output()?;
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "`{}` failed: {}", program.display(), error.trim());
    Ok(())
}
