//! Redis' glob patterns, on bytes: `*`, `?`, `[a-z]`, `[^a]`, and `\` before a character that means itself.

pub(crate) fn matches(mut pattern: &[u8], mut text: &[u8]) -> bool {
    // Where to go on when a mismatch shows that the last `*` has to take one byte more. Earlier stars need
    // no second try: what the last one can reach includes what they would leave.
    let mut star: Option<(&[u8], &[u8])> = None;
    loop {
        if let [b'*', rest @ ..] = pattern {
            star = Some((rest, text));
            pattern = rest;
            continue;
        }
        let Some((&byte, tail)) = text.split_first() else { return pattern.is_empty() };
        if let Some(rest) = one(pattern, byte) {
            (pattern, text) = (rest, tail);
        } else if let Some((rest, [_, tail @ ..])) = star {
            star = Some((rest, tail));
            (pattern, text) = (rest, tail);
        } else {
            return false;
        }
    }
}

/// Matches one byte and returns what remains of the pattern.
fn one(pattern: &[u8], byte: u8) -> Option<&[u8]> {
    let (&first, rest) = pattern.split_first()?;
    match (first, rest) {
        (b'?', rest) => Some(rest),
        (b'[', rest) => class(rest, byte),
        (b'\\', [escaped, rest @ ..]) => (*escaped == byte).then_some(rest),
        (literal, rest) => (literal == byte).then_some(rest),
    }
}

/// `[` is already read. A class without its `]` ends with the pattern, as in Redis.
fn class(mut pattern: &[u8], byte: u8) -> Option<&[u8]> {
    let negated = pattern.first() == Some(&b'^');
    if negated {
        pattern = &pattern[1..];
    }
    let mut found = false;
    loop {
        pattern = match pattern {
            [] | [b']', ..] => break,
            [b'\\', escaped, rest @ ..] => {
                found |= *escaped == byte;
                rest
            }
            [low, b'-', high, rest @ ..] => {
                found |= (*low.min(high)..=*low.max(high)).contains(&byte);
                rest
            }
            [literal, rest @ ..] => {
                found |= *literal == byte;
                rest
            }
        };
    }
    (found != negated).then_some(pattern.get(1..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_match_as_in_redis() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("h?llo", "hello", true),
            ("h?llo", "hllo", false),
            ("h*llo", "heeeello", true),
            ("*a*b*c", "xaxbxbxc", true),
            ("*a*b*c", "xaxbxbx", false),
            ("h[ae]llo", "hallo", true),
            ("h[^e]llo", "hello", false),
            ("h[a-b]llo", "hbllo", true),
            ("h[b-a]llo", "hbllo", true),
            (r"h\[llo", "h[llo", true),
            (r"h[\]]llo", "h]llo", true),
            ("[]", "a", false),
            ("[^", "a", true),
            ("[ab", "b", true),
            (r"a\", r"a\", true),
        ] {
            assert_eq!(matches(pattern.as_bytes(), text.as_bytes()), expected, "`{pattern}` on `{text}`");
        }
    }

    #[test]
    fn many_stars_take_no_exponential_time() {
        assert!(!matches("a*".repeat(50).as_bytes(), "b".repeat(10_000).as_bytes()));
        assert!(!matches(("*a".repeat(50) + "b").as_bytes(), "a".repeat(10_000).as_bytes()));
    }
}
