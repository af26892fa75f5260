use anyhow::{Context as _, Result, ensure};
use plugboard_faults::{At, By, Fault, Upstream, When};
use probe::{Content, Data};

use crate::blobstore::app::{Container, Place, pattern};
use crate::blobstore::{Case, Cx};
use crate::check::equal;
use crate::reply::failed_with;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::each("blob.range", "bytes-from-start-to-end", bytes).credentials(),
        Case::each("blob.range", "of-an-empty-object", of_nothing),
        Case::each("blob.range", "what-is-missing-is-an-error-at-once", missing),
        Case::each("blob.range", "is-one-request", one_request),
        Case::each("blob.range", "a-part-of-a-large-object", part_of_large),
        Case::each("blob.range", "an-object-that-is-replaced-meanwhile", replaced),
        Case::each("blob.range", "an-object-that-is-deleted-meanwhile", deleted),
        Case::each("blob.range", "bytes-that-do-not-all-come", cut_off),
    ]
}

/// All three ways to read a range, each of them right.
fn check(container: &Container, name: &str, content: &Content, (start, end): (u64, u64)) -> Result<()> {
    let wanted = if start <= end { content.range(start, end) } else { Data::of(b"") };
    let last = end.min(content.length().saturating_sub(1));
    let size = if start <= end && start < content.length() { last - start + 1 } else { 0 };
    let read = || -> Result<()> {
        let value = container.get_data(name, start, end)?;
        equal("size", value.size()?, size)?;
        equal("consume-sync", value.sync()?, wanted.clone())?;
        let value = container.get_data(name, start, end)?;
        equal("size", value.size()?, size)?;
        equal("consume-async", value.stream()?.read_all()?, wanted.clone())
    };
    read().with_context(|| format!("bytes {start} to {end} of {}", content.length()))
}

fn bytes(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let container = session.container(cx.shared())?;
    let (name, content) = (cx.key("k"), Content::from("0123456789"));
    cx.outside().put(cx.shared(), &name, b"0123456789")?;
    const MOST: u64 = u64::MAX;
    for range in [
        (0, 0),
        (0, 1),
        (0, 9),
        (0, 10),
        (0, 11),
        (0, MOST),
        (0, MOST - 1),
        (1, MOST),
        (4, 6),
        (5, 5),
        (9, 9),
        (9, 10),
        (9, MOST),
        (10, 10),
        (10, MOST),
        (11, 12),
        (1000, MOST),
        (5, 4),
        (1, 0),
        (10, 9),
        (MOST, 0),
        (MOST, MOST),
        (MOST - 1, MOST),
        (1 << 32, 1 << 33),
        (0, 1 << 32),
        (0, i64::MAX as u64),
        (i64::MAX as u64, MOST),
    ] {
        check(&container, &name, &content, range)?;
    }
    Ok(())
}

fn of_nothing(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let container = session.container(cx.shared())?;
    let (name, content) = (cx.key("k"), Content::from(""));
    cx.outside().put(cx.shared(), &name, b"")?;
    for range in [(0, 0), (0, 1), (0, u64::MAX), (1, 1), (1, 0), (u64::MAX, u64::MAX)] {
        check(&container, &name, &content, range)?;
    }
    Ok(())
}

fn missing(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let container = session.container(cx.shared())?;
    for (start, end) in [(0, u64::MAX), (0, 0), (5, 9), (9, 5), (u64::MAX, u64::MAX)] {
        failed_with(container.get_data(&cx.key("none"), start, end), &["no-such-object"])
            .with_context(|| format!("{start} to {end}"))?;
    }
    Ok(())
}

fn one_request(cx: &Cx) -> Result<()> {
    let proxied = cx.proxied(&[])?;
    let session = proxied.app.session();
    let container = session.container(cx.shared())?;
    let (name, content) = (cx.key("k"), pattern(1, 5 * cx.fixture().block()));
    cx.outside().put(cx.shared(), &name, &content.bytes())?;
    for (start, end) in [(0, u64::MAX), (0, 0), (5, 70_000), (1 << 40, u64::MAX), (9, 5)] {
        let before = proxied.proxy().count();
        let value = container.get_data(&name, start, end)?;
        value.size()?;
        let stream = value.stream()?;
        stream.read_all()?;
        stream.close()?;
        equal("requests", proxied.proxy().count() - before, 1)?;
    }
    Ok(())
}

fn part_of_large(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let container = session.container(cx.shared())?;
    let block = cx.fixture().block();
    let (name, content) = (cx.key("k"), pattern(1, 40 * block + 17));
    cx.outside().put(cx.shared(), &name, &content.bytes())?;
    for range in
        [(0, block - 1), (block, block), (block - 1, 2 * block), (39 * block, u64::MAX), (17, 40 * block)]
    {
        check(&container, &name, &content, range)?;
    }
    Ok(())
}

/// Opens an object of some size, lets something happen to it, and reads the rest.
fn while_reading(cx: &Cx, happens: impl Fn(Place, &Content) -> Result<()>) -> Result<()> {
    let session = cx.session()?;
    let container = session.container(cx.shared())?;
    for (n, size) in [10, 1 << 20, 16 << 20].into_iter().enumerate() {
        let name = cx.key(&size.to_string());
        let (old, new) = (pattern(1, size), pattern(2, size + n as u64));
        cx.outside().put(cx.shared(), &name, &old.bytes())?;
        let stream = container.get_data(&name, 0, u64::MAX)?.stream()?;
        happens((cx.shared(), &name), &new)?;
        match stream.read_all() {
            Ok(read) => equal("what was read", read, old.data())?,
            Err(error) => ensure!(error.to_string().contains("stream"), "another error: {error}"),
        }
    }
    Ok(())
}

fn replaced(cx: &Cx) -> Result<()> {
    while_reading(cx, |(container, name), new| cx.outside().put(container, name, &new.bytes()))
}

fn deleted(cx: &Cx) -> Result<()> {
    while_reading(cx, |(container, name), _| cx.outside().delete(container, name))
}

/// An end that comes too early is an error, not an end.
fn cut_off(cx: &Cx) -> Result<()> {
    let proxied = cx.proxied(&[("timeout", "2s")])?;
    let session = proxied.app.session();
    let container = session.container(cx.shared())?;
    for size in [1000, 1 << 20] {
        let (name, content) = (cx.key(&size.to_string()), pattern(1, size));
        cx.outside().put(cx.shared(), &name, &content.bytes())?;
        for by in [By::Reset, By::Close, By::Stall] {
            let cut = Fault::Cut { at: At::MidBody, by, upstream: Upstream::Executed };
            proxied.proxy().arm(cut.clone(), When::next(1));
            let value = container.get_data(&name, 0, u64::MAX)?;
            let sync = failed_with(value.sync(), &["unavailable", "timeout"]);
            sync.with_context(|| format!("consume-sync, {cut}"))?;
            proxied.proxy().clear();
            proxied.proxy().arm(cut.clone(), When::next(1));
            let stream = container.get_data(&name, 0, u64::MAX)?.stream()?;
            let read = failed_with(stream.read_all(), &["stream"]);
            read.with_context(|| format!("consume-async, {cut}"))?;
            proxied.proxy().clear();
        }
        equal("afterwards", container.get(&name)?, content.data())?;
    }
    Ok(())
}
