use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use plugboard_faults::{Answer, At, By, Fault, Proxy, Upstream, When};
use probe::keyvalue::{Outcome, Step};

use crate::check::equal;
use crate::interface::Interface as _;
use crate::keyvalue::{App, Case, Cx, Flavor, Keyvalue};
use crate::reply::kind;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::each("kv.linear", "32-clients-increment", |cx| without_faults(cx, increment)),
        Case::each("kv.linear", "32-clients-swap", |cx| without_faults(cx, count)).only(Flavor::WITH_CAS),
        Case::each("kv.linear", "32-clients-increment-while-faults-strike", |cx| with_faults(cx, increment)),
        Case::each("kv.linear", "32-clients-swap-while-faults-strike", |cx| with_faults(cx, count))
            .only(Flavor::WITH_CAS),
    ]
}

const CLIENTS: usize = 32;

/// What each client does to the key, and how often.
type Work = fn(&str) -> (Step, usize);

fn increment(key: &str) -> (Step, usize) {
    (Step::Increment { bucket: "b".into(), key: key.into(), delta: 1 }, 10)
}

fn count(key: &str) -> (Step, usize) {
    (Step::CasCount { bucket: "b".into(), key: key.into() }, 2)
}

/// Runs all clients at once.
fn outcomes(cx: &Cx, app: &App, key: &str, work: Work) -> Result<Vec<Outcome>> {
    // They are to get into each other's way, not into that of other herds.
    static ONE: Mutex<()> = Mutex::new(());
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let open = Step::Open { draft: cx.flavor.draft(), identifier: String::new(), handle: "b".into() };
    let (step, times) = work(key);
    let program = [open].into_iter().chain(std::iter::repeat_n(step, times)).collect::<Vec<_>>();
    std::thread::scope(|scope| {
        let clients = (0..CLIENTS).map(|_| scope.spawn(|| app.run(&program))).collect::<Vec<_>>();
        let mut all = Vec::new();
        for client in clients {
            let outcomes = client.join().map_err(|_| anyhow::anyhow!("a client panicked"))??;
            all.extend(outcomes.into_iter().skip(1));
        }
        Ok(all)
    })
}

/// The acknowledged sums, none of them twice, and the number of errors that leave it open.
fn judge(outcomes: Vec<Outcome>) -> Result<(usize, usize)> {
    let (mut sums, mut ambiguous) = (BTreeSet::new(), 0);
    for outcome in outcomes {
        match outcome {
            Outcome::Number(sum) => ensure!(sums.insert(sum), "two clients were told {sum}"),
            other => match Keyvalue::failure(&other)?.as_deref().map(kind) {
                Some("ambiguous") => ambiguous += 1,
                Some("unavailable" | "timeout" | "conflict") => {}
                _ => anyhow::bail!("{other:?}"),
            },
        }
    }
    Ok((sums.len(), ambiguous))
}

fn value(cx: &Cx, key: &str) -> Result<usize> {
    let value = cx.outside().get(key.as_bytes())?.context("the counter is gone")?;
    Ok(String::from_utf8(value)?.parse()?)
}

fn without_faults(cx: &Cx, work: Work) -> Result<()> {
    let key = cx.key("counter");
    // As long as it takes: on a busy machine the last of the herd may wait for the others beyond the usual deadline.
    let outcomes = outcomes(cx, &cx.app_with(&[("timeout", "90s")])?, &key, work)?;
    let wanted = CLIENTS * work(&key).1;
    equal("acknowledged and ambiguous", judge(outcomes)?, (wanted, 0))?;
    equal("the counter", value(cx, &key)?, wanted)
}

fn with_faults(cx: &Cx, work: Work) -> Result<()> {
    let key = cx.key("counter");
    cx.outside().set(key.as_bytes(), b"0")?;
    let proxied = cx.proxied(&[("timeout", "5s")])?;
    strike(proxied.proxy());
    let outcomes = outcomes(cx, &proxied.app, &key, work)?;
    proxied.proxy().clear();
    let struck = proxied.proxy().requests().iter().filter(|request| request.fault.is_some()).count();
    ensure!(struck > 0, "no fault struck");
    let (acknowledged, ambiguous) = judge(outcomes)?;
    let value = value(cx, &key)?;
    ensure!(acknowledged > 0, "nothing came through");
    ensure!(
        (acknowledged..=acknowledged + ambiguous).contains(&value),
        "the counter is {value}: {acknowledged} were acknowledged, {ambiguous} were ambiguous"
    );
    Ok(())
}

/// A third of all requests, by a seed: the same faults in every run, though not at the same requests.
fn strike(proxy: &Proxy) {
    for (at, upstream) in [
        (At::BeforeHeaders, Upstream::Executed),
        (At::BeforeHeaders, Upstream::Skipped),
        (At::MidBody, Upstream::Executed),
    ] {
        proxy.arm(Fault::Cut { at, by: By::Reset, upstream }, When::fraction(0.06, 1));
    }
    for (status, upstream) in [(503, Upstream::Skipped), (502, Upstream::Executed), (429, Upstream::Skipped)]
    {
        proxy.arm(Fault::Answer { answer: Answer::status(status), upstream }, When::fraction(0.05, 2));
    }
    proxy.arm(Fault::SlowFirstByte(Duration::from_millis(50)), When::fraction(0.05, 3));
}
