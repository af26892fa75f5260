//! What the service takes as a name (docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html and
//! …/object-keys.html).

use plugboard_blobstore::Object;
use plugboard_error::{Error, Kind, Result};

/// What names are checked for before anything is sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Names {
    /// Whether buckets may be called as in Google's storage, where they are no names of hosts
    /// (docs.cloud.google.com/storage/docs/buckets#naming).
    pub(crate) wide: bool,
    /// Whether a segment of an object's name may be empty, but for the last.
    pub(crate) empty_segments: bool,
}

impl Names {
    /// The rules that all services have. Those of AWS alone, about beginnings and ends, AWS checks itself.
    pub(crate) fn check_container(self, name: &str) -> Result<()> {
        let bytes = name.as_bytes();
        let most = if self.wide { 222 } else { 63 };
        let letter = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let legal = (3..=most).contains(&bytes.len())
            && bytes.iter().all(|b| letter(b) || matches!(b, b'-' | b'.') || (self.wide && *b == b'_'))
            && bytes.first().is_some_and(letter)
            && bytes.last().is_some_and(letter)
            && name.split('.').all(|part| (1..=63).contains(&part.len()));
        let mut parts = name.split('.').map(|part| part.parse::<u8>());
        let address = parts.by_ref().take(4).filter(Result::is_ok).count() == 4 && parts.next().is_none();
        if legal && !address {
            return Ok(());
        }
        let underscores = if self.wide { "underscores, " } else { "" };
        let rule = [
            "a bucket's name is 3 to 63 lower-case letters, digits, ",
            underscores,
            "hyphens and dots, with a letter or digit at both ends, no two dots in a row, and is no address",
        ];
        Err(invalid(name, &rule.concat()))
    }

    pub(crate) fn check_object(self, name: &str) -> Result<()> {
        if name.is_empty() || name.len() > 1024 {
            return Err(invalid(name, "an object's name has 1 to 1024 bytes"));
        }
        if name.split('/').any(|segment| matches!(segment, "." | "..")) {
            return Err(invalid(
                name,
                "no segment of an object's name is `.` or `..`, which many services resolve",
            ));
        }
        if !self.empty_segments && (name.starts_with('/') || name.contains("//")) {
            return Err(invalid(
                name,
                "no object's name begins with `/` or has `//` in it, as `s3-empty-segments` is `false`",
            ));
        }
        Ok(())
    }

    pub(crate) fn check(self, object: Object) -> Result<()> {
        self.check_container(object.container)?;
        self.check_object(object.name)
    }
}

fn invalid(name: &str, rule: &str) -> Error {
    let shown = name.chars().take(80).filter(|c| !c.is_control()).collect::<String>();
    Error::new(Kind::Invalid, ["`", &shown, "`: ", rule].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: Names = Names { wide: false, empty_segments: true };
    const WIDE: Names = Names { wide: true, ..NAMES };

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
            assert_eq!(NAMES.check_container(good), Ok(()), "{good}");
            assert_eq!(WIDE.check_container(good), Ok(()), "{good}");
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
            let error = NAMES.check_container(bad).unwrap_err();
            assert_eq!(error.kind, Kind::Invalid, "{bad}");
            assert!(error.sentence.contains("3 to 63 lower-case letters"), "{error}");
        }
    }

    #[test]
    fn containers_that_are_no_hosts() {
        let long = ["a".repeat(63), "b".repeat(63), "c".repeat(63), "d".repeat(30)].join(".");
        for good in ["a_b", &long] {
            assert_eq!(WIDE.check_container(good), Ok(()), "{good}");
            assert_eq!(NAMES.check_container(good).unwrap_err().kind, Kind::Invalid, "{good}");
        }
        for bad in ["_ab", "ab_", "A_b", "a..b", &"a".repeat(64), &[&long, "d"].concat()] {
            assert_eq!(WIDE.check_container(bad).unwrap_err().kind, Kind::Invalid, "{bad}");
        }
    }

    #[test]
    fn empty_segments_are_refused_where_the_service_drops_them() {
        let names = Names { empty_segments: false, ..NAMES };
        for good in ["a", "a/", "a/b"] {
            assert_eq!(names.check_object(good), Ok(()), "{good}");
        }
        for bad in ["/", "/a", "a//b", "a//"] {
            let error = names.check_object(bad).unwrap_err();
            assert!(error.to_string().contains("`s3-empty-segments` is `false`"), "{error}");
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
            assert_eq!(NAMES.check_object(good), Ok(()), "{good:?}");
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
            let error = NAMES.check_object(bad).unwrap_err();
            assert_eq!(error.kind, Kind::Invalid, "{bad}");
            assert!(error.sentence.contains(rule) && error.sentence.len() < 300, "{error}");
        }
    }
}
