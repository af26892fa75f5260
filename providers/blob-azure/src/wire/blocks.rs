//! Blocks, which are known by identifiers of our choice until they are an object.

use base64ct::{Base64, Encoding};

/// The identifiers of one upload's blocks. Those of an object must all have the same length; those of two uploads of
/// the same object must differ, or each would commit blocks of the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BlockIds {
    /// Random.
    pub(crate) upload: u64,
}

impl BlockIds {
    pub(crate) fn id(self, number: u32) -> String {
        let mut bytes = [0; 12];
        let both = self.upload.to_be_bytes().into_iter().chain(number.to_be_bytes());
        bytes.iter_mut().zip(both).for_each(|(byte, value)| *byte = value);
        Base64::encode_string(&bytes)
    }

    /// The list that makes an object of the first `count` blocks. `Latest` finds them also where they are part of
    /// the object already, because the list comes a second time.
    pub(crate) fn list(self, count: u32) -> Vec<u8> {
        let mut xml = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>");
        for number in 0..count {
            xml.extend(["<Latest>", &self.id(number), "</Latest>"]);
        }
        xml.push_str("</BlockList>");
        xml.into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_differ_and_have_one_length() {
        let ids = [(0, 0), (0, 49_999), (1, 0), (u64::MAX, u32::MAX)];
        let ids = ids.map(|(upload, number)| BlockIds { upload }.id(number));
        assert!(ids.iter().all(|id| id.len() == 16));
        assert_eq!(ids, ["AAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAMNP", "AAAAAAAAAAEAAAAA", "////////////////"]);
    }

    #[test]
    fn a_list_has_them_in_order() {
        let xml = String::from_utf8(BlockIds { upload: 0 }.list(2)).unwrap();
        assert_eq!(
            xml,
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList><Latest>AAAAAAAAAAAAAAAA</Latest>\
             <Latest>AAAAAAAAAAAAAAAB</Latest></BlockList>"
        );
    }
}
