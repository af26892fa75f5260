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

/// What compositions are checked against: made once, used by all.
#[derive(Clone)]
pub(crate) struct Composer {
    wit: PathBuf,
}

impl Composer {
    pub(crate) fn new(folder: &Path) -> Result<Composer> {
        let wit = folder.join("wit");
        let deps = wit.join("deps");
        std::fs::create_dir_all(deps.join("config"))?;
        for entry in std::fs::read_dir(wasi_wit()?)? {
            let entry = entry?;
            std::fs::copy(entry.path(), deps.join(entry.file_name()))?;
        }
        std::fs::copy(crate::provider::root().join("wit/config/store.wit"), deps.join("config/store.wit"))?;
        std::fs::write(wit.join("world.wit"), WORLD)?;
        Ok(Composer { wit })
    }

    /// Plugs the provider into the app and proves that nothing is left open: `wac plug` skips silently what does
    /// not match.
    pub(crate) fn compose(&self, app: &Path, provider: &Path, folder: &Path) -> Result<PathBuf> {
        for component in [app, provider] {
            ensure!(component.exists(), "there is no {}: run `cargo xtask build`", component.display());
        }
        let name = |path: &Path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let out = folder.join(format!("{}+{}.wasm", name(app), name(provider)));
        let mut plug = Command::new(tools::wac()?);
        output(plug.arg("plug").arg(app).arg("--plug").arg(provider).arg("--output").arg(&out))?;
        self.targets(&out)?;
        Ok(out)
    }

    /// `wac targets`: the component imports nothing that the world has not, and exports what the world has.
    pub(crate) fn targets(&self, component: &Path) -> Result<()> {
        let mut targets = Command::new(tools::wac()?);
        targets.arg("targets").arg("--wit").arg(&self.wit).args(["--world", "app"]).arg(component);
        output(&mut targets).map(drop)
    }
}

/// The text of WASI 0.2 comes from the crate that the components are built with.
fn wasi_wit() -> Result<PathBuf> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["metadata", "--format-version", "1", "--locked"]).current_dir(crate::provider::root());
    let metadata: serde_json::Value = serde_json::from_slice(&output(&mut cargo)?)?;
    let packages = metadata["packages"].as_array().context("cargo metadata without packages")?;
    let wasip2 = packages.iter().find(|package| package["name"] == "wasip2").context("no crate `wasip2`")?;
    let manifest = wasip2["manifest_path"].as_str().context("a package without a manifest")?;
    Ok(Path::new(manifest).with_file_name("wit").join("deps"))
}

fn output(command: &mut Command) -> Result<Vec<u8>> {
    let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
    if !output.status.success() {
        bail!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(output.stdout)
}
