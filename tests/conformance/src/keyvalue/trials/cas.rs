use anyhow::{Context as _, Result, ensure};

use super::some;
use crate::check::equal;
use crate::keyvalue::app::Cas as Handle;
use crate::keyvalue::{Cas, Case, Cx, Flavor};
use crate::reply::failed_with;

pub(super) fn cases() -> Vec<Case> {
    let cases = [
        Case::each("kv.cas.snapshot", "is-taken-at-new", snapshot),
        Case::each("kv.cas.snapshot", "current-needs-no-service", current_needs_no_service),
        Case::each("kv.cas.snapshot", "outlives-the-bucket's-handle", outlives),
        Case::each("kv.cas.snapshot", "every-byte", every_byte),
        Case::each("kv.cas.snapshot", "of-what-is-no-plain-value", not_plain)
            .unless(|p| (!p.capabilities.other_types).then_some("the service has plain values only")),
        Case::each("kv.cas.swap", "writes-if-nothing-changed", swap),
        Case::each("kv.cas.swap", "fails-after-another-writer", conditional),
        Case::each("kv.cas.swap", "to-the-same-value", same_value),
        Case::each("kv.cas.swap", "two-handles-of-one-app", two_handles),
        Case::each("kv.cas.swap", "large-values", large),
        Case::each("kv.cas.absent", "inserts", inserts),
        Case::each("kv.cas.absent", "fails-if-there-is-a-value-now", exists_now),
        Case::each("kv.cas.absent", "empty-is-not-absent", empty_is_not_absent),
        Case::each("kv.cas.deleted", "fails", deleted),
        Case::each("kv.cas.deleted", "fails-from-an-empty-value-too", deleted_empty),
        Case::each("kv.cas.failed", "comes-with-the-fresh-value", fresh),
        Case::each("kv.cas.failed", "the-new-handle-swaps", loops),
        Case::each("kv.cas.failed", "is-not-what-an-unreachable-service-gives", store_error),
        Case::each("kv.cas.aba", "a-value-that-came-back-is-a-change", aba).unless(|p| {
            (p.capabilities.cas == Cas::Value).then_some("the service compares values, not versions")
        }),
    ];
    cases.into_iter().map(|case| case.only(Flavor::WITH_CAS)).collect()
}

fn succeeded(swapped: Option<Handle>) -> Result<()> {
    ensure!(swapped.is_none(), "the swap failed with cas-failed");
    Ok(())
}

fn failed(swapped: Option<Handle>) -> Result<Handle> {
    swapped.context("the swap succeeded, but had to fail with cas-failed")
}

fn snapshot(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let bucket = session.open("")?;
    let key = cx.key("k");
    let before = bucket.cas(&key)?;
    bucket.set(&key, "1")?;
    let one = bucket.cas(&key)?;
    cx.outside().set(key.as_bytes(), b"2")?;
    let two = bucket.cas(&key)?;
    bucket.delete(&key)?;
    for _ in 0..2 {
        equal("current of the first", before.current()?, None)?;
        equal("current of the second", one.current()?, some("1"))?;
        equal("current of the third", two.current()?, some("2"))?;
    }
    one.close()?;
    Ok(())
}

fn current_needs_no_service(cx: &Cx) -> Result<()> {
    let proxied = cx.proxied(&[("timeout", "5s")])?;
    let session = proxied.app.session();
    let bucket = session.open("")?;
    let key = cx.key("k");
    bucket.set(&key, "1")?;
    let cas = bucket.cas(&key)?;
    proxied.proxy().refuse_connections();
    equal("current", cas.current()?, some("1"))
}

fn outlives(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let bucket = session.open("")?;
    let key = cx.key("k");
    let cas = bucket.cas(&key)?;
    bucket.close()?;
    equal("current", cas.current()?, None)?;
    succeeded(cas.swap("1")?)?;
    equal("another client's get", cx.outside().get(key.as_bytes())?, some("1"))
}

