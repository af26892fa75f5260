//! Where a bucket's keys are among the keys of Redis.

use plugboard_error::{Error, Kind, Result};
use plugboard_keyvalue::Bucket;

use crate::wire::escape;

/// In front of the keys of named buckets. The default bucket neither shows nor takes keys that begin so.
const RESERVED: &str = "plugboard:bucket:";

pub(crate) struct Keys {
    prefix: String,
}

impl Keys {
    pub(crate) fn new(prefix: String) -> Self {
        Keys { prefix }
    }

    /// The key as Redis has it. For the default bucket that is the key itself behind the prefix. A named
    /// bucket's keys begin with the reserved words, the prefix and the bucket, each escaped so that neither
    /// has a colon: no two buckets under any two prefixes can meet.
    pub(crate) fn full(&self, bucket: &Bucket, key: &str) -> Result<String> {
        let full = self.lead(bucket) + key;
        if *bucket == Bucket::Default && full.starts_with(RESERVED) {
            let sentence = format!("keys of the default bucket cannot begin with `{RESERVED}`");
            return Err(Error::new(Kind::Invalid, sentence));
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

    /// The key as the app has it; none if it is not one of the bucket's.
    pub(crate) fn short(&self, bucket: &Bucket, full: String) -> Option<String> {
        if *bucket == Bucket::Default && full.starts_with(RESERVED) {
            return None;
        }
        full.strip_prefix(&self.lead(bucket)).map(str::to_owned)
    }

    /// The glob that SCAN finds the bucket's keys by.
    pub(crate) fn pattern(&self, bucket: &Bucket) -> String {
        let mut pattern = String::new();
        for c in self.lead(bucket).chars() {
            if matches!(c, '*' | '?' | '[' | ']' | '\\') {
                pattern.push('\\');
            }
            pattern.push(c);
        }
        pattern + "*"
    }

    fn lead(&self, bucket: &Bucket) -> String {
        let Bucket::Named(name) = bucket else { return self.prefix.clone() };
        let mut lead = RESERVED.to_owned();
        escape(&mut lead, self.prefix.as_bytes());
        lead.push(':');
        escape(&mut lead, name.as_bytes());
        lead.push(':');
        lead
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Bucket {
        Bucket::Named(name.into())
    }

    #[test]
    fn the_default_bucket_is_what_other_clients_see() {
        assert_eq!(Keys::new(String::new()).full(&Bucket::Default, "k"), Ok("k".into()));
        assert_eq!(Keys::new("app:".into()).full(&Bucket::Default, "k"), Ok("app:k".into()));
    }

    #[test]
    fn the_default_bucket_cannot_reach_the_others() {
        for (prefix, key) in [("", "plugboard:bucket::b:k"), ("plugboard:", "bucket::b:k")] {
            let keys = Keys::new(prefix.into());
            assert_eq!(keys.full(&Bucket::Default, key).unwrap_err().kind, Kind::Invalid);
            assert_eq!(keys.short(&Bucket::Default, format!("{prefix}{key}")), None);
        }
    }

    #[test]
    fn named_buckets_never_meet() {
        let of =
            |prefix: &str, name: &str, key: &str| Keys::new(prefix.into()).full(&named(name), key).unwrap();
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
        let keys = Keys::new("p*:".into());
        for bucket in [Bucket::Default, named("b")] {
            assert_eq!(keys.short(&bucket, keys.full(&bucket, "k").unwrap()), Some("k".into()));
        }
        assert_eq!(keys.short(&Bucket::Default, "other".into()), None);
    }

    #[test]
    fn the_pattern_takes_the_prefix_literally() {
        assert_eq!(Keys::new(r"a*?[b]\".into()).pattern(&Bucket::Default), r"a\*\?\[b\]\\*");
    }
}
