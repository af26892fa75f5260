//! Amazon's Signature Version 4 (docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html),
//! in the field `authorization`.

use std::fmt::Write;

use hmac::{Hmac, KeyInit, Mac};
use plugboard_config::Secret;
use sha2::Sha256;

use crate::basic_date;
use crate::hash::{hex, sha256};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// In place of the payload's hash, where S3 need not have one.
pub const UNSIGNED: &str = "UNSIGNED-PAYLOAD";

/// What of a request is signed.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    pub method: &'a str,
    /// As the field `host` says it.
    pub authority: &'a str,
    /// Percent-encoded, exactly as it is sent. Nothing in it is resolved, neither `..` nor `//`.
    pub path: &'a str,
    /// `name=value&…`, percent-encoded, exactly as it is sent.
    pub query: &'a str,
    /// Names in lower case and each of them once. The time of the request is among them, as `x-amz-date`.
    pub headers: &'a [(&'static str, String)],
    /// [`sha256`] of the body, or [`UNSIGNED`].
    pub payload: &'a str,
}

/// Where and when a signature counts.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// Seconds since the Unix epoch.
    pub time: u64,
    pub region: &'a str,
    pub service: &'a str,
}

/// The value of the field `authorization`.
pub fn authorization(request: &Request, key_id: &str, secret: &Secret, scope: &Scope) -> String {
    let time = basic_date(scope.time);
    let date = time.get(..8).unwrap_or_default();
    let place = [date, "/", scope.region, "/", scope.service, "/aws4_request"].concat();

    let (canonical, names) = canonical(request, scope.service);
    let text = [ALGORITHM, "\n", &time, "\n", &place, "\n", &sha256([canonical.as_bytes()])].concat();
    let mut key = hmac(["AWS4", secret.expose()].concat().as_bytes(), date);
    for part in [scope.region, scope.service, "aws4_request"] {
        key = hmac(&key, part);
    }
    let signature = hex(&hmac(&key, &text));
    let credential = [key_id, "/", &place].concat();
    [ALGORITHM, " Credential=", &credential, ", SignedHeaders=", &names, ", Signature=", &signature].concat()
}

/// The canonical request, and the names of the fields in it.
fn canonical(request: &Request, service: &str) -> (String, String) {
    let mut text = [request.method, "\n"].concat();
    // Other services than S3 have the path encoded once more.
    escape(&mut text, request.path, if service == "s3" { b"/%" } else { b"/" });
    text.push('\n');

    let pairs = request.query.split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    for (n, (name, value)) in sorted(pairs).into_iter().enumerate() {
        if n > 0 {
            text.push('&');
        }
        escape(&mut text, name, b"%");
        text.push('=');
        escape(&mut text, value, b"%");
    }
    text.push('\n');

    let fields = request.headers.iter().map(|(name, value)| (*name, value.as_str()));
    let fields = fields.filter(|(name, _)| is_signed(name)).chain([("host", request.authority)]);
    let mut names = String::new();
    for (name, value) in sorted(fields) {
        text.extend([name, ":"]);
        for (n, word) in value.split(' ').filter(|word| !word.is_empty()).enumerate() {
            text.extend([if n > 0 { " " } else { "" }, word]);
        }
        text.push('\n');
        names.extend([if names.is_empty() { "" } else { ";" }, name]);
    }
    text.extend(["\n", &names, "\n", request.payload]);
    (text, names)
}

/// What must be. Anything else may be changed on its way without harm.
fn is_signed(name: &str) -> bool {
    name.starts_with("x-amz-") || matches!(name, "content-md5" | "content-type")
}

/// Of the few that a request has, one by one: the standard library's sort is fast with many, and large.
fn sorted<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<(&'a str, &'a str)> {
    let mut sorted = Vec::new();
    for pair in pairs {
        let place = sorted.partition_point(|other| *other < pair);
        sorted.insert(place, pair);
    }
    sorted
}

