//! The documents that go to the service and come back.

use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::Event;

/// Hands over each element's name and text as it ends, of a document whose root is called so. None if the body is
/// something else.
pub(super) fn read(body: &[u8], root: &str, element: &mut dyn FnMut(&str, &mut String)) -> Option<()> {
    // What takes long to answer has blanks in front: they keep the connection.
    let mut reader = Reader::from_str(std::str::from_utf8(body).ok()?.trim_ascii_start());
    reader.config_mut().expand_empty_elements = true;
    let (mut text, mut inside) = (String::new(), false);
    loop {
        match reader.read_event().ok()? {
            Event::Start(tag) if inside || tag.local_name().as_ref() == root => {
                text.clear();
                inside = true;
            }
            Event::Start(_) | Event::Eof => return None,
            Event::Text(part) => text.push_str(&part),
            Event::GeneralRef(part) => {
                text.push(match part.resolve_char_ref().ok()? {
                    Some(character) => character,
                    None => resolve_xml_entity(&part)?.chars().next()?,
                });
            }
            Event::End(tag) => match tag.local_name().as_ref() {
                name if name == root => return Some(()),
                name => element(name, &mut text),
            },
            _ => {}
        }
    }
}

/// Whether XML has a way to write the character at all (www.w3.org/TR/xml/#charsets).
pub(crate) fn can_hold(text: &str) -> bool {
    text.chars().all(
        |c| !matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}'),
    )
}

/// Adds an element. What a reader would change in its text, such as the end of a line, is written as a number.
pub(super) fn push(into: &mut String, name: &str, text: &str) {
    into.extend(["<", name, ">"]);
    for character in text.chars() {
        match character {
            '&' => into.push_str("&amp;"),
            '<' => into.push_str("&lt;"),
            '>' => into.push_str("&gt;"),
            '\t' => into.push_str("&#9;"),
            '\n' => into.push_str("&#10;"),
            '\r' => into.push_str("&#13;"),
            '\u{85}' => into.push_str("&#133;"),
            '\u{2028}' => into.push_str("&#8232;"),
            other => into.push(other),
        }
    }
    into.extend(["</", name, ">"]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elements(body: &[u8]) -> Option<Vec<(String, String)>> {
        let mut all = Vec::new();
        read(body, "R", &mut |name, text| all.push((name.to_owned(), text.clone()))).map(|()| all)
    }

    #[test]
    fn elements_end_one_after_the_other() {
        let xml = b" \n <?xml version=\"1.0\"?>\n<R xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"> <a> b &amp;&#9;</a><c/>\n</R>";
        assert_eq!(elements(xml).unwrap(), [("a".into(), " b &\t".into()), ("c".into(), String::new())]);
        assert_eq!(elements(b"<R/>"), Some(vec![]));
        assert_eq!(elements(b"<p:R xmlns:p='x'></p:R>"), Some(vec![]));
    }

    #[test]
    fn whatever_is_something_else_is_none() {
        for bad in [
            "",
            "x",
            "<html></html>",
            "<R>",
            "<R><a>",
            "<R><a></R>",
            "<R>&bogus;</R>",
            "<R>&#xD800;</R>",
            "<R>&amp</R>",
        ] {
            assert_eq!(elements(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(elements(b"<R><a>\xff</a></R>"), None);
    }

    #[test]
    fn what_is_written_is_read() {
        let text = "<a>&\"'\r\n\t\u{85}\u{2028} ]]>\u{1f600}";
        let mut xml = String::from("<R>");
        push(&mut xml, "a", text);
        assert!(xml.contains("&#13;&#10;&#9;"), "{xml}");
        xml.push_str("</R>");
        assert_eq!(elements(xml.as_bytes()).unwrap(), [("a".into(), text.into())]);
    }

    #[test]
    fn characters_that_xml_has_not() {
        assert!(can_hold("a\t\r\n\u{7f}\u{fffd}\u{10ffff}"));
        for bad in ["\0", "a\u{1f}", "\u{ffff}"] {
            assert!(!can_hold(bad), "{bad:?}");
        }
    }
}
