//! The settings `azure-*`. README.md has the table.

use std::time::Duration;

use plugboard_blobstore::Policy;
use plugboard_config::Settings;
use plugboard_credentials::azure::{self, Access, Service};
use plugboard_error::Result;
use plugboard_http::Log;

pub(crate) struct Config {
    pub(crate) access: Access,
    pub(crate) policy: Policy,
    pub(crate) block_size: usize,
    pub(crate) timeout: Duration,
    pub(crate) log: Log,
}

/// All that there are, but for those of credentials and of what an app may do.
const NAMES: [&str; 4] = ["block-size", "timeout", "allow-http", "log"];

const DEFAULT_BLOCK_SIZE: u64 = 4 << 20;
/// Below, an object would have no 4 GiB; above, three of them would not fit into a component's memory.
const BLOCK_SIZES: std::ops::RangeInclusive<u64> = 64 << 10..=512 << 20;

impl Config {
    pub(crate) fn read(settings: &Settings) -> Result<Config> {
        settings.check_names(&[&NAMES, &Policy::NAMES, &azure::NAMES])?;
        let allow_http = settings.flag("allow-http")?;
        let access = Access::read(settings, Service::Blob, allow_http)?;
        Ok(Config {
            access,
            policy: Policy::read(settings)?,
            block_size: read_block_size(settings)?,
            timeout: settings.deadline("timeout")?,
            log: settings.choice("log", &Log::CHOICES)?.unwrap_or_default(),
        })
    }
}

fn read_block_size(settings: &Settings) -> Result<usize> {
    let size = settings.size("block-size")?.unwrap_or(DEFAULT_BLOCK_SIZE);
    match usize::try_from(size) {
        Ok(bytes) if BLOCK_SIZES.contains(&size) => Ok(bytes),
        _ => Err(settings.error("block-size", "is out of range; expected `64KiB` to `512MiB`")),
    }
}

#[cfg(test)]
mod tests;
