use anyhow::{Result, ensure};

use super::some;
use crate::check::equal;
use crate::fixture::Settings;
use crate::keyvalue::{Case, Cx};
use crate::reply::failed_with;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::each("kv.open", "empty-and-default-are-the-default-bucket", default_has_two_names),
        Case::each("kv.open", "without-a-list-only-the-default-bucket", without_a_list),
        Case::each("kv.open", "one-listed-name", one_listed_name),
        Case::each("kv.open", "several-listed-names", several_listed_names),
        Case::each("kv.open", "a-star-allows-any-name", star),
        Case::each("kv.open", "needs-no-service", needs_no_service),
        Case::each("all.errors", "what-has-no-sentence-is-in-the-log", logs_why).credentials(),
        Case::each("kv.open", "a-handle-can-be-dropped-and-opened-again", dropped),
        Case::each("kv.read-your-writes", "within-an-instance", within_an_instance),
        Case::each("kv.read-your-writes", "across-handles-and-instances", across_instances)
            .unless(|provider| (!provider.capabilities.read_your_writes).then_some("the service reads late")),
        Case::each("kv.read-your-writes", "across-both-drafts", across_drafts)
            .unless(|provider| (!provider.capabilities.read_your_writes).then_some("the service reads late")),
    ]
}

fn default_has_two_names(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let (empty, default) = (session.open("")?, session.open("default")?);
    let key = cx.key("k");
    empty.set(&key, "1")?;
    equal("through `default`", default.get(&key)?, some("1"))?;
    default.delete(&key)?;
    equal("through ``", empty.exists(&key)?, false)
}

fn without_a_list(cx: &Cx) -> Result<()> {
    let session = cx.app_with(&[("buckets", "")])?.session();
    session.open("")?.get(&cx.key("k"))?;
    session.open("default")?.get(&cx.key("k"))?;
    for name in ["a", "Default", " ", "*", "default ", "défaut"] {
        failed_with(session.open(name), &["no-such-store"])?;
    }
    Ok(())
}

fn one_listed_name(cx: &Cx) -> Result<()> {
    let session = cx.app_with(&[("buckets", "alpha")])?.session();
    session.open("alpha")?.get(&cx.key("k"))?;
    session.open("default")?.get(&cx.key("k"))?;
    for name in ["alph", "alphabet", "Alpha", "beta", "*"] {
        failed_with(session.open(name), &["no-such-store"])?;
    }
    Ok(())
}

fn several_listed_names(cx: &Cx) -> Result<()> {
    // Blanks, as `wasmtime serve -S config-var` cannot carry a comma.
    let session = cx.app_with(&[("buckets", "alpha beta")])?.session();
    for name in ["alpha", "beta"] {
        session.open(name)?.get(&cx.key("k"))?;
    }
    failed_with(session.open("alpha beta"), &["no-such-store"])?;
    failed_with(session.open("gamma"), &["no-such-store"])?;
    Ok(())
}

fn star(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    // As long as declared, with what the trial puts in front.
    let longest = cx.provider.capabilities.max_bucket.map_or(500, |limit| limit - cx.bucket("").len());
    for name in ["a", "*", ":", "a:b", "a/b", "..", "%2F", " ", "\u{0}", "bücket 🪣", &"n".repeat(longest)]
    {
        let name = cx.bucket(name);
        let bucket = session.open(&name)?;
        bucket.set("k", name.as_str())?;
        equal(&name, bucket.get("k")?, some(&name))?;
    }
    Ok(())
}

fn needs_no_service(cx: &Cx) -> Result<()> {
    let proxied = cx.proxied(&[("timeout", "5s")])?;
    proxied.proxy().refuse_connections();
    let session = proxied.app.session();
    for name in ["", "default", "named"] {
        let bucket = session.open(name)?;
        failed_with(bucket.get("k"), &["unavailable"])?;
    }
    Ok(())
}

fn logs_why(cx: &Cx) -> Result<()> {
    let mut settings = cx.fixture().credentials().wrong.clone();
    settings.insert(cx.provider.setting("buckets"), "alpha".to_owned());
    let log = |settings: &Settings| {
        let app = cx.app_with_settings(settings)?;
        let session = app.session();
        failed_with(session.open("be\nta"), &["no-such-store"])?;
        failed_with(session.open("")?.get("k"), &["access-denied"])?;
        Ok::<_, anyhow::Error>(app.deployment.log())
    };
    let (name, told) = (&cx.provider.name, log(&settings)?);
    let unlisted = format!("{name}: no-such-store: `be ta` is not in `{}`\n", cx.provider.setting("buckets"));
    for part in [unlisted, format!("{name}: access-denied: ")] {
        ensure!(told.contains(&part), "{part:?} is not in {told:?}");
    }
    settings.insert(cx.provider.setting("log"), "off".to_owned());
    let told = log(&settings)?;
    ensure!(!told.contains(&format!("{name}:")), "{told:?}");
    Ok(())
}

fn dropped(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let key = cx.key("k");
    let first = session.open("")?;
    first.set(&key, "1")?;
    first.close()?;
    equal("after the drop", session.open("")?.get(&key)?, some("1"))
}

fn within_an_instance(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let bucket = session.open("")?;
    let key = cx.key("k");
    for round in 0..20 {
        bucket.set(&key, round.to_string())?;
        equal("the value", bucket.get(&key)?, some(round.to_string()))?;
        bucket.delete(&key)?;
        equal("exists", bucket.exists(&key)?, false)?;
    }
    Ok(())
}

fn across_instances(cx: &Cx) -> Result<()> {
    let (one, other) = (cx.session()?, cx.session()?);
    let (here, again, there) = (one.open("")?, one.open("default")?, other.open("")?);
    let key = cx.key("k");
    for round in 0..20 {
        let value = round.to_string();
        here.set(&key, value.as_str())?;
        equal("another handle", again.get(&key)?, some(&value))?;
        equal("another instance", there.get(&key)?, some(&value))?;
        there.delete(&key)?;
        equal("deleted in another instance", here.get(&key)?, None)?;
    }
    Ok(())
}

fn across_drafts(cx: &Cx) -> Result<()> {
    use probe::keyvalue::Draft::{Draft, Draft2};
    let session = cx.session()?;
    let (one, two) = (session.open_in(Draft, "")?, session.open_in(Draft2, "")?);
    let key = cx.key("k");
    one.set(&key, "1")?;
    equal("draft2's get", two.get(&key)?, some("1"))?;
    equal("draft2's increment", two.increment(&key, 1)?, 2)?;
    equal("draft's increment", one.increment(&key, 1)?, 3)?;
    two.delete(&key)?;
    equal("draft's exists", one.exists(&key)?, false)
}
