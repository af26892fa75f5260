//! `wasi:config` with the settings baked in: `wasmtime wizer` calls `configure` and keeps the memory as it is then.

#[cfg(not(feature = "stdin"))]
mod argument;
mod settings;
#[cfg(feature = "stdin")]
mod stdin;

use std::cell::OnceCell;

use plugboard_config_export::Config;
use settings::Settings;

thread_local! {
    static SETTINGS: OnceCell<Settings> = const { OnceCell::new() };
}

const UNCONFIGURED: &str =
    "config-static has not been configured; bake the settings in with `wasmtime wizer`";

struct Baked;

impl Config for Baked {
    fn get(key: &str) -> Result<Option<String>, String> {
        read(|settings| settings.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone()))
    }

    fn get_all() -> Result<Vec<(String, String)>, String> {
        read(Settings::clone)
    }
}

fn read<T>(from: impl Fn(&Settings) -> T) -> Result<T, String> {
    SETTINGS.with(|settings| settings.get().map(from).ok_or_else(|| UNCONFIGURED.into()))
}

plugboard_config_export::export!(Baked);

/// All of it or nothing: what `configure` does, wherever it has the settings from.
fn bake(settings: Result<Settings, String>) -> Result<(), String> {
    let baked = settings.and_then(|settings| {
        SETTINGS.with(|baked| baked.set(settings)).map_err(|_| "the settings are baked in already".into())
    });
    if baked.is_err() {
        refuse_snapshot();
    }
    baked
}

/// Makes `wasmtime wizer` fail. It prints what `configure` returns, but goes on and writes its file after an error
/// too; it reads the memory by way of one more page, so there must not be one more.
fn refuse_snapshot() {
    #[cfg(target_arch = "wasm32")]
    for exponent in (0..16).rev() {
        while core::arch::wasm32::memory_grow::<0>(1 << exponent) != usize::MAX {}
    }
}
