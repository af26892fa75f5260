//! Azure Storage's Shared Key, in the form that its Blob and Queue services take since version 2015-02-21, and in that
//! of its Table service (learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key).

use std::cmp::Ordering;
use std::fmt;

use base64ct::{Base64, Encoding};
use hmac::{Hmac, KeyInit, Mac};
use plugboard_config::Secret;
use sha2::Sha256;

/// What of a request is signed.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    pub method: &'a str,
    /// Percent-encoded, exactly as it is sent. Where the account is part of it (emulators), it is in the signed
    /// text a second time.
    pub path: &'a str,
    /// Names in lower case and each of them once, values not encoded.
    pub query: &'a [(&'a str, String)],
    /// Names in lower case and each of them once. The time of the request is among them, as `x-ms-date`.
    pub headers: &'a [(&'static str, String)],
    /// Bytes of the body.
    pub length: usize,
}

/// One of the two keys of a storage account.
#[derive(Clone)]
pub struct SharedKey {
    account: String,
    mac: Hmac<Sha256>,
}

impl SharedKey {
    /// None if the key, as the portal shows it, is not the Base64 that it should be.
    pub fn new(account: &str, key: &Secret) -> Option<Self> {
        let key = Base64::decode_vec(key.expose()).ok().filter(|key| !key.is_empty())?;
        Some(SharedKey { account: account.to_owned(), mac: Hmac::new_from_slice(&key).ok()? })
    }

    /// The value of the field `authorization`.
    pub fn authorization(&self, request: &Request) -> String {
        self.signed(&string_to_sign(&self.account, request))
    }

    /// The same for the Table service, which wants less signed.
    pub fn table_authorization(&self, request: &Request) -> String {
        self.signed(&table_string_to_sign(&self.account, request))
    }

    fn signed(&self, text: &str) -> String {
        let mut mac = self.mac.clone();
        mac.update(text.as_bytes());
        let signature = Base64::encode_string(&mac.finalize().into_bytes());
        ["SharedKey ", &self.account, ":", &signature].concat()
    }
}

impl fmt::Debug for SharedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedKey(…)")
    }
}

fn string_to_sign(account: &str, request: &Request) -> String {
    let mut text = String::with_capacity(512);
    text.push_str(request.method);
    text.push('\n');
    for name in ["content-encoding", "content-language", "content-length", "content-md5", "content-type"] {
        match name {
            // Without a body the line is empty, whether the field is sent or not.
            "content-length" if request.length > 0 => text.push_str(&request.length.to_string()),
            "content-length" => {}
            _ => text.push_str(field(request, name)),
        }
        text.push('\n');
    }
    for name in ["date", "if-modified-since", "if-match", "if-none-match", "if-unmodified-since", "range"] {
        text.push_str(field(request, name));
        text.push('\n');
    }

    let own = request.headers.iter().filter(|(name, _)| name.starts_with("x-ms-"));
    for (name, value) in sorted(own, order_of_service) {
        text.extend([name, ":", value, "\n"]);
    }

    text.extend(["/", account, request.path]);
    for (name, value) in sorted(request.query.iter(), str::cmp) {
        text.extend(["\n", name, ":", value]);
    }
    text
}

/// Of a query only `comp` is in it, which no request for data has.
fn table_string_to_sign(account: &str, request: &Request) -> String {
    let [md5, content_type, date] =
        ["content-md5", "content-type", "x-ms-date"].map(|name| field(request, name));
    [request.method, "\n", md5, "\n", content_type, "\n", date, "\n/", account, request.path].concat()
}

type Pair<'a> = (&'a str, String);

/// Of the few that a request has, one by one: the standard library's sort is fast with many, and large.
fn sorted<'a>(
    pairs: impl Iterator<Item = &'a Pair<'a>>,
    order: fn(&str, &str) -> Ordering,
) -> Vec<&'a Pair<'a>> {
    let mut sorted: Vec<&Pair> = Vec::new();
    for pair in pairs {
        let place = sorted.partition_point(|other| order(other.0, pair.0).is_lt());
        sorted.insert(place, pair);
    }
    sorted
}

fn field<'a>(request: &Request<'a>, name: &str) -> &'a str {
    let found = request.headers.iter().find(|(other, _)| *other == name);
    found.map(|(_, value)| value.as_str()).unwrap_or_default()
}

