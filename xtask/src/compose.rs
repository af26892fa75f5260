//! What `wac plug` does, by the library that it is made of, and the check that nothing was left open.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use plugboard_harness::components::Surface;
use wac_graph::{CompositionGraph, EncodeOptions, plug as wac_plug, types::Package};

/// Plugs the exports of the plugs into the app's imports.
pub fn plug(app: &Path, plugs: &[&Path], out: &Path) -> Result<()> {
    let mut graph = CompositionGraph::new();
    let mut register = |path: &Path| -> Result<_> {
        let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let name = path.file_stem().context("a component needs a name")?.to_string_lossy().into_owned();
        let package = Package::from_bytes(&format!("plugboard:{name}"), None, bytes, graph.types_mut())
            .with_context(|| format!("{} is no component", path.display()))?;
        Ok(graph.register_package(package)?)
    };
    let socket = register(app)?;
    let plugs = plugs.iter().map(|path| register(path)).collect::<Result<Vec<_>>>()?;
    wac_plug(&mut graph, plugs, socket).with_context(|| format!("nothing fits into {}", app.display()))?;
    let composed = graph.encode(EncodeOptions::default())?;

    let open =
        Surface::parse(&composed)?.imports.into_iter().filter(|name| !offered(name)).collect::<Vec<_>>();
    ensure!(
        open.is_empty(),
        "{} still imports {}: no plug exports that under exactly this name and of exactly this type",
        app.display(),
        open.join(", ")
    );
    std::fs::create_dir_all(out.parent().context("a file needs a folder")?)?;
    std::fs::write(out, composed).with_context(|| format!("cannot write {}", out.display()))
}

/// What a host of `wasi:http/proxy` with configuration offers.
fn offered(import: &str) -> bool {
    const SETS: [&str; 8] = [
        "wasi:http/",
        "wasi:io/",
        "wasi:clocks/",
        "wasi:random/random@",
        "wasi:cli/stdin@",
        "wasi:cli/stdout@",
        "wasi:cli/stderr@",
        "wasi:config/store@",
    ];
    SETS.iter().any(|set| import.starts_with(set))
}
