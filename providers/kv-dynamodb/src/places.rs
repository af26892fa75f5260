//! Where a bucket's pairs are: in which table, under which keys.

use std::borrow::Cow;

use plugboard_error::{Error, Kind, Result};
use plugboard_keyvalue::{Bucket, escape_marked};

/// docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html: a sort key has 1,024 bytes, a partition
/// key 2,048. Keys have as many in either layout, so that data can move from one to the other.
const LONGEST_KEY: usize = 1024;
const LONGEST_PARTITION: usize = 2048;
const LONGEST_TABLE: usize = 255;

/// The default bucket's.
const DEFAULT_PARTITION: &str = "default";

/// What a table's items are found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// The bucket is the partition key, and the key the sort key: one table holds all.
    Partition,
    /// The key is the partition key: each bucket has a table.
    Table,
}

#[derive(Debug)]
pub(crate) struct Places {
    pub(crate) layout: Layout,
    /// The default bucket's.
    pub(crate) table: String,
    /// In front of every key of the default bucket.
    pub(crate) prefix: String,
    /// The tables of buckets that are called otherwise.
    pub(crate) tables: Vec<(String, String)>,
}

/// Where one bucket is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Place<'a> {
    pub(crate) table: Cow<'a, str>,
    pub(crate) partition: Option<Cow<'a, str>>,
    /// In front of its keys.
    pub(crate) prefix: &'a str,
}

impl Places {
    /// No two buckets under any two prefixes meet, as neither a prefix nor a bucket has the separator once it is
    /// escaped, and no named bucket is called `default`.
    pub(crate) fn of<'a>(&'a self, bucket: &Bucket) -> Result<Place<'a>> {
        let Bucket::Named(name) = bucket else {
            let partition = (self.layout == Layout::Partition).then_some(Cow::Borrowed(DEFAULT_PARTITION));
            return Ok(Place { table: Cow::Borrowed(&self.table), partition, prefix: &self.prefix });
        };
        let (table, partition, fits) = match self.layout {
            Layout::Partition => {
                let mut partition = String::new();
                if !self.prefix.is_empty() {
                    escape_marked(&mut partition, &self.prefix, '%', |c| matches!(c, '%' | ':'));
                    partition.push(':');
                }
                escape_marked(&mut partition, name, '%', |c| matches!(c, '%' | ':'));
                let fits = partition.len() <= LONGEST_PARTITION;
                (Cow::Borrowed(self.table.as_str()), Some(Cow::Owned(partition)), fits)
            }
            Layout::Table => match self.tables.iter().find(|(other, _)| other == name) {
                Some((_, table)) => (Cow::Borrowed(table.as_str()), None, true),
                None => {
                    let table = self.table_of(name);
                    let fits = table.rsplit('/').next().unwrap_or_default().len() <= LONGEST_TABLE;
                    (Cow::Owned(table), None, fits)
                }
            },
        };
        if !fits {
            return Err(Error::new(
                Kind::Invalid,
                "the name of the bucket is longer than the service can take",
            ));
        }
        Ok(Place { table, partition, prefix: "" })
    }

    /// A bucket with a table of its own choice, if that is the table of any other of these, or of more than one of them.
    pub(crate) fn meets_another<'a>(&'a self, names: &[String]) -> Option<&'a str> {
        let any = names.iter().any(|name| name == "*");
        let own = [&self.table, "."].concat();
        let meets = |index: usize, name: &str, table: &str| {
            let mut others = self.tables.iter().enumerate().filter(|(other, _)| *other != index);
            table == self.table
                || (any && table.starts_with(&own))
                || others.any(|(_, (other, its))| other == name || its == table)
                || names.iter().any(|other| other != name && self.table_of(other) == table)
        };
        let mut tables = self.tables.iter().enumerate();
        tables.find(|(index, (name, table))| meets(*index, name, table)).map(|(_, (name, _))| name.as_str())
    }

    /// `<table>.<bucket>`, or `<table>.<prefix>.<bucket>`.
    fn table_of(&self, name: &str) -> String {
        let other = |c: char| !c.is_ascii_alphanumeric() && c != '-';
        let mut table = self.table.clone();
        for part in [self.prefix.as_str(), name] {
            if !part.is_empty() {
                table.push('.');
                escape_marked(&mut table, part, '_', other);
            }
        }
        table
    }
}

