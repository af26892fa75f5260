//! What an app holds of a listing between two pages.
//!
//! In draft2 it is a string that only the bucket which gave it takes back: `<check>.<cursor>`, the check in
//! hexadecimal over bucket and cursor. It is no protection, it tells a mistake: a cursor of another bucket, or text
//! that never was one, would otherwise start a listing somewhere in the middle. In draft it is a number: the
//! service's own, or the check of a text that the instance remembers.

use std::cell::RefCell;
use std::collections::VecDeque;

use plugboard_error::{Error, Kind, Result};

use crate::Bucket;

/// A service's own cursor.
pub trait Cursor: Sized {
    fn into_text(self) -> String;
    /// None if it is none of the service's.
    fn of_text(text: String) -> Option<Self>;
    fn into_number(self, bucket: &Bucket) -> u64;
    fn of_number(number: u64, bucket: &Bucket) -> Option<Self>;
}

impl Cursor for u64 {
    fn into_text(self) -> String {
        self.to_string()
    }

    fn of_text(text: String) -> Option<u64> {
        // Of the ways to write a number only ours.
        text.parse().ok().filter(|number: &u64| number.to_string() == text)
    }

    fn into_number(self, _: &Bucket) -> u64 {
        self
    }

    fn of_number(number: u64, _: &Bucket) -> Option<u64> {
        Some(number)
    }
}

/// How many an instance remembers: of listings that take turns, not of one listing's pages.
const REMEMBERED: usize = 64;

std::thread_local! {
    /// The last ones that were given out, with their numbers.
    static GIVEN: RefCell<VecDeque<(u64, String)>> = const { RefCell::new(VecDeque::new()) };
}

impl Cursor for String {
    fn into_text(self) -> String {
        self
    }

    fn of_text(text: String) -> Option<String> {
        Some(text)
    }

    fn into_number(self, bucket: &Bucket) -> u64 {
        let number = check(bucket, &self);
        GIVEN.with_borrow_mut(|given| {
            given.retain(|(other, _)| *other != number);
            given.truncate(REMEMBERED - 1);
            given.push_front((number, self));
        });
        number
    }

    fn of_number(number: u64, bucket: &Bucket) -> Option<String> {
        GIVEN.with_borrow(|given| {
            let (_, text) = given.iter().find(|(other, _)| *other == number)?;
            (check(bucket, text) == number).then(|| text.clone())
        })
    }
}

pub(crate) fn write<C: Cursor>(bucket: &Bucket, cursor: C) -> String {
    let text = cursor.into_text();
    format!("{:016x}.{text}", check(bucket, &text))
}

pub(crate) fn read<C: Cursor>(bucket: &Bucket, text: String) -> Result<C> {
    let cursor = text.split_once('.').map(|(_, cursor)| cursor.to_owned());
    let own = |cursor: &String| format!("{:016x}.{cursor}", check(bucket, cursor)) == text;
    cursor.filter(own).and_then(C::of_text).ok_or_else(foreign)
}

pub(crate) fn write_number<C: Cursor>(bucket: &Bucket, cursor: C) -> u64 {
    cursor.into_number(bucket)
}

pub(crate) fn read_number<C: Cursor>(bucket: &Bucket, number: u64) -> Result<C> {
    C::of_number(number, bucket).ok_or_else(foreign)
}

fn foreign() -> Error {
    Error::new(Kind::Invalid, "the cursor did not come from a listing of this bucket")
}

/// FNV-1a, 64 bits.
fn check(bucket: &Bucket, cursor: &str) -> u64 {
    let (kind, name) = match bucket {
        Bucket::Default => (0, ""),
        Bucket::Named(name) => (1, name.as_str()),
    };
    // What no UTF-8 has stands between the two.
    let bytes = [kind].into_iter().chain(name.bytes()).chain([0xff]).chain(cursor.bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Bucket {
        Bucket::Named(name.into())
    }

    #[test]
    fn comes_back_as_it_went() {
        for bucket in [Bucket::Default, named("b")] {
            for number in [0, 1, u64::MAX] {
                assert_eq!(read(&bucket, write(&bucket, number)), Ok(number));
                assert_eq!(read_number(&bucket, write_number(&bucket, number)), Ok(number));
            }
            for text in ["", "a.b", "\u{1f600}"].map(str::to_owned) {
                assert_eq!(read(&bucket, write(&bucket, text.clone())), Ok(text.clone()));
                assert_eq!(read_number(&bucket, write_number(&bucket, text.clone())), Ok(text));
            }
        }
    }

    #[test]
    fn anything_else_is_invalid() {
        let own = write(&Bucket::Default, 17);
        let foreign = write(&named("b"), 17);
        // Checked, and still no number of ours.
        let odd = write(&Bucket::Default, "+17".to_owned());
        let bad = [
            "",
            "17",
            ".17",
            "0000000000000000.17",
            "x.17",
            "é.17",
            &own.replace("17", "18"),
            &own.replace('.', ".+"),
            &foreign,
            &odd,
        ];
        for text in bad {
            let kind = read::<u64>(&Bucket::Default, text.to_owned()).unwrap_err().kind;
            assert_eq!(kind, Kind::Invalid, "{text:?}");
        }
    }

    #[test]
    fn a_number_is_of_one_bucket_and_not_guessed() {
        let number = write_number(&named("a"), "page".to_owned());
        assert_eq!(read_number(&named("a"), number), Ok("page".to_owned()));
        for (bucket, number) in [(named("b"), number), (Bucket::Default, number), (named("a"), number + 1)] {
            assert_eq!(read_number::<String>(&bucket, number).unwrap_err().kind, Kind::Invalid);
        }
    }

    #[test]
    fn the_last_ones_are_remembered() {
        let numbers = (0..100).map(|n| write_number(&Bucket::Default, n.to_string())).collect::<Vec<_>>();
        let known = numbers.iter().filter(|n| read_number::<String>(&Bucket::Default, **n).is_ok()).count();
        assert_eq!(known, REMEMBERED);
        assert_eq!(read_number(&Bucket::Default, numbers[99]), Ok("99".to_owned()));
    }
}