/// Percent-encodes all but what RFC 3986 leaves to any use, and what is to be kept.
fn escape(text: &mut String, value: &str, keep: &[u8]) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || keep.contains(&byte) {
            text.push(byte.into());
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
}

fn hmac(key: &[u8], text: &str) -> [u8; 32] {
    // Keys of HMAC have any length: there is no error.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
    const KEY: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    /// 24 May 2013, 00:00:00.
    const S3: Scope = Scope { time: 1_369_353_600, region: "us-east-1", service: "s3" };
    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn pairs(pairs: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
        pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
    }

    /// The end of what the examples of docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html show.
    #[test]
    fn signs_as_the_documents_of_s3() {
        let sign = |query, payload: &str| {
            let headers = pairs(&[("x-amz-content-sha256", payload), ("x-amz-date", "20130524T000000Z")]);
            let authority = "examplebucket.s3.amazonaws.com";
            let request = Request { method: "GET", authority, path: "/", query, headers: &headers, payload };
            authorization(&request, KEY_ID, &Secret::new(KEY), &S3)
        };
        let front = "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, \
                     SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=";
        for (query, signature) in [
            ("lifecycle", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
            ("prefix=J&max-keys=2", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
        ] {
            assert_eq!(sign(query, EMPTY), [front, signature].concat());
        }
    }

    /// Of the suite of tests that AWS publishes, those that say something about a request that we could send.
    #[test]
    fn signs_as_the_suite_of_tests() {
        const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
        let sign = |method, path, query, field: Option<(&'static str, &str)>, body: &str| {
            let mut headers = pairs(&[("x-amz-date", "20150830T123600Z")]);
            headers.extend(field.map(|(name, value)| (name, value.to_owned())));
            let payload = sha256([body.as_bytes()]);
            let authority = "example.amazonaws.com";
            let request = Request { method, authority, path, query, headers: &headers, payload: &payload };
            let secret = Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
            let scope = Scope { time: 1_440_938_160, region: "us-east-1", service: "service" };
            let text = authorization(&request, "AKIDEXAMPLE", &secret, &scope);
            text.rsplit_once('=').unwrap().1.to_owned()
        };
        for (method, path, query, field, body, signature) in [
            ("GET", "/", "", None, "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
            ("POST", "/", "", None, "", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
            (
                "GET",
                "/",
                "Param2=value2&Param1=value1",
                None,
                "",
                "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            ),
            (
                "POST",
                "/",
                "",
                Some(FORM),
                "Param1=value1",
                "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
            ),
        ] {
            assert_eq!(sign(method, path, query, field, body), signature, "{method} {path} {query} {body}");
        }
    }

    #[test]
    fn everything_is_in_its_place_and_form() {
        let headers = pairs(&[
            ("x-amz-meta-b", "  two   words "),
            ("range", "bytes=0-1"),
            ("content-type", "text/plain"),
            ("x-amz-date", "20130524T000000Z"),
            ("x-amz-meta-a", ""),
        ]);
        let request = Request {
            method: "PUT",
            authority: "h:1",
            path: "/a%20b/../c!",
            query: "b=%2F&a-b=1&a=2&a=1&uploads",
            headers: &headers,
            payload: UNSIGNED,
        };
        let (text, names) = canonical(&request, "s3");
        assert_eq!(names, "content-type;host;x-amz-date;x-amz-meta-a;x-amz-meta-b");
        assert_eq!(
            text,
            "PUT\n/a%20b/../c%21\na=1&a=2&a-b=1&b=%2F&uploads=\ncontent-type:text/plain\nhost:h:1\n\
             x-amz-date:20130524T000000Z\nx-amz-meta-a:\nx-amz-meta-b:two words\n\n\
             content-type;host;x-amz-date;x-amz-meta-a;x-amz-meta-b\nUNSIGNED-PAYLOAD"
        );
        let (text, _) = canonical(&request, "dynamodb");
        assert!(text.starts_with("PUT\n/a%2520b/../c%21\n"), "{text}");
    }
}