fn every_byte(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let bucket = session.open("")?;
    let key = cx.key("k");
    let all = (0..=255).collect::<Vec<u8>>();
    let values = [
        all.clone(),
        all.iter().rev().copied().collect(),
        vec![0],
        vec![],
        vec![255; 2],
        b"-".to_vec(),
        b"+".to_vec(),
    ];
    let mut before = None;
    for value in values {
        let cas = bucket.cas(&key)?;
        equal("current", cas.current()?, before)?;
        succeeded(cas.swap(value.clone())?)?;
        equal("get", bucket.get(&key)?, Some(value.clone()))?;
        before = Some(value);
    }
    Ok(())
}

fn not_plain(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let bucket = session.open("")?;
    let (key, later) = (cx.key("k"), cx.key("later"));
    cx.outside().put_other(key.as_bytes())?;
    failed_with(bucket.cas(&key), &["invalid"])?;
    let cas = bucket.cas(&later)?;
    cx.outside().put_other(later.as_bytes())?;
    failed_with(cas.swap("1"), &["invalid"])?;
    // Still what it was: another of the same kind can be added to it.
    cx.outside().put_other(later.as_bytes())
}

fn swap(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let bucket = session.open("")?;
    let key = cx.key("k");
    bucket.set(&key, "1")?;
    let cas = bucket.cas(&key)?;
    equal("current", cas.current()?, some("1"))?;
    succeeded(cas.swap("2")?)?;
    equal("get", bucket.get(&key)?, some("2"))?;
    equal("another client's get", cx.outside().get(key.as_bytes())?, some("2"))
}

fn conditional(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let bucket = session.open("")?;
    let key = cx.key("k");
    bucket.set(&key, "1")?;
    // `current` was not asked for: the condition holds all the same.
    let cas = bucket.cas(&key)?;
    cx.outside().set(key.as_bytes(), b"theirs")?;
    failed(cas.swap("2")?)?;
    equal("get", bucket.get(&key)?, some("theirs"))?;
    // Values that differ in their last byte, in their length, in nothing but a NUL.
    for (ours, theirs) in [("aaaa", "aaab"), ("aaaa", "aaa"), ("a", "a\0"), ("1", "01"), ("", "\0")] {
        bucket.set(&key, ours)?;
        let cas = bucket.cas(&key)?;
        cx.outside().set(key.as_bytes(), theirs.as_bytes())?;
        failed(cas.swap("2")?)?;
        equal("get", bucket.get(&key)?, some(theirs))?;
    }
    Ok(())
}

fn same_value(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let bucket = session.open("")?;
    let key = cx.key("k");
    bucket.set(&key, "1")?;
    succeeded(bucket.cas(&key)?.swap("1")?)?;
    equal("get", bucket.get(&key)?, some("1"))
}

fn two_handles(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let bucket = session.open("")?;
    let key = cx.key("k");
    bucket.set(&key, "0")?;
    let (one, two) = (bucket.cas(&key)?, bucket.cas(&key)?);
    succeeded(one.swap("1")?)?;
    let two = failed(two.swap("2")?)?;
    equal("current", two.current()?, some("1"))?;
    equal("get", bucket.get(&key)?, some("1"))
}

fn large(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let bucket = session.open("")?;
    let key = cx.key("k");
    let size = cx.provider.capabilities.max_value.map_or(1 << 20, |limit| limit.min(1 << 20));
    let (old, new) = (vec![7; size - 1], vec![8; size]);
    bucket.set(&key, old.clone())?;
    let cas = bucket.cas(&key)?;
    ensure!(cas.current()? == Some(old), "current gives another value");
    succeeded(cas.swap(new.clone())?)?;
    ensure!(bucket.get(&key)? == Some(new), "get gives another value");
    Ok(())
}

