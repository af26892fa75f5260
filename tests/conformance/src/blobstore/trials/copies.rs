use anyhow::{Context as _, Result};
use plugboard_faults::{Answer, Fault, Upstream, When};

use super::{absent, holds};
use crate::blobstore::app::pattern;
use crate::blobstore::{Case, Cx};
use crate::check::equal;
use crate::reply::failed_with;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::each("blob.copy", "copies", copy).credentials(),
        Case::each("blob.copy", "into-another-container", between).credentials(),
        Case::each("blob.copy", "replaces-what-is-there", replaces),
        Case::each("blob.copy", "onto-itself", onto_itself),
        Case::each("blob.copy", "what-is-missing", missing),
        Case::each("blob.copy", "with-its-content-type", with_type),
        Case::each("blob.copy", "bytes-stay-with-the-service", stays),
        Case::each("blob.copy", "names-of-all-kinds", names).credentials(),
        Case::each("blob.move", "moves", rename).credentials(),
        Case::each("blob.move", "onto-itself", move_onto_itself),
        Case::each("blob.move", "what-is-missing", move_missing),
        Case::each("blob.move", "never-deletes-what-was-not-copied", no_copy),
        Case::each("blob.move", "a-source-that-cannot-be-deleted", undeletable),
    ]
}

fn copy(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    for size in [0, 1, 5 * cx.fixture().block()] {
        let (from, to, content) =
            (cx.key(&format!("{size}/from")), cx.key(&format!("{size}/to")), pattern(1, size));
        cx.outside().put(cx.shared(), &from, &content.bytes())?;
        session.copy((cx.shared(), &from), (cx.shared(), &to))?;
        holds(cx, &to, &content)?;
        holds(cx, &from, &content)?;
        // They are two.
        cx.outside().put(cx.shared(), &from, b"other")?;
        holds(cx, &to, &content)?;
    }
    Ok(())
}

fn between(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let room = cx.made_room()?;
    let content = pattern(1, 1000);
    cx.outside().put(cx.shared(), &cx.key("from"), &content.bytes())?;
    session.copy((cx.shared(), &cx.key("from")), (&room, "to"))?;
    equal("the copy", cx.outside().get(&room, "to")?, Some(content.bytes()))?;
    session.rename((&room, "to"), (cx.shared(), &cx.key("back")))?;
    equal("what was moved", cx.outside().get(&room, "to")?, None)?;
    holds(cx, &cx.key("back"), &content)
}

fn replaces(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let (from, to) = (cx.key("from"), cx.key("to"));
    cx.outside().put(cx.shared(), &from, b"new")?;
    cx.outside().put(cx.shared(), &to, b"what was there, and longer")?;
    session.copy((cx.shared(), &from), (cx.shared(), &to))?;
    holds(cx, &to, &"new".into())
}

fn onto_itself(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let name = cx.key("k");
    cx.outside().put(cx.shared(), &name, b"v")?;
    session.copy((cx.shared(), &name), (cx.shared(), &name))?;
    holds(cx, &name, &"v".into())?;
    let none = cx.key("none");
    failed_with(session.copy((cx.shared(), &none), (cx.shared(), &none)), &["no-such-object"])?;
    absent(cx, &none)
}

fn missing(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let (none, to, nowhere) = (cx.key("none"), cx.key("to"), cx.fresh_room());
    cx.outside().put(cx.shared(), &to, b"kept")?;
    failed_with(session.copy((cx.shared(), &none), (cx.shared(), &to)), &["no-such-object"])?;
    holds(cx, &to, &"kept".into())?;
    // To the service, what is in no container may be no object.
    let gone: &[&str] = &["no-such-container", "no-such-object"];
    failed_with(session.copy((&nowhere, "k"), (cx.shared(), &to)), gone)?;
    holds(cx, &to, &"kept".into())?;
    failed_with(session.copy((cx.shared(), &to), (&nowhere, "k")), &["no-such-container"])?;
    holds(cx, &to, &"kept".into())
}

fn with_type(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let container = session.container(cx.shared())?;
    let (from, to) = (cx.key("from.html"), cx.key("to"));
    container.put(&from, &"<p>".into())?;
    session.copy((cx.shared(), &from), (cx.shared(), &to))?;
    let about = |name: &str| cx.outside().about(cx.shared(), name)?.context("there is no such object");
    equal("the type", about(&to)?.content_type, about(&from)?.content_type)
}

