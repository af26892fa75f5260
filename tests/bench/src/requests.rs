//! HTTP requests, looked at and counted by a proxy between kv-redis and Webdis.

use anyhow::{Context, Result, ensure};
use plugboard_faults::{Proxy, Request};
use probe::keyvalue::{Draft, Outcome, Step};

use crate::app::{App, Form};
use crate::bench::{Bench, KEY, check_favorites, redis};
use crate::client::Client;
use crate::table::Row;

/// Keys per batch.
const BATCH: usize = 100;

/// The one request with which all pipes get the value; an error if they make different ones.
pub fn identical(bench: &Bench) -> Result<Request> {
    let proxy = Proxy::start(bench.webdis.addr())?;
    let request_of = |app: &App| -> Result<Request> {
        let app = app.serve(bench.run, Form::Compiled, 0, &redis(&proxy.url()), &[])?;
        let mark = proxy.count();
        Client::new().get(&format!("{}/{KEY}", app.url()))?;
        let mut recorded = proxy.since(mark);
        ensure!(recorded.len() == 1, "one get took {} requests", recorded.len());
        Ok(recorded.remove(0).request)
    };
    let plugged = request_of(&bench.plugged)?;
    for app in [&bench.by_hand, &bench.plugged_by_hand] {
        let by_hand = request_of(app)?;
        // Method, target, every header field in its order, body.
        ensure!(
            plugged == by_hand,
            "the requests differ, so nothing can be compared:\n{plugged:?}\n{by_hand:?}"
        );
    }
    Ok(plugged)
}

/// Requests per operation, against the rule `kv.requests` of docs/semantics.md.
pub fn count(bench: &Bench) -> Result<Vec<Row>> {
    let proxy = Proxy::start(bench.webdis.addr())?;
    let probe = bench.probe.serve(bench.run, Form::Compiled, 0, &redis(&proxy.url()), &[])?;
    let client = Client::new();
    let requests = |steps: &[Step]| -> Result<usize> {
        let mark = proxy.count();
        let answer = client.post(probe.url(), &serde_json::to_vec(steps)?)?;
        let outcomes: Vec<Outcome> = serde_json::from_slice(&answer).context("the probe's answer")?;
        let failed = outcomes.iter().find(|o| matches!(o, Outcome::Failed(_) | Outcome::CasFailed));
        ensure!(failed.is_none(), "{steps:?} came to {failed:?}");
        Ok(proxy.count() - mark)
    };

    let mut rows = Vec::new();
    let draft = operations(Draft::Draft);
    for (i, (name, goal, steps)) in operations(Draft::Draft2).into_iter().enumerate() {
        let mut samples = Vec::new();
        for steps in [Some(&steps), draft.get(i).map(|(_, _, steps)| steps)].into_iter().flatten() {
            // What comes before the operation is run by itself too, and taken off.
            let (_, before) = steps.split_last().context("an operation has steps")?;
            let before = requests(before)?;
            samples.push((requests(steps)? - before) as f64);
        }
        rows.push(Row::new(format!("kv-redis: {name}"), "HTTP requests", &samples).exactly(goal));
    }

    let favorites = bench.favorites.serve(bench.run, Form::Compiled, 0, &redis(&proxy.url()), &[])?;
    let mark = proxy.count();
    check_favorites(&client.get(&format!("{}/users/bench", favorites.url()))?)?;
    let count = (proxy.count() - mark) as f64;
    rows.push(Row::new("favorites: GET /users/{name}", "HTTP requests", &[count]).exactly(2.0));
    Ok(rows)
}

/// Names, goals, and the steps that end in the operation. The first ones are those of both drafts.
fn operations(draft: Draft) -> Vec<(String, f64, Vec<Step>)> {
    let bucket = || "bucket".to_owned();
    let key = || "bench-key".to_owned();
    let keys = || (0..BATCH).map(|n| format!("bench-{n}")).collect::<Vec<_>>();
    let open = Step::Open { draft, identifier: String::new(), handle: bucket() };
    let cas_new = Step::CasNew { bucket: bucket(), key: key(), handle: "cas".into() };
    let swap = Step::CasSwap { cas: "cas".into(), value: "2".into(), failed: "fresh".into() };
    let pairs = keys().into_iter().map(|key| (key, "v".into())).collect();

    let mut operations = vec![("open".to_owned(), 0.0, vec![open.clone()])];
    let mut add = |name: &str, steps: &[Step]| {
        operations.push((name.to_owned(), 1.0, [std::slice::from_ref(&open), steps].concat()));
    };
    add("set", &[Step::Set { bucket: bucket(), key: key(), value: "1".into() }]);
    add("get", &[Step::Get { bucket: bucket(), key: key() }]);
    add("exists", &[Step::Exists { bucket: bucket(), key: key() }]);
    add("list-keys, a page", &[Step::ListKeys { bucket: bucket(), cursor: None }]);
    add("increment", &[Step::Increment { bucket: bucket(), key: key(), delta: 1 }]);
    add("delete", &[Step::Delete { bucket: bucket(), key: key() }]);
    add(&format!("set-many, {BATCH} keys"), &[Step::SetMany { bucket: bucket(), pairs }]);
    add(&format!("get-many, {BATCH} keys"), &[Step::GetMany { bucket: bucket(), keys: keys() }]);
    add(&format!("delete-many, {BATCH} keys"), &[Step::DeleteMany { bucket: bucket(), keys: keys() }]);
    if draft == Draft::Draft2 {
        add("cas.new", std::slice::from_ref(&cas_new));
        add("cas.swap", &[cas_new, swap]);
    }
    operations
}
