//! Signature Version 4, as who checks it sees it: from what arrived, not from what was meant.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use std::fmt::Write;

use hmac::{Hmac, KeyInit, Mac};
use hyper::http::request::Parts;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};
use sha2::{Digest, Sha256};

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What the field `authorization` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Authorization {
    pub(crate) key_id: String,
    pub(crate) date: String,
    pub(crate) region: String,
    pub(crate) service: String,
    /// Names of fields, in the order given.
    pub(crate) signed: Vec<String>,
    pub(crate) signature: String,
}

impl Authorization {
    pub(crate) fn parse(text: &str) -> Option<Authorization> {
        let fields = text.strip_prefix("AWS4-HMAC-SHA256 ")?;
        let field = |name: &str| fields.split(',').find_map(|field| field.trim().strip_prefix(name));
        let scope = field("Credential=")?.split('/').collect::<Vec<_>>();
        let [key_id, date, region, service, "aws4_request"] = scope[..] else { return None };
        Some(Authorization {
            key_id: key_id.to_owned(),
            date: date.to_owned(),
            region: region.to_owned(),
            service: service.to_owned(),
            signed: field("SignedHeaders=")?.split(';').map(str::to_owned).collect(),
            signature: field("Signature=")?.to_owned(),
        })
    }

    pub(crate) fn text(&self) -> String {
        let Authorization { key_id, date, region, service, signed, signature } = self;
        let signed = signed.join(";");
        format!(
            "AWS4-HMAC-SHA256 Credential={key_id}/{date}/{region}/{service}/aws4_request, \
             SignedHeaders={signed}, Signature={signature}"
        )
    }

    /// The signature that the request should have.
    pub(crate) fn sign(&self, head: &Parts, time: &str, payload: &str, secret: &str) -> String {
        let Authorization { date, region, service, .. } = self;
        let request = hex(&Sha256::digest(self.canonical(head, payload)));
        let text = format!("AWS4-HMAC-SHA256\n{time}\n{date}/{region}/{service}/aws4_request\n{request}");
        let mut key = hmac(format!("AWS4{secret}").as_bytes(), date);
        for part in [region, service, "aws4_request"] {
            key = hmac(&key, part);
        }
        hex(&hmac(&key, &text))
    }

    /// The canonical request.
    pub(crate) fn canonical(&self, head: &Parts, payload: &str) -> String {
        let mut path = head.uri.path().split('/').map(again).collect::<Vec<_>>().join("/");
        if self.service != "s3" {
            path = path.split('/').map(|part| encode(part.as_bytes())).collect::<Vec<_>>().join("/");
        }
        let mut query = head
            .uri
            .query()
            .unwrap_or_default()
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| (again(name), again(value)))
            .collect::<Vec<_>>();
        query.sort_unstable();
        let query = query.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
        let mut fields = String::new();
        for name in &self.signed {
            let values = head.headers.get_all(name).iter();
            let values = values.map(|value| String::from_utf8_lossy(value.as_bytes()));
            let values = values.map(|value| value.split_whitespace().collect::<Vec<_>>().join(" "));
            let _ = writeln!(fields, "{name}:{}", values.collect::<Vec<_>>().join(","));
        }
        format!("{}\n{path}\n{query}\n{fields}\n{}\n{payload}", head.method, self.signed.join(";"))
    }
}

/// Decoded, and encoded as it has to be.
fn again(text: &str) -> String {
    encode(&percent_decode_str(text).collect::<Vec<_>>())
}

fn encode(bytes: &[u8]) -> String {
    percent_encode(bytes, UNRESERVED).to_string()
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length will do");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    /// "GET Object" and "PUT Object" of docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html.
    #[test]
    fn the_examples_of_the_documents() {
        const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        const HELLO: &str = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072";
        for (method, path, payload, fields, signature) in [
            (
                "GET",
                "/test.txt",
                EMPTY,
                vec![("range", "bytes=0-9")],
                "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
            ),
            (
                "PUT",
                "/test$file.text",
                HELLO,
                vec![
                    ("date", "Fri, 24 May 2013 00:00:00 GMT"),
                    ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
                ],
                "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
            ),
        ] {
            let mut request = Request::builder()
                .method(method)
                .uri(path)
                .header("host", "examplebucket.s3.amazonaws.com")
                .header("x-amz-content-sha256", payload)
                .header("x-amz-date", "20130524T000000Z");
            let mut signed = vec!["host", "x-amz-content-sha256", "x-amz-date"];
            for (name, value) in fields {
                request = request.header(name, value);
                signed.push(name);
            }
            signed.sort_unstable();
            let authorization = Authorization {
                key_id: "AKIAIOSFODNN7EXAMPLE".into(),
                date: "20130524".into(),
                region: "us-east-1".into(),
                service: "s3".into(),
                signed: signed.into_iter().map(str::to_owned).collect(),
                signature: signature.into(),
            };
            let (head, ()) = request.body(()).unwrap().into_parts();
            let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
            assert_eq!(authorization.sign(&head, "20130524T000000Z", payload, secret), signature, "{method}");
            assert_eq!(Authorization::parse(&authorization.text()), Some(authorization));
        }
    }
}
