use anyhow::{Context as _, Result, ensure};
use plugboard_faults::{Answer, Fault, Upstream, When};

use super::{absent, containers::is_recent, holds};
use crate::blobstore::app::pattern;
use crate::blobstore::{About, Case, Cx};
use crate::check::equal;
use crate::reply::failed_with;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::each("blob.delete", "deletes", delete).credentials(),
        Case::each("blob.delete", "the-object-alone", delete_alone),
        Case::each("blob.delete-many", "deletes-all", delete_many),
        Case::each("blob.delete-many", "tries-all-and-names-the-first", delete_many_failing)
            .unless(|provider| provider.capabilities.delete_many.map(|_| "one request is for all of them")),
        Case::each("blob.delete-many", "beside-a-name-that-cannot-be", delete_many_impossible),
        Case::each("blob.delete-many", "many-at-once", delete_hundreds),
        Case::each("blob.info", "of-an-object", info).credentials(),
        Case::each("blob.info", "of-what-is-missing", info_missing),
        Case::each("blob.type", "by-the-name's-extension", types),
        Case::each("blob.type", "by-the-setting", set_type),
    ]
}

fn delete(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let container = session.container(cx.shared())?;
    let name = cx.key("k");
    container.put(&name, &"v".into())?;
    container.delete(&name)?;
    absent(cx, &name)?;
    equal("has-object", container.has(&name)?, false)?;
    container.delete(&name).context("what is not there")?;
    cx.outside().put(cx.shared(), &name, b"theirs")?;
    container.delete(&name)?;
    absent(cx, &name)
}

fn delete_alone(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let container = session.container(cx.shared())?;
    let names = ["a", "a/b", "a/b/c", "ab", "A"].map(|name| cx.key(name));
    for name in &names {
        container.put(name, &"v".into())?;
    }
    container.delete(&names[1])?;
    absent(cx, &names[1])?;
    for name in [&names[0], &names[2], &names[3], &names[4]] {
        holds(cx, name, &"v".into())?;
    }
    Ok(())
}

fn delete_many(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let container = session.container(cx.shared())?;
    let none: [&str; 0] = [];
    container.delete_many(&none)?;
    let names = ["a", "b/c", "ü %2F"].map(|name| cx.key(name));
    for name in &names {
        cx.outside().put(cx.shared(), name, b"v")?;
    }
    container.put(&cx.key("kept"), &"v".into())?;
    let missing = cx.key("missing");
    container.delete_many(&[&names[0], &missing, &names[1], &names[0], &names[2], &names[2]])?;
    for name in &names {
        absent(cx, name)?;
    }
    holds(cx, &cx.key("kept"), &"v".into())
}

fn delete_many_failing(cx: &Cx) -> Result<()> {
    let proxied = cx.proxied(&[("timeout", "5s")])?;
    let session = proxied.app.session();
    let container = session.container(cx.shared())?;
    let names = (0..8).map(|n| cx.key(&format!("name-{n}"))).collect::<Vec<_>>();
    for name in &names {
        cx.outside().put(cx.shared(), name, b"v")?;
    }
    let answer = Answer::status(403);
    for refused in ["name-2", "name-5"] {
        let deletes = cx.fixture().deletes();
        let of_it = When::always().matching(move |request| deletes(request, refused));
        proxied.proxy().arm(Fault::Answer { answer: answer.clone(), upstream: Upstream::Skipped }, of_it);
    }
    let sentence = failed_with(container.delete_many(&names), &["access-denied"])?;
    ensure!(sentence.contains(&names[2]), "{sentence:?} does not name the first that failed");
    for (n, name) in names.iter().enumerate() {
        if [2, 5].contains(&n) { holds(cx, name, &"v".into())? } else { absent(cx, name)? }
    }
    proxied.proxy().clear();
    container.delete_many(&names)?;
    absent(cx, &names[5])
}

fn delete_many_impossible(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let container = session.container(cx.shared())?;
    let (first, last, impossible) = (cx.key("first"), cx.key("last"), "n".repeat(2000));
    for name in [&first, &last] {
        cx.outside().put(cx.shared(), name, b"v")?;
    }
    let sentence = failed_with(container.delete_many(&[&first, &impossible, &last]), &["invalid"])?;
    ensure!(sentence.contains(&impossible), "{sentence:?} does not name it");
    absent(cx, &first)?;
    absent(cx, &last)
}

fn delete_hundreds(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let room = cx.made_room()?;
    let names = super::list::fill(cx, &room, 300)?;
    let container = session.container(&room)?;
    container.delete_many(&names)?;
    equal("what is left", cx.outside().names(&room)?, vec![])
}

fn info(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let container = session.container(cx.shared())?;
    for size in [0, 1, 3 * cx.fixture().block()] {
        for name in [cx.key(&size.to_string()), cx.key(&format!("ü/%2F {size}"))] {
            container.put(&name, &pattern(1, size))?;
            let info = container.object_info(&name)?;
            equal("the size", info.size, size)?;
            equal("the name", &info.name, &name)?;
            equal("the container", info.container, cx.shared().to_owned())?;
            is_recent(info.created_at)?;
            equal("has-object", container.has(&name)?, true)?;
        }
    }
    cx.outside().put(cx.shared(), &cx.key("theirs"), b"theirs")?;
    equal("the size of another client's", container.object_info(&cx.key("theirs"))?.size, 6)
}

fn info_missing(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let container = session.container(cx.shared())?;
    let name = cx.key("none");
    equal("has-object", container.has(&name)?, false)?;
    let sentence = failed_with(container.object_info(&name), &["no-such-object"])?;
    ensure!(sentence.contains(&name), "{sentence:?} does not name the object");
    failed_with(container.get(&name), &["no-such-object"]).map(drop)
}

fn content_type(cx: &Cx, name: &str) -> Result<String> {
    let About { content_type, .. } =
        cx.outside().about(cx.shared(), name)?.context("there is no such object")?;
    Ok(content_type)
}

fn types(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let container = session.container(cx.shared())?;
    for (name, wanted) in [
        ("page.html", "text/html"),
        ("PHOTO.JPG", "image/jpeg"),
        ("a/b.c/data.json", "application/json"),
        ("archive.tar.gz", "application/gzip"),
        ("module.wasm", "application/wasm"),
        ("no-extension", "application/octet-stream"),
        ("v1.2/readme", "application/octet-stream"),
        ("what.is-this", "application/octet-stream"),
    ] {
        for size in [10, 3 * cx.fixture().block()] {
            let name = cx.key(&format!("{size}/{name}"));
            container.put(&name, &pattern(1, size))?;
            let got = content_type(cx, &name)?;
            let got = got.split(';').next().unwrap_or_default();
            equal(&name, got, wanted)?;
        }
    }
    Ok(())
}

fn set_type(cx: &Cx) -> Result<()> {
    let session = cx.app_with(&[("content-type", "application/x-plugboard")])?.session();
    let container = session.container(cx.shared())?;
    for (n, size) in [10, 3 * cx.fixture().block()].into_iter().enumerate() {
        let name = cx.key(&format!("{n}.html"));
        container.put(&name, &pattern(1, size))?;
        equal(&name, content_type(cx, &name)?, "application/x-plugboard".to_owned())?;
    }
    Ok(())
}
