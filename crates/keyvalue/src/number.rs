use plugboard_error::{Error, Kind, Result};

/// The sum, for services that do not add themselves: of digits with a `-` in front of a negative number, and nothing
/// else. What is missing counts as 0.
pub fn sum(value: Option<&[u8]>, delta: i64, least: i64) -> Result<i64> {
    let invalid = |sentence| Error::new(Kind::Invalid, sentence);
    let number = |value| {
        let text = std::str::from_utf8(value).ok()?;
        text.parse().ok().filter(|number: &i64| number.to_string() == text)
    };
    let number = match value {
        None => 0,
        Some(value) => number(value).ok_or_else(|| invalid("the value is not a whole number of 64 bits"))?,
    };
    let sum = number.checked_add(delta).ok_or_else(|| invalid("the sum does not fit into 64 bits"))?;
    match sum < least {
        false => Ok(sum),
        true => Err(invalid("the sum is below the least number that this interface can show")),
    }
}

/// That it was given up, as somebody else changed the number between each reading and writing.
pub fn contended() -> Error {
    Error::new(Kind::Conflict, "other clients changed the number each time, until the deadline")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_what_is_a_number() {
        for (value, delta, expected) in [
            (None, 0, 0),
            (None, -3, -3),
            (Some("41"), 1, 42),
            (Some("-5"), 5, 0),
            (Some("9223372036854775806"), 1, i64::MAX),
        ] {
            assert_eq!(sum(value.map(str::as_bytes), delta, i64::MIN), Ok(expected));
        }
    }

    #[test]
    fn refuses_what_is_none_and_sums_that_cannot_be_shown() {
        for value in ["", "+1", "01", "-0", " 1", "1.0", "1\n", "9223372036854775808", "a", "\u{661}"] {
            assert_eq!(sum(Some(value.as_bytes()), 1, i64::MIN).unwrap_err().kind, Kind::Invalid, "{value}");
        }
        assert!(sum(Some(b"1\xff"), 1, i64::MIN).is_err());
        assert!(sum(Some(b"9223372036854775807"), 1, i64::MIN).is_err());
        assert!(sum(Some(b"-5"), 3, 0).is_err());
    }
}
