//! Changes that happen at one moment, in parts of one body
//! (learn.microsoft.com/rest/api/storageservices/performing-entity-group-transactions).

use plugboard_http::{Endpoint, Response};

use super::{JSON, REQUEST_ID, Table, entity};
use crate::keys::Place;

/// What the service takes in one, and which length is too much.
const CHANGES: usize = 100;
const LONGEST: usize = 4 << 20;

// No part has a line that begins so: JSON has no line ends.
pub(super) const CONTENT_TYPE: &str = "multipart/mixed; boundary=batch_plugboard";
const HEAD: &str = "--batch_plugboard\r\nContent-Type: multipart/mixed; boundary=changeset_plugboard\r\n\r\n";
const TAIL: &str = "--changeset_plugboard--\r\n--batch_plugboard--\r\n";

/// All of one partition, none of them twice.
#[derive(Default)]
pub(crate) struct Batch {
    text: String,
    count: usize,
}

impl Batch {
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Adds a change, or gives it back if there is no room for it.
    pub(crate) fn add(&mut self, change: String) -> Result<(), String> {
        let room = self.count < CHANGES && HEAD.len() + self.text.len() + change.len() + TAIL.len() < LONGEST;
        if self.count > 0 && !room {
            return Err(change);
        }
        self.text.push_str(&change);
        self.count += 1;
        Ok(())
    }

    pub(super) fn into_body(self) -> Vec<u8> {
        [HEAD, &self.text, TAIL].concat().into_bytes()
    }
}

impl Table {
    /// Changes for a batch.
    pub(crate) fn put_in_batch(&self, endpoint: &Endpoint, place: &Place, value: &[u8]) -> String {
        let json = entity::json(place, value);
        let address = self.address(endpoint, place);
        change("PUT ", &address, "Content-Type: application/json\r\n", &json)
    }

    pub(crate) fn delete_in_batch(&self, endpoint: &Endpoint, place: &Place) -> String {
        change("DELETE ", &self.address(endpoint, place), "If-Match: *\r\n", "")
    }
}

fn change(method: &str, address: &str, field: &str, json: &str) -> String {
    let parts = [
        "--changeset_plugboard\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n",
        method,
        address,
        " HTTP/1.1\r\nAccept: ",
        JSON,
        "\r\nDataServiceVersion: 3.0\r\n",
        field,
        "\r\n",
        json,
        "\r\n",
    ];
    parts.concat()
}

/// What became of the changes: an answer to each, or to the one that kept all from happening. None if that is not what
/// the answer says.
pub(crate) fn outcome(response: &Response, count: usize) -> Option<Response> {
    read(response)
        .filter(|(outcome, answered)| !outcome.is_success() || *answered == count)
        .map(|(outcome, _)| outcome)
}

/// The answer to the change that kept all from happening.
pub(super) fn refusal(response: &Response) -> Option<Response> {
    read(response).map(|(outcome, _)| outcome).filter(|outcome| !outcome.is_success())
}

/// The first of the answers that is no success, or the first, and how many there are.
fn read(response: &Response) -> Option<(Response, usize)> {
    let mut statuses = Vec::new();
    let mut json = &[][..];
    for line in response.body.split(|b| *b == b'\n').map(<[u8]>::trim_ascii_end) {
        if let Some(status) = line.strip_prefix(b"HTTP/1.1 ") {
            let status = std::str::from_utf8(status.get(..3)?).ok()?;
            statuses.push(status.parse::<u16>().ok()?);
        } else if line.starts_with(b"{") {
            json = line;
        }
    }
    let refused = statuses.iter().find(|status| !(200..300).contains(*status));
    let status = *refused.or(statuses.first())?;
    let headers = response.headers.iter().filter(|(name, _)| *name == REQUEST_ID).cloned().collect();
    Some((Response { status, headers, body: json.to_vec() }, statuses.len()))
}

#[cfg(test)]
mod tests {
    use plugboard_http::fake::body;

    use super::*;

    fn table() -> Table {
        Table { name: "Pairs".into() }
    }

    fn place(row: &str) -> Place {
        Place { partition: "p".into(), row: row.into() }
    }

    fn endpoint() -> Endpoint {
        Endpoint::parse("https://h/a").unwrap()
    }

