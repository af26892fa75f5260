//! Where a bucket's keys are among the keys of etcd, which are bytes in order.

use plugboard_error::{Error, Kind, Result};
use plugboard_keyvalue::{self as keyvalue, Bucket};

/// The first key behind all that are reserved.
const BEHIND_RESERVED: &[u8] = b"plugboard:bucket;";

pub(crate) struct Keys {
    keys: keyvalue::Keys,
    /// In bytes.
    longest: u64,
}

impl Keys {
    pub(crate) fn new(prefix: String, longest: u64) -> Self {
        Keys { keys: keyvalue::Keys::new(prefix), longest }
    }

    /// The key as etcd has it.
    pub(crate) fn full(&self, bucket: &Bucket, key: &str) -> Result<String> {
        let full = self.keys.full(bucket, key)?;
        if full.is_empty() {
            return Err(Error::new(Kind::Invalid, "etcd has no empty key; with `etcd-prefix` it works"));
        }
        if full.len() as u64 > self.longest {
            let (length, longest) = (full.len().to_string(), self.longest.to_string());
            let sentence = ["the key has ", &length, " bytes in etcd, and ", &longest, " are the most"];
            return Err(Error::new(Kind::TooLarge, sentence.concat()));
        }
        Ok(full)
    }

    pub(crate) fn all<'a>(
        &self,
        bucket: &Bucket,
        keys: impl IntoIterator<Item = &'a String>,
    ) -> Result<Vec<String>> {
        keys.into_iter().map(|key| self.full(bucket, key)).collect()
    }

    /// The key as the app has it; none if it is not one of the bucket's, or no text.
    pub(crate) fn short(&self, bucket: &Bucket, full: &[u8]) -> Option<String> {
        self.keys.short(bucket, full)
    }

    /// The bucket's keys from that one on (as the app has it, if it were text) and before the second, as etcd takes a
    /// range: `\0` for the first of all keys and for no end.
    pub(crate) fn range(&self, bucket: &Bucket, from: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let lead = self.keys.lead(bucket).into_bytes();
        let mut start = [&lead, from].concat();
        if start.is_empty() {
            start.push(0);
        }
        let mut end = lead;
        match end.last_mut() {
            // Text has no byte 255.
            Some(last) => *last = last.saturating_add(1),
            None => end.push(0),
        }
        (start, end)
    }

    /// Where the bucket's keys go on behind that one, for [`Keys::range`]; none if they do not. The default bucket has
    /// none among the reserved ones, however many there are.
    pub(crate) fn behind(&self, bucket: &Bucket, full: &[u8]) -> Option<Vec<u8>> {
        let next = match bucket {
            Bucket::Default if full.starts_with(keyvalue::Keys::RESERVED.as_bytes()) => {
                BEHIND_RESERVED.to_vec()
            }
            _ => [full, b"\0"].concat(),
        };
        next.strip_prefix(self.keys.lead(bucket).as_bytes()).map(<[u8]>::to_vec)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(prefix: &str) -> Keys {
        Keys::new(prefix.into(), 100)
    }

    fn named(name: &str) -> Bucket {
        Bucket::Named(name.into())
    }

    #[test]
    fn an_empty_or_long_key_is_refused() {
        let kind = |prefix: &str, key: &str| keys(prefix).full(&Bucket::Default, key).map_err(|e| e.kind);
        assert_eq!(kind("", ""), Err(Kind::Invalid));
        assert_eq!(kind("p", ""), Ok("p".into()));
        assert!(kind("p", &"k".repeat(99)).is_ok());
        assert_eq!(kind("p", &"k".repeat(100)), Err(Kind::TooLarge));
    }

    #[test]
    fn a_range_has_the_keys_of_the_bucket() {
        let range = |prefix: &str, from: &[u8]| keys(prefix).range(&Bucket::Default, from);
        assert_eq!(range("", b""), (vec![0], vec![0]));
        assert_eq!(range("", b"k\0"), (b"k\0".to_vec(), vec![0]));
        assert_eq!(range("p:", b""), (b"p:".to_vec(), b"p;".to_vec()));
        let (start, end) = keys("p").range(&named("b"), b"\xff");
        assert_eq!((start, end), (b"plugboard:bucket:p:b:\xff".to_vec(), b"plugboard:bucket:p:b;".to_vec()));
    }

    #[test]
    fn a_listing_goes_on_behind_the_last_key() {
        assert_eq!(keys("p:").behind(&Bucket::Default, b"p:k\xff"), Some(b"k\xff\0".to_vec()));
        assert_eq!(keys("").behind(&named("b"), b"plugboard:bucket::b:k"), Some(b"k\0".to_vec()));
    }

    #[test]
    fn a_listing_jumps_over_what_is_reserved() {
        let behind = |prefix: &str| keys(prefix).behind(&Bucket::Default, b"plugboard:bucket::b:k");
        assert_eq!(behind(""), Some(b"plugboard:bucket;".to_vec()));
        assert_eq!(behind("plug"), Some(b"board:bucket;".to_vec()));
        assert_eq!(behind("plugboard:bucket:"), None);
        assert_eq!(behind("plugboard:bucket::b"), None);
    }
}
