//! What the tests share.
#![allow(dead_code, reason = "every test file is a crate of its own and uses a part of this")]

use std::process::Command;

use anyhow::Result;
use azure_strict::{Azure, Config};
use plugboard_harness::components::{done, said};
use plugboard_harness::servers::Azurite;
use plugboard_harness::{Run, tools};
use ureq::Agent;
use ureq::http::Response;

/// Runs a test on services of its own.
pub fn with_azure(test: impl FnOnce(&Azure) -> Result<()>) -> Result<()> {
    Run::scope("azure-strict", |run| {
        let azurite = Azurite::start(run)?;
        test(&Config::new(azurite.addr()).serve()?)
    })
}

/// What a script prints.
pub fn python(script: &str, arguments: &[&str]) -> Result<String> {
    let mut python = Command::new(tools::python_azure()?);
    Ok(said(&done(python.arg(script).args(arguments))?))
}

/// Errors are answers too, and the environment's proxy is not for loopback.
pub fn agent() -> Agent {
    Agent::config_builder().http_status_as_error(false).proxy(None).build().into()
}

/// A header's value, empty if there is none.
pub fn header<'a, B>(answer: &'a Response<B>, name: &str) -> &'a str {
    answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
