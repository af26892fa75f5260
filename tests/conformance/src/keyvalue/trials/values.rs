use anyhow::{Context as _, Result, ensure};
use probe::Bytes;
use probe::keyvalue::{Outcome, Step};

use super::some;
use crate::check::equal;
use crate::keyvalue::{Case, Cx, Flavor};
use crate::reply::failed_with;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::each("kv.values", "every-byte", every_byte),
        Case::each("kv.values", "values-that-look-like-protocol", lookalikes),
        Case::each("kv.values", "empty-is-not-missing", empty),
        Case::each("kv.values", "sizes", sizes),
        Case::each("kv.values", "several-MiB", large),
        Case::each("kv.values", "as-large-as-declared", largest).unless(|provider| {
            provider.capabilities.max_value.is_none().then_some("the service has no limit for values")
        }),
        Case::each("kv.values", "overwritten-whole", overwritten),
        Case::each("kv.values", "beyond-the-limit-nothing-changes", beyond),
        Case::each("kv.values", "a-swap-beyond-the-limit-changes-nothing", swap_beyond)
            .only(Flavor::WITH_CAS),
        Case::each("kv.delete", "deletes", deletes),
        Case::each("kv.delete", "what-is-not-there-is-no-error", delete_missing),
        Case::each("kv.exists", "tells", exists),
    ]
}

/// Each value through every way in and out.
fn round_trip(cx: &Cx, values: &[Vec<u8>]) -> Result<()> {
    let session = cx.session()?;
    let bucket = session.open("")?;
    let handle = || bucket.handle.clone();
    let keys = (0..values.len()).map(|n| cx.key(&n.to_string())).collect::<Vec<_>>();
    let mut steps = Vec::new();
    for (key, value) in keys.iter().zip(values) {
        steps.push(Step::Set { bucket: handle(), key: key.clone(), value: value.clone().into() });
        steps.push(Step::Get { bucket: handle(), key: key.clone() });
        steps.push(Step::Exists { bucket: handle(), key: key.clone() });
    }
    let outcomes = bucket.steps(steps)?;
    for (outcomes, value) in outcomes.chunks(3).zip(values) {
        let wanted = [Outcome::Done, Outcome::Value(Some(Bytes(value.clone()))), Outcome::Exists(true)];
        equal("set, get, exists", outcomes, &wanted)?;
    }
    let got = bucket.get_many(&keys)?.into_iter().map(|pair| pair.1).collect::<Vec<_>>();
    let wanted = values.iter().map(|value| Some(value.clone())).collect::<Vec<_>>();
    equal("get-many", &got, &wanted)?;

    bucket.delete_many(&keys)?;
    bucket.set_many(&keys.iter().zip(values).collect::<Vec<_>>())?;
    for (key, value) in keys.iter().zip(values) {
        equal("get after set-many", bucket.get(key)?, Some(value.clone()))?;
    }
    for (key, value) in keys.iter().zip(values).step_by(values.len().div_ceil(8)) {
        equal("another client's get", cx.outside().get(key.as_bytes())?, Some(value.clone()))?;
        cx.outside().set(key.as_bytes(), value)?;
        equal("get of what another client wrote", bucket.get(key)?, Some(value.clone()))?;
    }
    Ok(())
}

fn every_byte(cx: &Cx) -> Result<()> {
    let all = (0..=255).collect::<Vec<u8>>();
    let mut values = all.iter().map(|byte| vec![*byte]).collect::<Vec<_>>();
    values.extend([all.clone(), all.iter().rev().copied().collect(), [all.clone(), all].concat()]);
    values.extend([vec![0; 3], vec![255; 3], b"a\0".to_vec(), b"\0a".to_vec(), "é🪣".as_bytes().to_vec()]);
    round_trip(cx, &values)
}

fn lookalikes(cx: &Cx) -> Result<()> {
    let values = [
        "OK",
        "null",
        "nil",
        "true",
        "{}",
        "[]",
        "{\"result\":null}",
        "{\"GET\":\"x\"}",
        "\"x\"",
        "+",
        "+OK",
        "-",
        "-ERR no",
        "-1",
        "$-1\r\n",
        "$3\r\nabc\r\n",
        ":1\r\n",
        "*0\r\n",
        "\r\n",
        "\n",
        " ",
        "a b",
        "%00",
        "%41",
        "+%2B",
        "T0s=",
        "AAAA",
        "dGVzdA==",
        "00",
        "4f4b",
        "1",
        "007",
        "1e3",
        "2147483647",
        "2147483648",
        "-2147483649",
        "9007199254740993",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551616",
        "1.5",
        "inf",
        "nan",
        "a/b",
        "a.json",
        "?x=1",
        "#",
    ];
    round_trip(cx, &values.map(|value| value.as_bytes().to_vec()))
}

fn empty(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let bucket = session.open("")?;
    let (key, missing) = (cx.key("k"), cx.key("missing"));
    bucket.set(&key, "")?;
    equal("get", bucket.get(&key)?, some(""))?;
    equal("exists", bucket.exists(&key)?, true)?;
    equal("get of a missing key", bucket.get(&missing)?, None)?;
    equal("exists of a missing key", bucket.exists(&missing)?, false)?;
    let values = bucket.get_many(&[&missing, &key, &missing])?.into_iter().map(|pair| pair.1);
    equal("get-many", values.collect(), vec![None, some(""), None])?;
    equal("another client's get", cx.outside().get(key.as_bytes())?, some(""))?;
    bucket.set_many(&[(&missing, ""), (&key, "full")])?;
    equal("get after set-many", bucket.get(&missing)?, some(""))?;
    bucket.set(&key, "")?;
    equal("get after full became empty", bucket.get(&key)?, some(""))
}

