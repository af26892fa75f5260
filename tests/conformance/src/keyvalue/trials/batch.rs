use std::collections::BTreeSet;

use anyhow::{Result, anyhow, ensure};
use plugboard_faults::{At, By, Fault, Upstream, When};
use probe::keyvalue::{Outcome, Step};

use super::some;
use crate::check::equal;
use crate::keyvalue::app::{Bucket, Pair};
use crate::keyvalue::{AtomicBatch, Case, Cx, Flavor};

pub(super) fn cases() -> Vec<Case> {
    let cases = [
        Case::each("kv.get-many", "order-duplicates-and-missing-keys", get_many),
        Case::each("kv.get-many", "empty-input-is-no-I/O", |cx| {
            no_io(cx, |bucket| {
                let none: [&str; 0] = [];
                equal("get-many of nothing", bucket.get_many(&none)?, vec![])
            })
        }),
        Case::each("kv.get-many", "a-thousand-keys", get_a_thousand),
        Case::each("kv.get-many", "a-thousand-missing-keys", get_a_thousand_missing),
        Case::each("kv.set-many", "writes-all", set_many),
        Case::each("kv.set-many", "of-duplicates-the-last-wins", duplicates),
        Case::each("kv.set-many", "empty-input-is-no-I/O", |cx| {
            no_io(cx, |bucket| {
                let none: [(&str, &str); 0] = [];
                Ok(bucket.set_many(&none)?)
            })
        }),
        Case::each("kv.set-many", "all-or-nothing-for-other-readers", atomic).unless(|p| {
            (p.capabilities.atomic_batch != AtomicBatch::All)
                .then_some("the service reads a batch piece by piece")
        }),
        Case::each("kv.set-many", "all-or-nothing-when-the-connection-breaks", whole_or_not).unless(|p| {
            (p.capabilities.atomic_batch == AtomicBatch::None)
                .then_some("the service writes a batch piece by piece")
        }),
        Case::each("kv.delete-many", "skips-missing-keys", delete_many),
        Case::each("kv.delete-many", "duplicates-and-a-thousand-keys", delete_a_thousand),
        Case::each("kv.delete-many", "empty-input-is-no-I/O", |cx| {
            no_io(cx, |bucket| {
                let none: [&str; 0] = [];
                Ok(bucket.delete_many(&none)?)
            })
        }),
    ];
    cases.into_iter().map(|case| case.only(Flavor::SHAPES)).collect()
}

/// What get-many must give, in the shape of the flavor.
fn pairs(cx: &Cx, of: &[(&str, Option<&str>)]) -> Vec<Pair> {
    let with_key = |value: Option<&str>| value.is_some() || cx.flavor == Flavor::Draft2;
    let pair = |(key, value): &(&str, Option<&str>)| {
        (with_key(*value).then(|| (*key).to_owned()), value.map(|value| value.as_bytes().to_vec()))
    };
    of.iter().map(pair).collect()
}

fn no_io(cx: &Cx, call: impl Fn(&Bucket) -> Result<()>) -> Result<()> {
    let proxied = cx.proxied(&[("timeout", "5s")])?;
    let before = proxied.proxy().count();
    call(&proxied.app.session().open("")?)?;
    equal("requests", proxied.proxy().count() - before, 0)?;
    proxied.proxy().refuse_connections();
    call(&proxied.app.session().open("")?)
}

fn get_many(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let bucket = session.open("")?;
    let [a, b, empty, missing] = ["a", "b", "empty", "missing"].map(|name| cx.key(name));
    bucket.set(&a, "1")?;
    bucket.set(&b, "2")?;
    bucket.set(&empty, "")?;
    let keys = [&b, &missing, &a, &b, &empty, &missing, &a];
    let values = [Some("2"), None, Some("1"), Some("2"), Some(""), None, Some("1")];
    let wanted = keys.iter().map(|key| key.as_str()).zip(values).collect::<Vec<_>>();
    equal("get-many", bucket.get_many(&keys)?, pairs(cx, &wanted))?;
    equal("of one", bucket.get_many(&[&a])?, pairs(cx, &[(&a, Some("1"))]))?;
    equal("of one that is missing", bucket.get_many(&[&missing])?, pairs(cx, &[(&missing, None)]))
}

fn numbered(cx: &Cx) -> Vec<(String, String)> {
    (0..1000).map(|n| (cx.key(&n.to_string()), format!("value {n}"))).collect()
}

fn get_a_thousand(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let bucket = session.open("")?;
    let all = numbered(cx);
    bucket.set_many(&all)?;
    bucket.delete_many(&[&all[17].0, &all[999].0])?;
    let keys = all.iter().rev().map(|(key, _)| key).collect::<Vec<_>>();
    let there = |n: usize| n != 17 && n != 999;
    let wanted = all.iter().enumerate().rev();
    let wanted = wanted.map(|(n, (key, value))| (key.as_str(), there(n).then_some(value.as_str())));
    equal("get-many", bucket.get_many(&keys)?, pairs(cx, &wanted.collect::<Vec<_>>()))
}

