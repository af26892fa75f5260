use anyhow::{Context as _, Result, ensure};
use probe::keyvalue::{Outcome, Step};

use crate::check::equal;
use crate::keyvalue::app::Bucket;
use crate::keyvalue::{Case, Cx};
use crate::reply::{Problem, failed_with};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![
        Case::each("kv.keys", "special-names", special_names),
        Case::each("kv.keys", "64-KiB", long),
        Case::each("kv.keys", "longer-than-the-service-takes", too_long).unless(|provider| {
            provider.capabilities.max_key.is_none().then_some("the service has no limit for keys")
        }),
        Case::each("kv.keys", "empty-works-or-is-invalid", empty),
        Case::each("kv.keys", "empty-in-the-default-bucket", empty_in_the_default_bucket),
        Case::each("kv.keys", "in-batches", in_batches),
    ];
    for bucket in ["default", "named"] {
        cases.push(Case::each("kv.keys", format!("ascii-in-the-{bucket}-bucket"), move |cx| {
            ascii(cx, bucket)
        }));
    }
    cases
}

/// Names that look alike to a careless encoder, and characters that some protocol uses for itself.
const SPECIAL: &[&str] = &[
    ".",
    "..",
    "...",
    "/",
    "//",
    "a/b",
    "a//b",
    "a/../b",
    "/a",
    "a/",
    "%",
    "%2F",
    "%2f",
    "%252F",
    "%00",
    "%",
    "%%",
    "+",
    " ",
    "a b",
    "a+b",
    "a%20b",
    "*",
    "?",
    "[a]",
    "[",
    "]",
    "\\",
    "\\*",
    "*?[]\\",
    "a?b=c&d",
    "#",
    "a#b",
    ";",
    ":",
    "a:b",
    "\"",
    "'",
    "`",
    "{}",
    "{a}",
    "<>",
    "|",
    "~",
    "^",
    "$",
    "@",
    "!",
    "=",
    ",",
    "\r\n",
    "\r\n\r\n",
    "\0",
    "a\0b",
    "é",
    "e\u{301}",
    "ß",
    "ſ",
    "K",
    "\u{212a}",
    "🪣",
    "👩‍👩‍👧",
    "\u{feff}",
    "\u{202e}",
    "\u{10ffff}",
    "ａ",
    "A",
    "a",
    ".json",
    "a.raw",
    "a.txt",
    "OK",
    "null",
    "nil",
    "-",
    "--help",
    "0",
    "-1",
    "GET",
    "CON",
];

/// Writes all keys with values of their own, then reads all: two names that mean one pair would show.
fn round_trip(bucket: &Bucket, keys: &[String]) -> Result<()> {
    let handle = || bucket.handle.clone();
    let value = |key: &str| format!("<{key}>");
    let mut steps = Vec::new();
    for key in keys {
        steps.push(Step::Set { bucket: handle(), key: key.clone(), value: value(key).into() });
    }
    for key in keys {
        steps.push(Step::Get { bucket: handle(), key: key.clone() });
    }
    let middle = steps.len();
    for key in keys {
        steps.push(Step::Exists { bucket: handle(), key: key.clone() });
        steps.push(Step::Delete { bucket: handle(), key: key.clone() });
        steps.push(Step::Exists { bucket: handle(), key: key.clone() });
    }
    let outcomes = bucket.steps(steps)?;
    for (at, key) in keys.iter().enumerate() {
        equal(&format!("set {key:?}"), &outcomes[at], &Outcome::Done)?;
        equal(&format!("get {key:?}"), &outcomes[keys.len() + at], &Outcome::Value(Some(value(key).into())))?;
        let ends = &outcomes[middle + 3 * at..][..3];
        equal(
            &format!("the end of {key:?}"),
            ends,
            &[Outcome::Exists(true), Outcome::Done, Outcome::Exists(false)],
        )?;
    }
    Ok(())
}

/// Each of U+0000 to U+007F at the start, in the middle, at the end and, where nobody else has keys, alone.
fn ascii(cx: &Cx, name: &str) -> Result<()> {
    let own = cx.key("");
    let (identifier, shared) =
        if name == "default" { (String::new(), true) } else { (cx.bucket("ascii"), false) };
    let mut keys = Vec::new();
    for c in (0..=0x7f_u8).map(char::from) {
        keys.extend([format!("{c}{own}"), format!("{own}{c}x"), format!("{own}{c}")]);
        if !shared {
            keys.push(c.to_string());
        }
    }
    let session = cx.session()?;
    let bucket = session.open(&identifier)?;
    for keys in keys.chunks(128) {
        round_trip(&bucket, keys)?;
    }
    if shared {
        // What the service calls them is what the app calls them.
        bucket.set_many(&keys.iter().map(|key| (key, key)).collect::<Vec<_>>())?;
        for key in &keys {
            let seen = cx.outside().get(key.as_bytes())?;
            equal(&format!("{key:?} for another client"), seen, Some(key.clone().into_bytes()))?;
        }
        bucket.delete_many(&keys)?;
    } else {
        bucket.set_many(&keys.iter().map(|key| (key, key)).collect::<Vec<_>>())?;
        let mut listed = bucket.list_all(|| Ok(()))?;
        listed.sort();
        listed.dedup();
        keys.sort();
        equal("the listing", listed, keys)?;
    }
    Ok(())
}

