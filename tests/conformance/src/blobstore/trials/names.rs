use anyhow::{Context as _, Result, ensure};

use crate::blobstore::app::Container;
use crate::blobstore::{Case, Cx, Session};
use crate::check::equal;
use crate::reply::{Problem, failed_with};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::each("blob.names", "byte-for-byte", byte_for_byte).credentials(),
        Case::each("blob.names", "each-ascii-character", ascii),
        Case::each("blob.names", "look-alikes-are-different-objects", different),
        Case::each("blob.names", "dot-segments", dots),
        Case::each("blob.names", "dot-segments-are-refused", |cx| refused(cx, &DOTS))
            .unless(|provider| provider.capabilities.dot_segments.then_some("the service takes them")),
        Case::each("blob.names", "backslashes", |cx| taken(cx, &["a\\b", "\\", "a/\\/b"])).unless(
            |provider| {
                (!provider.capabilities.backslash).then_some("the service takes a backslash for a slash")
            },
        ),
        Case::each("blob.names", "backslashes-are-refused", |cx| refused(cx, &["a\\b", "\\", "a/\\/b"]))
            .unless(|provider| provider.capabilities.backslash.then_some("the service takes them")),
        Case::each("blob.names", "up-to-the-longest", longest),
        Case::each("blob.names", "longer-than-the-service-takes", too_long),
        Case::each("blob.names", "the-empty-name", empty),
        Case::each("blob.names", "in-a-sentence", in_a_sentence),
    ]
}

const DOTS: [&str; 8] = [".", "..", "./a", "../a", "a/./b", "a/../b", "a/..", "/./"];

/// Names that every service takes, as far as this one may be able to.
pub(super) fn allowed(cx: &Cx) -> Vec<String> {
    let capabilities = &cx.provider.capabilities;
    let mut names = [
        "a",
        "A",
        "a b",
        " a",
        "a  b",
        "a/b",
        "a//b",
        "/a",
        "//a",
        "a/",
        "a/b/c/d/e",
        "a.b",
        ".a",
        "..a",
        "...a",
        "a..b",
        "%",
        "%2F",
        "%2f",
        "%20",
        "%00",
        "%zz",
        "100%",
        "+",
        "a+b",
        "&",
        "a&b=c",
        "=",
        "?",
        "a?b=c",
        "#",
        "a#b",
        ";",
        ":",
        "a:b",
        "@",
        "!",
        "$",
        "'",
        "\"",
        "(",
        ")",
        "*",
        ",",
        "[",
        "]",
        "{",
        "}",
        "|",
        "^",
        "`",
        "<",
        ">",
        "<a>",
        "&amp;",
        "&lt;",
        "]]>",
        "<![CDATA[",
        "~",
        "-",
        "_",
        "ü",
        "é",
        "e\u{301}",
        "日本語",
        "🪣",
        "👩‍👩‍👧",
        "ﬀ",
        "\u{a0}",
        "\u{200b}",
        "\u{feff}",
        "\u{10ffff}",
        "comp=list",
        "a?comp=block&blockid=x",
        "$root",
        "null",
        "undefined",
        "a.html",
        "q?restype=container",
        "ａ",
    ]
    .map(str::to_owned)
    .to_vec();
    if capabilities.dot_segments {
        names.extend(DOTS.map(str::to_owned));
    }
    if capabilities.backslash {
        names.push("a\\b".to_owned());
    }
    names
}

/// Everything that has a name as its argument.
fn use_name(cx: &Cx, session: &Session, room: &str, name: &str) -> Result<()> {
    let container = session.container(room)?;
    container.put(name, &name.into())?;
    equal("get", container.get(name)?, probe::Data::of(name.as_bytes()))?;
    equal("what another client reads", cx.outside().get(room, name)?, Some(name.as_bytes().to_vec()))?;
    equal("has-object", container.has(name)?, true)?;
    equal("the name in info", container.object_info(name)?.name, name.to_owned())?;
    session.copy((room, name), (room, "copy"))?;
    equal("the copy", cx.outside().get(room, "copy")?, Some(name.as_bytes().to_vec()))?;
    cx.outside().put(room, name, b"theirs")?;
    equal("get", container.get(name)?, probe::Data::of(b"theirs"))?;
    session.rename((room, "copy"), (room, name))?;
    let mut names = container.names(10)?;
    names.retain(|listed| listed != "copy");
    equal("the names", names, vec![name.to_owned()])?;
    container.delete_many(&[name])?;
    equal("what another client reads", cx.outside().get(room, name)?, None)?;
    container.put(name, &"v".into())?;
    container.delete(name)?;
    equal("has-object", container.has(name)?, false)
}

fn byte_for_byte(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let room = cx.made_room()?;
    for name in allowed(cx) {
        use_name(cx, &session, &room, &name).with_context(|| format!("{name:?}"))?;
    }
    Ok(())
}

/// Works, or is refused by all.
fn works_or_not(cx: &Cx, session: &Session, room: &str, name: &str) -> Result<bool> {
    let container = session.container(room)?;
    match container.put(name, &name.into()) {
        Ok(()) => use_name(cx, session, room, name).map(|()| true),
        Err(Problem::Broken(error)) => Err(error),
        refused => {
            failed_with(refused, &["invalid"])?;
            refuses(session, &container, room, name)?;
            equal("what there is", cx.outside().names(room)?, vec![])?;
            Ok(false)
        }
    }
}

