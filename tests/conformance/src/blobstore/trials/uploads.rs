//! Trouble in the middle of an upload: nothing partial is ever seen, what was there stays, and `finish` tells.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use plugboard_faults::{Answer, At, By, Fault, Proxy, Upstream, When};
use probe::Content;

use super::{begin, holds, outside};
use crate::blobstore::app::{Container, pattern};
use crate::blobstore::{Case, Cx, Session};
use crate::reply::{Problem, Reply, kind};

/// Blocks of the objects here; the last has one byte.
const BLOCKS: u64 = 6;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Block(u64),
    Commit,
}

const PLACES: [(&str, Place); 4] = [
    ("first-block", Place::Block(0)),
    ("block-in-the-middle", Place::Block(3)),
    ("last-block", Place::Block(BLOCKS - 1)),
    ("commit", Place::Commit),
];

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for fault in faults() {
        for (at, place) in PLACES {
            let name = |how: &str| format!("{fault}-{how}-on-{at}");
            let (once, always) = (fault.clone(), fault.clone());
            let rule = if place == Place::Commit { "all.commit-lost" } else { "all.retry" };
            cases.push(Case::each(rule, name("once"), move |cx| struck_once(cx, &once, place)));
            cases
                .push(Case::each("blob.finish", name("always"), move |cx| struck_always(cx, &always, place)));
        }
    }
    cases.extend([
        Case::each("blob.finish", "a-service-that-is-gone-in-the-middle", gone),
        Case::each("all.retry", "a-service-that-is-gone-for-a-moment", gone_for_a_moment),
        Case::each("all.retry", "connections-that-idle-out", idle),
        Case::each("all.deadline", "pauses-of-the-app-do-not-count", pauses),
        Case::each("all.commit-lost", "and-another-client-writes", another_client),
        Case::each("blob.stream", "every-call-moves-all-uploads", moved_along),
    ]);
    cases
}

fn faults() -> Vec<Fault> {
    let mut faults = Vec::new();
    for upstream in Upstream::ALL {
        for by in By::ALL {
            faults.push(Fault::Cut { at: At::BeforeHeaders, by, upstream });
        }
        faults.push(Fault::Cut { at: At::MidBody, by: By::Reset, upstream });
        for status in [500, 503] {
            faults.push(Fault::Answer { answer: Answer::status(status), upstream });
        }
    }
    faults.push(Fault::Answer { answer: Answer::status(429), upstream: Upstream::Skipped });
    faults.push(Fault::Answer { answer: Answer::status(403), upstream: Upstream::Skipped });
    faults.push(Fault::Answer { answer: Answer::garbage_bytes(), upstream: Upstream::Skipped });
    faults.push(Fault::CloseMidRequest { after: 0 });
    faults.push(Fault::NotHttp);
    faults
}

/// Whether another try is worth it.
fn passes(fault: &Fault) -> bool {
    match fault {
        Fault::Cut { by, .. } => *by != By::Stall,
        Fault::Answer { answer, .. } => matches!(answer.status, 429 | 500..=599),
        _ => matches!(fault, Fault::CloseMidRequest { .. }),
    }
}

fn when(cx: &Cx, place: Place, pattern: fn() -> When) -> When {
    let (is_commit, is_no_block) = (cx.fixture().is_commit(), cx.fixture().is_no_block());
    match place {
        Place::Block(n) => pattern().matching(move |request| !is_no_block(request)).after(n),
        Place::Commit => pattern().matching(is_commit),
    }
}

/// Writes it all, whether the stream takes it or not.
fn upload(session: &Session, container: &Container, name: &str, content: &Content) -> Reply<()> {
    let (value, stream) = begin(container, session.value()?, name)?;
    match stream.write_all(content) {
        Err(Problem::Failed { error, .. }) if error == "closed" => {}
        written => written?,
    }
    value.finish()
}

fn old() -> Content {
    pattern(99, 100_000)
}

fn new(cx: &Cx) -> Content {
    pattern(1, (BLOCKS - 1) * cx.fixture().block() + 1)
}