fn special_names(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let plain = SPECIAL.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
    let mut unique = plain.clone();
    unique.sort();
    unique.dedup();
    round_trip(&session.open(&cx.bucket("special"))?, &unique).context("in a named bucket")?;
    let around =
        unique.iter().flat_map(|key| [cx.key(key), format!("{key}{}", cx.key(""))]).collect::<Vec<_>>();
    round_trip(&session.open("")?, &around).context("in the default bucket")
}

/// Every operation takes the key, or every one refuses it in the same way.
fn all_operations(cx: &Cx, key: &str) -> Result<Result<(), Problem>> {
    let session = cx.session()?;
    let bucket = session.open(&cx.bucket("all"))?;
    if let Err(problem) = bucket.set(key, "1") {
        ensure!(!matches!(problem, Problem::Broken(_)), problem);
        failed_with(bucket.get(key), &["invalid", "too-large"])?;
        failed_with(bucket.exists(key), &["invalid", "too-large"])?;
        failed_with(bucket.delete(key), &["invalid", "too-large"])?;
        failed_with(bucket.increment(key, 1), &["invalid", "too-large"])?;
        failed_with(bucket.get_many(&["a", key]), &["invalid", "too-large"])?;
        failed_with(bucket.set_many(&[("a", "1"), (key, "2")]), &["invalid", "too-large"])?;
        failed_with(bucket.delete_many(&["a", key]), &["invalid", "too-large"])?;
        equal("the other key of the refused set-many", bucket.exists("a")?, false)?;
        return Ok(Err(problem));
    }
    equal("get", bucket.get(key)?, Some(b"1".to_vec()))?;
    equal("exists", bucket.exists(key)?, true)?;
    equal("increment", bucket.increment(key, 1)?, 2)?;
    bucket.set_many(&[("a", "1"), (key, "2")])?;
    let values = bucket.get_many(&["a", key])?.into_iter().map(|pair| pair.1).collect::<Vec<_>>();
    equal("get-many", values, vec![Some(b"1".to_vec()), Some(b"2".to_vec())])?;
    let mut listed = bucket.list_all(|| Ok(()))?;
    listed.sort();
    let mut both = vec!["a".to_owned(), key.to_owned()];
    both.sort();
    equal("list-keys", listed, both)?;
    if cx.flavor.draft() == probe::keyvalue::Draft::Draft2 {
        let cas = bucket.cas(key)?;
        equal("current", cas.current()?, Some(b"2".to_vec()))?;
        ensure!(cas.swap("3")?.is_none(), "swap failed");
        equal("get", bucket.get(key)?, Some(b"3".to_vec()))?;
    }
    bucket.delete_many(&["a", key])?;
    equal("exists", bucket.exists(key)?, false)?;
    bucket.set(key, "1")?;
    bucket.delete(key)?;
    equal("exists", bucket.exists(key)?, false)?;
    Ok(Ok(()))
}

fn long(cx: &Cx) -> Result<()> {
    let limit = cx.provider.capabilities.max_key;
    for size in [1 << 10, 4 << 10, 32 << 10, 64 << 10] {
        // Cut out of characters that take one, two and four bytes, and grow when they are encoded.
        let mut key = cx.key(&"k%é🪣/".repeat(size / 10));
        key.truncate(key.floor_char_boundary(size));
        match all_operations(cx, &key)? {
            Ok(()) => {}
            Err(problem) if limit.is_none_or(|limit| limit >= size) => {
                return Err(problem).with_context(|| format!("a key of {size} bytes"));
            }
            Err(problem) => failed_with::<()>(Err(problem), &["invalid", "too-large"]).map(drop)?,
        }
    }
    Ok(())
}

fn too_long(cx: &Cx) -> Result<()> {
    let limit = cx.provider.capabilities.max_key.context("a limit")?;
    let problem = all_operations(cx, &"k".repeat(limit + 1))?;
    failed_with(problem, &["invalid", "too-large"]).map(drop)
}

fn empty(cx: &Cx) -> Result<()> {
    match all_operations(cx, "")? {
        Ok(()) => Ok(()),
        refused => failed_with(refused, &["invalid"]).map(drop),
    }
}

/// There the service's key is empty too, and on some wires nothing: the value must not slip into its place.
fn empty_in_the_default_bucket(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let value = cx.key("value");
    match session.open("")?.set("", value.as_bytes()) {
        // Other trials may write this one key as well, so that only its being there is certain.
        Ok(()) => ensure!(cx.outside().get(b"")?.is_some(), "the service has no value at the empty key"),
        refused => failed_with(refused, &["invalid"]).map(drop)?,
    }
    equal("what is at the key that the value is", cx.outside().get(value.as_bytes())?, None)
}

fn in_batches(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let bucket = session.open(&cx.bucket("batch"))?;
    let mut keys = SPECIAL.to_vec();
    keys.sort_unstable();
    keys.dedup();
    bucket.set_many(&keys.iter().map(|key| (*key, format!("<{key}>"))).collect::<Vec<_>>())?;
    let got = bucket.get_many(&keys)?;
    let wanted = keys.iter().map(|key| (Some((*key).to_owned()), Some(format!("<{key}>").into_bytes())));
    equal("get-many", got, wanted.collect())?;
    let (gone, left) = keys.split_at(keys.len() / 2);
    bucket.delete_many(gone)?;
    let mut listed = bucket.list_all(|| Ok(()))?;
    listed.sort();
    equal("what is left", listed, left.iter().map(|key| (*key).to_owned()).collect())
}
