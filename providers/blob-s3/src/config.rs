//! The settings `s3-*`. README.md has the table.

use std::time::Duration;

use plugboard_blobstore::{Blocks, Policy};
use plugboard_config::Settings;
use plugboard_credentials::aws::{self, Access, address};
use plugboard_error::{Error, Result};
use plugboard_http::{Endpoint, Log};

use crate::wire::{Hosts, Names};

pub(crate) struct Config {
    pub(crate) hosts: Hosts,
    pub(crate) names: Names,
    pub(crate) access: Access,
    pub(crate) policy: Policy,
    pub(crate) blocks: Blocks,
    /// Whether the service has a request that deletes many objects.
    pub(crate) delete_many: bool,
    /// Whether the bytes of objects are signed as well.
    pub(crate) sign_payload: bool,
    pub(crate) timeout: Duration,
    pub(crate) log: Log,
}

/// All that there are, but for those of credentials and of what an app may do.
const NAMES: [&str; 9] = [
    "path-style",
    "empty-segments",
    "block-size",
    "equal-blocks",
    "delete-many",
    "sign-payload",
    "timeout",
    "allow-http",
    "log",
];

/// The smallest part that AWS takes, but for the last of an object
/// (docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html).
const DEFAULT_BLOCK_SIZE: u64 = 5 << 20;
/// Some services take less; above, three of them would not fit into a component's memory.
const BLOCK_SIZES: std::ops::RangeInclusive<u64> = 64 << 10..=512 << 20;
/// Parts of an object.
const BLOCKS: u32 = 10_000;

impl Config {
    pub(crate) fn read(settings: &Settings) -> Result<Config> {
        settings.check_names(&[&NAMES, &Policy::NAMES, &aws::NAMES])?;
        let allow_http = settings.flag("allow-http")?;
        let access = Access::read(settings, allow_http)?;
        let hosts = read_hosts(settings, &access)?;
        let answers = [("true", true), ("false", false)];
        let names = Names {
            wide: access.endpoint.is_some() && hosts.path_style,
            empty_segments: settings.choice("empty-segments", &answers)?.unwrap_or(true),
        };
        let policy = Policy::read(settings)?;
        for name in policy.containers() {
            let fault = |error: Error| settings.error("containers", &["has ", &error.sentence].concat());
            names.check_container(name).map_err(fault)?;
        }
        Ok(Config {
            policy,
            blocks: read_blocks(settings)?,
            delete_many: settings.choice("delete-many", &answers)?.unwrap_or(true),
            // Over https nobody can change them on the way, and hashing takes longer than encrypting.
            sign_payload: settings.choice("sign-payload", &answers)?.unwrap_or(!hosts.endpoint.https),
            timeout: settings.deadline("timeout")?,
            log: settings.choice("log", &Log::CHOICES)?.unwrap_or_default(),
            hosts,
            names,
            access,
        })
    }
}

/// AWS has a host for each bucket; what else speaks the protocol often has one for all.
fn read_hosts(settings: &Settings, access: &Access) -> Result<Hosts> {
    let path_style = settings.choice("path-style", &[("true", true), ("false", false)])?;
    let (endpoint, path_style) = match &access.endpoint {
        Some(endpoint) => (endpoint.clone(), path_style.unwrap_or(true)),
        None => {
            let endpoint = Endpoint::parse(&address("s3", &access.region));
            (endpoint.map_err(|fault| settings.error("region", &fault))?, path_style.unwrap_or(false))
        }
    };
    if !path_style && endpoint.is_address() {
        return Err(settings.error("path-style", "is `false`, but `s3-endpoint` has an address, and no name"));
    }
    Ok(Hosts { endpoint, path_style })
}

fn read_blocks(settings: &Settings) -> Result<Blocks> {
    let size = settings.size("block-size")?.unwrap_or(DEFAULT_BLOCK_SIZE);
    let (Ok(first), Ok(largest), true) =
        (usize::try_from(size), usize::try_from(*BLOCK_SIZES.end()), BLOCK_SIZES.contains(&size))
    else {
        return Err(settings.error("block-size", "is out of range; expected `64KiB` to `512MiB`"));
    };
    let largest = if settings.flag("equal-blocks")? { first } else { largest };
    Ok(Blocks { first, largest, count: BLOCKS })
}

#[cfg(test)]
mod tests;
