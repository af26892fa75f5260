//! The signatures in wit/ are upstream's, to the letter; only the comments are ours.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use plugboard_harness::components::root;
use rules::{golden, golden_file};
use wit_component::WitPrinter;
use wit_parser::{PackageId, Resolve};

/// Upstream's text of draft, as wasmtime ships it.
const DRAFT: (&str, &str) = ("wasmtime-wasi-keyvalue", "48.0.2");
/// Upstream's text of the configuration, as wasmtime ships it.
const CONFIG: (&str, &str) = ("wasmtime-wasi-config", "48.0.2");
/// Upstream's text of the blobstore, as a host ships it: no registry has the package itself.
const BLOBSTORE: (&str, &str) = ("wash-runtime", "0.1.0");
/// The packages of WASI 0.2 as the components are built with them; each after those that it uses.
const WASI: (&str, &str) = ("wasip2", "2.0.1+wasi-0.2.12");
const WASI_PACKAGES: [&str; 7] = ["io", "clocks", "random", "filesystem", "sockets", "cli", "http"];

#[test]
fn draft_is_what_wasmtime_ships() -> Result<()> {
    same_interfaces("keyvalue-draft", &from_registry(DRAFT)?.join("wit/deps/keyvalue"))
}

#[test]
fn config_is_what_wasmtime_ships() -> Result<()> {
    same_interfaces("config", &from_registry(CONFIG)?.join("wit/deps/config"))
}

#[test]
fn blobstore_is_what_hosts_ship() -> Result<()> {
    let upstream = from_registry(BLOBSTORE)?.join("wit/deps/wasi-blobstore-0.2.0-draft/package.wit");
    // Upstream names an older WASI 0.2; all of them are one to a host.
    let upstream =
        std::fs::read_to_string(upstream)?.replace("@0.2.1.", "@0.2.12.").replace("@0.2.1;", "@0.2.12;");
    let ours = interfaces(&signatures(&root().join("wit/blobstore"))?);
    let upstream = interfaces(&print(&mut wasi()?, |resolve| resolve.push_str("upstream.wit", &upstream))?);
    ensure!(
        !ours.is_empty() && ours == upstream,
        "ours:\n{}\nupstream's:\n{}",
        ours.join("\n"),
        upstream.join("\n")
    );
    Ok(())
}

/// What a provider exports before it is joined with the facade: the same, but for where the streams come from.
#[test]
fn the_inner_blobstore_is_the_blobstore() -> Result<()> {
    let text = |path: &str| -> Result<String> {
        let text = std::fs::read_to_string(root().join(path))?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
        let lines = lines.filter(|line| !line.starts_with("package ") && !line.starts_with("use "));
        Ok(lines.collect::<Vec<_>>().join("\n"))
    };
    for file in ["types.wit", "container.wit", "blobstore.wit"] {
        let (ours, real) = (text(&format!("wit/inner/{file}"))?, text(&format!("wit/blobstore/{file}"))?);
        ensure!(!real.is_empty() && ours == real, "wit/inner/{file} is not wit/blobstore/{file}");
    }
    Ok(())
}

/// wit/wasi has the signatures of WASI 0.2 as the crate `wasip2` ships them, written by `cargo xtask bless`.
#[test]
fn wasi_is_what_the_components_are_built_with() -> Result<()> {
    let deps = from_registry(WASI)?.join("wit/deps");
    let mut resolve = Resolve::default();
    for name in WASI_PACKAGES {
        let text = print(&mut resolve, |resolve| resolve.push_file(deps.join(format!("{name}.wit"))))?;
        golden_file(&root().join(format!("wit/wasi/{name}.wit")), &text)?;
    }
    Ok(())
}

/// No registry has draft2, so its signatures are kept here. They are those of
/// github.com/WebAssembly/wasi-keyvalue at fb6e23d, which has get-many in shape a; shape b is that of its pull
/// request 55, merged 2026-08-15, and of Spin.
#[test]
fn draft2_is_as_reviewed() -> Result<()> {
    golden("wit/keyvalue-draft2.wit", &signatures(&root().join("wit/keyvalue-draft2"))?)?;
    golden("wit/keyvalue-draft2-batch-a.wit", &signatures(&root().join("wit/keyvalue-draft2-batch-a"))?)
}

#[test]
fn the_two_shapes_of_draft2_differ_in_get_many_only() -> Result<()> {
    let [b, a] =
        ["keyvalue-draft2", "keyvalue-draft2-batch-a"].map(|name| signatures(&root().join("wit").join(name)));
    let (b, a) = (b?, a?);
    let differing = b.lines().zip(a.lines()).filter(|(b, a)| b != a).collect::<Vec<_>>();
    ensure!(b.lines().count() == a.lines().count() && differing.len() == 1, "{differing:?}");
    ensure!(differing.iter().all(|(b, a)| b.contains("get-many") && a.contains("get-many")), "{differing:?}");
    Ok(())
}

/// Every interface of ours is upstream's; upstream may have more, such as `watcher`.
fn same_interfaces(ours: &str, upstream: &Path) -> Result<()> {
    let ours = interfaces(&signatures(&root().join("wit").join(ours))?);
    let upstream = interfaces(&signatures(upstream)?);
    ensure!(!ours.is_empty(), "there is no interface");
    for interface in ours {
        ensure!(upstream.contains(&interface), "not upstream's:\n{interface}");
    }
    Ok(())
}

/// The text of a package without its comments.
fn signatures(folder: &Path) -> Result<String> {
    print(&mut wasi()?, |resolve| Ok(resolve.push_dir(folder)?.0))
}

/// The packages of WASI 0.2, for others to refer to.
fn wasi() -> Result<Resolve> {
    let mut resolve = Resolve::default();
    for name in WASI_PACKAGES {
        resolve.push_file(root().join(format!("wit/wasi/{name}.wit")))?;
    }
    Ok(resolve)
}

fn print(resolve: &mut Resolve, push: impl FnOnce(&mut Resolve) -> Result<PackageId>) -> Result<String> {
    let package = push(resolve)?;
    let mut printer = WitPrinter::default();
    printer.emit_docs(false);
    printer.print(resolve, package, &[])?;
    Ok(printer.output.to_string())
}

fn interfaces(text: &str) -> Vec<String> {
    text.split("\n\n").filter(|part| part.contains("interface ")).map(str::to_owned).collect()
}

/// The sources of a published crate. `cargo info` fetches them without building anything.
fn from_registry((name, version): (&str, &str)) -> Result<PathBuf> {
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(std::env::home_dir()?.join(".cargo")));
    let sources = home.context("neither CARGO_HOME nor a home folder is known")?.join("registry/src");
    let folder = format!("{name}-{version}");
    let find = || -> Option<PathBuf> {
        let registries = std::fs::read_dir(&sources).ok()?;
        registries.filter_map(|entry| Some(entry.ok()?.path().join(&folder))).find(|path| path.is_dir())
    };
    if find().is_none() {
        let status =
            Command::new("cargo").args(["info", "--quiet", &format!("{name}@{version}")]).output()?;
        ensure!(status.status.success(), "cargo info {name}: {}", String::from_utf8_lossy(&status.stderr));
    }
    find().with_context(|| format!("{folder} is not in {}", sources.display()))
}
