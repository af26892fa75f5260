use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result, anyhow, ensure};
use probe::blobstore::{Outcome, Step};

use crate::blobstore::{Blobstore, Case, Cx};
use crate::check::equal;
use crate::interface::Interface as _;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::each("blob.list", "an-empty-container", empty).credentials(),
        Case::each("blob.list", "every-object-once", every_object),
        Case::each("blob.list", "pages-of-any-size", page_sizes).credentials(),
        Case::each("blob.list", "the-end-comes-with-the-last", the_end),
        Case::each("blob.list", "skips", skips),
        Case::each("blob.list", "is-fetched-as-it-is-read", lazily),
        Case::each("blob.list", "while-others-change", while_changing),
        Case::each("blob.list", "two-listings-side-by-side", two),
        Case::each("blob.list", "names-of-all-kinds", names).credentials(),
    ]
}

/// Empty objects with names in order, written by the app itself.
pub(super) fn fill(cx: &Cx, room: &str, count: usize) -> Result<Vec<String>> {
    let names = (0..count).map(name).collect::<Vec<_>>();
    let app = cx.app()?;
    let open = || Step::GetContainer { name: room.to_owned(), handle: "c".into() };
    std::thread::scope(|scope| {
        let chunks = names.chunks(count.div_ceil(8).max(1)).map(|names| {
            let put =
                |name: &String| Step::Put { container: "c".into(), name: name.clone(), content: "".into() };
            let program = [open()].into_iter().chain(names.iter().map(put)).collect::<Vec<_>>();
            let app = app.clone();
            scope.spawn(move || app.run(&program))
        });
        for outcomes in chunks.collect::<Vec<_>>() {
            let outcomes = outcomes.join().map_err(|_| anyhow!("a client panicked"))??;
            let failed = outcomes.iter().find(|outcome| **outcome != Outcome::Done);
            if let Some(failed) = failed {
                anyhow::bail!("filling: {:?}", Blobstore::failure(failed)?);
            }
        }
        Ok(names.clone())
    })
}

/// Objects in a container that several trials read: two of the service's pages, to the last name.
const MANY: usize = 2000;

/// That container, and its names.
pub(super) fn filled<'a>(cx: &'a Cx) -> Result<(&'a str, Vec<String>)> {
    static FILLING: Mutex<()> = Mutex::new(());
    let _filling = FILLING.lock().unwrap_or_else(PoisonError::into_inner);
    let filled = cx.fixture().filled();
    let names = (0..MANY).map(name).collect();
    if let Some(room) = filled.get() {
        return Ok((room, names));
    }
    let room = cx.made_room()?;
    fill(cx, &room, MANY)?;
    Ok((filled.get_or_init(|| room), names))
}

fn name(n: usize) -> String {
    format!("name-{n:05}")
}

fn empty(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let container = session.container(&cx.made_room()?)?;
    for length in [0, 1, 1000, u64::MAX] {
        equal("read", container.list()?.read(length)?, (vec![], true))?;
        equal("skip", container.list()?.skip(length)?, (0, true))?;
    }
    let listing = container.list()?;
    for _ in 0..3 {
        equal("read after the end", listing.read(5)?, (vec![], true))?;
    }
    Ok(())
}

fn every_object(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let (room, names) = filled(cx)?;
    let container = session.container(room)?;
    for at_a_time in [u64::MAX, 1000, 999] {
        equal("names", container.names(at_a_time)?, names.clone()).with_context(|| at_a_time.to_string())?;
    }
    let mut seen = cx.outside().names(room)?;
    seen.sort();
    equal("what another client lists", seen, names)
}

fn page_sizes(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let room = cx.made_room()?;
    let container = session.container(&room)?;
    let names = fill(cx, &room, 25)?;
    for at_a_time in [1, 2, 24, 25, 26, 1000, 1 << 40] {
        equal("names", container.names(at_a_time)?, names.clone())?;
    }
    let listing = container.list()?;
    equal("none asked for", listing.read(0)?, (vec![], false))?;
    let (few, end) = listing.read(7)?;
    ensure!(few.len() <= 7 && !end, "{} of at most 7 names, the end: {end}", few.len());
    Ok(())
}

