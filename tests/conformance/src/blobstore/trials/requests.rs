use anyhow::{Context as _, Result};

use super::begin;
use crate::blobstore::app::pattern;
use crate::blobstore::{Case, Cx, Operation};
use crate::check::equal;
use crate::common::Operation as _;
use crate::reply::Reply;

pub(super) fn cases() -> Vec<Case> {
    let single = Operation::ALL.iter().map(|operation| {
        let what = format!("as-declared-for-{}", operation.name());
        Case::each("blob.requests", what, move |cx| plain(cx, *operation)).credentials()
    });
    single
        .chain([
            Case::each("blob.requests", "one-for-a-block-more-for-more", by_blocks),
            Case::each("blob.requests", "none-for-what-is-given-up", given_up),
            Case::each("blob.requests", "none-for-a-container-without-a-check", unchecked),
            Case::each("blob.requests", "one-for-each-page", pages),
            Case::each("blob.requests", "as-declared-for-many-deletions", deletions),
            Case::each("blob.requests", "none-for-deleting-nothing", nothing),
        ])
        .collect()
}

fn plain(cx: &Cx, operation: Operation) -> Result<()> {
    let proxied = cx.proxied(&[])?;
    let session = proxied.app.session();
    let mut prepared = operation.prepare(cx, &session)?;
    let before = proxied.proxy().count();
    prepared.run()?;
    let concerns = operation.concerns(cx);
    let requests = proxied.proxy().since(before).iter().filter(|one| concerns(&one.request)).count();
    equal("requests", requests, operation.requests(&cx.provider.capabilities))
}

fn by_blocks(cx: &Cx) -> Result<()> {
    let proxied = cx.proxied(&[])?;
    let session = proxied.app.session();
    let container = session.container(cx.shared())?;
    let block = cx.fixture().block();
    let beside = cx.provider.capabilities.beside_blocks();
    for (size, wanted) in [
        (0, 1),
        (1, 1),
        (block, 1),
        (block + 1, 2 + beside),
        (2 * block, 2 + beside),
        (2 * block + 1, 3 + beside),
        (9 * block, 9 + beside),
        (9 * block + 1, 10 + beside),
    ] {
        let before = proxied.proxy().count();
        container.put(&cx.key(&size.to_string()), &pattern(1, size))?;
        equal("requests", proxied.proxy().count() - before, wanted)
            .with_context(|| format!("an object of {size} bytes"))?;
    }
    Ok(())
}

fn given_up(cx: &Cx) -> Result<()> {
    let proxied = cx.proxied(&[])?;
    let session = proxied.app.session();
    let container = session.container(cx.shared())?;
    let before = proxied.proxy().count();
    let give_up = || -> Reply<()> {
        session.value()?.close()?;
        let (value, stream) = begin(&container, session.value()?, &cx.key("k"))?;
        stream.write_all(&pattern(1, cx.fixture().block()))?;
        stream.close()?;
        value.close()
    };
    give_up()?;
    container.list()?;
    equal("name", container.name()?, cx.shared().to_owned())?;
    container.close()?;
    equal("requests", proxied.proxy().count() - before, 0)
}

fn unchecked(cx: &Cx) -> Result<()> {
    let proxied = cx.proxied(&[("check-container", "false")])?;
    let before = proxied.proxy().count();
    proxied.app.session().container(cx.shared())?;
    equal("requests", proxied.proxy().count() - before, 0)
}

fn pages(cx: &Cx) -> Result<()> {
    let (room, names) = super::list::filled(cx)?;
    let proxied = cx.proxied(&[])?;
    let session = proxied.app.session();
    let container = session.container(room)?;
    let before = proxied.proxy().count();
    equal("names", container.names(10_000)?, names)?;
    let requests = proxied.proxy().count() - before;
    anyhow::ensure!((1..=2).contains(&requests), "{requests} requests for 2000 names");
    Ok(())
}

fn deletions(cx: &Cx) -> Result<()> {
    let (room, _) = super::list::filled(cx)?;
    let proxied = cx.proxied(&[])?;
    let session = proxied.app.session();
    let container = session.container(room)?;
    let limit = cx.provider.capabilities.delete_many.unwrap_or(1);
    for count in [1, 2, 50] {
        let names = (0..count).map(|n| format!("never there {n}")).collect::<Vec<_>>();
        let before = proxied.proxy().count();
        container.delete_many(&names)?;
        equal("requests", proxied.proxy().count() - before, names.len().div_ceil(limit))
            .with_context(|| format!("for {count} names"))?;
    }
    Ok(())
}

fn nothing(cx: &Cx) -> Result<()> {
    let proxied = cx.proxied(&[])?;
    let session = proxied.app.session();
    let container = session.container(cx.shared())?;
    let before = proxied.proxy().count();
    let none: [&str; 0] = [];
    container.delete_many(&none)?;
    equal("requests", proxied.proxy().count() - before, 0)
}
