//! Parts, of which large objects are made.

use std::fmt;

use md5::{Digest, Md5};

use super::xml;

/// The list that makes an object of parts, which are known by what the service answered to each.
pub(crate) fn list(etags: &[String]) -> String {
    let mut body =
        String::from("<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
    for (number, etag) in (1..).zip(etags) {
        body.push_str("<Part>");
        xml::push(&mut body, "PartNumber", &u32::to_string(&number));
        xml::push(&mut body, "ETag", etag);
        body.push_str("</Part>");
    }
    body.push_str("</CompleteMultipartUpload>");
    body
}

/// What the service will know the whole by, without quotes: the sum of the parts' sums, and how many there are. None if theirs are
/// no sums, as with some ways of encryption (docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html).
pub(crate) fn whole_etag(etags: &[String]) -> Option<String> {
    let mut whole = Md5::new();
    for etag in etags {
        let digits = etag.trim_matches('"').as_bytes();
        if digits.len() != 32 {
            return None;
        }
        for pair in digits.chunks(2) {
            whole.update([u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?]);
        }
    }
    let mut text = String::new();
    for byte in whole.finalize() {
        for digit in [byte >> 4, byte & 15] {
            text.extend(char::from_digit(digit.into(), 16));
        }
    }
    text.extend(["-", &etags.len().to_string()]);
    Some(text)
}

/// Bytes from the first to the last, both included.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Range(u64, u64);

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.0, self.1)
    }
}

/// The parts of a copy: as large as is quickly done, unless there would be too many.
pub(crate) fn ranges(size: u64) -> impl Iterator<Item = Range> {
    const PART: u64 = 512 << 20;
    const MOST: u64 = 10_000;
    let part = PART.max(size.div_ceil(MOST));
    (0..size.div_ceil(part)).map(move |n| Range(n * part, ((n + 1) * part).min(size) - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_them_in_order() {
        assert_eq!(
            list(&["\"a\"".into(), "b".into()]),
            "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
             <Part><PartNumber>1</PartNumber><ETag>\"a\"</ETag></Part>\
             <Part><PartNumber>2</PartNumber><ETag>b</ETag></Part></CompleteMultipartUpload>"
        );
    }

    /// The example of developers.cloudflare.com/r2/objects/multipart-objects.
    #[test]
    fn the_sum_of_the_sums() {
        let etags = [
            "\"bce6bf66aeb76c7040fdd5f4eccb78e6\"".to_owned(),
            "8165449fc15bbf43d3b674595cbcc406".to_owned(),
        ];
        assert_eq!(whole_etag(&etags).as_deref(), Some("f77dc0eecdebcd774a2a22cb393ad2ff-2"));
        for no_sum in
            ["", "\"x\"", "\"bce6bf66aeb76c7040fdd5f4eccb78eg\"", "\"bce6bf66aeb76c7040fdd5f4eccb78\u{e4}\""]
        {
            assert_eq!(whole_etag(&[no_sum.to_owned()]), None, "{no_sum}");
        }
    }

    #[test]
    fn a_copy_has_parts_that_are_not_too_many() {
        const GIB: u64 = 1 << 30;
        let all = ranges(6 * GIB + 1).collect::<Vec<_>>();
        assert_eq!((all.len(), &all[0], &all[12]), (13, &Range(0, GIB / 2 - 1), &Range(6 * GIB, 6 * GIB)));
        let most = ranges(48 << 40).collect::<Vec<_>>();
        assert!(most.len() <= 10_000 && most.windows(2).all(|two| two[0].1 + 1 == two[1].0));
        assert_eq!(most.last().unwrap().1, (48 << 40) - 1);
        assert_eq!(Range(5, 9).to_string(), "5-9");
    }
}
