//! For services that do not take every character in a key.

/// Writes the special characters as their bytes in two hexadecimal digits, each behind the mark, and the others as they
/// are. The mark is to be special, too.
pub fn escape_marked(into: &mut String, text: &str, mark: char, special: impl Fn(char) -> bool) {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    for c in text.chars() {
        if !special(c) {
            into.push(c);
            continue;
        }
        for byte in c.encode_utf8(&mut [0; 4]).bytes() {
            let digit = |nibble: u8| DIGITS.get(usize::from(nibble & 15)).copied().unwrap_or_default();
            into.extend([mark, digit(byte >> 4), digit(byte)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_characters_are_bytes_behind_the_mark() {
        let mut text = "p:".to_owned();
        escape_marked(&mut text, "a/b^\u{e4}\u{1f600}", '^', |c| !c.is_ascii_alphanumeric());
        assert_eq!(text, "p:a^2Fb^5E^C3^A4^F0^9F^98^80");
    }
}
