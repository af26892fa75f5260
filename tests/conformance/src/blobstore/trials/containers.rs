use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, ensure};
use plugboard_faults::{Answer, Fault, Upstream, When};

use crate::blobstore::app::pattern;
use crate::blobstore::{Case, CreatedAt, Cx};
use crate::check::equal;
use crate::fixture::Settings;
use crate::reply::failed_with;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::each("blob.container", "life-of-a-container", life).credentials(),
        Case::each("blob.container", "one-that-exists-cannot-be-created", exists),
        Case::each("blob.container", "one-that-does-not-exist-cannot-be-opened", missing),
        Case::each("blob.container", "other-clients-see-the-same-ones", shared).credentials(),
        Case::each("blob.container", "names-that-the-service-does-not-take", forbidden),
        Case::each("blob.container", "with-credentials-for-objects-only", objects_only),
        Case::each("blob.container", "without-a-check", unchecked),
        Case::each("blob.container", "only-those-of-the-list", listed),
        Case::each("blob.container", "under-other-names", renamed),
        Case::each("blob.container", "what-is-denied", denied),
        Case::each("blob.container", "everything-in-one-that-is-not-there", in_a_missing_one),
        Case::each("blob.clear", "deletes-all-and-keeps-the-container", clear).credentials(),
        Case::each("blob.clear", "several-pages", clear_pages),
        Case::each("blob.info", "of-a-container", info),
        Case::each("blob.info", "of-a-container-that-is-changed", changed).unless(|provider| {
            (provider.capabilities.created_at == CreatedAt::Object)
                .then_some("the service has the time of the last change only")
        }),
    ]
}

fn life(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let room = cx.fresh_room();
    equal("before", session.container_exists(&room)?, false)?;
    let container = session.create_container(&room)?;
    equal("after", session.container_exists(&room)?, true)?;
    container.put("k", &"v".into())?;
    equal("through another handle", session.container(&room)?.get("k")?, probe::Data::of(b"v"))?;
    session.delete_container(&room)?;
    equal("after the deletion", session.container_exists(&room)?, false)?;
    session.delete_container(&room).context("deleting what is not there")?;
    failed_with(container.get("k"), &["no-such-container"]).map(drop)
}

fn exists(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let room = cx.made_room()?;
    cx.outside().put(&room, "k", b"v")?;
    failed_with(session.create_container(&room), &["container-already-exists"])?;
    equal("what is in it", cx.outside().get(&room, "k")?, Some(b"v".to_vec()))
}

fn missing(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let sentence = failed_with(session.container(&cx.fresh_room()), &["no-such-container"])?;
    ensure!(sentence.contains('`'), "{sentence:?} does not name it");
    Ok(())
}

fn shared(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let (ours, theirs) = (cx.fresh_room(), cx.made_room()?);
    session.create_container(&ours)?;
    ensure!(cx.outside().containers()?.contains(&ours), "another client does not see `{ours}`");
    session.container(&theirs)?;
    session.delete_container(&theirs)?;
    ensure!(!cx.outside().containers()?.contains(&theirs), "another client still sees `{theirs}`");
    Ok(())
}

fn forbidden(cx: &Cx) -> Result<()> {
    let proxied = cx.proxied(&[])?;
    let session = proxied.app.session();
    let before = proxied.proxy().count();
    for name in cx.fixture().forbidden_containers() {
        let calls = || -> Result<()> {
            failed_with(session.create_container(name), &["invalid"])?;
            failed_with(session.container(name), &["invalid"])?;
            failed_with(session.container_exists(name), &["invalid"])?;
            failed_with(session.delete_container(name), &["invalid"])?;
            failed_with(session.copy((name, "k"), (cx.shared(), &cx.key("k"))), &["invalid"])?;
            Ok(())
        };
        calls().with_context(|| format!("a container {name:?}"))?;
    }
    equal("requests", proxied.proxy().count() - before, 0)
}

fn objects_only(cx: &Cx) -> Result<()> {
    let proxied = cx.proxied(&[])?;
    let session = proxied.app.session();
    let answer = Answer::status(403);
    proxied.proxy().arm(Fault::Answer { answer, upstream: Upstream::Skipped }, When::next(1));
    let container = session.container(cx.shared())?;
    container.put(&cx.key("k"), &"v".into())?;
    equal("get", container.get(&cx.key("k"))?, probe::Data::of(b"v"))
}

fn unchecked(cx: &Cx) -> Result<()> {
    let session = cx.app_with(&[("check-container", "false")])?.session();
    let room = cx.fresh_room();
    let container = session.container(&room)?;
    failed_with(container.put("k", &"v".into()), &["no-such-container"])?;
    cx.outside().create_container(&room)?;
    Ok(container.put("k", &"v".into())?)
}