fn get_a_thousand_missing(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let bucket = session.open("")?;
    let all = numbered(cx);
    let keys = all.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>();
    let wanted = keys.iter().map(|key| (*key, None)).collect::<Vec<_>>();
    equal("get-many", bucket.get_many(&keys)?, pairs(cx, &wanted))
}

fn set_many(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let bucket = session.open("")?;
    let all = numbered(cx);
    bucket.set(&all[3].0, "an old value")?;
    bucket.set_many(&all)?;
    for n in [0, 3, 500, 999] {
        equal("get", bucket.get(&all[n].0)?, some(&all[n].1))?;
    }
    equal("another client's get", cx.outside().get(all[999].0.as_bytes())?, some(&all[999].1))?;
    bucket.set_many(&[(&all[0].0, "single")])?;
    equal("get after a set-many of one", bucket.get(&all[0].0)?, some("single"))
}

fn duplicates(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let bucket = session.open("")?;
    let [a, b] = ["a", "b"].map(|name| cx.key(name));
    bucket.set_many(&[(&a, "1"), (&b, "2"), (&a, "3"), (&a, ""), (&b, "4"), (&a, "5")])?;
    equal("a", bucket.get(&a)?, some("5"))?;
    equal("b", bucket.get(&b)?, some("4"))
}

/// One instance writes all keys again and again, another reads all: it never sees two rounds at once.
fn atomic(cx: &Cx) -> Result<()> {
    let app = cx.app()?;
    let keys = (0..50).map(|n| cx.key(&n.to_string())).collect::<Vec<_>>();
    let open = Step::Open { draft: cx.flavor.draft(), identifier: String::new(), handle: "b".into() };
    let write = |round: usize| Step::SetMany {
        bucket: "b".into(),
        pairs: keys.iter().map(|key| (key.clone(), round.to_string().into())).collect(),
    };
    let writes = [open].into_iter().chain((0..100).map(write)).collect::<Vec<_>>();
    let session = cx.session()?;
    let bucket = session.open("")?;
    bucket.set_many(&keys.iter().map(|key| (key, "before")).collect::<Vec<_>>())?;
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| app.run(&writes));
        while !writer.is_finished() {
            let values = bucket.get_many(&keys)?.into_iter().map(|pair| pair.1).collect::<BTreeSet<_>>();
            ensure!(values.len() == 1, "a reader sees pieces of {} batches: {values:?}", values.len());
        }
        let outcomes = writer.join().map_err(|_| anyhow!("the writer panicked"))??;
        let wrong = outcomes.into_iter().find(|outcome| *outcome != Outcome::Done);
        ensure!(wrong.is_none(), "set-many: {wrong:?}");
        Ok(())
    })
}

fn whole_or_not(cx: &Cx) -> Result<()> {
    let proxied = cx.proxied(&[("timeout", "5s")])?;
    let session = proxied.app.session();
    let bucket = session.open("")?;
    let keys = (0..50).map(|n| cx.key(&n.to_string())).collect::<Vec<_>>();
    let write = |value: &str| bucket.set_many(&keys.iter().map(|key| (key, value)).collect::<Vec<_>>());
    write("before")?;
    let cut = |at| Fault::Cut { at, by: By::Reset, upstream: Upstream::Executed };
    let faults = [Fault::CloseMidRequest { after: 100 }, cut(At::BeforeHeaders), cut(At::MidBody)];
    for (round, fault) in faults.into_iter().enumerate() {
        proxied.proxy().arm(fault.clone(), When::always());
        // What it says of that is for other trials to judge.
        let _ = write(&round.to_string());
        proxied.proxy().clear();
        let values = bucket.get_many(&keys)?.into_iter().map(|pair| pair.1).collect::<BTreeSet<_>>();
        ensure!(values.len() == 1, "after {fault} there are pieces of {} batches: {values:?}", values.len());
    }
    Ok(())
}

fn delete_many(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let bucket = session.open("")?;
    let [a, b, c, missing] = ["a", "b", "c", "missing"].map(|name| cx.key(name));
    bucket.set_many(&[(&a, "1"), (&b, "2"), (&c, "3")])?;
    bucket.delete_many(&[&missing, &a, &missing, &c])?;
    let there = [&a, &b, &c].into_iter().map(|key| bucket.exists(key)).collect::<Result<Vec<_>, _>>()?;
    equal("exists", there, vec![false, true, false])?;
    bucket.delete_many(&[&missing])?;
    Ok(())
}

fn delete_a_thousand(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let bucket = session.open("")?;
    let all = numbered(cx);
    bucket.set_many(&all)?;
    let mut keys = all.iter().map(|(key, _)| key).collect::<Vec<_>>();
    keys.extend(keys.clone());
    bucket.delete_many(&keys)?;
    let left = bucket.get_many(&keys)?.into_iter().filter(|pair| pair.1.is_some()).count();
    ensure!(left == 0, "{left} keys are still there");
    Ok(())
}
