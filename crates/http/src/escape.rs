use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

/// All but what never needs it (RFC 3986, section 2.3): what hosts and services decode alike.
const SET: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Percent-encodes a value of a query, or a segment of a path.
pub fn escape(into: &mut String, value: impl AsRef<[u8]>) {
    into.extend(percent_encode(value.as_ref(), SET));
}

/// `name=value&name=value`, as queries and forms have it.
pub fn form<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut text = String::new();
    for (name, value) in pairs {
        let separator = if text.is_empty() { "" } else { "&" };
        text.extend([separator, name, "="]);
        escape(&mut text, value);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_but_what_is_never_reserved() {
        let mut text = String::from("/");
        escape(&mut text, "a-._~/ +%\u{e4}");
        assert_eq!(text, "/a-._~%2F%20%2B%25%C3%A4");
    }

    #[test]
    fn pairs() {
        assert_eq!(form([]), "");
        assert_eq!(form([("a", "b c"), ("d", ""), ("e", "&=")]), "a=b%20c&d=&e=%26%3D");
    }
}
