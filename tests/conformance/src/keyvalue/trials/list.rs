use std::cell::Cell;
use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use probe::keyvalue::{Cursor, Draft};

use super::some;
use crate::check::equal;
use crate::keyvalue::app::Bucket;
use crate::keyvalue::{Case, Cx, DraftCursor, Exception, Flavor};
use crate::reply::{Problem, failed_with};

pub(super) fn cases() -> Vec<Case> {
    const SHORT_LIVED: Exception = |provider| {
        (provider.capabilities.draft_cursor == DraftCursor::Instance)
            .then_some("draft's u64 cursor lives as long as the instance")
    };
    vec![
        Case::each("kv.list", "an-empty-bucket", empty_bucket),
        Case::each("kv.list", "every-key-of-thousands", thousands),
        Case::each("kv.list", "every-stable-key-while-others-change", while_changing),
        Case::each("kv.list", "deleted-keys-are-gone", deleted),
        Case::each("kv.list", "a-cursor-in-another-instance", another_instance).only(&[Flavor::Draft2]),
        Case::each("kv.list", "a-u64-cursor-in-another-instance", another_instance)
            .only(&[Flavor::Draft])
            .unless(SHORT_LIVED),
        Case::each("kv.list", "garbage-cursors-are-invalid", garbage).only(&[Flavor::Draft2]),
        Case::each("kv.list", "foreign-cursors-are-invalid", foreign).only(&[Flavor::Draft2]),
        Case::each("kv.list", "garbage-u64-cursors-do-no-harm", garbage_numbers).only(&[Flavor::Draft]),
        Case::each("kv.list", "keys-that-are-not-UTF-8-are-skipped", not_utf8)
            .unless(|provider| (!provider.capabilities.byte_keys).then_some("the service's keys are text")),
        Case::each("kv.list", "what-is-no-plain-value-is-skipped", not_plain).unless(|provider| {
            (!provider.capabilities.other_types).then_some("the service has plain values only")
        }),
    ]
}

fn names(range: std::ops::Range<usize>) -> BTreeSet<String> {
    range.map(|n| format!("key-{n:05}")).collect()
}

fn fill(bucket: &Bucket, keys: &BTreeSet<String>) -> Result<()> {
    let pairs = keys.iter().map(|key| (key, "v")).collect::<Vec<_>>();
    for pairs in pairs.chunks(500) {
        bucket.set_many(pairs)?;
    }
    Ok(())
}

/// In a default bucket of its own, by a prefix, so that the outside writer can take part.
fn with_prefix(cx: &Cx, trial: impl Fn(&Bucket, &str) -> Result<()>) -> Result<()> {
    let prefix = cx.key("");
    let session = cx.app_with(&[("prefix", &prefix)])?.session();
    trial(&session.open("")?, &prefix)
}

fn empty_bucket(cx: &Cx) -> Result<()> {
    with_prefix(cx, |bucket, _| equal("keys", bucket.list_all(|| Ok(()))?, vec![]))?;
    let session = cx.session()?;
    equal("keys", session.open(&cx.bucket("empty"))?.list_all(|| Ok(()))?, vec![])
}

fn thousands(cx: &Cx) -> Result<()> {
    let keys = names(0..3000);
    let trial = |bucket: &Bucket| {
        fill(bucket, &keys)?;
        let listed = bucket.list_all(|| Ok(()))?.into_iter().collect::<BTreeSet<_>>();
        equal("missing", keys.difference(&listed).collect::<Vec<_>>(), vec![])?;
        equal("never written", listed.difference(&keys).collect::<Vec<_>>(), vec![])
    };
    with_prefix(cx, |bucket, _| trial(bucket)).context("in the default bucket")?;
    let session = cx.session()?;
    trial(&session.open(&cx.bucket("thousands"))?).context("in a named bucket")
}

fn while_changing(cx: &Cx) -> Result<()> {
    with_prefix(cx, |bucket, prefix| {
        let (stable, leaving) = (names(0..2000), names(2000..3000));
        fill(bucket, &stable)?;
        fill(bucket, &leaving)?;
        // Between any two pages some keys go and more come: enough for a hash table to grow under the listing.
        let pages = Cell::new(0);
        let change = || {
            let page = pages.replace(pages.get() + 1);
            for key in leaving.iter().skip(page * 100).take(100) {
                cx.outside().delete(format!("{prefix}{key}").as_bytes())?;
            }
            if page < 5 {
                for n in 0..400 {
                    cx.outside().set(format!("{prefix}new-{page}-{n}").as_bytes(), b"v")?;
                }
            }
            Ok(())
        };
        let listed = bucket.list_all(change)?.into_iter().collect::<BTreeSet<_>>();
        equal("stable keys missing", stable.difference(&listed).collect::<Vec<_>>(), vec![])?;
        let never =
            |key: &&String| !stable.contains(*key) && !leaving.contains(*key) && !key.starts_with("new-");
        equal("never written", listed.iter().filter(never).collect::<Vec<_>>(), vec![])
    })
}

