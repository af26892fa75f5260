//! `upstash-local`, this workspace's front that speaks Upstash's REST dialect.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::{Run, Server};

/// Where the front keeps its data.
pub enum Backend {
    /// In the embedded database in this directory.
    Data(PathBuf),
    Redis(SocketAddr),
}

pub struct Upstash {
    server: Server,
    url: String,
}

impl Upstash {
    /// Starts `program`, which the caller has built, with `token` as the only one it accepts.
    pub fn start(run: &Run, program: &Path, token: &str, backend: &Backend) -> Result<Upstash> {
        let mut command = Command::new(program);
        command.args(["--listen", "127.0.0.1:0", "--token-file"]).arg(run.write("upstash", "token", token)?);
        match backend {
            Backend::Data(dir) => command.arg("--data").arg(dir),
            Backend::Redis(addr) => command.arg("--redis").arg(addr.to_string()),
        };
        let ready = |server: &Server| server.line("listening on ");
        let (server, url) = Server::start(run, "upstash", command, ready)?;
        url.strip_prefix("http://127.0.0.1:").with_context(|| format!("upstash-local listens on `{url}`"))?;
        Ok(Upstash { server, url })
    }

    /// For `redis-url`: no path, no trailing slash.
    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn server(&self) -> &Server {
        &self.server
    }
}
