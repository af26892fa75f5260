use anyhow::{Context as _, Result};

use crate::check::equal;
use crate::common::Operation as _;
use crate::keyvalue::{Case, Cx, Flavor, Operation};

pub(super) fn cases() -> Vec<Case> {
    let single = Operation::ALL.iter().map(|operation| {
        let what = format!("as-declared-for-{}", operation.name());
        Case::each("kv.requests", what, move |cx| declared(cx, *operation)).only(operation.flavors())
    });
    single
        .chain([
            Case::each("kv.requests", "none-for-open-and-drop", open),
            Case::each("kv.requests", "none-for-current-and-drop", current).only(Flavor::WITH_CAS),
            Case::each("kv.requests", "one-for-each-page", pages),
            Case::each("kv.requests", "batches-by-the-limit", batches),
        ])
        .collect()
}

fn declared(cx: &Cx, operation: Operation) -> Result<()> {
    let proxied = cx.proxied(&[])?;
    let session = proxied.app.session();
    let mut prepared = operation.prepare(cx, &session)?;
    let wanted = operation.requests(&cx.provider.capabilities);
    let (requests, connections) = (proxied.proxy().count(), proxied.proxy().connections());
    prepared.run()?;
    equal("requests", proxied.proxy().count() - requests, wanted)?;
    equal("connections", proxied.proxy().connections() - connections, wanted as u64)
}

fn open(cx: &Cx) -> Result<()> {
    let proxied = cx.proxied(&[])?;
    let requests = proxied.proxy().count();
    let session = proxied.app.session();
    for name in ["", "default", "named"] {
        session.open(name)?.close()?;
    }
    equal("requests", proxied.proxy().count() - requests, 0)
}

fn current(cx: &Cx) -> Result<()> {
    let proxied = cx.proxied(&[])?;
    let session = proxied.app.session();
    let bucket = session.open("")?;
    let cas = bucket.cas(&cx.key("k"))?;
    let requests = proxied.proxy().count();
    cas.current()?;
    cas.current()?;
    cas.close()?;
    equal("requests", proxied.proxy().count() - requests, 0)
}

fn pages(cx: &Cx) -> Result<()> {
    let proxied = cx.proxied(&[])?;
    let session = proxied.app.session();
    let bucket = session.open(&cx.bucket("pages"))?;
    let pairs = (0..2500).map(|n| (format!("key {n}"), "v")).collect::<Vec<_>>();
    for pairs in pairs.chunks(500) {
        bucket.set_many(pairs)?;
    }
    let requests = proxied.proxy().count();
    let mut pages = 0;
    bucket.list_all(|| {
        pages += 1;
        Ok(())
    })?;
    equal("requests", proxied.proxy().count() - requests, pages)
}

fn batches(cx: &Cx) -> Result<()> {
    let proxied = cx.proxied(&[])?;
    let session = proxied.app.session();
    let bucket = session.open("")?;
    let batch = cx.provider.capabilities.batch;
    // A token that is needed is there from here on.
    bucket.exists(&cx.key("0"))?;
    for count in [1_usize, 2, 100, 500] {
        let keys = (0..count).map(|n| cx.key(&n.to_string())).collect::<Vec<_>>();
        let pairs = keys.iter().map(|key| (key, "v")).collect::<Vec<_>>();
        let requests = || proxied.proxy().count();
        let counted = |what: &str, limit: Option<usize>, before| {
            let one = cx.provider.capabilities.requests.get(what).copied().unwrap_or(1);
            let wanted = limit.map_or(1, |limit| count.div_ceil(limit)) * one;
            equal(what, requests() - before, wanted).with_context(|| format!("requests for {count} keys"))
        };
        let before = requests();
        bucket.set_many(&pairs)?;
        counted("set-many", batch.set, before)?;
        let before = requests();
        bucket.get_many(&keys)?;
        counted("get-many", batch.get, before)?;
        let before = requests();
        bucket.delete_many(&keys)?;
        counted("delete-many", batch.delete, before)?;
    }
    Ok(())
}
