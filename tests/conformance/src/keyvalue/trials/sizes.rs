//! Whatever keys and values there are, nothing traps.

use anyhow::{Result, ensure};
use probe::keyvalue::Draft;

use crate::check::equal;
use crate::keyvalue::{Case, Cx};
use crate::reply::failed_with;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::each("all.no-trap", "answers-over-the-limit", answers_over_the_limit)
            .unless(|p| p.capabilities.max_value.map(|_| "the service itself has a limit for values")),
        Case::each("all.no-trap", "what-is-no-plain-value", not_plain)
            .unless(|p| (!p.capabilities.other_types).then_some("the service has plain values only")),
        Case::each("all.no-trap", "keys-of-a-MiB", huge_keys),
        Case::each("all.no-trap", "names-of-a-MiB", huge_names),
        Case::each("all.no-trap", "batches-of-20000", huge_batches),
    ]
}

fn answers_over_the_limit(cx: &Cx) -> Result<()> {
    let limit = cx.fixture().value_limit();
    let session = cx.app_with_settings(&limit.settings)?.session();
    let bucket = session.open("")?;
    let (key, small) = (cx.key("k"), cx.key("small"));
    cx.outside().set(key.as_bytes(), &vec![b'v'; 3 * limit.exceeds])?;
    cx.outside().set(small.as_bytes(), b"v")?;
    failed_with(bucket.get(&key), &["too-large"])?;
    failed_with(bucket.get_many(&[&small, &key]), &["too-large"])?;
    if cx.flavor.draft() == Draft::Draft2 {
        failed_with(bucket.cas(&key), &["too-large"])?;
    }
    equal("exists", bucket.exists(&key)?, true)?;
    bucket.delete(&key)?;
    equal("exists", bucket.exists(&key)?, false)
}

fn not_plain(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let bucket = session.open("")?;
    let key = cx.key("k");
    cx.outside().put_other(key.as_bytes())?;
    failed_with(bucket.get(&key), &["invalid"])?;
    equal("exists", bucket.exists(&key)?, false)?;
    bucket.set(&key, "plain")?;
    equal("get after set", bucket.get(&key)?, super::some("plain"))?;
    bucket.delete(&key)?;
    cx.outside().put_other(key.as_bytes())?;
    bucket.delete(&key)?;
    equal("another client's get", cx.outside().get(key.as_bytes())?, None)
}

fn huge_keys(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let bucket = session.open("")?;
    let key = cx.key(&"k".repeat(1 << 20));
    // It works, or every call refuses it.
    match bucket.set(&key, "v") {
        Ok(()) => {
            equal("get", bucket.get(&key)?, super::some("v"))?;
            equal("exists", bucket.exists(&key)?, true)?;
            bucket.delete(&key)?;
            equal("increment", bucket.increment(&key, 1)?, 1)?;
            bucket.delete_many(&[&key])?;
        }
        refused => {
            failed_with(refused, &["invalid", "too-large"])?;
            failed_with(bucket.get(&key), &["invalid", "too-large"])?;
            failed_with(bucket.exists(&key), &["invalid", "too-large"])?;
            failed_with(bucket.increment(&key, 1), &["invalid", "too-large"])?;
            failed_with(bucket.delete_many(&[&key]), &["invalid", "too-large"])?;
        }
    }
    Ok(())
}

fn huge_names(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let name = cx.bucket(&"n".repeat(1 << 20));
    let outcome = session.open(&name).and_then(|bucket| {
        bucket.set("k", "v")?;
        equal("get", bucket.get("k")?, super::some("v"))?;
        bucket.delete("k")
    });
    match outcome {
        Ok(()) => Ok(()),
        refused => failed_with(refused, &["no-such-store", "invalid", "too-large"]).map(drop),
    }
}

fn huge_batches(cx: &Cx) -> Result<()> {
    // As long as it takes.
    let session = cx.app_with(&[("timeout", "300s")])?.session();
    let bucket = session.open(&cx.bucket("batches"))?;
    let keys = (0..20_000).map(|n| n.to_string()).collect::<Vec<_>>();
    // Where each takes a request, so many of them take minutes.
    let read = if cx.provider.capabilities.batch.get == Some(1) { 2_000 } else { keys.len() };
    let pairs = keys.iter().map(|key| (key, key)).collect::<Vec<_>>();
    match bucket.set_many(&pairs) {
        Ok(()) => {
            let values = bucket.get_many(&keys[..read])?.into_iter().map(|pair| pair.1);
            let wrong = values.zip(&keys).find(|(value, key)| value.as_deref() != Some(key.as_bytes()));
            ensure!(wrong.is_none(), "get-many: {wrong:?}");
            bucket.delete_many(&keys)?;
            equal("exists", bucket.exists(&keys[19_999])?, false)?;
        }
        refused => {
            failed_with(refused, &["invalid", "too-large"])?;
            equal("a key of the refused set-many", bucket.exists(&keys[0])?, false)?;
        }
    }
    Ok(())
}
