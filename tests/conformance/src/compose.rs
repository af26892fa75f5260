//! Puts an app and a provider together as a user does: with the real `wac`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use plugboard_harness::tools;

/// The world that a composition must fit: what every host of `wasi:http/proxy` has, and the configuration.
const WORLD: &str = "\
package plugboard:composed;

world app {
    include wasi:http/proxy@0.2.12;
    import wasi:config/store@0.2.0-rc.1;
}
";

/// Plugs the provider into the app and proves that nothing is left open: `wac plug` skips silently what does not
/// match.
pub(crate) fn compose(app: &Path, provider: &Path, folder: &Path) -> Result<PathBuf> {
    for component in [app, provider] {
        ensure!(component.exists(), "there is no {}: run `cargo xtask build`", component.display());
    }
    let name = |path: &Path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let out = folder.join(format!("{}+{}.wasm", name(app), name(provider)));
    let mut plug = Command::new(tools::wac()?);
    run(plug.arg("plug").arg(app).arg("--plug").arg(provider).arg("--output").arg(&out))?;
    targets(&out, folder)?;
    Ok(out)
}

/// `wac targets`: the component imports nothing that the world has not, and exports what the world has.
pub(crate) fn targets(component: &Path, folder: &Path) -> Result<()> {
    let wit = folder.join("wit");
    if !wit.exists() {
        let deps = wit.join("deps");
        std::fs::create_dir_all(&deps)?;
        for entry in std::fs::read_dir(wasi_wit()?)? {
            let entry = entry?;
            std::fs::copy(entry.path(), deps.join(entry.file_name()))?;
        }
        std::fs::create_dir_all(deps.join("config"))?;
        std::fs::copy(crate::provider::root().join("wit/config/store.wit"), deps.join("config/store.wit"))?;
        std::fs::write(wit.join("world.wit"), WORLD)?;
    }
    let mut targets = Command::new(tools::wac()?);
    run(targets.arg("targets").arg("--wit").arg(wit).args(["--world", "app"]).arg(component))
}

/// The text of WASI 0.2 comes from the crate that the components are built with.
fn wasi_wit() -> Result<PathBuf> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(crate::provider::root())
        .output()?;
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).context("cargo metadata")?;
    let packages = metadata["packages"].as_array().context("cargo metadata without packages")?;
    let wasip2 = packages.iter().find(|package| package["name"] == "wasip2").context("no crate `wasip2`")?;
    let manifest = wasip2["manifest_path"].as_str().context("a package without a manifest")?;
    Ok(Path::new(manifest).with_file_name("wit").join("deps"))
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
    if !output.status.success() {
        bail!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}