fn stays(cx: &Cx) -> Result<()> {
    let proxied = cx.proxied(&[])?;
    let session = proxied.app.session();
    let (from, to, content) = (cx.key("from"), cx.key("to"), pattern(1, 8 << 20));
    cx.outside().put(cx.shared(), &from, &content.bytes())?;
    proxied.proxy().take_requests();
    session.copy((cx.shared(), &from), (cx.shared(), &to))?;
    let sent = proxied.proxy().take_requests().iter().map(|request| request.body_len).sum::<u64>();
    equal("bytes that the provider sent", sent, 0)?;
    holds(cx, &to, &content)
}

fn names(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    for name in ["a b", "ü/日本", "100%", "%2F", "a+b", "q?x=1&y", "#h", "emoji 🪣", "a/b/", "'\"<&>"] {
        let (from, to) = (cx.key(name), cx.key(&format!("copy of {name}")));
        let call = || -> Result<()> {
            cx.outside().put(cx.shared(), &from, name.as_bytes())?;
            session.copy((cx.shared(), &from), (cx.shared(), &to))?;
            holds(cx, &to, &name.into())?;
            session.rename((cx.shared(), &to), (cx.shared(), &from))?;
            holds(cx, &from, &name.into())?;
            absent(cx, &to)
        };
        call().with_context(|| format!("{name:?}"))?;
    }
    Ok(())
}

fn rename(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    for size in [0, 1, 5 * cx.fixture().block()] {
        let (from, to, content) =
            (cx.key(&format!("{size}/from")), cx.key(&format!("{size}/to")), pattern(1, size));
        cx.outside().put(cx.shared(), &from, &content.bytes())?;
        cx.outside().put(cx.shared(), &to, b"what was there")?;
        session.rename((cx.shared(), &from), (cx.shared(), &to))?;
        absent(cx, &from)?;
        holds(cx, &to, &content)?;
    }
    Ok(())
}

fn move_onto_itself(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let name = cx.key("k");
    cx.outside().put(cx.shared(), &name, b"v")?;
    session.rename((cx.shared(), &name), (cx.shared(), &name))?;
    holds(cx, &name, &"v".into())
}

fn move_missing(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let (none, to, nowhere) = (cx.key("none"), cx.key("to"), cx.fresh_room());
    cx.outside().put(cx.shared(), &to, b"kept")?;
    failed_with(session.rename((cx.shared(), &none), (cx.shared(), &to)), &["no-such-object"])?;
    failed_with(session.rename((cx.shared(), &none), (cx.shared(), &none)), &["no-such-object"])?;
    holds(cx, &to, &"kept".into())?;
    failed_with(session.rename((cx.shared(), &to), (&nowhere, "k")), &["no-such-container"])?;
    holds(cx, &to, &"kept".into())
}

/// Every answer but the deletion's is spoilt, one after the other.
fn no_copy(cx: &Cx) -> Result<()> {
    let proxied = cx.proxied(&[("timeout", "1s")])?;
    let session = proxied.app.session();
    for position in 0..3 {
        for status in [403, 404, 409, 412, 500] {
            let name = |what: &str| cx.key(&format!("{position}/{status}/{what}"));
            let (from, to) = (name("from"), name("to"));
            cx.outside().put(cx.shared(), &from, b"v")?;
            let answer = Fault::Answer { answer: Answer::status(status), upstream: Upstream::Skipped };
            proxied.proxy().arm(answer, When::always().after(position));
            let moved = session.rename((cx.shared(), &from), (cx.shared(), &to));
            proxied.proxy().clear();
            let why = || format!("{status} to request {}", position + 1);
            anyhow::ensure!(moved.is_err(), "succeeded with {}", why());
            holds(cx, &from, &"v".into()).with_context(why)?;
        }
    }
    Ok(())
}

fn undeletable(cx: &Cx) -> Result<()> {
    let proxied = cx.proxied(&[])?;
    let session = proxied.app.session();
    let (from, to) = (cx.key("from"), cx.key("to"));
    cx.outside().put(cx.shared(), &from, b"v")?;
    let answer = Fault::Answer { answer: Answer::status(403), upstream: Upstream::Skipped };
    let (deletes, source) = (cx.fixture().deletes(), from.clone());
    let deletion = When::always().matching(move |request| deletes(request, &source));
    proxied.proxy().arm(answer, deletion);
    failed_with(session.rename((cx.shared(), &from), (cx.shared(), &to)), &["access-denied"])?;
    proxied.proxy().clear();
    holds(cx, &from, &"v".into())?;
    holds(cx, &to, &"v".into())
}
