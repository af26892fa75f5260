use plugboard_error::{Error, Result};

use crate::{Bucket, Buckets, Cursor};

/// One service that holds key-value pairs. What each operation promises is in docs/semantics.md, under its name.
pub trait Store: Sized + 'static {
    /// What a service tells two states of a pair apart by; `()` where it compares values.
    type Version;

    /// Where the next page of a listing begins: a `u64`, or text. Draft's cursors are numbers, so an instance
    /// remembers text that it has given out as one, and only for as long as it lives.
    type Cursor: Cursor;

    /// Reads the configuration. No network I/O.
    fn configure() -> Result<Self>;

    /// The buckets that the configuration allows.
    fn buckets(&self) -> &Buckets;

    /// Writes for a person why something was refused, unless the setting `<provider>-log` says otherwise.
    fn tell(&self, why: &Error);

    fn get(&self, bucket: &Bucket, key: &str) -> Result<Option<Vec<u8>>>;

    fn set(&self, bucket: &Bucket, key: &str, value: Vec<u8>) -> Result<()>;

    fn delete(&self, bucket: &Bucket, key: &str) -> Result<()>;

    fn exists(&self, bucket: &Bucket, key: &str) -> Result<bool>;

    /// One page of keys. `after` is the service's own cursor, as an earlier page's `next` gave it; one that
    /// the service refuses is the error `invalid`.
    fn list(&self, bucket: &Bucket, after: Option<Self::Cursor>) -> Result<Page<Self::Cursor>>;

    /// Adds to the number at the key; a sum below `least` is an error and changes nothing. Sent once.
    fn increment(&self, bucket: &Bucket, key: &str, delta: i64, least: i64) -> Result<i64>;

    fn snapshot(&self, bucket: &Bucket, key: &str) -> Result<Snapshot<Self::Version>>;

    /// Writes the value if the pair is still as in `seen`. Sent once.
    fn swap(
        &self,
        bucket: &Bucket,
        key: &str,
        seen: &Snapshot<Self::Version>,
        value: &[u8],
    ) -> Result<Swap<Self::Version>>;

    /// The values in the order of the keys. At least one key; keys may repeat.
    fn get_many(&self, bucket: &Bucket, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>>;

    /// At least one pair; no key twice.
    fn set_many(&self, bucket: &Bucket, pairs: &[(String, Vec<u8>)]) -> Result<()>;

    /// At least one key; no key twice.
    fn delete_many(&self, bucket: &Bucket, keys: &[String]) -> Result<()>;
}

/// Part of a listing.
#[derive(Debug, PartialEq, Eq)]
pub struct Page<C> {
    pub keys: Vec<String>,
    /// None at the end.
    pub next: Option<C>,
}

/// A pair as it was at one moment.
#[derive(Debug, PartialEq, Eq)]
pub struct Snapshot<V> {
    pub value: Option<Vec<u8>>,
    pub version: V,
}

/// How a swap ended, where it is known.
#[derive(Debug, PartialEq, Eq)]
pub enum Swap<V> {
    Done,
    /// The pair had changed; this is what it is now.
    Changed(Snapshot<V>),
}
