use std::collections::BTreeMap;

use super::*;

const KEYS: [(&str, &str); 2] = [("s3-access-key-id", "AKIA"), ("s3-secret-access-key", "hunter2")];
const REGION: (&str, &str) = ("s3-region", "eu-central-1");

fn read(settings: &[(&str, &str)]) -> Result<Access> {
    let source = settings.iter().copied().collect::<BTreeMap<_, _>>();
    Access::read(&Settings::new("s3", &source), false)
}

fn refused(settings: &[(&str, &str)]) -> String {
    read(settings).unwrap_err().to_string()
}

fn flow(settings: &[(&str, &str)]) -> Flow {
    match read(settings).unwrap().source {
        Source::Flow(flow) => flow,
        Source::Settings(_) => panic!("keys of the settings"),
    }
}

#[test]
fn keys_of_the_settings() {
    let access = read(&[REGION, KEYS[0], KEYS[1], ("s3-session-token", "IQo/+=")]).unwrap();
    assert_eq!((access.region.as_str(), access.endpoint), ("eu-central-1", None));
    let Source::Settings(keys) = access.source else { panic!("no keys") };
    let token = keys.token.unwrap();
    assert_eq!((keys.id.as_str(), keys.secret.expose(), token.expose()), ("AKIA", "hunter2", "IQo/+="));
}

#[test]
fn a_region_is_needed_of_aws_alone() {
    assert_eq!(refused(&KEYS), "config: `s3-region` is not set; expected one such as `us-east-1`");
    let minio = ("s3-endpoint", "http://127.0.0.1:9000");
    assert_eq!(read(&[KEYS[0], KEYS[1], minio]).unwrap().region, "us-east-1");
    let r2 = read(&[KEYS[0], KEYS[1], minio, ("s3-region", "auto")]).unwrap();
    assert_eq!((r2.region.as_str(), r2.endpoint.unwrap().authority.as_str()), ("auto", "127.0.0.1:9000"));
    assert_eq!(
        refused(&[KEYS[0], KEYS[1], ("s3-region", "a/b")]),
        "config: `s3-region` holds a character that no region has in its name"
    );
}

#[test]
fn services_are_in_their_partition() {
    assert_eq!(address("sts", "eu-central-1"), "https://sts.eu-central-1.amazonaws.com");
    assert_eq!(address("dynamodb", "cn-north-1"), "https://dynamodb.cn-north-1.amazonaws.com.cn");
}

#[test]
fn a_container_by_either_address() {
    for (uri, authority, path) in [
        ("/v2/credentials/1?x=y", "169.254.170.2", "/v2/credentials/1?x=y"),
        ("http://169.254.170.23/v1/credentials", "169.254.170.23", "/v1/credentials"),
        ("http://localhost:51678/get", "localhost:51678", "/get"),
        ("https://keys.example/get", "keys.example", "/get"),
    ] {
        let Flow::Container { address, token: None } = flow(&[REGION, ("s3-credentials-uri", uri)]) else {
            panic!("{uri}")
        };
        assert_eq!((address.endpoint.authority.as_str(), address.path.as_str()), (authority, path));
    }
    for (token, is_address) in [("eyJ", false), ("http://127.0.0.1/token", true)] {
        let settings = [REGION, ("s3-credentials-uri", "/x"), ("s3-credentials-token", token)];
        let Flow::Container { token: Some(token), .. } = flow(&settings) else { panic!("no token") };
        assert_eq!(matches!(token, Token::Address(_)), is_address);
    }
}

#[test]
fn an_instance() {
    let instance = ("s3-identity", "instance");
    for (settings, authority, base_path) in [
        (vec![REGION, instance], "169.254.169.254", ""),
        (vec![REGION, instance, ("s3-metadata-endpoint", "http://127.0.0.1:1/a/")], "127.0.0.1:1", "/a"),
        (vec![REGION, instance, ("s3-metadata-endpoint", "http://127.0.0.1:1")], "127.0.0.1:1", ""),
    ] {
        let Flow::Instance { metadata } = flow(&settings) else { panic!("{settings:?}") };
        assert_eq!((metadata.authority.as_str(), metadata.base_path.as_str()), (authority, base_path));
    }
}