fn inserts(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let bucket = session.open("")?;
    for value in ["1", ""] {
        let key = cx.key(&format!("k{value}"));
        let cas = bucket.cas(&key)?;
        equal("current", cas.current()?, None)?;
        succeeded(cas.swap(value)?)?;
        equal("get", bucket.get(&key)?, some(value))?;
    }
    Ok(())
}

fn exists_now(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let bucket = session.open("")?;
    let key = cx.key("k");
    let cas = bucket.cas(&key)?;
    cx.outside().set(key.as_bytes(), b"theirs")?;
    let cas = failed(cas.swap("1")?)?;
    equal("current", cas.current()?, some("theirs"))?;
    equal("get", bucket.get(&key)?, some("theirs"))
}

fn empty_is_not_absent(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let bucket = session.open("")?;
    let key = cx.key("k");
    let cas = bucket.cas(&key)?;
    cx.outside().set(key.as_bytes(), b"")?;
    let cas = failed(cas.swap("1")?)?;
    equal("current", cas.current()?, some(""))?;
    succeeded(cas.swap("2")?)?;
    equal("get", bucket.get(&key)?, some("2"))
}

fn deleted(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let bucket = session.open("")?;
    let key = cx.key("k");
    bucket.set(&key, "1")?;
    let cas = bucket.cas(&key)?;
    cx.outside().delete(key.as_bytes())?;
    let cas = failed(cas.swap("2")?)?;
    equal("exists", bucket.exists(&key)?, false)?;
    equal("current of the new handle", cas.current()?, None)?;
    succeeded(cas.swap("3")?)?;
    equal("get", bucket.get(&key)?, some("3"))
}

fn deleted_empty(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let bucket = session.open("")?;
    let key = cx.key("k");
    bucket.set(&key, "")?;
    let cas = bucket.cas(&key)?;
    equal("current", cas.current()?, some(""))?;
    bucket.delete(&key)?;
    failed(cas.swap("2")?)?;
    equal("exists", bucket.exists(&key)?, false)
}

fn fresh(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let bucket = session.open("")?;
    let key = cx.key("k");
    let theirs = (0..=255).collect::<Vec<u8>>();
    bucket.set(&key, "1")?;
    let cas = bucket.cas(&key)?;
    cx.outside().set(key.as_bytes(), &theirs)?;
    let cas = failed(cas.swap("2")?)?;
    // A snapshot too: what comes later does not show.
    cx.outside().set(key.as_bytes(), b"later")?;
    equal("current", cas.current()?, Some(theirs))
}

fn loops(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let bucket = session.open("")?;
    let key = cx.key("k");
    let mut cas = bucket.cas(&key)?;
    for round in 0..5 {
        let theirs = format!("theirs {round}");
        cx.outside().set(key.as_bytes(), theirs.as_bytes())?;
        cas = failed(cas.swap("ours")?)?;
        equal("current", cas.current()?, some(theirs))?;
    }
    succeeded(cas.swap("ours")?)?;
    equal("get", bucket.get(&key)?, some("ours"))
}

fn store_error(cx: &Cx) -> Result<()> {
    let proxied = cx.proxied(&[("timeout", "5s")])?;
    let session = proxied.app.session();
    let bucket = session.open("")?;
    let key = cx.key("k");
    bucket.set(&key, "1")?;
    let cas = bucket.cas(&key)?;
    cx.outside().set(key.as_bytes(), b"theirs")?;
    proxied.proxy().refuse_connections();
    failed_with(cas.swap("2"), &["unavailable"])?;
    failed_with(bucket.cas(&key), &["unavailable"])?;
    equal("another client's get", cx.outside().get(key.as_bytes())?, some("theirs"))
}

fn aba(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let bucket = session.open("")?;
    let key = cx.key("k");
    bucket.set(&key, "a")?;
    let cas = bucket.cas(&key)?;
    cx.outside().set(key.as_bytes(), b"b")?;
    cx.outside().set(key.as_bytes(), b"a")?;
    failed(cas.swap("c")?)?;
    equal("get", bucket.get(&key)?, some("a"))
}
