use plugboard_config::Secret;
use plugboard_http::fake::{Fake, status};
use plugboard_http::{Chunks, Limits, Method, Resend};

use super::*;
use crate::Address;
use crate::aws::Flow;

const TIME: Duration = Duration::from_secs(30);
/// 24 May 2013, 00:00:00, as in the documents.
const NOW: u64 = 1_369_353_600;
const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn client(endpoint: Endpoint) -> Client<Fake> {
    let limits = Limits { timeout: TIME, connect_timeout: TIME, max_answer: 1 << 20 };
    Client { transport: Fake::default(), endpoint, limits, name: "test", log: plugboard_http::Log::Off }
}

fn signer(service: &'static str, source: Source) -> Signer<Fake> {
    let access = Access { region: "us-east-1".into(), endpoint: None, source };
    let signer = Signer::new(access, service, client);
    signer.host.set_wall_clock(Duration::from_secs(NOW));
    signer
}

fn of_documents(token: Option<&str>) -> Source {
    Source::Settings(Keys {
        id: "AKIAIOSFODNN7EXAMPLE".into(),
        secret: Secret::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        token: token.map(Secret::new),
    })
}

fn of_container() -> Source {
    let address = Address::parse("http://127.0.0.1:1/x").unwrap();
    Source::Flow(Flow::Container { address, token: None })
}

fn request(path: &str) -> Request {
    Request {
        method: Method::Get,
        path: path.into(),
        headers: vec![("range", "bytes=0-9".into())],
        body: Chunks::default(),
        resend: Resend::Allowed,
        answer_fields: &[],
        what: "TEST",
    }
}

fn value<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|(other, _)| *other == name).map(|(_, value)| value.as_str())
}

fn s3() -> Endpoint {
    Endpoint::parse("https://examplebucket.s3.amazonaws.com").unwrap()
}

/// "GET Bucket (List Objects)" of docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html.
#[test]
fn signs_the_request_of_the_documents_also_anew() {
    let signer = signer("s3", of_documents(None));
    let mut request = request("/?max-keys=2&prefix=J");
    for _ in 0..2 {
        signer.sign(&s3(), &mut request, Payload::Signed, TIME).unwrap();
        assert_eq!(
            value(&request, "authorization").unwrap(),
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, \
             SignedHeaders=host;x-amz-content-sha256;x-amz-date, \
             Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
        );
        assert_eq!(value(&request, "x-amz-date"), Some("20130524T000000Z"));
        assert_eq!(value(&request, "x-amz-content-sha256"), Some(EMPTY));
        assert_eq!(request.headers.len(), 4);
    }
}

#[test]
fn each_service_has_the_fields_that_it_wants() {
    let mut unsigned = request("/k");
    signer("s3", of_documents(Some("IQo="))).sign(&s3(), &mut unsigned, Payload::Unsigned, TIME).unwrap();
    assert_eq!(value(&unsigned, "x-amz-content-sha256"), Some("UNSIGNED-PAYLOAD"));
    assert_eq!(value(&unsigned, "x-amz-security-token"), Some("IQo="));
    let signed = value(&unsigned, "authorization").unwrap();
    let names = "SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token,";
    assert!(signed.contains(names), "{signed}");

    let mut table = request("/");
    signer("dynamodb", of_documents(None)).sign(&s3(), &mut table, Payload::Signed, TIME).unwrap();
    assert_eq!(value(&table, "x-amz-content-sha256"), None);
    let signed = value(&table, "authorization").unwrap();
    assert!(signed.contains("/dynamodb/aws4_request, SignedHeaders=host;x-amz-date,"), "{signed}");
}

/// Emulators and gateways may have a path in front of everything, which is signed too.
#[test]
fn the_path_of_the_endpoint_is_signed() {
    let sign = |endpoint: &str, path: &str| {
        let mut request = request(path);
        let endpoint = Endpoint::parse(endpoint).unwrap();
        signer("s3", of_documents(None)).sign(&endpoint, &mut request, Payload::Signed, TIME).unwrap();
        value(&request, "authorization").unwrap().to_owned()
    };
    assert_eq!(sign("http://h/a", "/b"), sign("http://h", "/a/b"));
    assert_ne!(sign("http://h", "/b"), sign("http://h", "/a/b"));
}

fn answer(code: u16, date: &str) -> Response {
    let mut response = status(code).unwrap();
    response.headers.push(("date", date.into()));
    response
}

#[test]
fn the_clock_of_the_service_counts() {
    let signer = signer("s3", of_documents(None));
    let near = answer(403, "Fri, 24 May 2013 00:04:59 GMT");
    assert!(!signer.mend(&near, Some("SignatureDoesNotMatch")));
    let far = answer(403, "Fri, 24 May 2013 01:00:00 GMT");
    assert!(!signer.mend(&answer(404, "Fri, 24 May 2013 01:00:00 GMT"), None));
    assert!(signer.mend(&far, Some("RequestTimeTooSkewed")));
    let mut request = request("/");
    signer.sign(&s3(), &mut request, Payload::Signed, TIME).unwrap();
    assert_eq!(value(&request, "x-amz-date"), Some("20130524T010000Z"));
    assert!(!signer.mend(&far, Some("RequestTimeTooSkewed")), "it was so already");
    assert!(!signer.mend(&status(403).unwrap(), None), "no date");
}

#[test]
fn keys_that_ended_are_fetched_again_and_those_of_settings_are_not() {
    let date = "Fri, 24 May 2013 00:00:00 GMT";
    for (code, name, mended) in [
        (400, Some("ExpiredToken"), true),
        (400, Some("ExpiredTokenException"), true),
        (400, Some("InvalidToken"), true),
        (403, Some("InvalidAccessKeyId"), true),
        (400, Some("UnrecognizedClientException"), true),
        (400, None, true),
        (403, None, false),
        (403, Some("AccessDenied"), false),
        (400, Some("ValidationException"), false),
        (404, Some("ExpiredToken"), false),
    ] {
        assert_eq!(signer("s3", of_container()).mend(&answer(code, date), name), mended, "{code} {name:?}");
        assert!(!signer("s3", of_documents(None)).mend(&answer(code, date), name), "{code} {name:?}");
    }
}

/// Each answer to HEAD that an app may not have would cost three requests otherwise.
#[test]
fn a_refusal_without_a_name_is_doubted_if_the_keys_are_old() {
    let refused = answer(403, "Fri, 24 May 2013 00:00:00 GMT");
    let signer = signer("s3", of_container());
    let Origin::Fetcher(fetcher) = &signer.origin else { panic!("keys of the settings") };
    assert!(!signer.mend(&refused, None));
    fetcher.client.transport.sleep(Duration::from_secs(61));
    assert!(signer.mend(&refused, None));
    assert!(!signer.mend(&refused, Some("AccessDenied")));
}

#[test]
fn what_was_shown_has_a_name() {
    assert_eq!(signer("s3", of_documents(None)).shown(), "; it was shown the access key of the settings");
    assert_eq!(signer("s3", of_container()).shown(), "; it was shown the keys of the container");
}
