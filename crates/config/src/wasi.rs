//! The host's configuration.

use plugboard_error::{Error, Kind, Result};

use crate::Source;

wit_bindgen::generate!({ path: "../../wit/config", world: "wasi:config/imports" });

/// Settings from `wasi:config/store`, one call to the host per key, and one for the names of all.
pub struct WasiConfig;

impl Source for WasiConfig {
    fn get(&self, key: &str) -> Result<Option<String>> {
        // The host's own text is left out: it is not known what it quotes.
        wasi::config::store::get(key).map_err(|_| {
            Error::new(
                Kind::Config,
                format!("the host, or what is plugged in as configuration, could not give `{key}`"),
            )
        })
    }

    fn keys(&self) -> Vec<String> {
        let all = wasi::config::store::get_all().unwrap_or_default();
        all.into_iter().map(|(key, _)| key).collect()
    }
}
