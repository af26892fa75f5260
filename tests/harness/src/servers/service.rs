//! What the servers on a port of our choice have in common: an address, and coming back to it.

use std::net::SocketAddr;

use anyhow::Result;

use crate::{Run, Server, process::free_port};

/// A server that can be stopped and started again on the same port.
pub struct Service {
    server: Server,
    run: Run,
    port: u16,
    launch: Box<Launch>,
}

type Launch = dyn Fn(&Run, u16) -> Result<Server> + Send + Sync;

impl Service {
    /// `launch` starts the server on the port that it is given, and returns when it is ready.
    pub(super) fn start(
        run: &Run,
        launch: impl Fn(&Run, u16) -> Result<Server> + Send + Sync + 'static,
    ) -> Result<Service> {
        let port = free_port();
        Ok(Service { server: launch(run, port)?, run: run.clone(), port, launch: Box::new(launch) })
    }

    pub fn addr(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.port).into()
    }

    pub fn server(&self) -> &Server {
        &self.server
    }

    /// Stops it, as an outage does; [`Service::restart`] ends that.
    pub fn stop(&self) {
        self.server.stop();
    }

    /// Starts it again on the same port. What was only in its memory is gone.
    pub fn restart(&mut self) -> Result<()> {
        self.stop();
        self.server = (self.launch)(&self.run, self.port)?;
        Ok(())
    }
}
