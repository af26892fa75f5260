//! Pages of listings.

use percent_encoding::percent_decode_str;
use plugboard_blobstore::Page;
use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::Event;

/// Reads a page; none if it is something else.
pub(crate) fn page(body: &[u8]) -> Option<Page> {
    let mut reader = Reader::from_str(std::str::from_utf8(body).ok()?);
    let mut page = Page::default();
    let (mut text, mut encoded) = (String::new(), false);
    loop {
        match reader.read_event().ok()? {
            Event::Start(tag) => {
                text.clear();
                encoded = tag.attributes_raw().trim() == "Encoded=\"true\"";
            }
            Event::Text(part) => text.push_str(&part),
            Event::GeneralRef(part) => {
                text.push(match part.resolve_char_ref().ok()? {
                    Some(character) => character,
                    None => resolve_xml_entity(&part)?.chars().next()?,
                });
            }
            Event::End(tag) => match tag.name().as_ref() {
                "Name" if encoded => {
                    page.names.push(percent_decode_str(&text).decode_utf8().ok()?.into_owned())
                }
                "Name" => page.names.push(std::mem::take(&mut text)),
                "NextMarker" if !text.is_empty() => page.next = Some(std::mem::take(&mut text)),
                "EnumerationResults" => return Some(page),
                _ => {}
            },
            Event::Eof => return None,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(inner: &str) -> Vec<String> {
        page(
            format!("<EnumerationResults><Blobs>{inner}</Blobs><NextMarker/></EnumerationResults>")
                .as_bytes(),
        )
        .unwrap()
        .names
    }

    #[test]
    fn reads_what_the_documents_show() {
        let xml = "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>\
            <EnumerationResults ServiceEndpoint=\"https://a.blob.core.windows.net/\" ContainerName=\"c\">\
            <MaxResults>2</MaxResults><Blobs>\
            <Blob><Name>blob1.txt</Name><Properties><Content-Length>11</Content-Length><Etag>x</Etag></Properties>\
            <OrMetadata/></Blob>\
            <Blob><Name> a &amp; b&lt;/c&gt;&#x20AC;&#8364;&quot;&apos; </Name><Properties/></Blob>\
            </Blobs><NextMarker>2!88!MDAwMDE-</NextMarker></EnumerationResults>";
        assert_eq!(
            page(xml.as_bytes()).unwrap(),
            Page {
                names: vec!["blob1.txt".into(), " a & b</c>\u{20ac}\u{20ac}\"' ".into()],
                next: Some("2!88!MDAwMDE-".into())
            }
        );
    }

    #[test]
    fn a_name_that_xml_cannot_hold_is_decoded_and_no_other() {
        let both =
            "<Blob><Name Encoded=\"true\">a%01%2F%25%ef%bf%bf</Name></Blob><Blob><Name>a%01</Name></Blob>";
        assert_eq!(names(both), ["a\u{1}/%\u{ffff}", "a%01"]);
    }

    #[test]
    fn an_empty_container() {
        for xml in [
            "<EnumerationResults><Blobs></Blobs><NextMarker></NextMarker></EnumerationResults>",
            "<EnumerationResults><Blobs /><NextMarker /></EnumerationResults>",
        ] {
            assert_eq!(page(xml.as_bytes()), Some(Page::default()), "{xml}");
        }
    }

    #[test]
    fn whatever_is_no_page_is_none() {
        for bad in [
            "",
            "x",
            "<html></html>",
            "<EnumerationResults><Blobs>",
            "<EnumerationResults><Blob><Name>a</Nam",
            "<EnumerationResults><Name>&bogus;</Name></EnumerationResults>",
            "<EnumerationResults><Name>&#xD800;</Name></EnumerationResults>",
            "<EnumerationResults><Name>&amp</Name></EnumerationResults>",
        ] {
            assert_eq!(page(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(page(b"<EnumerationResults><Name>\xff</Name></EnumerationResults>"), None);
    }
}