#[test]
fn a_web_identity() {
    let role = [REGION, ("s3-role-arn", "arn:aws:iam::1:role/a"), ("s3-web-identity-token", "a.b.c")];
    let Flow::Role { sts, arn, session, token: Token::Value(token) } = flow(&role) else {
        panic!("another way")
    };
    assert_eq!((sts.https, sts.authority.as_str()), (true, "sts.eu-central-1.amazonaws.com"));
    assert_eq!((arn.as_str(), session.as_str()), ("arn:aws:iam::1:role/a", "plugboard"));
    assert_eq!(token.expose(), "a.b.c");

    let elsewhere =
        [("s3-sts-endpoint", "http://localhost:9000"), ("s3-role-session-name", "me@here")].into_iter();
    let Flow::Role { sts, session, .. } = flow(&role.into_iter().chain(elsewhere).collect::<Vec<_>>()) else {
        panic!("another way")
    };
    assert_eq!((sts.authority.as_str(), session.as_str()), ("localhost:9000", "me@here"));
}

#[test]
fn there_is_one_way_and_its_companions() {
    let instance = ("s3-identity", "instance");
    for (settings, sentence) in [
        (
            vec![],
            "`s3-access-key-id` is not set, nor is another way to authenticate: `s3-credentials-uri`, \
             `s3-identity` or `s3-web-identity-token`",
        ),
        (vec![KEYS[1]], "`s3-access-key-id` is not set, but `s3-secret-access-key` is"),
        (vec![KEYS[0]], "`s3-secret-access-key` is not set, which `s3-access-key-id` needs"),
        (vec![("s3-role-arn", "arn")], "`s3-web-identity-token` is not set, but `s3-role-arn` is"),
        (
            vec![("s3-web-identity-token", "a.b")],
            "`s3-role-arn` is not set, which `s3-web-identity-token` needs",
        ),
        (
            vec![KEYS[0], KEYS[1], instance],
            "`s3-access-key-id` and `s3-identity` are both set; expected one of them",
        ),
        (vec![instance, ("s3-session-token", "x")], "`s3-session-token` does not go with `s3-identity`"),
        (vec![("s3-identity", "me")], "`s3-identity` is `me`; expected `instance`"),
    ] {
        let mut settings = settings;
        settings.push(REGION);
        assert_eq!(refused(&settings), format!("config: {sentence}"));
    }
}

#[test]
fn what_cannot_be_is_refused_and_not_shown() {
    for (name, value) in [
        ("s3-access-key-id", "AKIA hunter2"),
        ("s3-access-key-id", "hunter2/"),
        ("s3-session-token", "hunter2 ä"),
        ("s3-session-token", "hunter2\n"),
    ] {
        let mut settings = vec![REGION, ("s3-access-key-id", "AKIA"), ("s3-secret-access-key", "x")];
        settings.push((name, value));
        let sentence = refused(&settings);
        assert!(sentence.starts_with(&format!("config: `{name}` holds ")), "{sentence}");
        assert!(!sentence.contains("hunter2"), "{sentence}");
    }
}

#[test]
fn credentials_stay_near_or_encrypted() {
    let role = [("s3-role-arn", "arn"), ("s3-web-identity-token", "a.b")];
    for (name, value, more) in [
        ("s3-endpoint", "http://minio.example", KEYS.to_vec()),
        ("s3-credentials-uri", "http://10.0.0.1/x", vec![]),
        ("s3-metadata-endpoint", "http://metadata.example", vec![("s3-identity", "instance")]),
        ("s3-sts-endpoint", "http://169.254.1.1", role.to_vec()),
        ("s3-web-identity-token", "http://issuer.example/token", vec![("s3-role-arn", "arn")]),
    ] {
        let mut settings = more;
        settings.extend([REGION, (name, value)]);
        let sentence = refused(&settings);
        assert!(sentence.starts_with(&format!("config: `{name}` leads to plain `http://`")), "{sentence}");
    }
}