fn the_end(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let (room, names) = filled(cx)?;
    let container = session.container(room)?;
    // As many as there are, and as many as are on a page, or half of that.
    for length in [MANY, 1000, 500] {
        let (listing, mut left) = (container.list()?, names.len());
        loop {
            let (names, end) = listing.read(length as u64)?;
            left -= names.len();
            equal("whether that is the end", end, left == 0)?;
            if end {
                break;
            }
        }
        equal("after the end", listing.read(1)?, (vec![], true))?;
        equal("after the end", listing.skip(1)?, (0, true))?;
    }
    Ok(())
}

fn skips(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let (room, names) = filled(cx)?;
    let container = session.container(room)?;
    let all = MANY as u64;
    for skip in [0, 1, 999, 1000, 1001, all - 1, all, all + 1, u64::MAX] {
        let listing = container.list()?;
        let skipped = skip.min(all);
        equal("skipped", listing.skip(skip)?, (skipped, skipped == all))
            .with_context(|| format!("skip {skip}"))?;
        let mut rest = Vec::new();
        loop {
            let (more, end) = listing.read(400)?;
            rest.extend(more);
            if end {
                break;
            }
        }
        equal("the rest", rest.as_slice(), &names[usize::try_from(skipped)?..])?;
    }
    let listing = container.list()?;
    listing.read(3)?;
    equal("skip after read", listing.skip(2)?, (2, false))?;
    equal("read after skip", listing.read(1)?, (vec![names[5].clone()], false))
}

fn lazily(cx: &Cx) -> Result<()> {
    let (room, _) = filled(cx)?;
    let proxied = cx.proxied(&[])?;
    let session = proxied.app.session();
    let container = session.container(room)?;
    let requests = || proxied.proxy().count();
    let before = requests();
    let listing = container.list()?;
    equal("requests for list-objects", requests() - before, 0)?;
    listing.read(1)?;
    equal("requests for the first name", requests() - before, 1)?;
    listing.read(10)?;
    equal("requests for names of the same page", requests() - before, 1)
}

fn while_changing(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let room = cx.made_room()?;
    let container = session.container(&room)?;
    let names = fill(cx, &room, 1200)?;
    // Every tenth goes while the listing goes on, and others come.
    let (going, stable) = names.iter().enumerate().partition::<Vec<_>, _>(|(n, _)| n % 10 == 0);
    let (listing, mut listed, mut going) = (container.list()?, Vec::new(), going.into_iter());
    for round in 0.. {
        let (more, end) = listing.read(100)?;
        listed.extend(more);
        for (_, name) in going.by_ref().take(5) {
            cx.outside().delete(&room, name)?;
        }
        cx.outside().put(&room, &format!("new-{round}"), b"")?;
        if end {
            break;
        }
    }
    let set = listed.iter().collect::<BTreeSet<_>>();
    equal("names listed twice", listed.len() - set.len(), 0)?;
    let missing = stable.iter().filter(|(_, name)| !set.contains(name)).collect::<Vec<_>>();
    ensure!(missing.is_empty(), "not listed: {missing:?}");
    let never = listed.iter().find(|name| !names.contains(name) && !name.starts_with("new-"));
    equal("never written", never, None)
}

fn two(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let room = cx.made_room()?;
    let container = session.container(&room)?;
    let names = fill(cx, &room, 30)?;
    let (one, other) = (container.list()?, container.list()?);
    container.close()?;
    for name in &names[..29] {
        equal("one", one.read(1)?, (vec![name.clone()], false))?;
        equal("the other", other.read(1)?, (vec![name.clone()], false))?;
    }
    equal("one", one.read(1)?, (vec![names[29].clone()], true))?;
    equal("the other", other.skip(1)?, (1, true))
}

fn names(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let room = cx.made_room()?;
    let container = session.container(&room)?;
    let mut names = super::names::allowed(cx);
    for name in &names {
        cx.outside().put(&room, name, b"")?;
    }
    let mut listed = container.names(1000)?;
    names.sort();
    listed.sort();
    equal("names", listed, names)
}
