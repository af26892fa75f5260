//! `wasi:keyvalue@0.2.0-draft`: cursors and increments are u64, no compare-and-swap.

use crate::cursor::{read_number, write_number};

crate::export::same_in_both!(keyvalue0_2_0_draft, u64, read_number, write_number);

type Got = Option<(String, Vec<u8>)>;

fn got(key: String, value: Option<Vec<u8>>) -> Got {
    value.map(|value| (key, value))
}

impl<S: Instance> atomics::Guest for Export<S> {
    fn increment(bucket: store::BucketBorrow<'_>, key: String, delta: u64) -> Result<u64, store::Error> {
        let beyond = || Error::new(Kind::Invalid, "numbers are from 0 to 9223372036854775807");
        let delta = i64::try_from(delta).map_err(|_| beyond())?;
        let open = open_bucket::<S>(&bucket);
        // A negative sum cannot be told here, so it must not come about.
        let sum = told(open.store, open.store.increment(&open.bucket, &key, delta, 0))?;
        Ok(u64::try_from(sum).map_err(|_| beyond())?)
    }
}
