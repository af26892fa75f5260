//! Every operation against every fault: what the app gets, how soon, and what is in the store afterwards.

use std::fmt;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, Result, anyhow, ensure};
use plugboard_faults::{Answer, At, By, Fault, Proxy, Upstream, When};
use probe::Failure;

use super::operations::{Nature, Operation, patiently};
use super::{equal, some};
use crate::app::{Bucket, Session};
use crate::case::Case;
use crate::cx::{Cx, Proxied};
use crate::reply::{Problem, Reply, kind};

/// The usual deadline, in seconds: short, as many trials wait for it.
const DEADLINE: u64 = 1;
/// One that a busy machine does not reach, for what must succeed.
const PATIENT: u64 = 15;

/// Twice the deadline and two seconds: a hang, not a slow machine.
fn hang(deadline: u64) -> Duration {
    Duration::from_secs(2 * deadline + 2)
}

/// One kind of fault, and what it must come to.
struct Row {
    rule: &'static str,
    name: String,
    fault: Trouble,
    /// What a repeatable operation gets when it meets nothing else.
    always: Expect,
    /// What one that must happen once gets.
    once: Expect,
    /// Whether a repeatable operation gets over one occurrence.
    mended: bool,
    deadline: u64,
}

#[derive(Clone)]
enum Trouble {
    Fault(Fault),
    Refused,
    Ignored,
}

/// The kinds of error; empty where the operation must succeed.
type Expect = &'static [&'static str];

const SUCCESS: Expect = &[];
const AMBIGUOUS: Expect = &["ambiguous"];
const UNAVAILABLE: Expect = &["unavailable"];
/// The last of several tries may be cut off by the deadline.
const TRIED: Expect = &["unavailable", "timeout"];
const PROTOCOL: Expect = &["protocol"];

impl Trouble {
    fn strike(&self, proxy: &Proxy, when: When) {
        match self {
            Trouble::Fault(fault) => proxy.arm(fault.clone(), when),
            Trouble::Refused => proxy.refuse_connections(),
            Trouble::Ignored => proxy.ignore_connections(),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::Fault(fault) => write!(f, "{fault}"),
            Trouble::Refused => f.write_str("refused"),
            Trouble::Ignored => f.write_str("ignored"),
        }
    }
}

fn row(rule: &'static str, fault: Trouble, always: Expect, once: Expect, mended: bool) -> Row {
    Row { rule, name: fault.to_string(), fault, always, once, mended, deadline: DEADLINE }
}

fn answer(rule: &'static str, answer: Answer, always: Expect, once: Expect, mended: bool) -> Row {
    let fault = Fault::Answer { answer, upstream: Upstream::Skipped };
    row(rule, Trouble::Fault(fault), always, once, mended)
}

