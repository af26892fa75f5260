//! What the service takes as a name
//! (learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata).

use plugboard_error::{Error, Kind, Result};

/// Of the containers that the service makes for itself.
const SPECIAL: [&str; 3] = ["$root", "$web", "$logs"];

pub(super) fn check_container(name: &str) -> Result<()> {
    let bytes = name.as_bytes();
    let letter = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let legal = (3..=63).contains(&bytes.len())
        && bytes.iter().all(|b| letter(b) || *b == b'-')
        && bytes.first().is_some_and(letter)
        && bytes.last().is_some_and(letter)
        && !bytes.windows(2).any(|two| two == b"--");
    if legal || SPECIAL.contains(&name) {
        return Ok(());
    }
    let rule = "a container's name is 3 to 63 lower-case letters, digits and hyphens, with no hyphen at an end or \
                beside another";
    Err(invalid(name, rule))
}

/// What the service would take for another name is refused: it drops the dots at the end of each segment, resolves
/// `.` and `..`, encoded or not, and makes slashes of backslashes.
pub(super) fn check_object(name: &str) -> Result<()> {
    if name.is_empty() || name.encode_utf16().count() > 1024 {
        return Err(invalid(name, "an object's name has 1 to 1024 characters"));
    }
    if name.contains(char::is_control) {
        return Err(invalid(name, "an object's name has no control character"));
    }
    if name.contains('\\') {
        return Err(invalid(name, "an object's name has no backslash, which Azure takes for a slash"));
    }
    if name.split('/').any(|segment| segment.ends_with('.')) {
        return Err(invalid(name, "no segment of an object's name ends in a dot, which Azure would drop"));
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
        for good in ["abc", "a-b", "0123456789", &"a".repeat(63), "$root", "$web", "$logs"] {
            assert_eq!(check_container(good), Ok(()), "{good}");
        }
        for bad in
            ["", "ab", "Abc", "a_b", "a.b", "-ab", "ab-", "a--b", "a/b", "$x", "\u{e4}bc", &"a".repeat(64)]
        {
            let error = check_container(bad).unwrap_err();
            assert_eq!(error.kind, Kind::Invalid, "{bad}");
            assert!(error.sentence.contains("3 to 63 lower-case letters"), "{error}");
        }
    }

    #[test]
    fn objects() {
        let emoji = "\u{1f600}".repeat(512);
        for good in
            ["a", "a b", "/a", "a/", "a//b", "%2F", "..a", ".a/.b", "a.b", "?#&+", "\u{e4}\u{ffff}", &emoji]
        {
            assert_eq!(check_object(good), Ok(()), "{good:?}");
        }
        for (bad, rule) in [
            ("", "1 to 1024"),
            (&"a".repeat(1025), "1 to 1024"),
            (&"\u{1f600}".repeat(513), "1 to 1024"),
            ("a\u{0}", "control"),
            ("\u{7f}", "control"),
            ("a\u{81}", "control"),
            ("a\\b", "backslash"),
            (".", "dot"),
            ("..", "dot"),
            ("a/../b", "dot"),
            ("./a", "dot"),
            ("a./b", "dot"),
            ("a...", "dot"),
        ] {
            let error = check_object(bad).unwrap_err();
            assert_eq!(error.kind, Kind::Invalid, "{bad}");
            assert!(error.sentence.contains(rule), "{error}");
        }
    }

    #[test]
    fn a_sentence_stays_short() {
        assert!(check_object(&"a".repeat(10_000)).unwrap_err().sentence.len() < 200);
    }
}
