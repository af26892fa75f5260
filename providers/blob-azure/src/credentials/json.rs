//! As much of JSON as the answers of token issuers are: one object with fields that are text or numbers. A library
//! that knows all of it would be a twentieth of the whole component.

/// The value of a field of the outermost object: text as it is written, with its escapes, or the digits of a number.
pub(super) fn field<'a>(json: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = json;
    let mut depth = 0u32;
    // Of the outermost object: the last text, and the one that had a colon behind it.
    let (mut text, mut key) = (None, None);
    while let Some(first) = rest.chars().next() {
        let found = key == Some(name) && depth == 1;
        let length = match first {
            '"' => {
                let inner = string(rest)?;
                if found {
                    return Some(inner);
                }
                text = (depth == 1).then_some(inner);
                inner.len() + 2
            }
            '0'..='9' if found => return rest.split(|c: char| !c.is_ascii_digit()).next(),
            _ => first.len_utf8(),
        };
        match first {
            '{' | '[' => depth += 1,
            '}' | ']' => depth = depth.checked_sub(1)?,
            ':' => key = text.take(),
            ',' if depth == 1 => key = None,
            _ => {}
        }
        rest = rest.get(length..)?;
    }
    None
}

/// What is between a quote at the beginning and the next one that is not escaped.
fn string(rest: &str) -> Option<&str> {
    let mut escaped = false;
    for (at, byte) in rest.bytes().enumerate().skip(1) {
        match byte {
            b'"' if !escaped => return rest.get(1..at),
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_the_outermost_object() {
        let json = r#" { "a" : "b" , "c":12,"d": {"e":"no","a":"no"}, "l":["a","f"], "f":"\"e\":\\", "e":"yes" ,
                       "":"empty", "n":null,"g":"ä\u00e4" } "#;
        for (name, value) in [
            ("a", Some("b")),
            ("c", Some("12")),
            ("e", Some("yes")),
            ("f", Some(r#"\"e\":\\"#)),
            ("", Some("empty")),
            ("g", Some(r"ä\u00e4")),
            ("b", None),
            ("d", None),
            ("l", None),
            ("n", None),
            ("x", None),
        ] {
            assert_eq!(field(json, name), value, "{name}");
        }
    }

    #[test]
    fn whatever_is_no_object_has_no_fields() {
        for json in
            ["", "null", r#""a""#, r#"["a","b"]"#, r#"{"a"#, r#"{"a":"b"#, r#"{"a\":"b"}"#, r#"}{"a":"b"}"#]
        {
            assert_eq!(field(json, "a"), None, "{json}");
        }
    }
}