fn table() -> Vec<Row> {
    let mut rows = vec![
        // Nothing was sent, so everything may be tried again: long enough that the deadline spoils no try.
        Row { deadline: 5, ..row("all.retry", Trouble::Refused, UNAVAILABLE, UNAVAILABLE, false) },
        row("all.deadline", Trouble::Ignored, &["timeout"], AMBIGUOUS, false),
    ];
    for upstream in Upstream::ALL {
        // Whether it ran, only the fault knows: what the app hears must be true in both cases.
        let rule = if upstream == Upstream::Executed { "all.commit-lost" } else { "all.retry" };
        for at in At::ALL {
            for by in [By::Reset, By::Close] {
                let fault = Trouble::Fault(Fault::Cut { at, by, upstream });
                rows.push(row(rule, fault, TRIED, AMBIGUOUS, true));
            }
            let stall = Trouble::Fault(Fault::Cut { at, by: By::Stall, upstream });
            rows.push(row("all.deadline", stall, &["timeout"], AMBIGUOUS, false));
        }
        for status in [500, 502, 503, 504] {
            let fault = Trouble::Fault(Fault::Answer { answer: Answer::status(status), upstream });
            rows.push(row(rule, fault, TRIED, AMBIGUOUS, true));
        }
    }
    let close = Trouble::Fault(Fault::CloseMidRequest { after: 0 });
    rows.push(row("all.retry", close, TRIED, AMBIGUOUS, true));
    // That there were too many requests means that this one was not done.
    rows.push(answer("all.retry", Answer::status(429), TRIED, UNAVAILABLE, true));

    let late = |fault| Trouble::Fault(fault);
    let slow = Fault::SlowFirstByte(Duration::from_secs(30));
    rows.push(row("all.deadline", late(slow), &["timeout"], AMBIGUOUS, false));
    for from in At::ALL {
        // Some answers have few bytes: each alone would come in time.
        let drip = Fault::SlowDrip { every: Duration::from_millis(700), from };
        rows.push(row("all.deadline", late(drip), &["timeout"], AMBIGUOUS, false));
    }
    for chunked in [true, false] {
        let endless = Fault::Endless { chunked, limit: 1 << 30 };
        let capped: Expect = &["too-large", "timeout"];
        rows.push(row("all.no-trap", late(endless), capped, AMBIGUOUS, false));
    }

    // What the service did not do, and says so.
    let refused: Expect = &["access-denied"];
    rows.push(answer("all.errors", Answer::status(401), refused, refused, false));
    rows.push(answer("all.errors", Answer::status(403), refused, refused, false));
    for status in [400, 404, 405, 418] {
        // Without a word of the service's own it may be from anything on the way.
        let kinds: Expect = &["protocol", "invalid"];
        let once: Expect = &["protocol", "invalid", "ambiguous"];
        rows.push(answer("all.errors", Answer::status(status), kinds, once, false));
    }
    rows.push(answer("all.errors", Answer::status(413), &["too-large"], &["too-large"], false));

    // What is no answer at all: an operation that must not happen twice may have happened.
    for nonsense in [
        Answer::status(200),
        Answer::status(204),
        Answer::garbage_json(),
        Answer::garbage_bytes(),
        Answer::json("json-null", "null"),
        Answer::json("json-number", "12"),
        Answer::json("json-list", "[[[]]]"),
        Answer::json("json-object", "{}"),
        Answer::json("json-result-object", "{\"result\":{\"a\":[1]}}"),
        Answer::json("json-result-nested", "{\"result\":[[[[]]],{}]}"),
        Answer::json("json-error-object", "{\"error\":{}}"),
        Answer::json("json-deep", &"[".repeat(100_000)),
        Answer::json("html", "<html><body>It works!</body></html>"),
        Answer::json("resp-integer-of-nothing", ":\r\n"),
        Answer::json("resp-length-of-a-pebibyte", "$1125899906842624\r\nx\r\n"),
        Answer::json("resp-negative-length", "$-7\r\n"),
        Answer::json("resp-list-of-a-pebibyte", "*1125899906842624\r\n"),
        Answer::json("resp-half", "$5\r\nab"),
        Answer::json("resp-map", "%1\r\n+a\r\n+b\r\n"),
    ] {
        rows.push(answer("all.no-trap", nonsense, PROTOCOL, AMBIGUOUS, false));
    }
    let not_http = Trouble::Fault(Fault::NotHttp);
    rows.push(row("all.no-trap", not_http, &["protocol", "unavailable", "timeout"], AMBIGUOUS, false));
    let headers: Expect = &["protocol", "too-large", "unavailable", "timeout"];
    rows.push(answer("all.no-trap", Answer::oversized_headers(), headers, AMBIGUOUS, false));

    // Unusual, and right.
    let unusual =
        [Fault::WithoutLength, Fault::InterimNoise, Fault::SlowFirstByte(Duration::from_millis(100))];
    for fault in unusual {
        let fine = row("all.no-trap", Trouble::Fault(fault), SUCCESS, SUCCESS, true);
        let mut fine = Row { deadline: PATIENT, ..fine };
        if fine.name == "slow-first-byte" {
            fine.name = "slow-first-byte-in-time".to_owned();
        }
        rows.push(fine);
    }
    rows
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for row in table() {
        let row = std::sync::Arc::new(row);
        for operation in Operation::ALL {
            let (what, rule) = (format!("{}-on-{}", row.name, operation.name()), row.rule);
            let row = row.clone();
            cases.push(Case::each(rule, what, move |cx| hold(cx, &row, operation)).only(operation.flavors()));
        }
    }
    for operation in Operation::ALL {
        let each = |rule, what: &str, run: fn(&Cx, Operation) -> Result<()>| {
            let what = format!("{what}-on-{}", operation.name());
            Case::each(rule, what, move |cx| run(cx, operation)).only(operation.flavors())
        };
        cases.push(each("all.retry", "a-service-that-comes-back", comes_back));
        cases.push(each("all.retry", "redirects-are-not-followed", redirect));
    }
    cases.extend([
        Case::each("all.retry", "retry-after-in-seconds-is-honoured", |cx| {
            retry_after(cx, Answer::status(503).retry_after(1), Duration::from_millis(990))
        }),
        Case::each("all.retry", "retry-after-of-a-429-is-honoured", |cx| {
            retry_after(cx, Answer::status(429).retry_after(1), Duration::from_millis(990))
        }),
        Case::each("all.retry", "retry-after-as-a-date-is-honoured", |cx| {
            // By the service's own clock, whatever ours says.
            let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
            let answer = Answer::status(503).header("Date", &httpdate::fmt_http_date(now));
            retry_after(cx, answer.retry_at(now + Duration::from_secs(1)), Duration::from_millis(990))
        }),
        Case::each("all.retry", "retry-after-beyond-the-deadline-is-unavailable", beyond_deadline),
        Case::each("all.retry", "a-retry-after-that-makes-no-sense", nonsense_retry_after),
        Case::each("all.deadline", "deadlines-that-are-over-at-once", over_at_once),
    ]);
    cases
}

