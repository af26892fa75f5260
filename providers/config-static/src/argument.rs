//! `configure([("key", "value"), …])`: the settings on wasmtime's command line.

use crate::settings::{Settings, checked};
use crate::{Baked, bake};

wit_bindgen::generate!({ path: "wit", world: "plugboard:config-static/from-argument" });

impl Guest for Baked {
    fn configure(settings: Settings) -> Result<(), String> {
        bake(checked(settings))
    }
}

// Natively there is no export, but the function is in use all the same.
const _: fn(Settings) -> Result<(), String> = <Baked as Guest>::configure;
#[cfg(target_arch = "wasm32")]
#[allow(unsafe_code, reason = "the export is generated code")]
const _: () = {
    export!(Baked);
};
