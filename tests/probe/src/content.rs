//! What is written and read, without sending it to and fro: both sides can make the bytes of a pattern, and a
//! digest stands for many.

use serde::{Deserialize, Serialize};

use crate::Bytes;

/// Up to here, what was read is shown as it is.
const SHOWN: usize = 4096;
/// What of a pattern is the same over and over, but for its first word.
const PAGE: usize = 4096;
/// How much of a content is made at a time.
const PIECE: usize = 64 * 1024;

/// Bytes to write.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Content {
    Bytes(Bytes),
    /// Bytes that look random, others for each seed.
    Pattern {
        seed: u64,
        length: u64,
    },
}

/// What was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Data {
    Bytes(Bytes),
    /// Of more than fits a message.
    Digest {
        length: u64,
        crc32: u32,
    },
}

/// Takes bytes in pieces.
#[derive(Default)]
pub struct Digest {
    shown: Vec<u8>,
    length: u64,
    crc32: crc32fast::Hasher,
}

impl Content {
    pub fn length(&self) -> u64 {
        match self {
            Content::Bytes(bytes) => bytes.0.len() as u64,
            Content::Pattern { length, .. } => *length,
        }
    }

    /// At most `length` bytes from `start` on.
    pub fn part(&self, start: u64, length: usize) -> Vec<u8> {
        let left = usize::try_from(self.length().saturating_sub(start)).unwrap_or(usize::MAX);
        let length = length.min(left);
        match self {
            Content::Bytes(bytes) => bytes.0.iter().skip(start as usize).take(length).copied().collect(),
            Content::Pattern { seed, .. } => {
                let page = page(*seed);
                let mut part = Vec::with_capacity(length + 2 * PAGE);
                let (first, inside) = (start / PAGE as u64, (start % PAGE as u64) as usize);
                for number in (first..).take((inside + length).div_ceil(PAGE)) {
                    part.extend_from_slice(&word(*seed, number).to_le_bytes());
                    part.extend_from_slice(&page);
                }
                part.drain(..inside);
                part.truncate(length);
                part
            }
        }
    }

    /// All of it.
    pub fn bytes(&self) -> Vec<u8> {
        self.part(0, usize::MAX)
    }

    /// The whole as it is read.
    pub fn data(&self) -> Data {
        self.range(0, u64::MAX)
    }

    /// What is read of the bytes from `first` to `last`, both included.
    pub fn range(&self, first: u64, last: u64) -> Data {
        let end = self.length().min(last.saturating_add(1));
        let (mut digest, mut at) = (Digest::default(), first);
        while at < end {
            let piece = self.part(at, PIECE.min(usize::try_from(end - at).unwrap_or(PIECE)));
            at += piece.len() as u64;
            digest.add(&piece);
        }
        digest.data()
    }
}

/// A page of a pattern without its first word, which tells it from the others.
fn page(seed: u64) -> Vec<u8> {
    (1..PAGE as u64 / 8).flat_map(|index| word(!seed, index).to_le_bytes()).collect()
}

/// The words of Sebastiano Vigna's SplitMix64, each by its number.
fn word(seed: u64, index: u64) -> u64 {
    let z = seed.wrapping_add(index.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Digest {
    pub fn add(&mut self, piece: &[u8]) {
        let room = (SHOWN + 1).saturating_sub(self.shown.len());
        self.shown.extend(piece.iter().take(room));
        self.length += piece.len() as u64;
        self.crc32.update(piece);
    }

    pub fn data(self) -> Data {
        if self.shown.len() <= SHOWN {
            Data::Bytes(Bytes(self.shown))
        } else {
            Data::Digest { length: self.length, crc32: self.crc32.finalize() }
        }
    }
}

impl Data {
    pub fn of(bytes: &[u8]) -> Data {
        let mut digest = Digest::default();
        digest.add(bytes);
        digest.data()
    }
}

impl<T: AsRef<[u8]> + ?Sized> From<&T> for Content {
    fn from(bytes: &T) -> Self {
        Content::Bytes(Bytes(bytes.as_ref().to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_of_the_whole() {
        let pattern = Content::Pattern { seed: 7, length: 200_003 };
        let whole = pattern.bytes();
        assert_eq!(whole.len(), 200_003);
        assert_eq!(pattern.data(), Data::of(&whole));
        for (start, length) in [(0, 1), (1, 9), (7, 1), (8, 8), (65_535, 70_000), (200_000, 10), (300_000, 1)]
        {
            let end = whole.len().min(start + length);
            assert_eq!(pattern.part(start as u64, length), whole.get(start..end).unwrap_or_default());
        }
        assert_eq!(pattern.range(5, 9), Data::of(&whole[5..=9]));
        assert_eq!(pattern.range(5, u64::MAX), Data::of(&whole[5..]));
        assert_ne!(pattern.data(), Content::Pattern { seed: 8, length: 200_003 }.data());
    }

    #[test]
    fn little_is_shown() {
        assert_eq!(Data::of(b""), Data::Bytes(b"".as_slice().into()));
        assert_eq!(Content::from("abc").range(1, 1), Data::of(b"b"));
        assert!(matches!(Data::of(&[1; 4096]), Data::Bytes(_)));
        assert!(matches!(Data::of(&[1; 4097]), Data::Digest { length: 4097, .. }));
    }
}