fn listed(cx: &Cx) -> Result<()> {
    let (ours, other) = (cx.made_room()?, cx.made_room()?);
    let session = cx.app_with(&[("containers", &format!("{ours} nothing"))])?.session();
    session.container(&ours)?.put("k", &"v".into())?;
    failed_with(session.container(&other), &["no-such-container"])?;
    failed_with(session.create_container(&cx.fresh_room()), &["no-such-container"])?;
    failed_with(session.delete_container(&other), &["no-such-container"])?;
    failed_with(session.copy((&ours, "k"), (&other, "k")), &["no-such-container"])?;
    failed_with(session.copy((&other, "k"), (&ours, "l")), &["no-such-container"])?;
    failed_with(session.rename((&ours, "k"), (&other, "k")), &["no-such-container"])?;
    equal("container-exists", session.container_exists(&other)?, false)?;
    equal("container-exists", session.container_exists(&ours)?, true)
}

fn renamed(cx: &Cx) -> Result<()> {
    let real = cx.made_room()?;
    let session = cx.app_with(&[("containers", &format!("photos={real}"))])?.session();
    let container = session.container("photos")?;
    container.put("k", &"v".into())?;
    equal("what another client reads", cx.outside().get(&real, "k")?, Some(b"v".to_vec()))?;
    equal("name", container.name()?, "photos".to_owned())?;
    equal("the name in info", container.info()?.0, "photos".to_owned())?;
    equal("the container of an object", container.object_info("k")?.container, "photos".to_owned())?;
    session.copy(("photos", "k"), ("photos", "l"))?;
    failed_with(session.container(&real), &["no-such-container"]).map(drop)
}

fn denied(cx: &Cx) -> Result<()> {
    let room = cx.made_room()?;
    cx.outside().put(&room, "k", b"v")?;
    let with = |what: &str| Ok::<_, anyhow::Error>(cx.app_with(&[("deny", what)])?.session());
    failed_with(with("create")?.create_container(&cx.fresh_room()), &["access-denied"])?;
    failed_with(with("delete")?.delete_container(&room), &["access-denied"])?;
    failed_with(with("clear")?.container(&room)?.clear(), &["access-denied"])?;
    let session = with("create delete clear")?;
    let container = session.container(&room)?;
    failed_with(container.clear(), &["access-denied"])?;
    container.put("l", &"v".into())?;
    container.delete("l")?;
    equal("what another client reads", cx.outside().get(&room, "k")?, Some(b"v".to_vec()))
}

fn in_a_missing_one(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let room = cx.fresh_room();
    let container = session.create_container(&room)?;
    session.delete_container(&room)?;
    let gone: &[&str] = &["no-such-container"];
    failed_with(container.put("k", &"v".into()), gone)?;
    failed_with(container.put("k", &pattern(1, 3 * cx.fixture().block())), gone)?;
    failed_with(container.get_data("k", 0, 9), gone)?;
    failed_with(container.object_info("k"), gone)?;
    failed_with(container.has("k"), gone)?;
    failed_with(container.delete("k"), gone)?;
    failed_with(container.delete_many(&["k"]), gone)?;
    failed_with(container.clear(), gone)?;
    failed_with(container.info(), gone)?;
    failed_with(container.list().and_then(|listing| listing.read(1)), gone)?;
    equal("name", container.name()?, room)
}

fn clear(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let room = cx.made_room()?;
    let container = session.container(&room)?;
    container.clear().context("an empty one")?;
    for name in ["a", "b/c", "b/d", "ü %2F"] {
        cx.outside().put(&room, name, b"v")?;
    }
    container.clear()?;
    equal("what another client sees", cx.outside().names(&room)?, vec![])?;
    equal("container-exists", session.container_exists(&room)?, true)?;
    Ok(container.put("k", &"v".into())?)
}

fn clear_pages(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let room = cx.made_room()?;
    let container = session.container(&room)?;
    super::list::fill(cx, &room, 1200)?;
    container.clear()?;
    equal("what another client sees", cx.outside().names(&room)?.len(), 0)
}

fn now() -> Result<Duration> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?)
}

/// Within what clocks and dates in whole seconds are off.
pub(super) fn is_recent(created_at: u64) -> Result<()> {
    let now = now()?.as_secs();
    ensure!(now.abs_diff(created_at) <= 90, "it was created at {created_at}, and now is {now}");
    Ok(())
}

fn info(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let room = cx.fresh_room();
    let container = session.create_container(&room)?;
    let (name, created_at) = container.info()?;
    equal("the name", name, room.clone())?;
    equal("name", container.name()?, room)?;
    is_recent(created_at)
}

fn changed(cx: &Cx) -> Result<()> {
    let session = cx.app_with_settings(&Settings::new())?.session();
    let room = cx.made_room()?;
    let container = session.container(&room)?;
    let before = container.info()?.1;
    std::thread::sleep(Duration::from_millis(2100));
    cx.outside().touch_container(&room)?;
    equal("created-at after a change", container.info()?.1, before)
}
