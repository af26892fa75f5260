use std::collections::BTreeMap;

use plugboard_config::Settings;
use plugboard_http::fake::{Fake, body, status};
use plugboard_http::{Limits, Method, Resend};

use super::*;

/// Sun, 06 Nov 1994 08:49:37 GMT.
const NOW: u64 = 784_111_777;

fn client(endpoint: Endpoint) -> Client<Fake> {
    let time = Duration::from_secs(30);
    let limits = Limits { timeout: time, connect_timeout: time, max_answer: 1 << 20 };
    Client { transport: Fake::new(vec![]), endpoint, limits, name: "test", log: plugboard_http::Log::Off }
}

/// A signer of the service's, and who it signs for.
fn signer(service: Service, settings: &[(&'static str, &'static str)]) -> (Signer<Fake>, Client<Fake>) {
    let settings = settings.iter().copied().chain([("azure-account", "shop")]).collect::<BTreeMap<_, _>>();
    let access = Access::read(&Settings::new("azure", &settings), service, false).unwrap();
    let client_of = client(access.endpoint.clone());
    client_of.transport.set_wall_clock(Duration::from_secs(NOW));
    (Signer::new(access, client), client_of)
}

fn request(path: &str) -> Request {
    Request {
        method: Method::Get,
        path: path.into(),
        headers: vec![("x-ms-version", "2021-12-02".into())],
        body: Vec::new().into(),
        resend: Resend::Allowed,
        answer_fields: &[],
        what: "TEST",
    }
}

fn header<'a>(request: &'a Request, name: &str) -> &'a str {
    let mut all = request.headers.iter().filter(|(other, _)| *other == name);
    let value = all.next().map(|(_, value)| value.as_str()).unwrap_or_default();
    assert_eq!(all.next(), None);
    value
}

fn dated(status_: u16, date: &str) -> Response {
    let mut response = status(status_).unwrap();
    response.headers.push(("date", date.into()));
    response
}

#[test]
fn the_key_signs_what_the_service_wants_signed() {
    let (blob, client) = signer(Service::Blob, &[("azure-key", "QUJD")]);
    let mut one = request("/c/a%20b?comp=block&blockid=A%3D");
    blob.sign(&client, &mut one, client.deadline()).unwrap();
    let key = SharedKey::new("shop", &Secret::new("QUJD")).unwrap();
    let expected = key.authorization(&azure::Request {
        method: "GET",
        path: "/c/a%20b",
        query: &[("comp", "block".into()), ("blockid", "A=".into())],
        headers: &one.headers,
        length: 0,
    });
    assert_eq!(header(&one, "authorization"), expected);
    assert_eq!(header(&one, "x-ms-date"), "Sun, 06 Nov 1994 08:49:37 GMT");

    let (table, client) =
        signer(Service::Table, &[("azure-key", "QUJD"), ("azure-endpoint", "http://127.0.0.1:10002/shop")]);
    let mut one = request("/t()?$top=1");
    table.sign(&client, &mut one, client.deadline()).unwrap();
    let expected = key.table_authorization(&azure::Request {
        method: "GET",
        path: "/shop/t()",
        query: &[],
        headers: &one.headers,
        length: 0,
    });
    assert_eq!(header(&one, "authorization"), expected);
}

#[test]
fn a_clock_that_is_wrong_is_corrected_once_and_for_all() {
    let (signer, client) = signer(Service::Blob, &[("azure-key", "QUJD")]);
    let mut one = request("/c");
    signer.sign(&client, &mut one, client.deadline()).unwrap();
    let first = header(&one, "authorization").to_owned();
    let an_hour_off = dated(403, "Sun, 06 Nov 1994 09:49:37 GMT");
    assert!(signer.mend(&client, &an_hour_off));
    signer.sign(&client, &mut one, client.deadline()).unwrap();
    assert_ne!(header(&one, "authorization"), first);
    assert_eq!(header(&one, "x-ms-date"), "Sun, 06 Nov 1994 09:49:37 GMT");
    assert!(!signer.mend(&client, &an_hour_off));
}

#[test]
fn a_refusal_that_is_not_about_time_is_final() {
    let (key, client) = signer(Service::Blob, &[("azure-key", "QUJD")]);
    for response in [dated(403, "Sun, 06 Nov 1994 08:54:37 GMT"), status(403).unwrap(), dated(401, "")] {
        assert!(!key.mend(&client, &response), "{response:?}");
    }
    let (sas, client) = signer(Service::Blob, &[("azure-sas", "sig=x")]);
    assert!(!sas.mend(&client, &dated(403, "Sun, 06 Nov 1994 09:49:37 GMT")));
}

#[test]
fn a_token_that_is_refused_is_replaced() {
    let settings = [("azure-identity", "system"), ("azure-identity-endpoint", "http://127.0.0.1:1")];
    let (mut signer, client) = signer(Service::Table, &settings);
    let token = |name| body(200, format!(r#"{{"access_token":"{name}","expires_in":3600}}"#));
    let Credentials::Token(tokens) = &mut signer.credentials else { panic!() };
    tokens.issuer.transport = Fake::new(vec![token("a"), token("b")]);
    let mut one = request("/t");
    for (mended, expected) in [(false, "Bearer a"), (false, "Bearer a"), (true, "Bearer b")] {
        assert_eq!(signer.mend(&client, &status(if mended { 401 } else { 404 }).unwrap()), mended);
        signer.sign(&client, &mut one, client.deadline()).unwrap();
        assert_eq!(header(&one, "authorization"), expected);
    }
}

#[test]
fn a_signature_is_in_the_address_only_and_once() {
    let (signer, client) = signer(Service::Blob, &[("azure-sas", "?sv=1&sig=hunter2")]);
    for (path, signed) in [("/c", "/c?sv=1&sig=hunter2"), ("/c?a=b", "/c?a=b&sv=1&sig=hunter2")] {
        let mut one = request(path);
        signer.sign(&client, &mut one, client.deadline()).unwrap();
        signer.sign(&client, &mut one, client.deadline()).unwrap();
        assert_eq!((one.path.as_str(), header(&one, "authorization")), (signed, ""));
    }
}
