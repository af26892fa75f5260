//! What the tests share.
#![allow(dead_code, reason = "every test file is a crate of its own and uses a part of this")]

use std::process::Command;

use anyhow::Result;
use aws_strict::{Aws, Config};
use plugboard_harness::components::{done, said};
use plugboard_harness::servers::{Moto, S3s};
use plugboard_harness::{Run, tools};
use ureq::Agent;

/// Runs a test on services of its own.
pub fn with_aws(test: impl FnOnce(&Aws) -> Result<()>) -> Result<()> {
    Run::scope("aws-strict", |run| {
        let moto = Moto::start(run)?;
        test(&Config::new((&moto).into()).serve()?)
    })
}

/// The same, objects only, on the other imitation.
pub fn with_s3(test: impl FnOnce(&Aws) -> Result<()>) -> Result<()> {
    Run::scope("aws-strict", |run| {
        let s3s = S3s::start(run)?;
        test(&Config::new((&s3s).into()).serve()?)
    })
}

/// What Amazon's SDK makes of a script of `clients/`, with these variables and no others of its own.
pub fn sdk(script: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Result<String> {
    let mut python = Command::new(tools::python_aws()?);
    python.arg(format!("{}/clients/{script}", env!("CARGO_MANIFEST_DIR"))).args(arguments);
    python.envs([
        ("NO_PROXY", "127.0.0.1"),
        ("AWS_CONFIG_FILE", "/dev/null"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
    ]);
    python.env("AWS_DEFAULT_REGION", aws_strict::REGION).envs(variables.iter().copied());
    Ok(said(&done(&mut python)?))
}

/// Errors are answers too, and the environment's proxy is not for loopback.
pub fn agent() -> Agent {
    Agent::config_builder().http_status_as_error(false).proxy(None).build().into()
}
