use anyhow::{Context as _, Result, ensure};

use super::some;
use crate::check::equal;
use crate::keyvalue::app::Bucket;
use crate::keyvalue::{Case, Cx};
use crate::reply::failed_with;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::each("kv.isolation", "the-default-bucket-is-what-other-clients-see", other_clients),
        Case::each("kv.isolation", "a-prefix-is-in-front-of-the-keys", prefix),
        Case::each("kv.isolation", "a-prefix-is-taken-literally", literal_prefix),
        Case::each("kv.isolation", "buckets-do-not-share-keys", apart),
        Case::each("kv.isolation", "deleting-in-one-leaves-the-others", deleting),
        Case::each("kv.isolation", "the-default-bucket-hides-the-others", hidden),
        Case::each("kv.isolation", "the-default-bucket-does-not-touch-the-others", untouched),
        Case::each("kv.isolation", "no-configuration-mixes-buckets", configurations),
    ]
}

fn other_clients(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let bucket = session.open("")?;
    let (ours, theirs) = (cx.key("ours"), cx.key("their's über/%2F +"));
    cx.outside().set(theirs.as_bytes(), b"th\xffeirs")?;
    equal("get", bucket.get(&theirs)?, some(b"th\xffeirs"))?;
    equal("exists", bucket.exists(&theirs)?, true)?;
    bucket.set(&ours, *b"o\0urs")?;
    equal("another client's get", cx.outside().get(ours.as_bytes())?, some(b"o\0urs"))?;
    bucket.delete(&theirs)?;
    equal("another client's get", cx.outside().get(theirs.as_bytes())?, None)
}

fn prefix(cx: &Cx) -> Result<()> {
    let prefix = cx.key("pre/");
    let session = cx.app_with(&[("prefix", &prefix)])?.session();
    let bucket = session.open("")?;
    bucket.set("k", "1")?;
    equal("another client's get", cx.outside().get(format!("{prefix}k").as_bytes())?, some("1"))?;
    cx.outside().set(format!("{prefix}l").as_bytes(), b"2")?;
    equal("get", bucket.get("l")?, some("2"))?;
    let mut keys = bucket.list_all(|| Ok(()))?;
    keys.sort();
    equal("list-keys", keys, vec!["k".to_owned(), "l".to_owned()])
}

fn literal_prefix(cx: &Cx) -> Result<()> {
    let prefix = cx.key("*?[a-z]^\\%é");
    let session = cx.app_with(&[("prefix", &prefix)])?.session();
    let bucket = session.open("")?;
    for like in ["xxa^\\%é", "*?a^%é", "*?[a-z]^%é", "", "*?b^\\%é"] {
        cx.outside().set(cx.key(&format!("{like}other")).as_bytes(), b"other")?;
    }
    bucket.set("own", "1")?;
    equal("list-keys", bucket.list_all(|| Ok(()))?, vec!["own".to_owned()])?;
    equal("another client's get", cx.outside().get(format!("{prefix}own").as_bytes())?, some("1"))
}

/// Names of buckets that run into each other, or into a key, when somebody forgets a separator.
const NAMES: [&str; 9] = ["a", "ab", "a:b", "a:", ":a", "a/b", "A", "a%3Ab", "*"];

fn apart(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let names = NAMES.map(|name| cx.bucket(name));
    let buckets = names.iter().map(|name| session.open(name)).collect::<Result<Vec<_>, _>>()?;
    let keys = ["k", "b:k", ":k", "b/k", ""].map(|key| format!("{key}{}", cx.key("")));
    for (name, bucket) in names.iter().zip(&buckets) {
        for key in &keys {
            equal(&format!("before: {name} {key}"), bucket.exists(key)?, false)?;
            bucket.set(key, format!("{name} {key}"))?;
        }
    }
    for (name, bucket) in names.iter().zip(&buckets) {
        for key in &keys {
            equal("get", bucket.get(key)?, some(format!("{name} {key}")))?;
        }
        let (mut listed, mut all) = (bucket.list_all(|| Ok(()))?, keys.to_vec());
        listed.sort();
        all.sort();
        equal("list-keys", listed, all)?;
    }
    Ok(())
}

fn deleting(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let (one, two) = (session.open(&cx.bucket("one"))?, session.open(&cx.bucket("two"))?);
    let default = session.open("")?;
    let key = cx.key("k");
    for bucket in [&one, &two, &default] {
        bucket.set(&key, "1")?;
    }
    one.delete_many(&[&key])?;
    equal("the other bucket", two.exists(&key)?, true)?;
    default.delete(&key)?;
    equal("the other bucket", two.exists(&key)?, true)?;
    two.increment(&key, 1)?;
    equal("deleted in another bucket", one.exists(&key)?, false)
}

/// Writes one pair into a named bucket and finds out what the service calls its key; none where that is no key of the
/// default bucket's at all.
fn reserved_key(cx: &Cx, bucket: &Bucket) -> Result<Option<String>> {
    let marker = cx.key("marker");
    bucket.set(&marker, "1")?;
    let is_it = |key: &Vec<u8>| String::from_utf8_lossy(key).contains(&marker);
    let keys = cx.outside().keys()?.into_iter().filter(is_it).collect::<Vec<_>>();
    if cx.provider.capabilities.separate_buckets {
        ensure!(keys.is_empty(), "another client finds the pair of a named bucket in the default one");
        return Ok(None);
    }
    let [key] = keys.as_slice() else { anyhow::bail!("{} keys hold {marker}", keys.len()) };
    Ok(Some(String::from_utf8(key.clone())?))
}