    #[test]
    fn changes_are_parts_of_a_body() {
        let mut batch = Batch::default();
        batch.add(table().put_in_batch(&endpoint(), &place("a'b"), b"abc")).unwrap();
        batch.add(table().delete_in_batch(&endpoint(), &place("c"))).unwrap();
        assert_eq!(batch.count(), 2);
        let expected = "--batch_plugboard\n\
            Content-Type: multipart/mixed; boundary=changeset_plugboard\n\
            \n\
            --changeset_plugboard\n\
            Content-Type: application/http\n\
            Content-Transfer-Encoding: binary\n\
            \n\
            PUT https://h/a/Pairs(PartitionKey=%27p%27,RowKey=%27a%27%27b%27) HTTP/1.1\n\
            Accept: application/json;odata=minimalmetadata\n\
            DataServiceVersion: 3.0\n\
            Content-Type: application/json\n\
            \n\
            {\"PartitionKey\":\"p\",\"RowKey\":\"a'b\",\"value@odata.type\":\"Edm.Binary\",\"value\":\"YWJj\"}\n\
            --changeset_plugboard\n\
            Content-Type: application/http\n\
            Content-Transfer-Encoding: binary\n\
            \n\
            DELETE https://h/a/Pairs(PartitionKey=%27p%27,RowKey=%27c%27) HTTP/1.1\n\
            Accept: application/json;odata=minimalmetadata\n\
            DataServiceVersion: 3.0\n\
            If-Match: *\n\
            \n\
            \n\
            --changeset_plugboard--\n\
            --batch_plugboard--\n";
        assert_eq!(String::from_utf8(batch.into_body()).unwrap(), expected.replace('\n', "\r\n"));
    }

    #[test]
    fn a_batch_is_full_after_a_hundred_or_four_mebibytes() {
        let mut batch = Batch::default();
        let small = || table().delete_in_batch(&endpoint(), &place("c"));
        (0..100).for_each(|_| batch.add(small()).unwrap());
        assert_eq!(batch.add(small()), Err(small()));
        let mut batch = Batch::default();
        let large = || table().put_in_batch(&endpoint(), &place("c"), &[0; super::entity::LARGEST]);
        (0..3).for_each(|_| batch.add(large()).unwrap());
        assert!(batch.add(large()).is_err());
        assert_eq!((batch.count(), batch.into_body().len() < LONGEST), (3, true));
    }

    #[test]
    fn four_mebibytes_are_too_much() {
        let room = LONGEST - HEAD.len() - TAIL.len() - 1;
        for (length, fits) in [(room - 1, true), (room, false)] {
            let mut batch = Batch::default();
            batch.add("x".to_owned()).unwrap();
            assert_eq!(batch.add("x".repeat(length)).is_ok(), fits);
        }
    }

    fn answer(parts: &[&str]) -> Response {
        let parts = parts.iter().map(|part| {
            format!(
                "--changesetresponse_1\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n\
                 {part}\r\n\r\n"
            )
        });
        let text = format!(
            "--batchresponse_1\r\nContent-Type: multipart/mixed; boundary=changesetresponse_1\r\n\r\n{}\
             --changesetresponse_1--\r\n--batchresponse_1--\r\n",
            parts.collect::<String>()
        );
        let mut response = body(202, text).unwrap();
        response.headers.push((REQUEST_ID, "1".into()));
        response
    }

    #[test]
    fn every_change_is_answered_or_one_for_all() {
        let done = "HTTP/1.1 204 No Content\r\nDataServiceVersion: 3.0;\r\nETag: W/\"x\"\r\n";
        assert_eq!(outcome(&answer(&[done, done]), 2).unwrap().status, 204);
        assert_eq!(outcome(&answer(&[done]), 2), None);
        let refused = "HTTP/1.1 404 Not Found\r\nContent-ID: 3\r\n\r\n{\"odata.error\":{\"code\":\"X\"}}";
        let one = outcome(&answer(&[refused]), 2).unwrap();
        assert_eq!((one.status, one.body.as_slice()), (404, &b"{\"odata.error\":{\"code\":\"X\"}}"[..]));
        assert_eq!(one.header(REQUEST_ID), Some("1"));
    }

    #[test]
    fn whatever_is_no_answer_is_none() {
        for bad in ["", "{}", "HTTP/1.1 ", "HTTP/1.1 2", "HTTP/1.1 abc", "HTTP/1.1 \u{e4}\u{e4}", "<html>"] {
            assert_eq!(outcome(&body(202, bad).unwrap(), 1), None, "{bad}");
        }
    }
}
