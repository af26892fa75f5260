//! The calls of either draft, with the outcome in the words of a program.

use crate::Bytes;
use crate::keyvalue::{Cursor, Draft, Failure, Outcome};

pub(crate) enum Bucket {
    Draft(draft::Bucket),
    Draft2(draft2::Bucket),
}

impl Bucket {
    pub(crate) fn open(draft: Draft, identifier: &str) -> Result<Bucket, Failure> {
        Ok(match draft {
            Draft::Draft => Bucket::Draft(draft::open(identifier)?),
            Draft::Draft2 => Bucket::Draft2(draft2::open(identifier)?),
        })
    }
}

/// Both drafts have these calls, with types of their own and signatures that differ in nothing but the cursor and
/// the delta.
macro_rules! calls {
    ($draft:ident, $version:ident, $cursor:path, $number:ty) => {
        pub(crate) mod $draft {
            use super::*;
            pub(crate) use crate::guest::bindings::wasi::$version::store::Bucket;
            use crate::guest::bindings::wasi::$version::{atomics, batch, store};

            impl From<store::Error> for Failure {
                fn from(error: store::Error) -> Self {
                    match error {
                        store::Error::NoSuchStore => Failure::NoSuchStore,
                        store::Error::AccessDenied => Failure::AccessDenied,
                        store::Error::Other(sentence) => Failure::Other(sentence),
                    }
                }
            }

            pub(crate) fn open(identifier: &str) -> Result<Bucket, Failure> {
                Ok(store::open(identifier)?)
            }

            pub(crate) fn get(bucket: &Bucket, key: &str) -> Result<Outcome, Failure> {
                Ok(Outcome::Value(bucket.get(key)?.map(Bytes)))
            }

            pub(crate) fn set(bucket: &Bucket, key: &str, value: &[u8]) -> Result<Outcome, Failure> {
                bucket.set(key, value)?;
                Ok(Outcome::Done)
            }

            pub(crate) fn delete(bucket: &Bucket, key: &str) -> Result<Outcome, Failure> {
                bucket.delete(key)?;
                Ok(Outcome::Done)
            }

            pub(crate) fn exists(bucket: &Bucket, key: &str) -> Result<Outcome, Failure> {
                Ok(Outcome::Exists(bucket.exists(key)?))
            }

            pub(crate) fn list_keys(bucket: &Bucket, cursor: Option<Cursor>) -> Result<Outcome, Failure> {
                let cursor = cursor.map(|cursor| match cursor {
                    $cursor(cursor) => cursor,
                    other => panic!("{other:?} is a cursor of the other draft"),
                });
                let page = bucket.list_keys(cursor.as_ref().map(|cursor| cursor.as_argument()))?;
                Ok(Outcome::Keys { keys: page.keys, cursor: page.cursor.map($cursor) })
            }

            pub(crate) fn increment(bucket: &Bucket, key: &str, delta: i128) -> Result<Outcome, Failure> {
                let delta = <$number>::try_from(delta).expect("the delta fits the draft's type");
                Ok(Outcome::Number(atomics::increment(bucket, key, delta)?.into()))
            }

            pub(crate) fn get_many(bucket: &Bucket, keys: &[String]) -> Result<Outcome, Failure> {
                Ok(Outcome::Pairs(batch::get_many(bucket, keys)?.into_iter().map(Pair::pair).collect()))
            }

            pub(crate) fn set_many(bucket: &Bucket, pairs: Vec<(String, Bytes)>) -> Result<Outcome, Failure> {
                batch::set_many(
                    bucket,
                    &pairs.into_iter().map(|(key, value)| (key, value.0)).collect::<Vec<_>>(),
                )?;
                Ok(Outcome::Done)
            }

            pub(crate) fn delete_many(bucket: &Bucket, keys: &[String]) -> Result<Outcome, Failure> {
                batch::delete_many(bucket, keys)?;
                Ok(Outcome::Done)
            }
        }
    };
}

calls!(draft, keyvalue0_2_0_draft, Cursor::Number, u64);
calls!(draft2, keyvalue0_2_0_draft2, Cursor::Text, i64);

/// What a cursor looks like as an argument: a number is passed itself, a word is lent.
trait Argument {
    type As<'a>
    where
        Self: 'a;
    fn as_argument(&self) -> Self::As<'_>;
}

impl Argument for u64 {
    type As<'a> = u64;
    fn as_argument(&self) -> u64 {
        *self
    }
}

impl Argument for String {
    type As<'a> = &'a str;
    fn as_argument(&self) -> &str {
        self
    }
}

/// The two shapes of what get-many returns.
trait Pair {
    fn pair(self) -> (Option<String>, Option<Bytes>);
}

impl Pair for Option<(String, Vec<u8>)> {
    fn pair(self) -> (Option<String>, Option<Bytes>) {
        self.map(|(key, value)| (key, Bytes(value))).unzip()
    }
}

impl Pair for (String, Option<Vec<u8>>) {
    fn pair(self) -> (Option<String>, Option<Bytes>) {
        (Some(self.0), self.1.map(Bytes))
    }
}