impl Place<'_> {
    /// The key as the table has it.
    pub(crate) fn full(&self, key: &str) -> Result<String> {
        let full = [self.prefix, key].concat();
        match full.len() {
            0 => Err(Error::new(Kind::Invalid, "the service takes no empty key")),
            1..=LONGEST_KEY => Ok(full),
            _ => {
                Err(Error::new(Kind::Invalid, "the key is longer than the 1024 bytes that the service takes"))
            }
        }
    }

    pub(crate) fn all<'k>(&self, keys: impl IntoIterator<Item = &'k String>) -> Result<Vec<String>> {
        keys.into_iter().map(|key| self.full(key)).collect()
    }

    /// The key as the app has it; none if it is not one of the bucket's.
    pub(crate) fn short(&self, full: &str) -> Option<String> {
        full.strip_prefix(self.prefix).map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(layout: Layout, prefix: &str) -> Places {
        let tables = vec![("users".to_owned(), "prod-users".to_owned())];
        Places { layout, table: "pairs".into(), prefix: prefix.into(), tables }
    }

    fn named(name: &str) -> Bucket {
        Bucket::Named(name.into())
    }

    /// Table and partition of a bucket.
    fn at(layout: Layout, prefix: &str, name: &str) -> (String, Option<String>) {
        let places = places(layout, prefix);
        let place = places.of(&named(name)).unwrap();
        (place.table.into_owned(), place.partition.map(Cow::into_owned))
    }

    #[test]
    fn the_default_bucket_has_the_keys_as_they_are() {
        let places = places(Layout::Partition, "p:");
        let place = places.of(&Bucket::Default).unwrap();
        assert_eq!((&*place.table, place.partition.as_deref()), ("pairs", Some("default")));
        assert_eq!(place.full("k"), Ok("p:k".into()));
        assert_eq!((place.short("p:k"), place.short("k")), (Some("k".into()), None));
    }

    #[test]
    fn a_named_bucket_is_a_partition_or_a_table() {
        let partition = |prefix, name| at(Layout::Partition, prefix, name).1.unwrap();
        assert_eq!(partition("", "carts"), "carts");
        assert_eq!(partition("p:", "a/b"), "p%3A:a/b");
        let table = |prefix, name| at(Layout::Table, prefix, name).0;
        assert_eq!(table("", "carts"), "pairs.carts");
        assert_eq!(table("p:", "é"), "pairs.p_3A._C3_A9");
        assert_eq!(table("", "users"), "prod-users");
    }

    #[test]
    fn named_buckets_never_meet() {
        for layout in [Layout::Partition, Layout::Table] {
            let pairs = [
                ("", "a:b"),
                ("a", "b"),
                ("a:b", "c"),
                ("", "a.b"),
                ("", "a_3Ab"),
                ("", "a%3Ab"),
                ("a", "B"),
            ];
            let mut all = pairs.map(|(prefix, name)| at(layout, prefix, name)).to_vec();
            all.push(("pairs".into(), (layout == Layout::Partition).then(|| "default".into())));
            for (i, one) in all.iter().enumerate() {
                assert!(all.iter().skip(i + 1).all(|other| other != one), "{one:?}");
            }
        }
    }

    #[test]
    fn what_the_service_cannot_take_is_invalid() {
        let places = places(Layout::Partition, "");
        let place = places.of(&Bucket::Default).unwrap();
        assert!(place.full(&"k".repeat(1024)).is_ok());
        for key in [String::new(), "k".repeat(1025)] {
            assert_eq!(place.full(&key).unwrap_err().kind, Kind::Invalid);
        }
        assert_eq!(places.of(&named(&"n".repeat(2049))).unwrap_err().kind, Kind::Invalid);
    }
}
