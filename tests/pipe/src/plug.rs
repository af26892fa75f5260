//! The request by hand behind `wasi:keyvalue/store`, of which the bench calls `open` and `get` only.

#[allow(clippy::all, unreachable_pub)]
mod keyvalue {
    wit_bindgen::generate!({
        path: ["../../wit/keyvalue-draft2", "../../wit/config", "wit"],
        world: "plugboard:pipe/plug",
        generate_all,
    });
}
use keyvalue::exports::wasi::keyvalue::store::{Bucket, Error, Guest, GuestBucket, KeyResponse};

struct Plug;
keyvalue::export!(Plug with_types_in keyvalue);

impl Guest for Plug {
    type Bucket = Plug;

    fn open(_: String) -> Result<Bucket, Error> {
        Ok(Bucket::new(Plug))
    }
}

impl GuestBucket for Plug {
    fn get(&self, key: String) -> Result<Option<Vec<u8>>, Error> {
        crate::by_hand::get(&key).map_err(Error::Other)
    }

    fn set(&self, _: String, _: Vec<u8>) -> Result<(), Error> {
        Err(Error::AccessDenied)
    }

    fn delete(&self, _: String) -> Result<(), Error> {
        Err(Error::AccessDenied)
    }

    fn exists(&self, _: String) -> Result<bool, Error> {
        Err(Error::AccessDenied)
    }

    fn list_keys(&self, _: Option<String>) -> Result<KeyResponse, Error> {
        Err(Error::AccessDenied)
    }
}
