//! redis-server, and a client that plays the outside writer.

use std::{
    ffi::OsString,
    ops::{Deref, DerefMut},
    process::Command,
};

use anyhow::{Context, Result};
pub use redis::{Connection, Value, cmd};
use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo, RedisConnectionInfo, ToRedisArgs};

use super::Service;
use crate::{Run, Server, tools};

/// A Redis with nothing in it, which writes nothing to disk.
pub struct Redis {
    service: Service,
    password: Option<String>,
}

impl Redis {
    pub fn start(run: &Run) -> Result<Redis> {
        Self::launch(run, None)
    }

    /// A Redis that demands `password` (`requirepass`).
    pub fn start_with_password(run: &Run, password: &str) -> Result<Redis> {
        Self::launch(run, Some(password.to_owned()))
    }

    fn launch(run: &Run, password: Option<String>) -> Result<Redis> {
        let given = password.clone();
        let service = Service::start(run, move |run, port| {
            let mut command = Command::new(tools::redis_server()?);
            command.args(["--port", &port.to_string(), "--bind", "127.0.0.1"]);
            command.args(["--save", "", "--appendonly", "no"]);
            if let Some(password) = &given {
                command.args([OsString::from("--requirepass"), password.into()]);
            }
            let ready = |server: &Server| server.line("Ready to accept connections");
            Ok(Server::start(run, "redis", command, ready)?.0)
        })?;
        Ok(Redis { service, password })
    }

    pub fn password(&self) -> Option<&str> {
        self.password.as_deref()
    }

    /// A connection to one of the databases (0 to 15), past every gateway, to be used with [`cmd`].
    pub fn connect(&self, database: i64) -> Result<Connection> {
        let mut settings = RedisConnectionInfo::default().set_db(database);
        if let Some(password) = &self.password {
            settings = settings.set_password(password);
        }
        let addr = ConnectionAddr::Tcp("127.0.0.1".into(), self.addr().port());
        let info: ConnectionInfo = addr.into_connection_info()?.set_redis_settings(settings);
        redis::Client::open(info)?.get_connection().context("cannot connect to redis")
    }

    /// One command in database 0, its arguments any bytes: `cli(&["SET", "k", "v"])`.
    pub fn cli(&self, args: &[impl ToRedisArgs]) -> Result<Value> {
        let mut command = redis::Cmd::new();
        for arg in args {
            command.arg(arg);
        }
        Ok(command.query(&mut self.connect(0)?)?)
    }
}

impl Deref for Redis {
    type Target = Service;

    fn deref(&self) -> &Service {
        &self.service
    }
}

impl DerefMut for Redis {
    fn deref_mut(&mut self) -> &mut Service {
        &mut self.service
    }
}
