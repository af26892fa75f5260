//! An OCI registry on loopback: no accounts, no TLS, everything in the run directory.

use std::{net::SocketAddr, process::Command};

use anyhow::{Context, Result};
use serde_json::json;

use crate::{Run, Server, tools};

pub struct Registry {
    server: Server,
    addr: SocketAddr,
}

impl Registry {
    pub fn start(run: &Run) -> Result<Registry> {
        // YAML, of which JSON is a part.
        let config = json!({
            "version": 0.1,
            "log": { "level": "info", "accesslog": { "disabled": false } },
            "storage": {
                "filesystem": { "rootdirectory": "registry" },
                "delete": { "enabled": true },
                "redirect": { "disable": true },
            },
            // The secret only silences a warning about several registries behind one address.
            "http": { "addr": "127.0.0.1:0", "secret": "loopback" },
        });
        let mut command = Command::new(tools::docker_registry()?);
        command.arg("serve").arg(run.write("registry", "yaml", &config.to_string())?);
        // From its third version on it sends traces to a collector unless told not to.
        command.env("OTEL_TRACES_EXPORTER", "none");
        let ready = |server: &Server| server.line("listening on ");
        let (server, line) = Server::start(run, "registry", command, ready)?;
        let addr = line.split('"').next().unwrap_or(&line);
        let addr = addr.parse().with_context(|| format!("the registry listens on `{line}`"))?;
        Ok(Registry { server, addr })
    }

    /// The HOST:PORT of references such as `HOST:PORT/plugboard/kv-redis:0.1.0`.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    pub fn server(&self) -> &Server {
        &self.server
    }
}
