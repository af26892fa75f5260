use plugboard_keyvalue::{Bucket, Keys};

/// The glob that SCAN finds the bucket's keys by.
pub(crate) fn pattern(keys: &Keys, bucket: &Bucket) -> String {
    let mut pattern = String::new();
    for c in keys.lead(bucket).chars() {
        if matches!(c, '*' | '?' | '[' | ']' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern + "*"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pattern_takes_the_prefix_literally() {
        let keys = Keys::new(r"a*?[b]\".into());
        assert_eq!(pattern(&keys, &Bucket::Default), r"a\*\?\[b\]\\*");
    }
}