/// Numbers that every byte differs in, so that a lost or doubled piece shows.
fn noise(size: usize) -> Vec<u8> {
    let mut state = size as u32 | 1;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..size).map(|_| next()).collect()
}

fn sizes(cx: &Cx) -> Result<()> {
    // Where buffers, blocks and length fields end.
    let edges = [0, 1, 2, 3, 63, 64, 127, 255, 1023, 4095, 4096, 8191, 16_383, 32_767, 65_535, 65_536];
    let around = edges.iter().flat_map(|edge| [*edge, edge + 1]).map(noise).collect::<Vec<_>>();
    round_trip(cx, &around)
}

fn large(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let bucket = session.open("")?;
    let limit = cx.provider.capabilities.max_value.unwrap_or(5 << 20);
    let sizes = [(1 << 20) - 1, 1 << 20, (1 << 20) + 1, 5 << 20].map(|size| limit.min(size));
    for size in sizes {
        let (key, value) = (cx.key(&size.to_string()), noise(size));
        bucket.set(&key, value.clone())?;
        ensure!(bucket.get(&key)? == Some(value.clone()), "get gives other bytes, {size} were set");
        ensure!(
            cx.outside().get(key.as_bytes())? == Some(value.clone()),
            "another client sees others than {size}"
        );
        let pairs = bucket.get_many(&[&key])?;
        ensure!(pairs[0].1.as_deref() == Some(&value), "get-many gives other bytes, {size} were set");
        bucket.set_many(&[(&key, &value)])?;
        ensure!(bucket.get(&key)? == Some(value), "set-many wrote other bytes than {size}");
        bucket.delete(&key)?;
    }
    Ok(())
}

fn overwritten(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let bucket = session.open("")?;
    let key = cx.key("k");
    for value in ["a long value to begin with", "short", "", "a longer value again"] {
        bucket.set(&key, value)?;
        equal("get", bucket.get(&key)?, some(value))?;
    }
    Ok(())
}

/// With a key that is not short.
fn largest(cx: &Cx) -> Result<()> {
    let size = cx.provider.capabilities.max_value.context("a limit")?;
    let session = cx.session()?;
    let bucket = session.open("")?;
    let key = cx.key(&"k".repeat(200));
    bucket.set(&key, noise(size))?;
    ensure!(bucket.get(&key)? == Some(noise(size)), "the largest value comes back changed");
    ensure!(cx.outside().get(key.as_bytes())? == Some(noise(size)), "another client gets it changed");
    bucket.delete(&key)?;
    Ok(())
}

fn beyond(cx: &Cx) -> Result<()> {
    let limit = cx.fixture().value_limit();
    let session = cx.app_with_settings(&limit.settings)?.session();
    let bucket = session.open("")?;
    let (key, other) = (cx.key("k"), cx.key("other"));
    bucket.set(&key, noise(limit.fits)).context("a value that fits")?;
    ensure!(bucket.get(&key)? == Some(noise(limit.fits)), "a value that fits comes back changed");
    bucket.set(&key, "old")?;
    failed_with(bucket.set(&key, noise(limit.exceeds)), &["too-large"])?;
    equal("get", bucket.get(&key)?, some("old"))?;
    let too_much = noise(limit.exceeds);
    let pairs: [(&str, &[u8]); 3] = [(&other, b"1"), (&key, &too_much), (&other, b"2")];
    failed_with(bucket.set_many(&pairs), &["too-large"])?;
    equal("get after set-many", bucket.get(&key)?, some("old"))?;
    equal("the other key of set-many", bucket.exists(&other)?, false)?;
    bucket.set(&key, "new")?;
    equal("get afterwards", bucket.get(&key)?, some("new"))
}

fn swap_beyond(cx: &Cx) -> Result<()> {
    let limit = cx.fixture().value_limit();
    let session = cx.app_with_settings(&limit.settings)?.session();
    let bucket = session.open("")?;
    let key = cx.key("k");
    bucket.set(&key, "old")?;
    failed_with(bucket.cas(&key)?.swap(noise(limit.exceeds)), &["too-large"])?;
    equal("get", bucket.get(&key)?, some("old"))
}

fn deletes(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let bucket = session.open("")?;
    let key = cx.key("k");
    bucket.set(&key, "1")?;
    bucket.delete(&key)?;
    equal("get", bucket.get(&key)?, None)?;
    equal("exists", bucket.exists(&key)?, false)?;
    equal("another client's get", cx.outside().get(key.as_bytes())?, None)
}

fn delete_missing(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let bucket = session.open("")?;
    bucket.delete(&cx.key("never"))?;
    bucket.delete(&cx.key("never"))?;
    equal("exists", bucket.exists(&cx.key("never"))?, false)
}

fn exists(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let bucket = session.open("")?;
    let key = cx.key("k");
    equal("before", bucket.exists(&key)?, false)?;
    for value in ["", "0", "false", "value"] {
        bucket.set(&key, value)?;
        equal(value, bucket.exists(&key)?, true)?;
    }
    bucket.delete(&key)?;
    equal("after", bucket.exists(&key)?, false)?;
    cx.outside().set(key.as_bytes(), b"theirs")?;
    equal("of another client's pair", bucket.exists(&key)?, true)
}
