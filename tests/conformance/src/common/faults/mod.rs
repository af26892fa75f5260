//! Every operation against every fault: what the app gets, how soon, and what the service holds afterwards.

mod table;

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, Result, anyhow, ensure};
use plugboard_faults::{Answer, Fault, Proxy, Upstream, When};

use super::{Operation as _, patiently};
use crate::case::Case;
use crate::check::equal;
use crate::cx::{Cx, Proxied};
use crate::fixture::Fixture as _;
use crate::interface::Interface;
use crate::reply::{Problem, Reply, kind};
use crate::session::Session;
use table::{DEADLINE, PATIENT, PROTOCOL, TRIED, UNAVAILABLE, hang};
pub(crate) use table::{Expect, Row, SUCCESS, Trouble};

pub(crate) fn cases<I: Interface>() -> Vec<Case<I>> {
    let mut cases = Vec::new();
    for row in table::table(I::nonsense()) {
        let row = Arc::new(row);
        for operation in I::Operation::ALL {
            let what = format!("{}-on-{}", row.name, operation.name());
            let (rule, row) = (row.rule, row.clone());
            cases.push(Case::new(rule, what, operation.flavors(), move |cx| hold(cx, &row, *operation)));
        }
    }
    for operation in I::Operation::ALL {
        let each = |what: &str, run: fn(&Cx<I>, I::Operation) -> Result<()>| {
            let what = format!("{what}-on-{}", operation.name());
            Case::new("all.retry", what, operation.flavors(), move |cx| run(cx, *operation))
        };
        cases.push(each("a-service-that-comes-back", comes_back));
        cases.push(each("redirects-are-not-followed", redirect));
    }
    let each = |rule, what, run: fn(&Cx<I>) -> Result<()>| Case::new(rule, what, I::EACH, run);
    cases.extend([
        each("all.retry", "retry-after-in-seconds-is-honoured", |cx| {
            retry_after(cx, Answer::status(503).retry_after(1), Duration::from_millis(990))
        }),
        each("all.retry", "retry-after-of-a-429-is-honoured", |cx| {
            retry_after(cx, Answer::status(429).retry_after(1), Duration::from_millis(990))
        }),
        each("all.retry", "retry-after-as-a-date-is-honoured", |cx| {
            // By the service's own clock, whatever ours says.
            let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
            let answer = Answer::status(503).header("Date", &httpdate::fmt_http_date(now));
            retry_after(cx, answer.retry_at(now + Duration::from_secs(1)), Duration::from_millis(990))
        }),
        each("all.retry", "retry-after-beyond-the-deadline-is-unavailable", beyond_deadline),
        each("all.retry", "a-retry-after-that-makes-no-sense", nonsense_retry_after),
        each("all.deadline", "deadlines-that-are-over-at-once", over_at_once),
    ]);
    cases
}

/// A session through a proxy.
fn proxied<I: Interface>(cx: &Cx<I>, deadline: u64) -> Result<(Proxied<I>, Session<I>)> {
    let proxied = cx.proxied(&[("timeout", &format!("{deadline}s"))])?;
    let session = proxied.app.session();
    Ok((proxied, session))
}

/// The error, none if there is none.
fn failure(reply: Reply<()>) -> Result<Option<String>> {
    match reply {
        Ok(()) => Ok(None),
        Err(Problem::Failed { error, .. }) => Ok(Some(error)),
        Err(Problem::Broken(error)) => Err(error),
    }
}

/// The kind, none for success, if it is as expected.
pub(super) fn expected(reply: Reply<()>, expect: Expect) -> Result<Option<String>> {
    let failure = failure(reply)?;
    let kind = failure.as_deref().map(kind);
    ensure!(
        expect.contains(&kind.unwrap_or(SUCCESS[0])),
        "got {failure:?}, expected {}",
        expect.join(" or ")
    );
    Ok(kind.map(str::to_owned))
}

/// Runs the operation while the trouble lasts, and looks at everything that must hold. The requests that it took.
fn try_once<I: Interface>(
    cx: &Cx<I>,
    (proxied, session): &(Proxied<I>, Session<I>),
    (operation, row): (I::Operation, &Row),
    (when, expect): (When, Expect),
) -> Result<usize> {
    let proxy = proxied.proxy();
    let mut prepared = operation.prepare(cx, session)?;
    let before = proxy.count();
    let concerns = operation.concerns(cx);
    row.fault.strike(proxy, when.matching(concerns));
    let started = Instant::now();
    let reply = prepared.run();
    let took = started.elapsed();
    proxy.clear();
    let requests = proxy.since(before).iter().filter(|recorded| concerns(&recorded.request)).count();

    let kind = expected(reply, expect)?;
    let waits = u32::try_from(operation.waits())?;
    ensure!(took < hang(row.deadline) * waits, "it took {took:?} with a deadline of {} s", row.deadline);
    if operation.once() {
        let most = operation.requests(&cx.provider.capabilities);
        ensure!(requests <= most, "it was sent {requests} times");
    }
    prepared.check(cx, kind.as_deref())?;
    // The instance is none the worse for it.
    patiently(|| I::echo(cx, session, "theirs"))?;
    Ok(requests)
}

