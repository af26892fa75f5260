//! Pages of listings.

use percent_encoding::percent_decode_str;
use plugboard_blobstore::Page;

/// Reads a page; none if it is something else.
///
/// Of XML this knows what the service writes: tags, text and references. A library that knows all of it would be a
/// tenth of the whole component.
pub(crate) fn page(body: &[u8]) -> Option<Page> {
    let mut page = Page::default();
    let mut rest = std::str::from_utf8(body).ok()?;
    while let Some((_, behind)) = rest.split_once('<') {
        let (tag, behind) = behind.split_once('>')?;
        let text = behind.split('<').next().unwrap_or_default();
        match tag.trim_end() {
            "Name" => page.names.push(unescape(text)?),
            // As only that is written which XML cannot hold.
            "Name Encoded=\"true\"" => {
                page.names.push(percent_decode_str(&unescape(text)?).decode_utf8().ok()?.into_owned());
            }
            "NextMarker" if !text.is_empty() => page.next = Some(unescape(text)?),
            "/EnumerationResults" => return Some(page),
            _ => {}
        }
        rest = behind;
    }
    None
}

fn unescape(text: &str) -> Option<String> {
    let mut parts = text.split('&');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, behind) = part.split_once(';')?;
        plain.push(match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ => {
                let digits = name.strip_prefix('#')?;
                let number = match digits.strip_prefix('x') {
                    Some(digits) => u32::from_str_radix(digits, 16),
                    None => digits.parse(),
                };
                char::from_u32(number.ok()?)?
            }
        });
        plain.push_str(behind);
    }
    Some(plain)
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
