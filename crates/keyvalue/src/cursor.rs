//! Cursors of draft2: strings that only the bucket which gave them takes back.
//!
//! The form is `<check>.<number>`, the check in hexadecimal over bucket and number. It is no protection, it
//! tells a mistake: a cursor of another bucket, or text that never was one, would otherwise start a listing
//! somewhere in the middle.

use plugboard_error::{Error, Kind, Result};

use crate::Bucket;

pub(crate) fn write(bucket: &Bucket, number: u64) -> String {
    format!("{:08x}.{number}", check(bucket, number))
}

pub(crate) fn read(bucket: &Bucket, text: &str) -> Result<u64> {
    let number = text.split_once('.').and_then(|(_, number)| number.parse().ok());
    match number {
        Some(number) if write(bucket, number) == text => Ok(number),
        _ => Err(Error::new(Kind::Invalid, "the cursor did not come from a listing of this bucket")),
    }
}

/// FNV-1a, 32 bits.
fn check(bucket: &Bucket, number: u64) -> u32 {
    let (kind, name) = match bucket {
        Bucket::Default => (0, ""),
        Bucket::Named(name) => (1, name.as_str()),
    };
    let bytes = [kind].into_iter().chain(number.to_le_bytes()).chain(name.bytes());
    bytes.fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comes_back_as_it_went() {
        for bucket in [Bucket::Default, Bucket::Named("b".into())] {
            for number in [0, 1, u64::MAX] {
                assert_eq!(read(&bucket, &write(&bucket, number)), Ok(number));
            }
        }
    }

    #[test]
    fn anything_else_is_invalid() {
        let own = write(&Bucket::Default, 17);
        let foreign = write(&Bucket::Named("b".into()), 17);
        let bad = [
            "",
            "17",
            ".17",
            "00000000.17",
            "x.17",
            "é.17",
            &own.replace("17", "18"),
            &own.replace('.', ".+"),
            &foreign,
        ];
        for text in bad {
            assert_eq!(read(&Bucket::Default, text).unwrap_err().kind, Kind::Invalid, "{text:?}");
        }
    }
}
