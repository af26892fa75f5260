//! Where a bucket's keys are among the keys of a table's entities, which have two parts.

use plugboard_error::{Error, Kind, Result};
use plugboard_keyvalue::{Bucket, escape_marked};
use plugboard_sign::sha256;

/// UTF-16 units in either part of an entity's key: 1 KiB.
const LONGEST: usize = 512;
/// The default bucket's. No other bucket is called so.
const DEFAULT: &str = "default";
/// In front of two hexadecimal digits, as many pairs of them as a character has bytes.
const MARK: char = '^';

pub(crate) struct Keys {
    prefix: String,
}

/// Where a pair is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) partition: String,
    pub(crate) row: String,
}

impl Keys {
    pub(crate) fn new(prefix: String) -> Self {
        Keys { prefix }
    }

    /// Whether there can be keys in the default bucket with that prefix.
    pub(crate) fn have_room_behind(prefix: &str) -> bool {
        escaped(prefix, is_special).encode_utf16().count() < LONGEST
    }

    pub(crate) fn place(&self, bucket: &Bucket, key: &str) -> Result<Place> {
        let row = self.lead(bucket) + &escaped(key, is_special);
        if row.encode_utf16().count() > LONGEST {
            let sentence = "the key is longer than the service takes: 512 characters, of which those that it does not \
                            take as they are count threefold";
            return Err(Error::new(Kind::Invalid, sentence));
        }
        Ok(Place { partition: self.partition(bucket), row })
    }

    pub(crate) fn all<'a>(
        &self,
        bucket: &Bucket,
        keys: impl IntoIterator<Item = &'a String>,
    ) -> Result<Vec<Place>> {
        keys.into_iter().map(|key| self.place(bucket, key)).collect()
    }

    /// Behind the prefix, if there is one, and a colon, which neither has after it is escaped: no two buckets under any
    /// two prefixes meet. What would be too long is a hash, and begins with a colon, which no other does.
    pub(crate) fn partition(&self, bucket: &Bucket) -> String {
        let Bucket::Named(name) = bucket else { return DEFAULT.to_owned() };
        let special = |c| is_special(c) || c == ':';
        let name = escaped(name, special);
        let partition = match self.prefix.as_str() {
            "" => name,
            prefix => [&escaped(prefix, special), ":", &name].concat(),
        };
        if !partition.is_empty() && partition.encode_utf16().count() <= LONGEST {
            return partition;
        }
        [":", &sha256([partition.as_bytes()])].concat()
    }

    /// What the bucket's rows begin with.
    pub(crate) fn lead(&self, bucket: &Bucket) -> String {
        match bucket {
            Bucket::Default => escaped(&self.prefix, is_special),
            Bucket::Named(_) => String::new(),
        }
    }

    /// The key as the app has it; none if the row is not of the bucket, or of a key that would be in another row.
    pub(crate) fn key(&self, bucket: &Bucket, row: &str) -> Option<String> {
        let row = row.strip_prefix(&self.lead(bucket))?;
        unescaped(row).filter(|key| escaped(key, is_special) == row)
    }
}

/// What the service does not take
/// (learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model), or decodes twice where
/// it is in an address (the percent sign: blogs.msdn.microsoft.com/windowsazurestorage/2012/05/28), or XML has no
/// word for.
fn is_special(c: char) -> bool {
    matches!(c, '/' | '\\' | '#' | '?' | '%' | MARK | '\u{fffe}' | '\u{ffff}') || c.is_control()
}

fn escaped(text: &str, special: impl Fn(char) -> bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    escape_marked(&mut escaped, text, MARK, special);
    escaped
}

fn unescaped(text: &str) -> Option<String> {
    let mut parts = text.split(MARK);
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Bucket {
        Bucket::Named(name.into())
    }

    fn at(prefix: &str, bucket: &Bucket, key: &str) -> (String, String) {
        let Place { partition, row } = Keys::new(prefix.into()).place(bucket, key).unwrap();
        (partition, row)
    }

    #[test]
    fn ordinary_keys_are_what_other_clients_see() {
        let default = |prefix, key| at(prefix, &Bucket::Default, key).1;
        assert_eq!(default("", "user:1 é'\u{1f600}"), "user:1 é'\u{1f600}");
        assert_eq!(default("app:", "k"), "app:k");
        assert_eq!(default("", "a/b^\\#?%\n\u{81}\u{ffff}"), "a^2Fb^5E^5C^23^3F^25^0A^C2^81^EF^BF^BF");
        assert_eq!(at("", &Bucket::Default, "k").0, "default");
        assert_eq!(at("", &named("carts"), "k"), ("carts".into(), "k".into()));
        assert_eq!(at("p:", &named("a/b"), "k"), ("p^3A:a^2Fb".into(), "k".into()));
    }

    #[test]
    fn named_buckets_never_meet() {
        let of = |prefix: &str, name: &str| Keys::new(prefix.into()).partition(&named(name));
        let long = "n".repeat(513);
        let all = [
            of("", "a:b"),
            of("a", "b"),
            of("a:b", ""),
            of("", "a^3Ab"),
            of("", ""),
            of("", &long),
            of("", &format!("{long}n")),
            of("n", &long),
            of("", &of("", &long)),
            DEFAULT.to_owned(),
        ];
        for (i, one) in all.iter().enumerate() {
            assert!(one.encode_utf16().count() <= LONGEST && !one.is_empty(), "{one}");
            assert!(all.iter().skip(i + 1).all(|other| other != one), "{one}");
        }
    }

    #[test]
    fn keys_come_back_from_rows() {
        let keys = Keys::new("p/".into());
        for bucket in [Bucket::Default, named("b")] {
            for key in
                ["", "k", "^", "^2F", "%2F", "a/b", "\0", "\u{7f}\u{85}", "\u{ffff}", "é\u{1f600}", ".."]
            {
                let row = keys.place(&bucket, key).unwrap().row;
                assert_eq!(keys.key(&bucket, &row), Some(key.into()), "{key:?}");
            }
        }
        assert_eq!(keys.key(&Bucket::Default, "other"), None);
        // No key of ours is in such rows: they would be written otherwise.
        for row in ["^", "^2", "^2f", "^41", "^+F", "^FF", "100%", "^2\u{e4}"] {
            assert_eq!(keys.key(&named("b"), row), None, "{row}");
        }
    }

    #[test]
    fn a_prefix_leaves_room_for_a_key() {
        for (fits, exceeds) in [("p".repeat(511), "p".repeat(512)), ("/".repeat(170), "/".repeat(171))] {
            assert!(Keys::have_room_behind(&fits) && !Keys::have_room_behind(&exceeds));
        }
        let key = Keys::new("p".repeat(511)).place(&Bucket::Default, "k");
        assert_eq!(key.unwrap().row.len(), 512);
    }

    #[test]
    fn long_keys_are_invalid() {
        let keys = Keys::new("p".into());
        let kind =
            |bucket: &Bucket, key: String| keys.place(bucket, &key).map(drop).map_err(|error| error.kind);
        assert_eq!(kind(&named("b"), "k".repeat(512)), Ok(()));
        assert_eq!(kind(&Bucket::Default, "k".repeat(512)), Err(Kind::Invalid));
        assert_eq!(kind(&named("b"), "k".repeat(513)), Err(Kind::Invalid));
        assert_eq!(kind(&named("b"), "\u{1f600}".repeat(257)), Err(Kind::Invalid));
        assert_eq!(kind(&named("b"), "/".repeat(171)), Err(Kind::Invalid));
    }
}
