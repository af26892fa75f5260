use std::collections::BTreeMap;

use super::*;

type Pair = (&'static str, &'static str);

const KEY: [Pair; 2] = [("s3-access-key-id", "AKID"), ("s3-secret-access-key", "hunter2")];
const REGION: Pair = ("s3-region", "eu-west-1");

fn read(pairs: &[Pair]) -> Result<Config> {
    Config::read(&Settings::new("s3", &KEY.iter().chain(pairs).copied().collect::<BTreeMap<_, _>>()))
}

fn fault(pairs: &[Pair]) -> String {
    read(pairs).err().unwrap().to_string()
}

#[test]
fn a_region_and_a_key_are_enough() {
    let config = read(&[REGION]).unwrap();
    assert_eq!(config.hosts.endpoint.authority, "s3.eu-west-1.amazonaws.com");
    assert!(config.hosts.endpoint.https && !config.hosts.path_style);
    assert_eq!((config.blocks.first, config.blocks.largest), (5 << 20, 512 << 20));
    assert_eq!((config.timeout, config.log), (Duration::from_secs(30), Log::Refusals));
    assert_eq!((config.delete_many, config.sign_payload), (true, false));
    assert_eq!((config.names.wide, config.names.empty_segments), (false, true));
    let china = read(&[("s3-region", "cn-north-1")]).unwrap();
    assert_eq!(china.hosts.endpoint.authority, "s3.cn-north-1.amazonaws.com.cn");
}

#[test]
fn the_rest() {
    let config = read(&[
        ("s3-endpoint", "http://127.0.0.1:9000/s3"),
        ("s3-containers", "photos=prod-photos docs"),
        ("s3-deny", "create clear"),
        ("s3-check-container", "false"),
        ("s3-content-type", "text/plain"),
        ("s3-block-size", "8MiB"),
        ("s3-equal-blocks", "true"),
        ("s3-delete-many", "false"),
        ("s3-empty-segments", "false"),
        ("s3-timeout", "1500ms"),
        ("s3-log", "debug"),
    ])
    .unwrap();
    assert_eq!((config.hosts.endpoint.base_path.as_str(), config.hosts.path_style), ("/s3", true));
    assert_eq!(config.policy.content_type("a.css"), "text/plain");
    assert_eq!((config.blocks.first, config.blocks.largest), (8 << 20, 8 << 20));
    assert_eq!((config.delete_many, config.sign_payload), (false, true));
    assert_eq!((config.names.wide, config.names.empty_segments), (true, false));
    assert_eq!((config.timeout.as_millis(), config.log), (1500, Log::Debug));
}

/// As Cargo.toml and README.md have it.
#[test]
fn an_object_has_more_than_a_tebibyte_or_equal_blocks() {
    let sum = |blocks: Blocks| (0..BLOCKS).map(|n| blocks.size(n).unwrap() as u64).sum::<u64>();
    let blocks = read(&[REGION]).unwrap().blocks;
    assert_eq!(sum(blocks), 1_961_885_696_000);
    assert_eq!((blocks.size(3_999), blocks.size(4_000)), (Some(5 << 20), Some(10 << 20)));
    let equal = read(&[REGION, ("s3-equal-blocks", "true")]).unwrap().blocks;
    assert_eq!(sum(equal), 10_000 * (5 << 20));
}

#[test]
fn buckets_are_hosts_where_the_host_has_a_name() {
    let style = |pairs: &[Pair]| read(pairs).map(|config| config.hosts.path_style);
    let (named, address) = (("s3-endpoint", "https://s3.example"), ("s3-endpoint", "http://127.0.0.1:9000"));
    assert_eq!((style(&[named]), style(&[named, ("s3-path-style", "false")])), (Ok(true), Ok(false)));
    assert_eq!(style(&[REGION, ("s3-path-style", "true")]), Ok(true));
    let sentence = fault(&[address, ("s3-path-style", "false")]);
    assert!(sentence.starts_with("config: `s3-path-style` is `false`, but `s3-endpoint` has"), "{sentence}");
}

#[test]
fn malformed_values_name_the_setting() {
    for (name, value) in [
        ("s3-region", ""),
        ("s3-region", "eu/west"),
        ("s3-endpoint", "s3.example"),
        ("s3-endpoint", "http://s3.example"),
        ("s3-containers", "a a"),
        ("s3-containers", "photos=Prod_Photos"),
        ("s3-empty-segments", "no"),
        ("s3-block-size", "63KiB"),
        ("s3-block-size", "513MiB"),
        ("s3-equal-blocks", "no"),
        ("s3-path-style", "auto"),
        ("s3-delete-many", "no"),
        ("s3-sign-payload", "no"),
        ("s3-regionn", "x"),
    ] {
        let sentence = fault(&[REGION, (name, value)]);
        assert!(sentence.starts_with(&format!("config: `{name}`")), "{sentence}");
    }
}