fn hidden(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let named = session.open(&cx.bucket("named"))?;
    let reserved = reserved_key(cx, &named)?;
    let listed = session.open("")?.list_all(|| Ok(()))?;
    let marker = cx.key("marker");
    let seen = listed.iter().find(|key| key.contains(&marker));
    ensure!(seen.is_none(), "the default bucket lists {seen:?}");
    let Some(reserved) = reserved else { return Ok(()) };
    // Prefixes that end inside of the reserved words, or behind them.
    for (end, _) in reserved.char_indices().skip(1).step_by(5) {
        let app = cx.app_with(&[("prefix", &reserved[..end])])?;
        let session = app.session();
        let listed = match session.open("") {
            Ok(bucket) => bucket.list_all(|| Ok(())),
            Err(refused) => Err(refused),
        };
        match listed {
            Ok(keys) => ensure!(!keys.contains(&reserved[end..].to_owned()), "prefix `{}`", &reserved[..end]),
            refused => failed_with(refused, &["config", "invalid"]).map(drop)?,
        }
    }
    Ok(())
}

fn untouched(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let named = session.open(&cx.bucket("named"))?;
    let reserved = reserved_key(cx, &named)?;
    let default = session.open("")?;
    let Some(reserved) = reserved else {
        let marker = cx.key("marker");
        equal("the default bucket's", default.get(&marker)?, None)?;
        default.set(&marker, "2")?;
        default.delete_many(&[&marker])?;
        return equal("the named bucket's value", named.get(&marker)?, some("1"));
    };
    let key = reserved.as_str();
    failed_with(default.get(key), &["invalid"])?;
    failed_with(default.exists(key), &["invalid"])?;
    failed_with(default.set(key, "2"), &["invalid"])?;
    failed_with(default.increment(key, 1), &["invalid"])?;
    failed_with(default.delete(key), &["invalid"])?;
    failed_with(default.get_many(&[key]), &["invalid"])?;
    failed_with(default.set_many(&[(key, "2")]), &["invalid"])?;
    failed_with(default.delete_many(&[key]), &["invalid"])?;
    let other = cx.key("other");
    default.set(&other, "old")?;
    failed_with(default.set_many(&[(other.as_str(), "new"), (key, "2")]), &["invalid"])?;
    failed_with(default.delete_many(&[other.as_str(), key]), &["invalid"])?;
    equal("the other key of refused batches", default.get(&other)?, some("old"))?;
    if cx.flavor.draft() == probe::keyvalue::Draft::Draft2 {
        failed_with(default.cas(key), &["invalid"])?;
    }
    equal("the named bucket's value", named.get(&cx.key("marker"))?, some("1"))
}

/// Writes one pair into every bucket under every configuration, and then looks for each pair everywhere.
fn configurations(cx: &Cx) -> Result<()> {
    let reserved = {
        let session = cx.session()?;
        let named = session.open(&cx.bucket("x"))?;
        reserved_key(cx, &named)?
    };
    let own = cx.key("");
    let mut prefixes =
        vec![String::new(), own.clone(), format!("{own}a"), format!("{own}a:"), "%".to_owned()];
    // The words in front of named buckets, as far as they can be told from outside.
    if let Some(reserved) = reserved {
        prefixes.push(reserved.split(&cx.bucket("")).next().context("a lead-in")?.to_owned());
    }
    let names = ["x", "a:x", ":x", "xx", "a"].map(|name| cx.bucket(name));
    let apps =
        prefixes.iter().map(|prefix| cx.app_with(&[("prefix", prefix)])).collect::<Result<Vec<_>>>()?;
    let sessions = apps.iter().map(|app| app.session()).collect::<Vec<_>>();

    let mut written = Vec::new();
    for (session, prefix) in sessions.iter().zip(&prefixes) {
        for name in &names {
            let key = format!("{own}-{}", written.len());
            match session.open(name).and_then(|bucket| bucket.set(&key, key.as_str())) {
                Ok(()) => written.push((prefix, name, key)),
                refused => failed_with(refused, &["config", "invalid"]).map(drop)?,
            }
        }
    }
    ensure!(written.len() >= names.len(), "hardly any configuration works");
    for (session, prefix) in sessions.iter().zip(&prefixes) {
        for name in &names {
            let Ok(listed) = session.open(name).and_then(|bucket| bucket.list_all(|| Ok(()))) else {
                continue;
            };
            let mine = written.iter().filter(|(p, n, _)| (*p, *n) == (prefix, name));
            let mut mine = mine.map(|(_, _, key)| key.clone()).collect::<Vec<_>>();
            if (prefix.as_str(), name) == ("", &names[0]) {
                mine.push(cx.key("marker"));
            }
            let mut listed = listed;
            listed.sort();
            mine.sort();
            equal(&format!("bucket `{name}` with prefix `{prefix}`"), listed, mine)?;
        }
        let Ok(listed) = session.open("").and_then(|bucket| bucket.list_all(|| Ok(()))) else { continue };
        let foreign =
            listed.iter().find(|key| written.iter().any(|(_, _, other)| key.ends_with(other.as_str())));
        ensure!(foreign.is_none(), "the default bucket with prefix `{prefix}` lists {foreign:?}");
    }
    Ok(())
}