/// What the app was told is true in the service, and no object is anything else than one of the two.
fn judge(cx: &Cx, name: &str, outcome: Reply<()>) -> Result<Option<String>> {
    let now = outside(cx, name)?;
    let (is_old, is_new) = (now == Some(old().data()), now == Some(new(cx).data()));
    ensure!(is_old || is_new, "neither what was there nor what was written: {now:?}");
    match outcome {
        Ok(()) => {
            ensure!(is_new, "success, but what was there is still there");
            Ok(None)
        }
        Err(Problem::Broken(error)) => Err(error),
        Err(Problem::Failed { error, .. }) => {
            let kind = kind(&error).to_owned();
            ensure!(is_old || kind == "ambiguous", "it was written, although the answer was {error:?}");
            Ok(Some(error))
        }
    }
}

fn struck_once(cx: &Cx, fault: &Fault, place: Place) -> Result<()> {
    let timeout = if passes(fault) { "15s" } else { "1s" };
    let proxied = cx.proxied(&[("timeout", timeout)])?;
    let session = proxied.app.session();
    let container = session.container(cx.shared())?;
    let name = cx.key("k");
    cx.outside().put(cx.shared(), &name, &old().bytes())?;
    let mark = proxied.proxy().count();
    proxied.proxy().arm(fault.clone(), when(cx, place, || When::next(1)));
    let outcome = upload(&session, &container, &name, &new(cx));
    proxied.proxy().clear();
    let struck = proxied.proxy().since(mark).iter().filter(|request| request.fault.is_some()).count();
    ensure!(struck == 1, "the fault struck {struck} times");
    let error = judge(cx, &name, outcome)?;
    if let (true, Some(error)) = (passes(fault), error) {
        bail!("one occurrence of the fault came to {error:?}");
    }
    Ok(())
}

fn struck_always(cx: &Cx, fault: &Fault, place: Place) -> Result<()> {
    let proxied = cx.proxied(&[("timeout", "1s")])?;
    let session = proxied.app.session();
    let container = session.container(cx.shared())?;
    let name = cx.key("k");
    cx.outside().put(cx.shared(), &name, &old().bytes())?;
    proxied.proxy().arm(fault.clone(), when(cx, place, When::always));
    let started = Instant::now();
    let outcome = upload(&session, &container, &name, &new(cx));
    let took = started.elapsed();
    proxied.proxy().clear();
    ensure!(took < Duration::from_secs(20), "it took {took:?}");
    let error = judge(cx, &name, outcome)?;
    if place != Place::Commit {
        ensure!(error.is_some(), "success, although a block did not get through");
    }
    // The instance is none the worse for it, and neither is the name.
    for _ in 0..10 {
        let again = upload(&session, &container, &name, &new(cx));
        let outcome = judge(cx, &name, again).context("the same once more, without the fault")?;
        match outcome.as_deref().map(kind) {
            None => return Ok(()),
            // The short deadline is for the fault; a busy machine may miss it.
            Some("timeout" | "ambiguous") => {}
            Some(_) => bail!("the same once more, without the fault: {outcome:?}"),
        }
    }
    bail!("the same once more, without the fault, came in time not once")
}

fn gone(cx: &Cx) -> Result<()> {
    let proxied = cx.proxied(&[("timeout", "1s")])?;
    let session = proxied.app.session();
    let container = session.container(cx.shared())?;
    let name = cx.key("k");
    cx.outside().put(cx.shared(), &name, &old().bytes())?;
    let (value, stream) = begin(&container, session.value()?, &name)?;
    let bytes = new(cx).bytes();
    let (first, second) = bytes.split_at(bytes.len() / 2);
    stream.write_all(&first.into())?;
    proxied.proxy().refuse_connections();
    match stream.write_all(&second.into()) {
        Err(Problem::Failed { error, .. }) if error == "closed" => {}
        written => written?,
    }
    let outcome = value.finish();
    proxied.proxy().clear();
    let error = judge(cx, &name, outcome)?.context("success, although the service was gone")?;
    ensure!(["unavailable", "timeout"].contains(&kind(&error)), "{error:?}");
    Ok(())
}

