use std::collections::BTreeMap;

use super::*;

type Pair = (&'static str, &'static str);

const KEY: Pair = ("azure-key", "QUJDRA==");
const ACCOUNT: Pair = ("azure-account", "shop");
const SECRET: [Pair; 4] =
    [ACCOUNT, ("azure-client-secret", "hunter2"), ("azure-tenant", "t"), ("azure-client-id", "c")];

fn read(pairs: &[Pair]) -> Result<Access> {
    let source = BTreeMap::from_iter(pairs.iter().copied());
    let settings = Settings::new("azure", &source);
    Access::read(&settings, Service::Blob, settings.flag("allow-http")?)
}

fn fault(pairs: &[Pair]) -> String {
    read(pairs).err().unwrap().to_string()
}

fn with(pairs: &[Pair], more: Pair) -> Vec<Pair> {
    pairs.iter().copied().chain([more]).collect()
}

fn flow(pairs: &[Pair]) -> Flow {
    match read(pairs).unwrap().proof {
        Proof::Token(flow) => flow,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_account_and_its_key_are_enough() {
    let access = read(&[ACCOUNT, KEY]).unwrap();
    assert!(access.endpoint.https);
    assert_eq!(access.endpoint.authority, "shop.blob.core.windows.net");
    assert!(matches!(access.proof, Proof::SharedKey(_)));
    let elsewhere = read(&[ACCOUNT, KEY, ("azure-endpoint", "http://[::1]:10000/shop")]).unwrap();
    assert_eq!(elsewhere.endpoint.base_path, "/shop");
}

#[test]
fn sentences_have_the_names_of_the_provider() {
    let at = |name: &'static str, value: &'static str| {
        let source = BTreeMap::from([(name, value)]);
        Access::read(&Settings::new("azure-table", &source), Service::Table, false)
    };
    let fault = at("azure-table-account", "shop").err().unwrap().to_string();
    assert_eq!(
        fault,
        "config: `azure-table-key` is not set, nor is another way to authenticate: `azure-table-connection-string` \
         or `azure-table-sas` or `azure-table-client-secret` or `azure-table-client-assertion` or \
         `azure-table-identity`"
    );
    let table = at("azure-table-connection-string", "AccountName=a;AccountKey=QUJD").unwrap();
    assert_eq!(table.endpoint.authority, "a.table.core.windows.net");
}

#[test]
fn a_connection_string_is_enough() {
    let access = read(&[("azure-connection-string", "UseDevelopmentStorage=true")]).unwrap();
    assert_eq!(access.endpoint.authority, "127.0.0.1:10000");
    assert_eq!(access.endpoint.base_path, "/devstoreaccount1");
    let sas = "BlobEndpoint=https://h/;SharedAccessSignature=?sv=1&sig=%3D";
    match read(&[("azure-connection-string", sas)]).unwrap().proof {
        Proof::Sas(sas) => assert_eq!(sas.expose(), "sv=1&sig=%3D"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn tokens_come_from_where_the_settings_say() {
    let client = flow(&SECRET);
    assert_eq!(client.issuer.endpoint.authority, "login.microsoftonline.com");
    assert_eq!(client.issuer.path, "/t/oauth2/v2.0/token");
    let china = flow(&with(&SECRET, ("azure-authority", "https://login.partner.microsoftonline.cn/")));
    assert_eq!(china.issuer.endpoint.authority, "login.partner.microsoftonline.cn");

    let machine = flow(&[ACCOUNT, ("azure-identity", "system")]);
    assert_eq!(machine.issuer.endpoint.authority, "169.254.169.254");
    assert!(matches!(machine.grant, Grant::Identity { client: None, header: None }));
    let app = flow(&[
        ACCOUNT,
        ("azure-identity", "0a1b-2c"),
        ("azure-identity-endpoint", "http://169.254.131.7:8081/msi/token/?a=b"),
        ("azure-identity-header", "hunter2"),
    ]);
    assert_eq!(app.issuer.path, "/msi/token/?a=b");
    assert!(matches!(app.grant, Grant::Identity { client: Some(id), header: Some(_) } if id == "0a1b-2c"));
}

#[test]
fn an_assertion_is_a_value_or_where_one_is() {
    let assertion = |text| {
        let settings =
            [ACCOUNT, ("azure-tenant", "t"), ("azure-client-id", "c"), ("azure-client-assertion", text)];
        match flow(&settings).grant {
            Grant::Assertion { assertion, .. } => assertion,
            other => panic!("{other:?}"),
        }
    };
    assert!(matches!(assertion("eyJ.eyJ.sig"), Assertion::Value(_)));
    assert!(
        matches!(assertion("https://h/token?audience=a"), Assertion::Source(at) if at.path == "/token?audience=a")
    );
}

#[test]
fn wrong_combinations_name_the_settings() {
    let sas = ("azure-sas", "sig=x");
    let string = ("azure-connection-string", "UseDevelopmentStorage=true");
    let identity = ("azure-identity", "system");
    let cases: [(&[Pair], &str); 15] = [
        (&[ACCOUNT], "`azure-key` is not set, nor is another way to authenticate"),
        (&[], "`azure-key` is not set, nor is another way to authenticate"),
        (&[KEY], "`azure-account` is not set, nor is `azure-connection-string`"),
        (&[KEY, ("azure-endpoint", "https://h")], "`azure-account` is not set, which `azure-key` needs"),
        (&[ACCOUNT, KEY, sas], "`azure-key` and `azure-sas` are both set"),
        (&[string, KEY], "`azure-connection-string` and `azure-key` are both set"),
        (&[string, ACCOUNT], "`azure-account` does not go with `azure-connection-string`"),
        (&[string, ("azure-endpoint", "https://h")], "`azure-endpoint` does not go with"),
        (&[ACCOUNT, KEY, ("azure-tenant", "t")], "`azure-tenant` does not go with `azure-key`"),
        (
            &[ACCOUNT, identity, ("azure-client-id", "c")],
            "`azure-client-id` does not go with `azure-identity`",
        ),
        (&[ACCOUNT, KEY, ("azure-identity-header", "h")], "`azure-identity-header` does not go with"),
        (&SECRET[..2], "`azure-tenant` is not set, which `azure-client-secret`"),
        (&SECRET[..3], "`azure-client-id` is not set, which `azure-client-secret`"),
        (&[ACCOUNT, identity, ("azure-identity-header", "h")], "`azure-identity-endpoint` is not set, but"),
        (&[ACCOUNT, ("azure-identity", "me!")], "`azure-identity` is neither `system` nor"),
    ];
    for (settings, start) in cases {
        let sentence = fault(settings);
        assert!(sentence.starts_with(&format!("config: {start}")), "{sentence}");
    }
}

#[test]
fn malformed_values_name_the_setting() {
    for (name, value) in [
        ("azure-account", "Shop"),
        ("azure-account", "evil.example/"),
        ("azure-endpoint", "shop.blob.core.windows.net"),
        ("azure-key", "hunter2"),
    ] {
        let sentence = fault(&[ACCOUNT, KEY, (name, value)]);
        assert!(sentence.starts_with(&format!("config: `{name}`")), "{sentence}");
    }
    for sas in ["sv=2021", "sig=a b", "sig=a#b", "?"] {
        assert!(
            fault(&[ACCOUNT, ("azure-sas", sas)]).starts_with("config: `azure-sas` holds a shared"),
            "{sas}"
        );
    }
    assert!(fault(&with(&SECRET[..2], ("azure-tenant", "a/b"))).starts_with("config: `azure-tenant` holds"));
}

#[test]
fn credentials_stay_off_plain_http_unless_allowed() {
    let far = [ACCOUNT, KEY, ("azure-endpoint", "http://h")];
    let string = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=QUJD";
    let near: [Pair; 2] = [ACCOUNT, ("azure-identity", "system")];
    for (settings, name) in [
        (far.to_vec(), "azure-endpoint"),
        (vec![("azure-connection-string", string)], "azure-connection-string"),
        (with(&SECRET, ("azure-authority", "http://h")), "azure-authority"),
        (with(&near, ("azure-identity-endpoint", "http://169.254.example")), "azure-identity-endpoint"),
        (with(&near, ("azure-identity-endpoint", "http://169.255.0.1")), "azure-identity-endpoint"),
    ] {
        let sentence = fault(&settings);
        assert!(sentence.starts_with(&format!("config: `{name}` leads to plain `http://`")), "{sentence}");
        assert!(read(&with(&settings, ("azure-allow-http", "true"))).is_ok(), "{name}");
    }
}

#[test]
fn no_sentence_shows_a_secret() {
    for settings in [
        vec![("azure-connection-string", "hunter2")],
        vec![("azure-connection-string", "AccountName=a;AccountKey=hunter2!")],
        vec![("azure-connection-string", "BlobEndpoint=ftp://h;SharedAccessSignature=sig=hunter2")],
        vec![ACCOUNT, ("azure-key", "hunter2!")],
        vec![ACCOUNT, ("azure-sas", "hunter2 ")],
        with(&SECRET[..2], ("azure-tenant", "/")),
        vec![
            ACCOUNT,
            ("azure-tenant", "t"),
            ("azure-client-id", "c"),
            ("azure-client-assertion", "http://hunter2?"),
        ],
    ] {
        let sentence = fault(&settings);
        assert!(!sentence.contains("hunter2"), "{sentence}");
    }
    let shown = format!("{:?} {:?}", flow(&SECRET), read(&[ACCOUNT, KEY]).unwrap().proof);
    assert!(!shown.contains("hunter2") && !shown.contains("QUJD"), "{shown}");
}