/// The documents say "lexicographically"; the service sorts names as .NET does text for people: hyphens count
/// only where all else is the same, and an underscore comes before digits.
fn order_of_service(a: &str, b: &str) -> Ordering {
    let weights = |name: &str| -> Vec<u8> {
        name.bytes().filter(|b| *b != b'-').map(|b| if b == b'_' { 0 } else { b }).collect()
    };
    weights(a).cmp(&weights(b)).then_with(|| b.cmp(a))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(pairs: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
        pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
    }

    /// "Get Container Metadata" in the document named above.
    #[test]
    fn signs_the_text_of_the_documents() {
        let query = pairs(&[("restype", "container"), ("timeout", "20"), ("comp", "metadata")]);
        let headers =
            pairs(&[("x-ms-version", "2015-02-21"), ("x-ms-date", "Fri, 26 Jun 2015 23:39:12 GMT")]);
        let request =
            Request { method: "GET", path: "/mycontainer", query: &query, headers: &headers, length: 0 };
        assert_eq!(
            string_to_sign("myaccount", &request),
            "GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\nx-ms-version:2015-02-21\n\
             /myaccount/mycontainer\ncomp:metadata\nrestype:container\ntimeout:20"
        );
    }

    #[test]
    fn every_field_has_its_line() {
        let headers = pairs(&[
            ("range", "bytes=0-1"),
            ("if-unmodified-since", "unmodified"),
            ("if-none-match", "*"),
            ("if-match", "etag"),
            ("if-modified-since", "modified"),
            ("content-type", "text/plain"),
            ("content-md5", "md5"),
            ("content-language", "en"),
            ("content-encoding", "gzip"),
            ("accept", "not signed"),
        ]);
        let request =
            Request { method: "PUT", path: "/a/c/b", query: &[], headers: &headers, length: 65_536 };
        assert_eq!(
            string_to_sign("a", &request),
            "PUT\ngzip\nen\n65536\nmd5\ntext/plain\n\nmodified\netag\n*\nunmodified\nbytes=0-1\n/a/a/c/b"
        );
    }

    #[test]
    fn fields_are_in_the_order_of_the_service() {
        let headers = pairs(&[
            ("x-ms-meta-ab", ""),
            ("x-ms-meta-a0", ""),
            ("x-ms-meta-a-b", ""),
            ("x-ms-meta-a_b", ""),
            ("x-ms-meta-a-a", ""),
            ("x-ms-meta-a", ""),
        ]);
        let request = Request { method: "GET", path: "/", query: &[], headers: &headers, length: 0 };
        let text = string_to_sign("a", &request);
        let names = text.lines().filter_map(|line| line.strip_prefix("x-ms-meta-")).collect::<Vec<_>>();
        assert_eq!(names, ["a:", "a_b:", "a0:", "a-a:", "ab:", "a-b:"]);
    }

    /// The key is the one that is published for emulators, the signature what
    /// `openssl dgst -sha256 -mac HMAC -macopt hexkey:… -binary | base64` makes of the text.
    #[test]
    fn the_signature_is_hmac_sha256_in_base64() {
        let key = Secret::new(
            "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
        );
        let headers =
            pairs(&[("x-ms-date", "Fri, 26 Jun 2015 23:39:12 GMT"), ("x-ms-version", "2021-12-02")]);
        let request = Request { method: "GET", path: "/c/%20", query: &[], headers: &headers, length: 0 };
        let shared_key = SharedKey::new("devstoreaccount1", &key).unwrap();
        assert_eq!(
            shared_key.authorization(&request),
            "SharedKey devstoreaccount1:cx/ixslo+MOr3613PDlQ9tzEySXpPOJZBGLHjsV80Zc="
        );
    }

    /// The example of "Table service (Shared Key authorization)" in the document named above.
    #[test]
    fn tables_want_less_signed() {
        let headers = pairs(&[
            ("accept", "not signed"),
            ("content-type", "application/xml"),
            ("x-ms-date", "Wed, 23 Aug 2009 21:10:39 GMT"),
            ("x-ms-version", "2009-04-14"),
        ]);
        let query = pairs(&[("$top", "1")]);
        let request =
            Request { method: "POST", path: "/tables", query: &query, headers: &headers, length: 9 };
        assert_eq!(
            table_string_to_sign("myaccount", &request),
            "POST\n\napplication/xml\nWed, 23 Aug 2009 21:10:39 GMT\n/myaccount/tables"
        );
    }

    #[test]
    fn a_key_is_base64_and_not_shown() {
        for bad in ["", "no base64!", "QUJD=", "QUJ"] {
            assert!(SharedKey::new("a", &Secret::new(bad)).is_none(), "{bad:?}");
        }
        assert_eq!(format!("{:?}", SharedKey::new("a", &Secret::new("QUJD"))), "Some(SharedKey(…))");
    }
}
