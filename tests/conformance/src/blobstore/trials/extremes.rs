//! Arguments beyond reason, and calls in an order that makes no sense: results, never traps.

use anyhow::{Context as _, Result, ensure};
use probe::blobstore::{Outcome, Step};

use super::begin;
use crate::blobstore::app::pattern;
use crate::blobstore::{Blobstore, Case, Cx};
use crate::check::equal;
use crate::interface::Interface as _;
use crate::reply::failed_with;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::each("all.no-trap", "names-of-a-MiB", huge_names),
        Case::each("all.no-trap", "delete-objects-of-20000-missing-names", huge_batch),
        Case::each("all.no-trap", "everything-dropped-in-every-order", drops),
        Case::each("all.no-trap", "a-thousand-handles", handles),
        Case::each("all.no-trap", "more-than-fits-the-memory", too_large_for_memory),
        Case::each("all.no-trap", "more-at-once-than-was-permitted", beyond_permit),
    ]
}

fn huge_names(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    for name in ["n".repeat(1 << 20), "/".repeat(1 << 20), "%".repeat(1 << 20), "🪣".repeat(1 << 18)] {
        failed_with(session.create_container(&name), &["invalid"])?;
        failed_with(session.container(&name), &["invalid"])?;
        failed_with(session.container_exists(&name), &["invalid"])?;
        let container = session.container(cx.shared())?;
        failed_with(container.put(&name, &"v".into()), &["invalid"])?;
        failed_with(container.get_data(&name, 0, 0), &["invalid"])?;
        failed_with(session.copy((cx.shared(), "k"), (cx.shared(), &name)), &["invalid", "no-such-object"])?;
    }
    Ok(Blobstore::echo(cx, &session, "theirs")?)
}

fn huge_batch(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let container = session.container(cx.shared())?;
    // Each may be a request of its own.
    let names = (0..20_000).map(|n| if n % 20 == 0 { cx.key(&n.to_string()) } else { "..".repeat(n) });
    let names = names.map(|name| name.chars().take(1500).collect::<String>()).collect::<Vec<_>>();
    let sentence = failed_with(container.delete_many(&names), &["invalid"])?;
    ensure!(sentence.len() < 20_000, "an error of {} bytes", sentence.len());
    Ok(Blobstore::echo(cx, &session, "theirs")?)
}

/// The children of a resource before and after it.
fn drops(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    for order in 0..24_usize {
        let container = session.container(cx.shared())?;
        let (value, stream) = begin(&container, session.value()?, &cx.key(&order.to_string()))?;
        stream.write_all(&pattern(1, if order % 2 == 0 { 10 } else { 3 * cx.fixture().block() }))?;
        let listing = container.list()?;
        listing.read(1)?;
        let (mut container, mut value, mut stream) = (Some(container), Some(value), Some(stream));
        let mut left = vec![0, 1, 2];
        let mut number = order;
        while !left.is_empty() {
            let next = left.remove(number % left.len());
            number /= 2;
            match next {
                0 => container.take().map_or(Ok(()), |container| container.close())?,
                1 if order % 3 == 0 => value.take().map_or(Ok(()), |value| value.finish())?,
                1 => value.take().map_or(Ok(()), |value| value.close())?,
                _ => stream.take().map_or(Ok(()), |stream| stream.close())?,
            }
        }
    }
    Ok(Blobstore::echo(cx, &session, "theirs")?)
}

fn handles(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let container = session.container(cx.shared())?;
    let open = (0..1000).flat_map(|n| {
        let (value, stream) = (format!("value-{n}"), format!("stream-{n}"));
        let content = "x".into();
        [
            Step::NewValue { handle: value.clone() },
            Step::WriteBody { value, handle: stream.clone() },
            Step::WriteAll { stream, content, piece: 1 },
        ]
    });
    let outcomes = session.steps(open.collect())?;
    equal("what came of them", outcomes.iter().find(|outcome| **outcome != Outcome::Done), None)?;
    container.put(&cx.key("k"), &pattern(1, 3 * cx.fixture().block()))?;
    Ok(Blobstore::echo(cx, &session, "theirs")?)
}

/// In little memory: the app's own is what `consume-sync` fills.
fn too_large_for_memory(cx: &Cx) -> Result<()> {
    let app = cx.app_of_host(&["-W", "max-memory-size=16777216"], &cx.named(&[("block-size", "")]))?;
    let session = app.session();
    let container = session.container(cx.shared())?;
    let (name, content) = (cx.key("k"), pattern(1, 40 << 20));
    cx.outside().put(cx.shared(), &name, &content.bytes())?;
    let read = container.get_data(&name, 0, u64::MAX)?.sync();
    failed_with(read, &["too-large", "unavailable"]).context("consume-sync")?;
    // As a stream it fits.
    equal("consume-async", container.get_data(&name, 0, u64::MAX)?.stream()?.read_all()?, content.data())
}

/// Streams of the host trap then, as WASI says; this one has no reason to.
fn beyond_permit(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let container = session.container(cx.shared())?;
    let (value, stream) = begin(&container, session.value()?, &cx.key("k"))?;
    let much = vec![b'x'; 5 << 20];
    stream.blocking_write(&much)?;
    value.finish()?;
    super::holds(cx, &cx.key("k"), &much.as_slice().into())
}
