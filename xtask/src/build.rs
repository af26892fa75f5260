//! Core modules by cargo, components by wit-component, metadata by wasm-metadata.
//!
//! The target is `wasm32-unknown-unknown`: what a component then imports is what its code calls, and nothing
//! else. With `wasm32-wasip2` the standard library drags in environment, terminal and filesystem, which a
//! plain `wasmtime serve` does not offer.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use plugboard_harness::components::Surface;
use wasm_metadata::{AddMetadata, AddMetadataField, Description, Licenses, Version};
use wit_component::ComponentEncoder;

use crate::workspace::{self, Component};
use crate::{facade, small, wit};

pub const TARGET: &str = "wasm32-unknown-unknown";

/// Builds the named components, or all of them, and returns their paths.
pub fn run(names: &[String]) -> Result<Vec<PathBuf>> {
    let all = workspace::components()?;
    for name in names {
        ensure!(
            all.iter().any(|c| c.name == *name),
            "there is no component `{name}`; there are {}",
            all.iter().map(|c| format!("`{}`", c.name)).collect::<Vec<_>>().join(", ")
        );
    }
    let wanted = all.into_iter().filter(|c| names.is_empty() || names.contains(&c.name)).collect::<Vec<_>>();
    ensure_target()?;
    wit::write()?;
    let flags = rustflags()?.join("\x1f");

    wanted
        .iter()
        .map(|component| {
            cargo_build(component, &flags)?;
            componentize(component)
        })
        .collect()
}

/// One at a time: packages that are built together share the features of what they depend on, and a component's bytes
/// are to be the same whatever else is built.
fn cargo_build(component: &Component, flags: &str) -> Result<()> {
    let mut command = workspace::cargo();
    command.args(["build", "--release", "--locked", "--target", TARGET, "--package", &component.package]);
    command.env("CARGO_ENCODED_RUSTFLAGS", flags);
    if !component.features.is_empty() {
        command.args(["--features", &component.features.join(",")]);
    }
    ensure!(command.status().context("cannot run cargo")?.success(), "cargo build failed");
    Ok(())
}

/// Numbers in the code take the bytes they need (the linker leaves room for five otherwise), and the paths in panic
/// messages are the same on every machine.
fn rustflags() -> Result<Vec<String>> {
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(std::env::home_dir()?.join(".cargo")));
    let home = home.context("neither CARGO_HOME nor a home folder is known")?;
    let version = rustc(&["-vV"])?;
    let hash = version.lines().find_map(|line| line.strip_prefix("commit-hash: ")).unwrap_or_default();
    let remap = |from: &Path, to: &str| format!("--remap-path-prefix={}={to}", from.display());
    Ok(vec![
        "-Clink-arg=--compress-relocations".to_owned(),
        // A loop in place of its 64 unrolled rounds: a signature hashes a kilobyte at most.
        "--cfg=sha2_backend_soft=\"compact\"".to_owned(),
        remap(&home, "/cargo"),
        remap(&workspace::root(), "/plugboard"),
        // Where the component rust-src is installed; without it the standard library says so by itself.
        remap(&sysroot()?.join("lib/rustlib/src/rust"), &format!("/rustc/{hash}")),
    ])
}

fn rustc(arguments: &[&str]) -> Result<String> {
    let output = Command::new("rustc").args(arguments).current_dir(workspace::root()).output();
    Ok(String::from_utf8(output.context("cannot run rustc")?.stdout)?)
}

fn sysroot() -> Result<PathBuf> {
    Ok(PathBuf::from(rustc(&["--print", "sysroot"])?.trim()))
}

fn componentize(component: &Component) -> Result<PathBuf> {
    let file = format!("{}.wasm", component.package.replace('-', "_"));
    let module = workspace::target().join(TARGET).join("release").join(file);
    let bytes = std::fs::read(&module).with_context(|| format!("cannot read {}", module.display()))?;
    let encoded = ComponentEncoder::default()
        .validate(true)
        .module(&bytes)
        .and_then(|encoder| encoder.encode())
        .with_context(|| format!("cannot make a component of {}", module.display()))?;

    if !facade::is_inner(&Surface::parse(&encoded)?) {
        return write_component(&component.name, &finish(component, &encoded)?);
    }
    write_component(&format!("inner/{}", component.name), &finish(component, &encoded)?)?;
    let welded = facade::weld(&encoded);
    let welded = welded.with_context(|| format!("cannot make a plug of {}", component.name))?;
    write_component(&component.name, &finish(component, &welded)?)
}

fn finish(component: &Component, bytes: &[u8]) -> Result<Vec<u8>> {
    let mut metadata = AddMetadata::default();
    metadata.name = AddMetadataField::Set(component.name.clone());
    metadata.version = AddMetadataField::Set(Version::new(component.version.clone()));
    metadata.description = AddMetadataField::Set(Description::new(component.description.clone()));
    metadata.licenses = AddMetadataField::Set(Licenses::new(&component.license)?);
    metadata.to_wasm(&small::make(bytes)?)
}

/// Writes target/components/<name>.wasm.
fn write_component(name: &str, bytes: &[u8]) -> Result<PathBuf> {
    let path = workspace::component_path(name);
    write_if_changed(&path, bytes)?;
    println!("{:>8} bytes  {}", bytes.len(), path.display());
    Ok(path)
}

/// Leaves an unchanged file alone, so that what is made from it can tell by its time.
fn write_if_changed(path: &Path, bytes: &[u8]) -> Result<()> {
    if std::fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    std::fs::create_dir_all(path.parent().context("a file needs a folder")?)?;
    // Readers see the old file or the new one, never half of it.
    let partial = path.with_extension("partial");
    std::fs::write(&partial, bytes)?;
    std::fs::rename(&partial, path).with_context(|| format!("cannot write {}", path.display()))
}

/// Adds the wasm target where rustup manages the toolchain; elsewhere says what to install.
pub fn ensure_target() -> Result<()> {
    if sysroot()?.join("lib/rustlib").join(TARGET).exists() {
        return Ok(());
    }
    eprintln!("adding the Rust target {TARGET}");
    let added =
        Command::new("rustup").args(["target", "add", TARGET]).current_dir(workspace::root()).status();
    match added {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => {
            bail!("`rustup target add {TARGET}` failed; the components need that target's standard library")
        }
        Err(_) => bail!(
            "the Rust standard library for {TARGET} is missing and there is no rustup to add it; install rustup \
             (https://rustup.rs), or your distribution's package of it (Debian: rust-web with cargo-web, rustc-web \
             and lld; Fedora: rust-std-static-{TARGET})"
        ),
    }
}
