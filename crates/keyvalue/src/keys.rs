//! Where a bucket's keys are in a service whose keys are one flat space, as those of Redis and etcd.

use plugboard_error::{Error, Kind, Result};
use plugboard_http::escape;

use crate::Bucket;

/// The default bucket's keys are the service's own, behind a prefix. Those of a named bucket begin with reserved words,
/// the prefix and the bucket.
pub struct Keys {
    prefix: String,
}

impl Keys {
    /// In front of the keys of named buckets. The default bucket neither shows nor takes keys that begin so.
    pub const RESERVED: &str = "plugboard:bucket:";

    pub fn new(prefix: String) -> Self {
        Keys { prefix }
    }

    /// The key as the service has it.
    pub fn full(&self, bucket: &Bucket, key: &str) -> Result<String> {
        let full = self.lead(bucket) + key;
        if *bucket == Bucket::Default && full.starts_with(Self::RESERVED) {
            let sentence = ["keys of the default bucket cannot begin with `", Self::RESERVED, "`"].concat();
            return Err(Error::new(Kind::Invalid, sentence));
        }
        Ok(full)
    }

    pub fn all<'a>(
        &self,
        bucket: &Bucket,
        keys: impl IntoIterator<Item = &'a String>,
    ) -> Result<Vec<String>> {
        keys.into_iter().map(|key| self.full(bucket, key)).collect()
    }

    /// The key as the app has it; none if it is not one of the bucket's, or no text.
    pub fn short(&self, bucket: &Bucket, full: &[u8]) -> Option<String> {
        if *bucket == Bucket::Default && full.starts_with(Self::RESERVED.as_bytes()) {
            return None;
        }
        let short = full.strip_prefix(self.lead(bucket).as_bytes())?;
        std::str::from_utf8(short).ok().map(str::to_owned)
    }

    /// What all of the bucket's keys begin with. Prefix and bucket are escaped so that neither has a colon: no two
    /// buckets under any two prefixes can meet.
    pub fn lead(&self, bucket: &Bucket) -> String {
        let Bucket::Named(name) = bucket else { return self.prefix.clone() };
        let mut lead = Self::RESERVED.to_owned();
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
        Keys::new(prefix.into())
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
}
