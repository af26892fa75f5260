//! A blob provider and the facade become one component, a plug.

use anyhow::{Context, Result, ensure};
use plugboard_harness::components::Surface;
use wac_graph::{EncodeOptions, types::BorrowedPackageKey};
use wac_parser::Document;

use crate::{build, facade, wit, workspace};

/// A facade: its name, the worlds of the apps that it is for, and the world of the providers that it goes with.
struct Flavour(&'static str, &'static [&'static str], &'static str);

const PROXY: Flavour = Flavour("inner/facade", &["wasi:http/proxy"], "plugboard:inner/provider");
const CLI: Flavour =
    Flavour("inner/facade-cli", &["wasi:cli/imports", "wasi:http/proxy"], "plugboard:inner/provider-cli");

/// Writes the facades.
pub fn write_facades() -> Result<()> {
    let resolve = wit::resolve()?;
    for Flavour(name, apps, provider) in [PROXY, CLI] {
        let facade = facade::encode(&resolve, apps, provider).with_context(|| name)?;
        build::write_component(name, &build::without_names(&facade)?)?;
    }
    Ok(())
}

/// Whether this is a provider that needs the facade.
pub fn is_inner(provider: &[u8]) -> Result<bool> {
    Ok(Surface::parse(provider)?.exports.contains("plugboard:inner/streams"))
}

/// Joins the two, as compose/weld.wac says.
pub fn weld(provider: Vec<u8>) -> Result<Vec<u8>> {
    let Surface { exports, .. } = Surface::parse(&provider)?;
    let Flavour(name, ..) = if exports.contains("plugboard:inner/hooks-cli") { CLI } else { PROXY };
    let facade = std::fs::read(workspace::component_path(name))?;
    let packages = [("plugboard:provider", provider), ("plugboard:facade", facade)];
    let packages =
        packages.map(|(name, bytes)| (BorrowedPackageKey::from_name_and_version(name, None), bytes));

    let text = std::fs::read_to_string(workspace::root().join("compose/weld.wac"))?;
    let document = Document::parse(&text)?;
    let resolution = document.resolve(packages.into_iter().collect())?;
    let welded = resolution.encode(EncodeOptions::default())?;
    let open = Surface::parse(&welded)?.imports.into_iter().filter(|name| name.starts_with("plugboard:"));
    let open = open.collect::<Vec<_>>();
    ensure!(open.is_empty(), "the provider does not export {} as the facade needs it", open.join(", "));
    Ok(welded)
}
