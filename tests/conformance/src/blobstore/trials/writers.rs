use std::thread;
use std::time::Duration;

use anyhow::{Result, anyhow, ensure};
use plugboard_faults::{Fault, When};
use probe::blobstore::{Outcome, Step};
use probe::{Content, Data};

use super::{begin, holds, outside};
use crate::blobstore::app::pattern;
use crate::blobstore::{App, Blobstore, Case, Cx};
use crate::check::equal;
use crate::interface::Interface as _;
use crate::reply::kind;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::each("blob.writers", "interleaved-in-one-instance", |cx| interleaved(cx, true)),
        Case::each("blob.writers", "interleaved-in-two-instances", |cx| interleaved(cx, false)),
        Case::each("blob.writers", "one-is-given-up", one_given_up),
        Case::each("blob.writers", "another-client-in-the-middle", another_client),
        Case::each("blob.writers", "many-objects-at-once-in-one-instance", many_objects),
        Case::each("blob.writers", "16-clients-write-one-object", many_clients),
        Case::each("blob.stream", "16-uploads-while-blocks-are-slow", slow_blocks),
    ]
}

/// Block by block in turn, with every pair of sizes, the second to begin or the first to end before the other.
fn interleaved(cx: &Cx, one_instance: bool) -> Result<()> {
    let (here, there) = (cx.session()?, cx.session()?);
    let there = if one_instance { &here } else { &there };
    let (mine, theirs) = (here.container(cx.shared())?, there.container(cx.shared())?);
    let block = cx.fixture().block();
    for (n, (first, second)) in [(3, 3), (5, 2), (2, 5), (3, 0), (0, 3)].into_iter().enumerate() {
        for first_ends_first in [true, false] {
            let name = cx.key(&format!("{n}-{first_ends_first}"));
            let (one, other) = (pattern(1, first * block + 1), pattern(2, second * block + 2));
            let (value, stream) = begin(&mine, here.value()?, &name)?;
            let (other_value, other_stream) = begin(&theirs, there.value()?, &name)?;
            let (bytes, other_bytes) = (one.bytes(), other.bytes());
            let piece = usize::try_from(block)?;
            let (mut pieces, mut other_pieces) = (bytes.chunks(piece), other_bytes.chunks(piece));
            loop {
                let (next, other_next) = (pieces.next(), other_pieces.next());
                if let Some(next) = next {
                    stream.write_all(&next.into())?;
                }
                if let Some(next) = other_next {
                    other_stream.write_all(&next.into())?;
                }
                if next.is_none() && other_next.is_none() {
                    break;
                }
            }
            let (outcome, other_outcome) = if first_ends_first {
                let outcome = value.finish();
                (outcome, other_value.finish())
            } else {
                let other = other_value.finish();
                (value.finish(), other)
            };
            let outcomes = [(outcome, &one), (other_outcome, &other)];
            ensure!(outcomes.iter().any(|(outcome, _)| outcome.is_ok()), "neither was written");
            for (outcome, _) in &outcomes {
                if let Err(error) = outcome {
                    let error = error.to_string();
                    let fine = ["conflict", "ambiguous"].iter().any(|kind| error.contains(kind));
                    ensure!(fine, "an upload beside another: {error}");
                }
            }
            // The last one that succeeded is there.
            let last = if first_ends_first { [1, 0] } else { [0, 1] };
            let winner = last.into_iter().find(|n| outcomes[*n].0.is_ok()).map(|n| outcomes[n].1);
            holds(cx, &name, winner.ok_or_else(|| anyhow!("neither was written"))?)?;
        }
    }
    Ok(())
}

fn one_given_up(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let container = session.container(cx.shared())?;
    let (name, content) = (cx.key("k"), pattern(1, 4 * cx.fixture().block()));
    let (value, stream) = begin(&container, session.value()?, &name)?;
    let (other, other_stream) = begin(&container, session.value()?, &name)?;
    stream.write_all(&content)?;
    other_stream.write_all(&pattern(2, 6 * cx.fixture().block()))?;
    other_stream.close()?;
    other.close()?;
    value.finish()?;
    holds(cx, &name, &content)
}

