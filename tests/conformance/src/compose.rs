//! Puts an app and a provider together as a user does.

use std::path::{Path, PathBuf};

use anyhow::Result;
use plugboard_harness::components::{component, plug};

use crate::interface::Flavor;

/// Plugs the provider into the app, both by name, and proves that nothing is left open: `wac plug` skips silently
/// what does not match.
pub(crate) fn compose<F: Flavor>(app: &str, provider: &str, flavor: F, folder: &Path) -> Result<PathBuf> {
    let out = folder.join(format!("{app}+{provider}.wasm"));
    plug(&component(app)?, &[&component(provider)?], &out)?;
    flavor.closed(&out)?;
    Ok(out)
}
