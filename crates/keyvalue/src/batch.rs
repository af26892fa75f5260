//! Duplicates in batches: services refuse them or do with them what they like.

use std::collections::BTreeSet;

use plugboard_error::Error;

/// Of pairs with the same key only the last one, which is what one `set` after the other would leave.
pub(crate) fn last_wins(mut pairs: Vec<(String, Vec<u8>)>) -> Vec<(String, Vec<u8>)> {
    pairs.reverse();
    let mut seen = BTreeSet::new();
    pairs.retain(|(key, _)| seen.insert(key.clone()));
    pairs.reverse();
    pairs
}

pub(crate) fn unique(mut keys: Vec<String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    keys.retain(|key| seen.insert(key.clone()));
    keys
}

/// The error of a batch that takes several requests, so many of whose keys were written before.
pub fn behind(error: Error, done: usize, all: usize) -> Error {
    if done == 0 {
        return error;
    }
    let (done, all) = (done.to_string(), all.to_string());
    let sentence = [&error.sentence, "; of ", &all, " keys the first ", &done, " were done before"];
    Error { sentence: sentence.concat(), ..error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_pair_of_a_key_stays() {
        let pair = |key: &str, value: &str| (key.to_owned(), value.as_bytes().to_vec());
        let pairs = vec![pair("a", "1"), pair("b", "2"), pair("a", "3"), pair("c", "4"), pair("b", "5")];
        assert_eq!(last_wins(pairs), [pair("a", "3"), pair("c", "4"), pair("b", "5")]);
        assert_eq!(last_wins(vec![]), []);
    }

    #[test]
    fn a_key_twice_is_one_key() {
        assert_eq!(unique(vec!["b".into(), "a".into(), "b".into()]), ["b", "a"]);
    }
}
