//! `wasmtime serve`, the stock host.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf, absolute},
    process::Command,
};

use anyhow::{Context, Result, ensure};

use crate::{
    Run, Server,
    tools::{self, Version},
};

/// How to serve a component; [`Serve::new`] has what most callers want.
pub struct Serve<'a> {
    pub component: PathBuf,
    pub version: Version,
    /// Port 0 takes a free one.
    pub addr: SocketAddr,
    /// None is a host without `wasi:config`.
    pub config: Option<&'a [(&'a str, String)]>,
    /// Anything else for wasmtime's command line.
    pub flags: &'a [&'a str],
}

impl Serve<'_> {
    pub fn new(component: impl AsRef<Path>) -> Self {
        Serve {
            component: component.as_ref().to_owned(),
            version: Version::LongTerm,
            addr: ([127, 0, 0, 1], 0).into(),
            config: None,
            flags: &[],
        }
    }

    pub fn start(&self, run: &Run) -> Result<Wasmtime> {
        let mut command = Command::new(tools::wasmtime(self.version)?);
        command.args(["serve", "--addr", &self.addr.to_string()]);
        if let Some(config) = self.config {
            command.args(["-S", "config"]);
            for (key, value) in config {
                // wasmtime would read what follows a comma as the next option, and has no way to escape it.
                ensure!(
                    !value.contains(','),
                    "the value of `{key}` has a comma, which `-S config-var` cannot carry"
                );
                command.args(["-S", &format!("config-var={key}={value}")]);
            }
        }
        command.args(self.flags).arg(absolute(&self.component)?);
        let ready = |server: &Server| server.line("Serving HTTP on ");
        let (server, url) = Server::start(run, "wasmtime", command, ready)?;
        let url = url.trim_end_matches('/').to_owned();
        let addr = url.strip_prefix("http://").and_then(|addr| addr.parse().ok());
        let addr = addr.with_context(|| format!("wasmtime serves on `{url}`"))?;
        Ok(Wasmtime { server, url, addr })
    }
}

pub struct Wasmtime {
    server: Server,
    url: String,
    addr: SocketAddr,
}

impl Wasmtime {
    /// No path, no trailing slash.
    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Its log has what the host and the component print: look for secrets there.
    pub fn server(&self) -> &Server {
        &self.server
    }
}
