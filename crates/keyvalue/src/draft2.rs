//! `wasi:keyvalue@0.2.0-draft2`: cursors are strings, increments s64, and there is compare-and-swap.

use crate::cursor::{read, write};
use crate::{Snapshot, Swap};

crate::export::same_in_both!(keyvalue0_2_0_draft2, String, read, write);

#[cfg(not(feature = "batch-a"))]
type Got = (String, Option<Vec<u8>>);
#[cfg(not(feature = "batch-a"))]
fn got(key: String, value: Option<Vec<u8>>) -> Got {
    (key, value)
}

#[cfg(feature = "batch-a")]
type Got = Option<(String, Vec<u8>)>;
#[cfg(feature = "batch-a")]
fn got(key: String, value: Option<Vec<u8>>) -> Got {
    value.map(|value| (key, value))
}

/// A compare-and-swap under way: the pair as it was when the handle was made.
pub struct Cas<S: Instance> {
    open: OpenBucket<S>,
    key: String,
    seen: Snapshot<S::Version>,
}

impl<S: Instance> atomics::Guest for Export<S> {
    type Cas = Cas<S>;

    fn increment(bucket: store::BucketBorrow<'_>, key: String, delta: i64) -> Result<i64, store::Error> {
        let open = open_bucket::<S>(&bucket);
        Ok(told(open.store, open.store.increment(&open.bucket, &key, delta, i64::MIN))?)
    }

    fn swap(cas: atomics::Cas, value: Vec<u8>) -> Result<(), atomics::CasError> {
        let Cas { open, key, seen } = cas.into_inner::<Cas<S>>();
        match told(open.store, open.store.swap(&open.bucket, &key, &seen, &value)) {
            Ok(Swap::Done) => Ok(()),
            Ok(Swap::Changed(seen)) => {
                Err(atomics::CasError::CasFailed(atomics::Cas::new(Cas { open, key, seen })))
            }
            Err(error) => Err(atomics::CasError::StoreError(error.into())),
        }
    }
}

impl<S: Instance> atomics::GuestCas for Cas<S> {
    fn new(bucket: store::BucketBorrow<'_>, key: String) -> Result<atomics::Cas, store::Error> {
        let open = open_bucket::<S>(&bucket);
        let seen = told(open.store, open.store.snapshot(&open.bucket, &key))?;
        let open = OpenBucket { store: open.store, bucket: open.bucket.clone() };
        Ok(atomics::Cas::new(Cas { open, key, seen }))
    }

    fn current(&self) -> Result<Option<Vec<u8>>, store::Error> {
        Ok(self.seen.value.clone())
    }
}
