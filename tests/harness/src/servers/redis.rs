//! redis-server, and a client that plays the outside writer.

use std::{ffi::OsString, net::SocketAddr, process::Command};

use anyhow::{Context, Result};
pub use redis::{Connection, Value, cmd};
use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo, RedisConnectionInfo, ToRedisArgs};

use crate::{Run, Server, process::free_port, tools};

/// A Redis with nothing in it, which writes nothing to disk.
pub struct Redis {
    server: Server,
    run: Run,
    port: u16,
    password: Option<String>,
}

impl Redis {
    pub fn start(run: &Run) -> Result<Redis> {
        Self::launch(run, free_port(), None)
    }

    /// A Redis that demands `password` (`requirepass`).
    pub fn start_with_password(run: &Run, password: &str) -> Result<Redis> {
        Self::launch(run, free_port(), Some(password.to_owned()))
    }

    fn launch(run: &Run, port: u16, password: Option<String>) -> Result<Redis> {
        let mut command = Command::new(tools::redis_server()?);
        command.args([
            "--port",
            &port.to_string(),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
        ]);
        if let Some(password) = &password {
            command.args([OsString::from("--requirepass"), password.into()]);
        }
        let ready = |server: &Server| server.line("Ready to accept connections");
        let (server, _) = Server::start(run, "redis", command, ready)?;
        Ok(Redis { server, run: run.clone(), port, password })
    }

    pub fn addr(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.port).into()
    }

    pub fn password(&self) -> Option<&str> {
        self.password.as_deref()
    }

    pub fn server(&self) -> &Server {
        &self.server
    }

    /// Stops it, as an outage does; [`Redis::restart`] ends that.
    pub fn stop(&self) {
        self.server.stop();
    }

    /// Starts it again on the same port. What was in it is gone.
    pub fn restart(&mut self) -> Result<()> {
        self.stop();
        *self = Self::launch(&self.run, self.port, self.password.take())?;
        Ok(())
    }

    /// A connection to one of the databases (0 to 15), past every gateway, to be used with [`cmd`].
    pub fn connect(&self, database: i64) -> Result<Connection> {
        let mut settings = RedisConnectionInfo::default().set_db(database);
        if let Some(password) = &self.password {
            settings = settings.set_password(password);
        }
        let addr = ConnectionAddr::Tcp("127.0.0.1".into(), self.port);
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
