use std::collections::BTreeMap;

use super::*;

type Pair = (&'static str, &'static str);

const KEY: Pair = ("azure-key", "QUJDRA==");
const ACCOUNT: Pair = ("azure-account", "shop");
fn read(pairs: &[Pair]) -> Result<Config> {
    Config::read(&Settings::new("azure", &BTreeMap::from_iter(pairs.iter().copied())))
}

fn fault(pairs: &[Pair]) -> String {
    read(pairs).err().unwrap().to_string()
}

#[test]
fn an_account_and_its_key_are_enough() {
    let config = read(&[ACCOUNT, KEY]).unwrap();
    assert_eq!(config.access.endpoint.authority, "shop.blob.core.windows.net");
    assert_eq!(
        (config.block_size, config.timeout, config.log),
        (4 << 20, Duration::from_secs(30), Log::Refusals)
    );
    assert_eq!(config.policy.content_type("a.css"), "text/css; charset=utf-8");
}

#[test]
fn the_rest() {
    let config = read(&[
        ACCOUNT,
        KEY,
        ("azure-endpoint", "http://[::1]:10000/shop"),
        ("azure-containers", "photos=prod-photos docs"),
        ("azure-deny", "create clear"),
        ("azure-check-container", "false"),
        ("azure-content-type", "text/plain; charset=utf-8"),
        ("azure-block-size", "64KiB"),
        ("azure-timeout", "1500ms"),
        ("azure-log", "debug"),
    ])
    .unwrap();
    assert_eq!(config.access.endpoint.base_path, "/shop");
    assert_eq!(config.policy.content_type("a.css"), "text/plain; charset=utf-8");
    assert_eq!(config.log, Log::Debug);
    assert_eq!((config.block_size, config.timeout.as_millis()), (64 << 10, 1500));
}

#[test]
fn malformed_values_name_the_setting() {
    for (name, value) in [
        ("azure-account", "Shop"),
        ("azure-containers", "a a"),
        ("azure-content-type", "text/plain\r\nx: y"),
        ("azure-block-size", "63KiB"),
        ("azure-block-size", "513MiB"),
        ("azure-check-container", "no"),
        ("azure-deny", "create writes"),
        ("azure-tenannt", "t"),
        ("azure-endpoint", "http://h"),
    ] {
        let sentence = fault(&[ACCOUNT, KEY, (name, value)]);
        assert!(sentence.starts_with(&format!("config: `{name}`")), "{sentence}");
    }
}
