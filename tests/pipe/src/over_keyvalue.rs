//! The value by wasi:keyvalue.

#[allow(clippy::all, unreachable_pub)]
mod keyvalue {
    wit_bindgen::generate!({
        path: ["../../wit/keyvalue-draft2", "../../wit/config", "wit"],
        world: "plugboard:pipe/over-keyvalue",
        generate_all,
    });
    pub use wasi::keyvalue::store;
}
use keyvalue::store::{self, Error};

pub(crate) fn get(key: &str) -> Result<Option<Vec<u8>>, String> {
    store::open("").and_then(|bucket| bucket.get(key)).map_err(|error| match error {
        Error::NoSuchStore => "no such store".into(),
        Error::AccessDenied => "access denied".into(),
        Error::Other(sentence) => sentence,
    })
}
