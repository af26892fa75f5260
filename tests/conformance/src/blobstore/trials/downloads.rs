//! Trouble and pauses while an object is read.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use plugboard_faults::{At, By, Fault, Upstream, When};

use crate::blobstore::app::pattern;
use crate::blobstore::{Case, Cx};
use crate::check::equal;
use crate::reply::failed_with;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::each("all.deadline", "pauses-of-the-app-while-it-reads", pauses),
        Case::each("all.deadline", "a-download-that-stalls", stalls),
        Case::each("all.deadline", "a-download-that-drips", drips),
        Case::each("all.retry", "a-download-that-did-not-begin", not_begun),
    ]
}

fn pauses(cx: &Cx) -> Result<()> {
    let session = cx.app_with(&[("timeout", "2s")])?.session();
    let container = session.container(cx.shared())?;
    let (name, content) = (cx.key("k"), pattern(1, 32 << 20));
    cx.outside().put(cx.shared(), &name, &content.bytes())?;
    let value = container.get_data(&name, 0, u64::MAX)?;
    thread::sleep(Duration::from_secs(4));
    let stream = value.stream()?;
    equal("the first byte", stream.read(1)?, content.range(0, 0))?;
    thread::sleep(Duration::from_secs(4));
    equal("the rest", stream.read_all()?, content.range(1, u64::MAX))
}

fn stalls(cx: &Cx) -> Result<()> {
    let proxied = cx.proxied(&[("timeout", "1s")])?;
    let session = proxied.app.session();
    let container = crate::common::patiently(|| session.container(cx.shared()))?;
    let (name, content) = (cx.key("k"), pattern(1, 1 << 20));
    cx.outside().put(cx.shared(), &name, &content.bytes())?;
    for at in [At::AfterHeaders, At::MidBody] {
        let stall = Fault::Cut { at, by: By::Stall, upstream: Upstream::Executed };
        for sync in [true, false] {
            let value = crate::common::patiently(|| {
                proxied.proxy().clear();
                proxied.proxy().arm(stall.clone(), When::next(1));
                container.get_data(&name, 0, u64::MAX)
            })?;
            let what = || format!("{at}, {}", if sync { "consume-sync" } else { "consume-async" });
            let started = Instant::now();
            if sync {
                failed_with(value.sync(), &["timeout"]).with_context(what)?;
            } else {
                failed_with(value.stream()?.read_all(), &["stream"]).with_context(what)?;
            }
            let took = started.elapsed();
            ensure!(took < Duration::from_secs(6), "{}: it took {took:?}", what());
            proxied.proxy().clear();
        }
    }
    Ok(())
}

/// As long as something comes, it is none too slow.
fn drips(cx: &Cx) -> Result<()> {
    let proxied = cx.proxied(&[("timeout", "2s")])?;
    let session = proxied.app.session();
    let container = session.container(cx.shared())?;
    cx.outside().put(cx.shared(), &cx.key("k"), b"0123456789")?;
    let drip = Fault::SlowDrip { every: Duration::from_millis(500), from: At::AfterHeaders };
    proxied.proxy().arm(drip, When::next(2));
    let read = || container.get_data(&cx.key("k"), 0, u64::MAX);
    equal("consume-sync", read()?.sync()?, probe::Data::of(b"0123456789"))?;
    equal("consume-async", read()?.stream()?.read_all()?, probe::Data::of(b"0123456789"))
}

fn not_begun(cx: &Cx) -> Result<()> {
    let proxied = cx.proxied(&[("timeout", "15s")])?;
    let session = proxied.app.session();
    let container = session.container(cx.shared())?;
    let (name, content) = (cx.key("k"), pattern(1, 1 << 20));
    cx.outside().put(cx.shared(), &name, &content.bytes())?;
    for by in [By::Reset, By::Close] {
        let cut = Fault::Cut { at: At::BeforeHeaders, by, upstream: Upstream::Executed };
        proxied.proxy().arm(cut, When::next(2));
        let before = proxied.proxy().count();
        equal("get", container.get(&name)?, content.data())?;
        equal("requests", proxied.proxy().count() - before, 3)?;
    }
    Ok(())
}