fn deleted(cx: &Cx) -> Result<()> {
    with_prefix(cx, |bucket, _| {
        fill(bucket, &names(0..50))?;
        bucket.delete_many(&names(10..50).iter().collect::<Vec<_>>())?;
        let listed = bucket.list_all(|| Ok(()))?.into_iter().collect::<BTreeSet<_>>();
        equal("keys", listed, names(0..10))
    })
}

/// A first page that is not the last, and the bucket's keys.
fn first_page(bucket: &Bucket) -> Result<(Vec<String>, Cursor, BTreeSet<String>)> {
    let keys = names(0..2500);
    fill(bucket, &keys)?;
    let page = bucket.list(None)?;
    let cursor = page.cursor.context("2500 keys came in one page: no cursor to try")?;
    Ok((page.keys, cursor, keys))
}

fn another_instance(cx: &Cx) -> Result<()> {
    let name = cx.bucket("pages");
    let (first, cursor, keys) = {
        let session = cx.session()?;
        let bucket = session.open(&name)?;
        first_page(&bucket)?
    };
    let mut listed = first.into_iter().collect::<BTreeSet<_>>();
    let mut cursor = Some(cursor);
    while cursor.is_some() {
        let session = cx.session()?;
        let page = session.open(&name)?.list(cursor)?;
        listed.extend(page.keys);
        cursor = page.cursor;
    }
    equal("missing", keys.difference(&listed).collect::<Vec<_>>(), vec![])
}

fn garbage(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let bucket = session.open(&cx.bucket("garbage"))?;
    let (_, cursor, _) = first_page(&bucket)?;
    let Cursor::Text(real) = cursor else { anyhow::bail!("draft2's cursor is a string") };
    let mut bad =
        ["", " ", "0", "1", "-1", "00", "x", "null", "é🪣", "\0", "*", "AAAA", "18446744073709551616"]
            .map(str::to_owned)
            .to_vec();
    bad.push("9".repeat(100_000));
    bad.extend([format!("{real} "), format!(" {real}"), format!("{real}0"), format!("0{real}")]);
    bad.push(real.chars().rev().collect());
    // One character less, and one changed.
    bad.push(real.chars().skip(1).collect());
    for (at, c) in real.char_indices() {
        let other = if c == '1' { "2" } else { "1" };
        bad.push(format!("{}{other}{}", &real[..at], &real[at + c.len_utf8()..]));
    }
    for cursor in bad {
        let shown = cursor.chars().take(60).collect::<String>();
        failed_with(bucket.list(Some(Cursor::Text(cursor))), &["invalid"])
            .with_context(|| format!("{shown:?}"))?;
    }
    // The real one is as good as before.
    bucket.list(Some(Cursor::Text(real)))?;
    Ok(())
}

fn foreign(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let (one, two) = (session.open(&cx.bucket("one"))?, session.open(&cx.bucket("two"))?);
    let (_, cursor, _) = first_page(&one)?;
    fill(&two, &names(0..2500))?;
    failed_with(two.list(Some(cursor.clone())), &["invalid"]).context("another bucket's")?;
    failed_with(session.open("")?.list(Some(cursor)), &["invalid"])
        .context("a named one's in the default bucket")?;
    Ok(())
}

fn garbage_numbers(cx: &Cx) -> Result<()> {
    ensure!(cx.flavor.draft() == Draft::Draft, "draft has numbers");
    let session = cx.session()?;
    let bucket = session.open(&cx.bucket("numbers"))?;
    bucket.set("k", "v")?;
    for number in [0, 1, 2, 12345, u64::from(u32::MAX), i64::MAX as u64, 1 << 63, u64::MAX - 1, u64::MAX] {
        match bucket.list(Some(Cursor::Number(number))) {
            Ok(page) => {
                ensure!(page.keys.iter().all(|key| key == "k"), "cursor {number} gave {:?}", page.keys)
            }
            Err(Problem::Broken(error)) => return Err(error).with_context(|| format!("cursor {number}")),
            refused => {
                failed_with(refused, &["invalid"]).with_context(|| format!("cursor {number}")).map(drop)?
            }
        }
    }
    equal("the value", bucket.get("k")?, some("v"))
}

fn not_utf8(cx: &Cx) -> Result<()> {
    with_prefix(cx, |bucket, prefix| {
        bucket.set("plain", "v")?;
        for bad in [b"\xff".as_slice(), b"a\x80b", b"\xc3", b"\xed\xa0\x80", b"\xf5\x80\x80\x80"] {
            cx.outside().set(&[prefix.as_bytes(), bad].concat(), b"v")?;
        }
        equal("keys", bucket.list_all(|| Ok(()))?, vec!["plain".to_owned()])
    })
}

fn not_plain(cx: &Cx) -> Result<()> {
    with_prefix(cx, |bucket, prefix| {
        bucket.set("plain", "v")?;
        cx.outside().put_other(format!("{prefix}other").as_bytes())?;
        equal("keys", bucket.list_all(|| Ok(()))?, vec!["plain".to_owned()])
    })
}
