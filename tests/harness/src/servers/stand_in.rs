//! What each provider can be tried on without an account.

use std::any::Any;

use anyhow::{Result, bail};

use super::{Azurite, Redis, Webdis, webdis};
use crate::Run;

/// A server on this machine that a provider can talk to; stopped when the value is dropped.
pub struct StandIn {
    /// What it is, for a person.
    pub name: &'static str,
    /// What the provider has to know.
    pub settings: Vec<(&'static str, String)>,
    _running: Box<dyn Any>,
}

impl StandIn {
    /// One for the provider of that name, `kv-redis`. It keeps nothing.
    pub fn start(run: &Run, provider: &str) -> Result<StandIn> {
        match provider {
            "kv-redis" => {
                let redis = Redis::start(run)?;
                let webdis = Webdis::start(run, &redis, webdis::Options::default())?;
                let settings = vec![("redis-url", webdis.url())];
                Ok(StandIn::new("a redis-server behind webdis", settings, (webdis, redis)))
            }
            "blob-azure" => {
                let azurite = Azurite::start_on_disk(run)?;
                let settings = vec![("azure-connection-string", azurite.connection_string())];
                Ok(StandIn::new("Azurite, Microsoft's stand-in for Azure Storage", settings, azurite))
            }
            _ => bail!("there is nothing to try `{provider}` on"),
        }
    }

    fn new(name: &'static str, settings: Vec<(&'static str, String)>, running: impl Any) -> StandIn {
        StandIn { name, settings, _running: Box::new(running) }
    }
}
