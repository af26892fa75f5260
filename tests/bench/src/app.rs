//! The components under measurement, composed by the real `wac` and served by the real `wasmtime`.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use plugboard_harness::Run;
use plugboard_harness::components::{self, component, done};
use plugboard_harness::servers::{Serve, Wasmtime};
use plugboard_harness::tools::{self, Version};

const WASMTIME: Version = Version::LongTerm;

/// A component that runs by itself, given its settings.
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
    /// A component that needs no plug.
    pub fn load(run: &Run, name: &str) -> Result<App> {
        App::compile(run, component(name)?)
    }

    /// The app with the provider plugged in.
    pub fn plug(run: &Run, app: &str, provider: &str) -> Result<App> {
        let out = run.path().join(format!("{app}+{provider}.wasm"));
        components::plug(&component(app)?, &[&component(provider)?], &out)?;
        components::targets(&out, "app")?;
        App::compile(run, out)
    }

    fn compile(run: &Run, wasm: PathBuf) -> Result<App> {
        let name = wasm.file_name().context("a component has a name")?;
        let cwasm = run.path().join(name).with_extension("cwasm");
        done(Command::new(tools::wasmtime(WASMTIME)?).arg("compile").arg(&wasm).arg("-o").arg(&cwasm))?;
        Ok(App { wasm, cwasm })
    }

    /// Port 0 takes a free one.
    pub fn serve(
        &self,
        run: &Run,
        form: Form,
        port: u16,
        settings: &[(&str, String)],
        flags: &[&str],
    ) -> Result<Wasmtime> {
        let (component, allow): (_, &[_]) = match form {
            Form::Component => (&self.wasm, &[]),
            Form::Compiled => (&self.cwasm, &["--allow-precompiled"]),
        };
        let serve = Serve {
            version: WASMTIME,
            addr: ([127, 0, 0, 1], port).into(),
            config: Some(settings),
            flags: &[allow, flags].concat(),
            ..Serve::new(component)
        };
        serve.start(run)
    }
}

/// `wasmtime 48.0.2 (…)`
pub fn wasmtime_version() -> Result<String> {
    let output = done(Command::new(tools::wasmtime(WASMTIME)?).arg("--version"))?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