/// It replaces the object while blocks are on their way, which throws blocks away.
fn another_client(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let container = session.container(cx.shared())?;
    let (name, ours) = (cx.key("k"), pattern(1, 6 * cx.fixture().block()));
    let theirs = pattern(2, 1000);
    let (value, stream) = begin(&container, session.value()?, &name)?;
    stream.write_all(&ours)?;
    cx.outside().put(cx.shared(), &name, &theirs.bytes())?;
    match value.finish() {
        Ok(()) => holds(cx, &name, &ours),
        Err(error) => {
            let error = error.to_string();
            ensure!(error.contains("conflict") || error.contains("ambiguous"), "{error}");
            holds(cx, &name, &theirs)
        }
    }
}

fn many_objects(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let container = session.container(cx.shared())?;
    let content = |n: u64| pattern(n, n * cx.fixture().block() / 2);
    let begun = (0..10)
        .map(|n| begin(&container, session.value()?, &cx.key(&n.to_string())))
        .collect::<Result<Vec<_>, _>>()?;
    for (n, (_, stream)) in (0..).zip(&begun) {
        stream.write_all(&content(n))?;
    }
    for (value, _stream) in begun.into_iter().rev() {
        value.finish()?;
    }
    for n in 0..10 {
        holds(cx, &cx.key(&n.to_string()), &content(n))?;
    }
    Ok(())
}

/// What came of it when 16 instances at once open the shared container, write an object and read it.
fn at_once(
    cx: &Cx,
    app: &App,
    name: impl Fn(u64) -> String + Sync,
    content: impl Fn(u64) -> Content + Sync,
) -> Result<Vec<Vec<Outcome>>> {
    let write = |n: u64| {
        let container = || "c".to_owned();
        let open = Step::GetContainer { name: cx.shared().into(), handle: container() };
        let put = Step::Put { container: container(), name: name(n), content: content(n) };
        let get = Step::Get { container: container(), name: name(n) };
        app.run(&[open, put, get])
    };
    let write = &write;
    thread::scope(|scope| {
        let clients = (0..16).map(|n| scope.spawn(move || write(n))).collect::<Vec<_>>();
        let joined =
            clients.into_iter().map(|client| client.join().map_err(|_| anyhow!("a client panicked"))?);
        joined.collect()
    })
}

/// The first of two blocks is answered after the second: instances that wait must leave the host to the others.
fn slow_blocks(cx: &Cx) -> Result<()> {
    let proxied = cx.proxied(&[])?;
    let is_no_block = cx.fixture().is_no_block();
    let slow = Fault::SlowFirstByte(Duration::from_millis(300));
    proxied.proxy().arm(slow, When::every(2).matching(move |request| !is_no_block(request)));
    let content = |n: u64| pattern(n, 6 * cx.fixture().block() + n);
    let outcomes = at_once(cx, &proxied.app, |n| cx.key(&n.to_string()), content)?;
    for (n, outcomes) in (0..).zip(outcomes) {
        let wanted = vec![Outcome::Done, Outcome::Done, Outcome::Data(content(n).data())];
        equal("what came of it", outcomes, wanted)?;
    }
    Ok(())
}

fn many_clients(cx: &Cx) -> Result<()> {
    let name = cx.key("k");
    let content = |n: u64| pattern(n, 3 * cx.fixture().block() + n);
    let outcomes = at_once(cx, &cx.app()?, |_| name.clone(), content)?;
    let all = (0..16).map(|n| content(n).data()).collect::<Vec<Data>>();
    for outcome in outcomes.iter().flatten() {
        match outcome {
            Outcome::Done => {}
            Outcome::Data(data) => ensure!(all.contains(data), "what was read is nobody's: {data:?}"),
            other => {
                let error = Blobstore::failure(other)?.unwrap_or_default();
                ensure!(["conflict", "ambiguous"].contains(&kind(&error)), "{other:?}");
            }
        }
    }
    let done = outcomes.iter().filter(|outcomes| outcomes.get(1) == Some(&Outcome::Done)).count();
    ensure!(done > 0, "nobody succeeded");
    let last = outside(cx, &name)?.ok_or_else(|| anyhow!("there is no object"))?;
    equal("whether the last is somebody's", all.contains(&last), true)
}
