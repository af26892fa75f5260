//! `configure()`: the settings on standard input, which `ps` does not show.

use wasip2::cli::stdin::get_stdin;
use wasip2::io::streams::StreamError;

use crate::settings::parse;
use crate::{Baked, bake};

wit_bindgen::generate!({ path: "wit", world: "plugboard:config-static/from-stdin" });

/// A configuration is short; whatever is longer is a mistake.
const MAX: usize = 1 << 20;

impl Guest for Baked {
    fn configure() -> Result<(), String> {
        bake(read().and_then(|text| parse(&text)))
    }
}

fn read() -> Result<String, String> {
    let stdin = get_stdin();
    let mut bytes = Vec::new();
    loop {
        match stdin.blocking_read(64 << 10) {
            Ok(chunk) => bytes.extend(chunk),
            Err(StreamError::Closed) => break,
            Err(StreamError::LastOperationFailed(_)) => return Err("standard input cannot be read".into()),
        }
        if bytes.len() > MAX {
            return Err("standard input is longer than 1 MiB".into());
        }
    }
    String::from_utf8(bytes).map_err(|_| "standard input is not UTF-8".into())
}

// Natively there is no export, but the function is in use all the same.
const _: fn() -> Result<(), String> = <Baked as Guest>::configure;
#[cfg(target_arch = "wasm32")]
#[allow(unsafe_code, reason = "the export is generated code")]
const _: () = {
    export!(Baked);
};