/// A session through a proxy.
fn proxied(cx: &Cx, deadline: u64) -> Result<(Proxied, Session)> {
    let proxied = cx.proxied(&[("timeout", &format!("{deadline}s"))])?;
    let session = proxied.app.session();
    Ok((proxied, session))
}

/// The error, none if there is none.
fn failure(reply: Reply<()>) -> Result<Option<Failure>> {
    match reply {
        Ok(()) => Ok(None),
        Err(Problem::Failed { failure, .. }) => Ok(Some(failure)),
        Err(Problem::Broken(error)) => Err(error),
    }
}

/// The kind, none for success, if it is as expected.
fn expected(reply: Reply<()>, expect: Expect) -> Result<Option<String>> {
    let failure = failure(reply)?;
    let kind = failure.as_ref().map(kind);
    let fits = kind.map_or(expect.is_empty(), |kind| expect.contains(&kind));
    let words = if expect.is_empty() { "success".to_owned() } else { expect.join(" or ") };
    ensure!(fits, "got {failure:?}, expected {words}");
    Ok(kind.map(str::to_owned))
}

/// Runs the operation while the trouble lasts, and looks at everything that must hold. The requests that it took.
fn try_once(
    cx: &Cx,
    proxied: &Proxied,
    bucket: &Bucket,
    (operation, row): (Operation, &Row),
    (when, expect): (When, Expect),
) -> Result<usize> {
    let proxy = proxied.proxy();
    let mut prepared = operation.prepare(cx, bucket)?;
    let before = proxy.count();
    row.fault.strike(proxy, when);
    let started = Instant::now();
    let reply = prepared.run();
    let took = started.elapsed();
    proxy.clear();
    let requests = proxy.count() - before;

    let kind = expected(reply, expect)?;
    ensure!(took < hang(row.deadline), "it took {took:?} with a deadline of {} s", row.deadline);
    if operation.nature() == Nature::Once {
        ensure!(requests <= 1, "it was sent {requests} times");
    }
    prepared.check(cx, kind.as_deref())?;
    // The instance is none the worse for it.
    equal("get afterwards", patiently(|| bucket.get(&cx.key("other")))?, some("theirs"))?;
    Ok(requests)
}

fn hold(cx: &Cx, row: &Row, operation: Operation) -> Result<()> {
    let (proxied, session) = proxied(cx, row.deadline)?;
    let bucket = session.open("")?;
    cx.outside().set(cx.key("other").as_bytes(), b"theirs")?;
    let once = operation.nature() == Nature::Once;
    let expect = if once { row.once } else { row.always };
    let subject = (operation, row);
    try_once(cx, &proxied, &bucket, subject, (When::always(), expect))
        .context("with nothing but the fault")?;
    if row.mended && !once && !expect.is_empty() {
        let (proxied, session) = self::proxied(cx, PATIENT)?;
        let bucket = session.open("")?;
        let requests = try_once(cx, &proxied, &bucket, subject, (When::next(1), SUCCESS))
            .context("with one occurrence of the fault")?;
        equal("requests with one occurrence of the fault", requests, 2)?;
    }
    Ok(())
}

