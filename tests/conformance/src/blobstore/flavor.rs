use std::path::Path;

use anyhow::{Result, ensure};
use plugboard_harness::components::{Surface, targets};

use crate::interface;

/// What an app can be built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flavor {
    /// The world `wasi:http/proxy`.
    Proxy,
    /// Files and sockets as well: other components, as their streams are the provider's too.
    Cli,
}

/// The packages of WASI that such an app may import.
const PACKAGES: [&str; 7] = ["cli", "clocks", "filesystem", "http", "io", "random", "sockets"];

impl Flavor {
    pub(crate) const EACH: &[Flavor] = &[Flavor::Proxy];
    pub(crate) const BOTH: &[Flavor] = &[Flavor::Proxy, Flavor::Cli];
    pub(crate) const WITH_FILES: &[Flavor] = &[Flavor::Cli];
}

impl interface::Flavor for Flavor {
    fn name(self) -> &'static str {
        match self {
            Flavor::Proxy => "proxy",
            Flavor::Cli => "cli",
        }
    }

    fn suffix(self) -> &'static str {
        match self {
            Flavor::Proxy => "",
            Flavor::Cli => "-cli",
        }
    }

    /// Servers run in a folder of their own.
    fn flags(self) -> &'static [&'static str] {
        match self {
            Flavor::Proxy => &[],
            Flavor::Cli => &["-S", "cli", "-S", "inherit-network", "--dir", "."],
        }
    }

    fn closed(self, composed: &Path) -> Result<()> {
        match self {
            Flavor::Proxy => targets(composed, "app"),
            Flavor::Cli => {
                for import in Surface::read(composed)?.imports {
                    let package = import.strip_prefix("wasi:").and_then(|rest| rest.split_once('/'));
                    let known = package.is_some_and(|(package, _)| PACKAGES.contains(&package));
                    ensure!(known || import.starts_with("wasi:config/"), "{import} is left open");
                }
                Ok(())
            }
        }
    }

    fn mismatch(self) -> Option<&'static str> {
        Some(match self {
            Flavor::Proxy => "-cli",
            Flavor::Cli => "",
        })
    }
}
