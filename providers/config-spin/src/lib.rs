//! `wasi:config` from the variables of a Spin application: `redis-url` is `redis_url`.

mod names;

wit_bindgen::generate!({
    path: ["../../wit/config", "../../wit/config-spin", "wit"],
    world: "plugboard:config-spin/spin",
    generate_all,
});

use exports::wasi::config0_2_0_rc_1::store::{Error, Guest};
use wasi::config0_2_0_draft_2024_09_27::store as spin;

struct Variables;

impl Guest for Variables {
    fn get(key: String) -> Result<Option<String>, Error> {
        let Some(variable) = names::variable(&key) else { return Ok(None) };
        Ok(spin::get(&variable)?)
    }

    fn get_all() -> Result<Vec<(String, String)>, Error> {
        let variables = spin::get_all()?.into_iter();
        Ok(variables.filter_map(|(name, value)| Some((names::key(&name)?, value))).collect())
    }
}

impl From<spin::Error> for Error {
    fn from(error: spin::Error) -> Self {
        match error {
            spin::Error::Upstream(sentence) => Error::Upstream(sentence),
            spin::Error::Io(sentence) => Error::Io(sentence),
        }
    }
}

// Natively there are no exports (linkers do not take their names), but the functions are in use all the same.
const _: fn(String) -> Result<Option<String>, Error> = <Variables as Guest>::get;
#[cfg(target_arch = "wasm32")]
#[allow(unsafe_code, reason = "the export is generated code")]
const _: () = {
    export!(Variables);
};
