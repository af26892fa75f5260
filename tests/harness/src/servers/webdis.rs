//! Webdis, the HTTP gateway of Redis.

use std::{
    ops::{Deref, DerefMut},
    process::Command,
};

use anyhow::Result;
use serde_json::json;

use super::{Redis, Service};
use crate::{Run, Server, process::http_status, tools};

/// What differs from Webdis's own defaults.
#[derive(Clone, Default)]
pub struct Options {
    /// User and password; without them every request is answered with 403.
    pub basic_auth: Option<(String, String)>,
    /// `http_max_request_size`, in bytes. Webdis counts in blocks of 4 KiB, so that a little more passes.
    pub max_request: Option<u64>,
    /// Where a path without a number goes.
    pub database: u32,
}

/// Webdis in front of a [`Redis`]. Version 0.1.9 dies of a request over its limit on a connection that was
/// used before: [`Service::restart`] brings it back.
pub struct Webdis {
    service: Service,
}

impl Webdis {
    pub fn start(run: &Run, redis: &Redis, options: Options) -> Result<Webdis> {
        let mut config = json!({
            "redis_host": "127.0.0.1",
            "redis_port": redis.addr().port(),
            "redis_auth": redis.password(),
            "database": options.database,
            "http_host": "127.0.0.1",
            "threads": 2,
            "daemonize": false,
            "logfile": "/dev/stderr",
            "verbosity": 3,
            "acl": [{ "disabled": ["DEBUG"] }],
        });
        if let Some((user, password)) = options.basic_auth {
            let basic = format!("{user}:{password}");
            config["acl"] = json!([{ "disabled": ["*"] }, { "http_basic_auth": basic, "enabled": ["*"] }]);
        }
        if let Some(bytes) = options.max_request {
            config["http_max_request_size"] = json!(bytes);
        }
        let service = Service::start(run, move |run, port| {
            let mut config = config.clone();
            config["http_port"] = json!(port);
            let mut command = Command::new(tools::webdis()?);
            command.arg(run.write("webdis", "json", &config.to_string())?);
            let ping = format!("http://127.0.0.1:{port}/PING");
            // 503 until its own connection to Redis stands; 403 when it wants a password.
            let ready = |_: &Server| http_status(&ping).filter(|status| [200, 403].contains(status));
            Ok(Server::start(run, "webdis", command, ready)?.0)
        })?;
        Ok(Webdis { service })
    }

    /// For `redis-url`: no path, no trailing slash.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr())
    }
}

impl Deref for Webdis {
    type Target = Service;

    fn deref(&self) -> &Service {
        &self.service
    }
}

impl DerefMut for Webdis {
    fn deref_mut(&mut self) -> &mut Service {
        &mut self.service
    }
}
