//! What the service takes as a name (docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html and
//! …/object-keys.html).

use plugboard_error::{Error, Kind, Result};

/// The rules that all services have. Those of AWS alone, about beginnings and ends, AWS checks itself.
pub(super) fn check_container(name: &str) -> Result<()> {
    let bytes = name.as_bytes();
    let letter = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let legal = (3..=63).contains(&bytes.len())
        && bytes.iter().all(|b| letter(b) || matches!(b, b'-' | b'.'))
        && bytes.first().is_some_and(letter)
        && bytes.last().is_some_and(letter)
        && !name.contains("..");
    let mut parts = name.split('.').map(|part| part.parse::<u8>());
    let address = parts.by_ref().take(4).filter(Result::is_ok).count() == 4 && parts.next().is_none();
    if legal && !address {
        return Ok(());
    }
    let rule = "a bucket's name is 3 to 63 lower-case letters, digits, hyphens and dots, with a letter or digit at \
                both ends, no two dots in a row, and is no address";
    Err(invalid(name, rule))
}

pub(super) fn check_object(name: &str) -> Result<()> {
    if name.is_empty() || name.len() > 1024 {
        return Err(invalid(name, "an object's name has 1 to 1024 bytes"));
    }
    if name.split('/').any(|segment| matches!(segment, "." | "..")) {
        return Err(invalid(
            name,
            "no segment of an object's name is `.` or `..`, which many services resolve",
        ));
    }
    Ok(())
}

fn invalid(name: &str, rule: &str) -> Error {
    let shown = name.chars().take(80).filter(|c| !c.is_control()).collect::<String>();
    Error::new(Kind::Invalid, ["`", &shown, "`: ", rule].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers() {
        for good in [
            "abc",
            "a-b",
            "a--b",
            "a.b",
            "a.-b",
            "0123456789",
            "1.2.3",
            "1.2.3.4.5",
            "1.2.3.256",
            &"a".repeat(63),
        ] {
            assert_eq!(check_container(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "ab",
            "Abc",
            "a_b",
            "-ab",
            "ab-",
            ".ab",
            "ab.",
            "a..b",
            "a/b",
            "192.168.0.1",
            "\u{e4}bc",
            &"a".repeat(64),
        ] {
            let error = check_container(bad).unwrap_err();
            assert_eq!(error.kind, Kind::Invalid, "{bad}");
            assert!(error.sentence.contains("3 to 63 lower-case letters"), "{error}");
        }
    }

    #[test]
    fn objects() {
        let emoji = "\u{1f600}".repeat(256);
        for good in [
            "a",
            "a b",
            "/a",
            "a/",
            "a//b",
            "%2F",
            "..a",
            "a..",
            "a/.b",
            "...",
            "a\\b",
            "\u{1}\u{ffff}",
            &emoji,
        ] {
            assert_eq!(check_object(good), Ok(()), "{good:?}");
        }
        for (bad, rule) in [
            ("", "1 to 1024"),
            (&"a".repeat(1025), "1 to 1024"),
            (&"\u{e4}".repeat(513), "1 to 1024"),
            (".", "segment"),
            ("..", "segment"),
            ("a/../b", "segment"),
            ("./a", "segment"),
            ("a/.", "segment"),
        ] {
            let error = check_object(bad).unwrap_err();
            assert_eq!(error.kind, Kind::Invalid, "{bad}");
            assert!(error.sentence.contains(rule) && error.sentence.len() < 300, "{error}");
        }
    }
}