/// Uploads it in two halves, with trouble in between that is mended while the second is written.
fn in_halves(cx: &Cx, timeout: &str, trouble: fn(&Proxy), mend: fn(&Proxy)) -> Result<()> {
    let proxied = cx.proxied(&[("timeout", timeout)])?;
    let session = proxied.app.session();
    let container = session.container(cx.shared())?;
    let name = cx.key("k");
    let (value, stream) = begin(&container, session.value()?, &name)?;
    let bytes = new(cx).bytes();
    let (first, second) = bytes.split_at(bytes.len() / 2);
    stream.write_all(&first.into())?;
    trouble(proxied.proxy());
    thread::scope(|scope| {
        scope.spawn(|| mend(proxied.proxy()));
        stream.write_all(&second.into())
    })?;
    trouble(proxied.proxy());
    thread::scope(|scope| {
        scope.spawn(|| mend(proxied.proxy()));
        value.finish()
    })?;
    holds(cx, &name, &new(cx))
}

fn gone_for_a_moment(cx: &Cx) -> Result<()> {
    in_halves(cx, "15s", Proxy::refuse_connections, |proxy| {
        thread::sleep(Duration::from_millis(300));
        proxy.clear();
    })
}

/// The app pauses with blocks on their way, and their connections do not last.
fn idle(cx: &Cx) -> Result<()> {
    let cut = |proxy: &Proxy| {
        proxy.refuse_connections();
        proxy.clear();
    };
    in_halves(cx, "15s", cut, |_| {})
}

fn pauses(cx: &Cx) -> Result<()> {
    in_halves(cx, "2s", |_| thread::sleep(Duration::from_secs(5)), |_| {})
}

/// The commit's answer is lost, and before it can be repeated there is another object.
fn another_client(cx: &Cx) -> Result<()> {
    let proxied = cx.proxied(&[("timeout", "15s")])?;
    let session = proxied.app.session();
    let container = session.container(cx.shared())?;
    let name = cx.key("k");
    let theirs = pattern(7, 1000);
    let lost = Fault::Cut { at: At::BeforeHeaders, by: By::Stall, upstream: Upstream::Executed };
    proxied.proxy().arm(lost, when(cx, Place::Commit, || When::next(1)));
    let (value, stream) = begin(&container, session.value()?, &name)?;
    stream.write_all(&new(cx))?;
    let finished = thread::scope(|scope| -> Result<Reply<()>> {
        let written = scope.spawn(|| -> Result<()> {
            for _ in 0..1000 {
                if outside(cx, &name)?.is_some() {
                    cx.outside().put(cx.shared(), &name, &theirs.bytes())?;
                    proxied.proxy().clear();
                    return Ok(());
                }
                thread::sleep(Duration::from_millis(5));
            }
            proxied.proxy().clear();
            bail!("the commit did not happen")
        });
        let finished = value.finish();
        written.join().map_err(|_| anyhow::anyhow!("the other client panicked"))??;
        Ok(finished)
    })?;
    match finished {
        Ok(()) => {}
        Err(Problem::Failed { error, .. }) => {
            ensure!(["ambiguous", "conflict"].contains(&kind(&error)), "{error:?}");
        }
        Err(Problem::Broken(error)) => return Err(error),
    }
    holds(cx, &name, &theirs).context("the later one")
}

/// An upload goes on while the app is busy with another stream.
fn moved_along(cx: &Cx) -> Result<()> {
    let proxied = cx.proxied(&[])?;
    let session = proxied.app.session();
    let container = session.container(cx.shared())?;
    let block = cx.fixture().block();
    let is_no_block = cx.fixture().is_no_block();
    let mark = proxied.proxy().count();
    let answered = || {
        let requests = proxied.proxy().since(mark);
        let taken = |status: Option<u16>| status.is_some_and(|status| status < 300);
        requests.iter().filter(|one| !is_no_block(&one.request) && taken(one.status)).count()
    };
    let (value, stream) = begin(&container, session.value()?, &cx.key("large"))?;
    let (other, other_stream) = begin(&container, session.value()?, &cx.key("small"))?;
    stream.write_all(&pattern(1, 3 * block))?;
    // The first blocks are on their way. One byte after the other, elsewhere.
    let started = Instant::now();
    while answered() < 2 {
        other_stream.write("x")?;
        ensure!(
            started.elapsed() < Duration::from_secs(50),
            "two blocks did not arrive while the app wrote elsewhere"
        );
    }
    other.close()?;
    value.finish()?;
    holds(cx, &cx.key("large"), &pattern(1, 3 * block))
}