fn refuses(session: &Session, container: &Container, room: &str, name: &str) -> Result<()> {
    let invalid: &[&str] = &["invalid"];
    failed_with(container.get_data(name, 0, 9), invalid).context("get-data")?;
    failed_with(container.has(name), invalid).context("has-object")?;
    failed_with(container.object_info(name), invalid).context("object-info")?;
    failed_with(container.delete(name), invalid).context("delete-object")?;
    failed_with(container.delete_many(&[name]), invalid).context("delete-objects")?;
    failed_with(session.copy((room, name), (room, "k")), invalid).context("copy from")?;
    failed_with(session.copy((room, "k"), (room, name)), invalid).context("copy to")?;
    failed_with(session.rename((room, name), (room, "k")), invalid).context("move from")?;
    Ok(())
}

fn ascii(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let room = cx.made_room()?;
    let mut refused = Vec::new();
    for character in (0..128_u8).map(char::from) {
        for name in [format!("{character}a"), format!("a{character}a"), format!("a{character}")] {
            let works = works_or_not(cx, &session, &room, &name).with_context(|| format!("{name:?}"))?;
            if !works {
                refused.push(character);
            }
        }
    }
    // A service may refuse controls; all else is too common.
    let odd = refused.iter().filter(|character| !character.is_control() && !['.', '\\'].contains(*character));
    equal("refused", odd.collect::<Vec<_>>(), vec![])
}

fn different(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let room = cx.made_room()?;
    let container = session.container(&room)?;
    let names = [
        "a/b", "a%2Fb", "a//b", "/a/b", "a/b/", "a+b", "a b", "a%20b", "a%2Bb", "é", "e\u{301}", "%C3%A9",
        "A/B", "a/b?", "a/b#", "a/b%3F",
    ];
    for name in names {
        container.put(name, &name.into())?;
    }
    for name in names {
        equal(name, container.get(name)?, probe::Data::of(name.as_bytes()))?;
        equal(name, cx.outside().get(&room, name)?, Some(name.as_bytes().to_vec()))?;
    }
    equal("objects", container.names(100)?.len(), names.len())
}

fn taken(cx: &Cx, names: &[&str]) -> Result<()> {
    let session = cx.session()?;
    let room = cx.made_room()?;
    for name in names {
        use_name(cx, &session, &room, name).with_context(|| format!("{name:?}"))?;
    }
    Ok(())
}

/// Taken by services that can; in any case never something else.
fn dots(cx: &Cx) -> Result<()> {
    if cx.provider.capabilities.dot_segments {
        return taken(cx, &DOTS);
    }
    let session = cx.session()?;
    let room = cx.made_room()?;
    let container = session.container(&room)?;
    container.put("b", &"kept".into())?;
    container.put("a/b", &"kept".into())?;
    for name in DOTS {
        failed_with(container.put(name, &"v".into()), &["invalid"])?;
        failed_with(container.delete(name), &["invalid"])?;
    }
    let mut names = cx.outside().names(&room)?;
    names.sort();
    equal("objects", names, vec!["a/b".to_owned(), "b".to_owned()])
}

/// By the provider, before anything is sent.
fn refused(cx: &Cx, names: &[&str]) -> Result<()> {
    let room = cx.made_room()?;
    let proxied = cx.proxied(&[("check-container", "false")])?;
    let session = proxied.app.session();
    let before = proxied.proxy().count();
    let container = session.container(&room)?;
    for name in names {
        let all = || -> Result<()> {
            failed_with(container.put(name, &"v".into()), &["invalid"])?;
            refuses(&session, &container, &room, name)
        };
        all().with_context(|| format!("{name:?}"))?;
    }
    // Of what is moved or copied there was a look at the source at most.
    let changes = proxied.proxy().since(before).iter().filter(|one| one.request.method != "HEAD").count();
    equal("requests", changes, 0)
}

fn longest(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let room = cx.made_room()?;
    let most = |of: char| cx.provider.capabilities.longest_name(of);
    let of_one = ['n', 'ü', '日', '🪣'].map(|character| String::from(character).repeat(most(character)));
    for name in of_one.into_iter().chain(["n/".repeat(most('n') / 8)]) {
        use_name(cx, &session, &room, &name)
            .with_context(|| format!("{} characters, {} bytes", name.chars().count(), name.len()))?;
    }
    Ok(())
}

fn too_long(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let room = cx.made_room()?;
    let container = session.container(&room)?;
    let over = ['n', '日', '🪣'].map(|character| {
        let most = cx.provider.capabilities.longest_name(character);
        String::from(character).repeat(most + 1)
    });
    for name in over.into_iter().chain(["n".repeat(1 << 20)]) {
        failed_with(container.put(&name, &"v".into()), &["invalid"])?;
        refuses(&session, &container, &room, &name)?;
    }
    equal("objects", cx.outside().names(&room)?, vec![])
}

fn empty(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let room = cx.made_room()?;
    works_or_not(cx, &session, &room, "").map(drop)
}

/// Names get into errors, and errors into logs.
fn in_a_sentence(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let container = session.container(cx.shared())?;
    let sentence = failed_with(container.object_info("some/ü name"), &["no-such-object"])?;
    ensure!(sentence.contains("`some/ü name`"), "{sentence:?} does not name it");
    Ok(())
}
