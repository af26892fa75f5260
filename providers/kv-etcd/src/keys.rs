//! Where a bucket's keys are among the keys of etcd, which are bytes in order.

use plugboard_error::{Error, Kind, Result};
use plugboard_http::escape;
use plugboard_keyvalue::Bucket;

/// In front of the keys of named buckets. The default bucket neither shows nor takes keys that begin so.
const RESERVED: &str = "plugboard:bucket:";
/// The first key behind all that begin so.
const BEHIND_RESERVED: &[u8] = b"plugboard:bucket;";

pub(crate) struct Keys {
    prefix: String,
    /// In bytes.
    longest: u64,
}

impl Keys {
    pub(crate) fn new(prefix: String, longest: u64) -> Self {
        Keys { prefix, longest }
    }

    /// The key as etcd has it. For the default bucket that is the key itself behind the prefix. A named
    /// bucket's keys begin with the reserved words, the prefix and the bucket, each escaped so that neither
    /// has a colon: no two buckets under any two prefixes can meet.
    pub(crate) fn full(&self, bucket: &Bucket, key: &str) -> Result<String> {
        let full = self.lead(bucket) + key;
        if *bucket == Bucket::Default && full.starts_with(RESERVED) {
            let sentence = ["keys of the default bucket cannot begin with `", RESERVED, "`"].concat();
            return Err(Error::new(Kind::Invalid, sentence));
        }
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
        if *bucket == Bucket::Default && full.starts_with(RESERVED.as_bytes()) {
            return None;
        }
        let short = full.strip_prefix(self.lead(bucket).as_bytes())?;
        std::str::from_utf8(short).ok().map(str::to_owned)
    }

    /// The bucket's keys from that one on (as the app has it, if it were text) and before the second, as etcd takes a
    /// range: `\0` for the first of all keys and for no end.
    pub(crate) fn range(&self, bucket: &Bucket, from: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let lead = self.lead(bucket).into_bytes();
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
            Bucket::Default if full.starts_with(RESERVED.as_bytes()) => BEHIND_RESERVED.to_vec(),
            _ => [full, b"\0"].concat(),
        };
        next.strip_prefix(self.lead(bucket).as_bytes()).map(<[u8]>::to_vec)
    }

    fn lead(&self, bucket: &Bucket) -> String {
        let Bucket::Named(name) = bucket else { return self.prefix.clone() };
        let mut lead = RESERVED.to_owned();
        escape(&mut lead, &self.prefix);
        lead.push(':');
        escape(&mut lead, name);
        lead.push(':');
        lead
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
    fn the_default_bucket_is_what_other_clients_see() {
        assert_eq!(keys("").full(&Bucket::Default, "a:b"), Ok("a:b".into()));
        assert_eq!(keys("app:").full(&Bucket::Default, "k"), Ok("app:k".into()));
    }

    #[test]
    fn the_default_bucket_cannot_reach_the_others() {
        for (prefix, key) in [("", "plugboard:bucket::b:k"), ("plugboard:", "bucket::b:k")] {
            let keys = keys(prefix);
            assert_eq!(keys.full(&Bucket::Default, key).unwrap_err().kind, Kind::Invalid);
            assert_eq!(keys.short(&Bucket::Default, format!("{prefix}{key}").as_bytes()), None);
        }
    }

    #[test]
    fn named_buckets_never_meet() {
        let of = |prefix: &str, name: &str, key: &str| keys(prefix).full(&named(name), key).unwrap();
        assert_eq!(of("p:", "b/1", "k"), "plugboard:bucket:p%3A:b%2F1:k");
        let all = [
            of("", "a", "b:c"),
            of("", "a:b", "c"),
            of("a", "b", "c"),
            of("a:b", "", "c"),
            of("", "", "a:b:c"),
        ];
        for (i, one) in all.iter().enumerate() {
            assert!(all.iter().skip(i + 1).all(|other| other != one), "{one}");
        }
    }

    #[test]
    fn short_undoes_full() {
        let keys = keys("p*:");
        for bucket in [Bucket::Default, named("b")] {
            let full = keys.full(&bucket, "k").unwrap();
            assert_eq!(keys.short(&bucket, full.as_bytes()), Some("k".into()));
        }
        assert_eq!(keys.short(&Bucket::Default, b"other"), None);
        assert_eq!(keys.short(&Bucket::Default, b"p*:\xff"), None);
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
