//! s3s-fs, an imitation of S3 that keeps objects in files. It is strict about signatures and lengths; conditional
//! writes are not one step.

use std::{
    fs,
    ops::{Deref, DerefMut},
    process::Command,
};

use anyhow::Result;

use super::Service;
use crate::{Run, Server, process::http_status, tools};

/// s3s-fs with one key and no bucket. Buckets are in the run's directory, also after a restart.
pub struct S3s {
    service: Service,
}

impl S3s {
    pub const ACCESS_KEY_ID: &str = "AKIAPLUGBOARDS3S";
    pub const SECRET_ACCESS_KEY: &str = "open/sesame+open/sesame+open/sesame+open";
    /// Signatures for any region are taken.
    pub const REGION: &str = "us-east-1";

    pub fn start(run: &Run) -> Result<S3s> {
        let service = Service::start(run, |run, port| {
            let root = run.path().join("s3s");
            fs::create_dir_all(&root)?;
            let mut command = Command::new(tools::s3s_fs()?);
            command.args(["--host", "127.0.0.1", "--port", &port.to_string()]);
            command.args(["--access-key", Self::ACCESS_KEY_ID, "--secret-key", Self::SECRET_ACCESS_KEY]);
            command.arg(root).env("RUST_LOG", "warn");
            let url = format!("http://127.0.0.1:{port}/");
            // It says nothing when it is ready.
            Ok(Server::start(run, "s3s-fs", command, |_| http_status(&url))?.0)
        })?;
        Ok(S3s { service })
    }

    /// No trailing slash.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr())
    }
}

impl Deref for S3s {
    type Target = Service;

    fn deref(&self) -> &Service {
        &self.service
    }
}

impl DerefMut for S3s {
    fn deref_mut(&mut self) -> &mut Service {
        &mut self.service
    }
}
