use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::check::equal;
use crate::keyvalue::{Case, Cx, Flavor};

pub(super) fn cases() -> Vec<Case> {
    const NEVER: &str = "the provider has no `ttl`";
    vec![
        Case::each("kv.ttl", "every-way-to-write", every_way)
            .unless(|provider| (!provider.capabilities.ttl).then_some(NEVER)),
        Case::each("kv.ttl", "what-is-written-without-stays", without)
            .unless(|provider| (!provider.capabilities.ttl).then_some(NEVER)),
    ]
}

/// Long enough to be seen before it ends.
const TTL: &str = "5s";
/// Services look at their clocks now and then.
const HANG: Duration = Duration::from_secs(60);

fn wait_until_gone(cx: &Cx, keys: &[String]) -> Result<()> {
    let session = cx.session()?;
    let bucket = session.open("")?;
    let started = Instant::now();
    for key in keys {
        while bucket.exists(key)? {
            ensure!(started.elapsed() < HANG, "`{key}` is still there");
            thread::sleep(Duration::from_millis(100));
        }
    }
    equal("get-many", bucket.get_many(keys)?.into_iter().filter(|pair| pair.1.is_some()).count(), 0)
}

fn every_way(cx: &Cx) -> Result<()> {
    let [set, many, old, new, swapped] =
        ["set", "many", "old-number", "new-number", "swapped"].map(|name| cx.key(name));
    let session = cx.app_with(&[("ttl", TTL)])?.session();
    let bucket = session.open("")?;
    cx.outside().set(old.as_bytes(), b"41")?;
    bucket.set(&set, "v")?;
    equal("get", bucket.get(&set)?, super::some("v"))?;
    bucket.set_many(&[(&many, "v")])?;
    equal("increment", bucket.increment(&old, 1)?, 42)?;
    equal("increment of a missing key", bucket.increment(&new, 1)?, 1)?;
    let mut keys = vec![set, many, old, new];
    if Flavor::WITH_CAS.contains(&cx.flavor) {
        ensure!(bucket.cas(&swapped)?.swap("v")?.is_none(), "the swap failed");
        keys.push(swapped);
    }
    wait_until_gone(cx, &keys)
}

fn without(cx: &Cx) -> Result<()> {
    let [ends, stays, theirs] = ["ends", "stays", "theirs"].map(|name| cx.key(name));
    let session = cx.app_with(&[("ttl", TTL)])?.session();
    let bucket = session.open("")?;
    for key in [&stays, &theirs, &ends] {
        bucket.set(key, "v")?;
    }
    cx.session()?.open("")?.set(&stays, "w")?;
    cx.outside().set(theirs.as_bytes(), b"w")?;
    // Written last, so it ends last.
    bucket.set(&ends, "v")?;
    wait_until_gone(cx, &[ends])?;
    equal("get", bucket.get(&stays)?, super::some("w"))?;
    equal("get of another client's", bucket.get(&theirs)?, super::some("w"))
}
