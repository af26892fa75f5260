//! The settings `azure-*`. README.md has the table.

use std::time::Duration;

use plugboard_blobstore::{Containers, Policy};
use plugboard_config::Settings;
use plugboard_credentials::azure::{self, Access, Service};
use plugboard_error::Result;

pub(crate) struct Config {
    pub(crate) access: Access,
    pub(crate) policy: Policy,
    /// In place of what a name's extension says.
    pub(crate) content_type: Option<String>,
    pub(crate) block_size: usize,
    pub(crate) timeout: Duration,
    pub(crate) log: bool,
}

/// All that there are, but for those of credentials.
const NAMES: [&str; 8] =
    ["containers", "check-container", "deny", "content-type", "block-size", "timeout", "allow-http", "log"];

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
const DEFAULT_BLOCK_SIZE: u64 = 4 << 20;
/// Below, an object would have no 4 GiB; above, three of them would not fit into a component's memory.
const BLOCK_SIZES: std::ops::RangeInclusive<u64> = 64 << 10..=512 << 20;

impl Config {
    pub(crate) fn read(settings: &Settings) -> Result<Config> {
        settings.check_names(&[&NAMES, &azure::NAMES])?;
        let allow_http = settings.flag("allow-http")?;
        let access = Access::read(settings, Service::Blob, allow_http)?;
        let deny = settings.list("deny")?;
        if let Some(word) = deny.iter().find(|word| !matches!(word.as_str(), "create" | "delete" | "clear")) {
            let fault = format!("has `{word}`; expected `create`, `delete` or `clear`");
            return Err(settings.error("deny", &fault));
        }
        let checks = settings.choice("check-container", &[("true", true), ("false", false)])?;
        let denies = |word: &str| deny.iter().any(|other| other == word);
        Ok(Config {
            access,
            policy: Policy {
                settings: "azure",
                containers: read_containers(settings)?,
                deny_create: denies("create"),
                deny_delete: denies("delete"),
                deny_clear: denies("clear"),
                check_container: checks.unwrap_or(true),
            },
            content_type: read_content_type(settings)?,
            block_size: read_block_size(settings)?,
            timeout: settings.duration("timeout")?.unwrap_or(DEFAULT_TIMEOUT),
            log: settings.choice("log", &[("off", false), ("debug", true)])?.unwrap_or(false),
        })
    }
}

fn read_containers(settings: &Settings) -> Result<Containers> {
    let list = settings.list("containers")?;
    if list.is_empty() {
        return Ok(Containers::any());
    }
    let names = list.iter().map(String::as_str);
    Containers::parse(names).map_err(|fault| settings.error("containers", &fault))
}

fn read_content_type(settings: &Settings) -> Result<Option<String>> {
    let content_type = settings.text("content-type")?;
    match content_type {
        Some(text) if !text.bytes().all(|b| b.is_ascii_graphic() || b == b' ') => {
            Err(settings.error("content-type", "holds a character that no media type has"))
        }
        content_type => Ok(content_type),
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
