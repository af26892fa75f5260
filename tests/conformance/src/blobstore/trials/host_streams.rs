//! The streams of the host pass through the provider, and are as they were.

use anyhow::{Result, ensure};
use plugboard_harness::components::{Surface, component};

use crate::blobstore::app::pattern;
use crate::blobstore::{Case, Cx, Flavor};
use crate::check::equal;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::each("all.composition", "stdout-and-stderr", print).only(Flavor::BOTH),
        Case::each("all.composition", "bodies-of-requests", bodies).only(Flavor::BOTH),
        Case::each("all.composition", "objects-beside-files-and-sockets", objects).only(Flavor::WITH_FILES),
        Case::each("all.composition", "files", files).only(Flavor::WITH_FILES),
        Case::each("all.composition", "sockets", sockets).only(Flavor::WITH_FILES),
        Case::each("all.composition", "what-is-plugged-in-is-a-plain-component", plain).only(Flavor::BOTH),
    ]
}

fn print(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let text = format!("printed by {}\n", cx.key("it"));
    session.print(&text)?;
    let log = session.app.deployment.log();
    ensure!(log.matches(text.trim_end()).count() == 2, "not on both of stdout and stderr");
    Ok(())
}

fn bodies(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    for size in [0, 1, 100_000, 3 << 20] {
        let source = session.fetch(&format!("pattern/7/{size}"))?;
        equal("what came back", session.send("digest", &source)?, pattern(7, size).data())?;
    }
    Ok(())
}

fn objects(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let container = session.container(cx.shared())?;
    for size in [0, 10, 5 * cx.fixture().block() + 1] {
        let (name, content) = (cx.key(&size.to_string()), pattern(1, size));
        container.put(&name, &content)?;
        super::holds(cx, &name, &content)?;
        equal("get", container.get(&name)?, content.data())?;
    }
    Ok(())
}

fn files(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let content = pattern(1, 10_000);
    let twice = [content.bytes(), content.bytes()].concat();
    let read = session.write_file(&cx.room("file"), content)?;
    equal("what the file holds", read, probe::Data::of(&twice))
}

fn sockets(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let content = pattern(1, 10_000);
    equal("what came back", session.exchange(content.clone())?, content.data())
}

/// Every tool can read it, and it asks for nothing that the app does not have.
fn plain(cx: &Cx) -> Result<()> {
    use crate::interface::Flavor as _;
    let surface = Surface::read(&component(&format!("{}{}", cx.provider.name, cx.flavor.suffix()))?)?;
    let inner = surface.imports.iter().chain(&surface.exports).find(|name| name.contains("plugboard:"));
    ensure!(inner.is_none(), "{inner:?} is not for others to see");
    for interface in ["types", "container", "blobstore"] {
        let name = format!("wasi:blobstore/{interface}@0.2.0-draft");
        ensure!(surface.exports.contains(&name), "it does not export {name}");
    }
    Ok(())
}
