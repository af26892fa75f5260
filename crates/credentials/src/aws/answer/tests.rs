use plugboard_http::fake::{body, status};

use super::*;

const DATE_OF_ALL: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

fn endpoint() -> Endpoint {
    Endpoint::parse("http://h").unwrap()
}

fn answered(status: u16, text: &str, xml: bool) -> Result<(Keys, u64)> {
    let mut response = body(status, text).unwrap();
    response.headers.push((DATE, DATE_OF_ALL.into()));
    keys(&endpoint(), &response, xml, 0)
}

fn read(text: &str, xml: bool) -> (String, String, String, u64) {
    let (keys, lifetime) = answered(200, text, xml).unwrap();
    let secret = |secret: &Secret| secret.expose().to_owned();
    (keys.id, secret(&keys.secret), secret(&keys.token.unwrap()), lifetime)
}

fn expected(lifetime: u64) -> (String, String, String, u64) {
    ("ASIAIOSFODNN7EXAMPLE".into(), "wJalr/K7MDENG+b".into(), "IQoJb3/+==".into(), lifetime)
}

/// The forms that the documents on each of them show.
#[test]
fn keys_of_each_giver() {
    let instance = r#"{
      "Code" : "Success",
      "LastUpdated" : "1994-11-06T08:00:00Z",
      "Type" : "AWS-HMAC",
      "AccessKeyId" : "ASIAIOSFODNN7EXAMPLE",
      "SecretAccessKey" : "wJalr/K7MDENG+b",
      "Token" : "IQoJb3/+==",
      "Expiration" : "1994-11-06T09:49:37Z"
    }"#;
    assert_eq!(read(instance, false), expected(3600));
    let container = r#"{"RoleArn":"arn","AccessKeyId":"ASIAIOSFODNN7EXAMPLE","SecretAccessKey":"wJalr/K7MDENG+b",
                        "Token":"IQoJb3/+==","Expiration":"1994-11-06T08:49:47Z","More":{"a":[1,null]}}"#;
    assert_eq!(read(container, false), expected(10));
    let sts = r#"<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
          <AssumeRoleWithWebIdentityResult>
            <SubjectFromWebIdentityToken>amzn1.account.AF6RHO7KZU5XRVQJGXK6HB56KR2A</SubjectFromWebIdentityToken>
            <Audience>client.5498841531868486423.1548@apps.example.com</Audience>
            <AssumedRoleUser><Arn>arn</Arn><AssumedRoleId>AROACLKWSDQRAOEXAMPLE:app1</AssumedRoleId></AssumedRoleUser>
            <Credentials>
              <SessionToken>
                IQoJb3/+==
              </SessionToken>
              <SecretAccessKey>wJalr/K7MDENG+b</SecretAccessKey>
              <Expiration>1994-11-06T09:49:37.500Z</Expiration>
              <AccessKeyId>ASIAIOSFODNN7EXAMPLE</AccessKeyId>
            </Credentials>
            <SourceIdentity/><Provider>www.amazon.com</Provider>
          </AssumeRoleWithWebIdentityResult>
          <ResponseMetadata><RequestId>ad4156e9</RequestId></ResponseMetadata>
        </AssumeRoleWithWebIdentityResponse>"#;
    assert_eq!(read(sts, true), expected(3600));
}

/// What an instance may give while its service has none that are newer: they may be good all the same.
#[test]
fn keys_without_an_end_or_past_it_are_for_now() {
    for end in ["\"1994-11-06T08:00:00Z\"", "\"soon\"", "null"] {
        let json = format!(
            r#"{{"AccessKeyId":"ASIAIOSFODNN7EXAMPLE","SecretAccessKey":"wJalr/K7MDENG+b","Token":"IQoJb3/+==",
                 "Expiration":{end}}}"#
        );
        assert_eq!(read(&json, false), expected(0));
    }
}

#[test]
fn a_refusal_is_told_by_its_name_only() {
    let refused = |status, text: &str, xml| answered(status, text, xml).unwrap_err().to_string();
    let xml = |code| {
        format!("<ErrorResponse><Error><Code>{code}</Code><Message>hunter2</Message></Error></ErrorResponse>")
    };
    assert_eq!(
        refused(400, &xml("InvalidIdentityToken"), true),
        "access-denied: `h` gave no credentials: `InvalidIdentityToken`"
    );
    assert_eq!(
        refused(400, &xml("IDPCommunicationError"), true),
        "unavailable: `h` gave no credentials: `IDPCommunicationError`"
    );
    let json = r#"{"code":"InvalidTokenException","message":"hunter2"}"#;
    assert_eq!(refused(401, json, false), "access-denied: `h` gave no credentials: `InvalidTokenException`");
    for text in [r#"{"code":"hunter 2"}"#, "<html>", ""] {
        assert_eq!(refused(403, text, false), "access-denied: `h` gave no credentials");
    }
}

#[test]
fn whatever_has_no_keys_in_it_is_an_error() {
    for (text, xml) in [
        ("", false),
        ("{}", false),
        ("[]", false),
        ("<html></html>", true),
        ("<AssumeRoleWithWebIdentityResponse>", true),
        ("<AssumeRoleWithWebIdentityResponse/>", true),
        (r#"{"Code":"Failed"}"#, false),
        (r#"{"AccessKeyId":"A","SecretAccessKey":"b"}"#, false),
        (r#"{"AccessKeyId":"A","SecretAccessKey":"b","Token":"c\nd"}"#, false),
    ] {
        let error = answered(200, text, xml).unwrap_err().to_string();
        assert_eq!(error, "protocol: what `h` answered has no credentials in it", "{text}");
    }
    assert_eq!(answered(302, "", false).unwrap_err().kind, Kind::Protocol);
}

#[test]
fn a_word_is_one() {
    let read = |status, text: &str| word(&endpoint(), body(status, text).unwrap(), "token");
    assert_eq!(read(200, " a.b-c_d==\n"), Ok("a.b-c_d==".to_owned()));
    assert_eq!(read(200, "me+you=us,too@here"), Ok("me+you=us,too@here".to_owned()));
    for text in ["", "a b", "a\nb", "\u{e4}", "a?b"] {
        assert_eq!(read(200, text).unwrap_err().to_string(), "protocol: what `h` answered is no token");
    }
    let refused = word(&endpoint(), status(404).unwrap(), "role").unwrap_err().to_string();
    assert_eq!(refused, "access-denied: `h` gave no credentials");
}