fn hold<I: Interface>(cx: &Cx<I>, row: &Row, operation: I::Operation) -> Result<()> {
    let subject = (operation, row);
    let expect = operation.expect(cx, row);
    try_once(cx, &proxied(cx, row.deadline)?, subject, (When::always(), expect))
        .context("with nothing but the fault")?;
    if let Some(expect) = operation.mended(row).filter(|mended| *mended != expect) {
        let requests = try_once(cx, &proxied(cx, PATIENT)?, subject, (When::next(1), expect))
            .context("with one occurrence of the fault")?;
        let more = requests.checked_sub(operation.requests(&cx.provider.capabilities));
        ensure!(
            more.is_some_and(|more| (1..=operation.mending()).contains(&more)),
            "{requests} requests with one occurrence of the fault"
        );
    }
    Ok(())
}

fn comes_back<I: Interface>(cx: &Cx<I>, operation: I::Operation) -> Result<()> {
    let (proxied, session) = proxied(cx, PATIENT)?;
    let mut prepared = operation.prepare(cx, &session)?;
    proxied.proxy().refuse_connections();
    let reply = thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(200));
            proxied.proxy().clear();
        });
        prepared.run()
    });
    expected(reply, SUCCESS)?;
    prepared.check(cx, None)
}

fn redirect<I: Interface>(cx: &Cx<I>, operation: I::Operation) -> Result<()> {
    let (proxied, session) = proxied(cx, DEADLINE)?;
    let elsewhere = Proxy::start(cx.fixture().address())?;
    for status in [301, 302, 303, 307, 308] {
        let mut prepared = operation.prepare(cx, &session)?;
        let before = proxied.proxy().count();
        let answer = Answer::redirect(status, &format!("{}/elsewhere", elsewhere.url()));
        let concerns = operation.concerns(cx);
        let always = When::always().matching(concerns);
        proxied.proxy().arm(Fault::Answer { answer, upstream: Upstream::Skipped }, always);
        let reply = prepared.run();
        proxied.proxy().clear();
        let kind = expected(reply, PROTOCOL).with_context(|| status.to_string())?;
        prepared.check(cx, kind.as_deref())?;
        let requests = proxied.proxy().since(before).iter().filter(|one| concerns(&one.request)).count();
        // What was begun may be given up, which is a request as well.
        let most = operation.requests(&cx.provider.capabilities) + operation.mending();
        ensure!((1..=most).contains(&requests), "{requests} requests");
    }
    equal("connections to where the redirect points", elsewhere.connections(), 0)
}

/// Not before the service wants it, which no slow machine can spoil.
fn retry_after<I: Interface>(cx: &Cx<I>, answer: Answer, wait: Duration) -> Result<()> {
    let (proxied, session) = proxied(cx, PATIENT)?;
    let mut write = I::Operation::WRITE.prepare(cx, &session)?;
    let before = proxied.proxy().count();
    proxied.proxy().arm(Fault::Answer { answer, upstream: Upstream::Skipped }, When::next(1));
    let started = Instant::now();
    write.run()?;
    ensure!(started.elapsed() >= wait, "sent again after {:?} already", started.elapsed());
    equal("requests", proxied.proxy().count() - before, 2)
}

/// Often no time is left for the next try: the host must not be asked for a timeout of zero, which some die of.
fn over_at_once<I: Interface>(cx: &Cx<I>) -> Result<()> {
    for deadline in ["1ms", "75ms"] {
        let proxied = cx.proxied(&[("timeout", deadline)])?;
        let answer = Answer::status(503);
        proxied.proxy().arm(Fault::Answer { answer, upstream: Upstream::Skipped }, When::always());
        let call = || {
            let session = proxied.app.session();
            let mut read = I::Operation::READ.prepare(cx, &session)?;
            for _ in 0..25 {
                expected(read.run(), TRIED).with_context(|| format!("with a deadline of {deadline}"))?;
            }
            Ok(())
        };
        thread::scope(|scope| {
            let clients = (0..16).map(|_| scope.spawn(call)).collect::<Vec<_>>();
            let joined =
                clients.into_iter().map(|client| client.join().map_err(|_| anyhow!("a client panicked"))?);
            joined.collect::<Result<()>>()
        })?;
    }
    Ok(())
}

fn beyond_deadline<I: Interface>(cx: &Cx<I>) -> Result<()> {
    let (proxied, session) = proxied(cx, DEADLINE)?;
    let mut write = I::Operation::WRITE.prepare(cx, &session)?;
    let before = proxied.proxy().count();
    let answer = Answer::status(503).retry_after(3600);
    proxied.proxy().arm(Fault::Answer { answer, upstream: Upstream::Skipped }, When::always());
    let started = Instant::now();
    expected(write.run(), UNAVAILABLE)?;
    ensure!(started.elapsed() < hang(DEADLINE), "it took {:?}", started.elapsed());
    equal("requests", proxied.proxy().count() - before, 1)
}

fn nonsense_retry_after<I: Interface>(cx: &Cx<I>) -> Result<()> {
    let (proxied, session) = proxied(cx, PATIENT)?;
    for value in ["", "soon", "-1", "1.5", "99999999999999999999999999", "Thu, 01 Jan 1970 00:00:00 GMT"] {
        let mut write = I::Operation::WRITE.prepare(cx, &session)?;
        let answer = Answer::status(503).header("Retry-After", value);
        proxied.proxy().arm(Fault::Answer { answer, upstream: Upstream::Skipped }, When::next(1));
        let started = Instant::now();
        let failure = failure(write.run())?;
        // Ignored, or taken for more than there is time for.
        let fine = failure.as_deref().is_none_or(|failure| kind(failure) == "unavailable");
        ensure!(fine, "{value:?}: {failure:?}");
        ensure!(started.elapsed() < hang(PATIENT), "{value:?}: it took {:?}", started.elapsed());
        proxied.proxy().clear();
    }
    Ok(())
}