fn comes_back(cx: &Cx, operation: Operation) -> Result<()> {
    let (proxied, session) = proxied(cx, PATIENT)?;
    let bucket = session.open("")?;
    let mut prepared = operation.prepare(cx, &bucket)?;
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

fn redirect(cx: &Cx, operation: Operation) -> Result<()> {
    let (proxied, session) = proxied(cx, DEADLINE)?;
    let bucket = session.open("")?;
    let elsewhere = Proxy::start(cx.fixture().address())?;
    for status in [301, 302, 303, 307, 308] {
        let mut prepared = operation.prepare(cx, &bucket)?;
        let before = proxied.proxy().count();
        let answer = Answer::redirect(status, &format!("{}/elsewhere", elsewhere.url()));
        proxied.proxy().arm(Fault::Answer { answer, upstream: Upstream::Skipped }, When::always());
        let reply = prepared.run();
        proxied.proxy().clear();
        let kind = expected(reply, PROTOCOL).with_context(|| status.to_string())?;
        prepared.check(cx, kind.as_deref())?;
        equal("requests", proxied.proxy().count() - before, 1)?;
    }
    equal("connections to where the redirect points", elsewhere.connections(), 0)
}

/// Not before the service wants it, which no slow machine can spoil.
fn retry_after(cx: &Cx, answer: Answer, wait: Duration) -> Result<()> {
    let (proxied, session) = proxied(cx, PATIENT)?;
    let bucket = session.open("")?;
    let before = proxied.proxy().count();
    proxied.proxy().arm(Fault::Answer { answer, upstream: Upstream::Skipped }, When::next(1));
    let started = Instant::now();
    bucket.set(&cx.key("k"), "1")?;
    ensure!(started.elapsed() >= wait, "sent again after {:?} already", started.elapsed());
    equal("requests", proxied.proxy().count() - before, 2)
}

/// Often no time is left for the next try: the host must not be asked for a timeout of zero, which some die of.
fn over_at_once(cx: &Cx) -> Result<()> {
    for deadline in ["1ms", "75ms"] {
        let proxied = cx.proxied(&[("timeout", deadline)])?;
        let answer = Answer::status(503);
        proxied.proxy().arm(Fault::Answer { answer, upstream: Upstream::Skipped }, When::always());
        let call = || {
            let session = proxied.app.session();
            let bucket = session.open("")?;
            for _ in 0..25 {
                let reply = bucket.get(&cx.key("k")).map(drop);
                expected(reply, TRIED).with_context(|| format!("with a deadline of {deadline}"))?;
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

fn beyond_deadline(cx: &Cx) -> Result<()> {
    let (proxied, session) = proxied(cx, DEADLINE)?;
    let bucket = session.open("")?;
    let before = proxied.proxy().count();
    let answer = Answer::status(503).retry_after(3600);
    proxied.proxy().arm(Fault::Answer { answer, upstream: Upstream::Skipped }, When::always());
    let started = Instant::now();
    expected(bucket.set(&cx.key("k"), "1"), UNAVAILABLE)?;
    ensure!(started.elapsed() < hang(DEADLINE), "it took {:?}", started.elapsed());
    equal("requests", proxied.proxy().count() - before, 1)
}

fn nonsense_retry_after(cx: &Cx) -> Result<()> {
    let (proxied, session) = proxied(cx, PATIENT)?;
    let bucket = session.open("")?;
    for value in ["", "soon", "-1", "1.5", "99999999999999999999999999", "Thu, 01 Jan 1970 00:00:00 GMT"] {
        let answer = Answer::status(503).header("Retry-After", value);
        proxied.proxy().arm(Fault::Answer { answer, upstream: Upstream::Skipped }, When::next(1));
        let started = Instant::now();
        let failure = failure(bucket.set(&cx.key("k"), "1"))?;
        // Ignored, or taken for more than there is time for.
        let fine = failure.as_ref().is_none_or(|failure| kind(failure) == "unavailable");
        ensure!(fine, "{value:?}: {failure:?}");
        ensure!(started.elapsed() < hang(PATIENT), "{value:?}: it took {:?}", started.elapsed());
        proxied.proxy().clear();
    }
    Ok(())
}
