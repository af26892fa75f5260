//! What the tests of welded plugs have in common. The tests themselves are the tests of this package.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};
use plugboard_harness::Run;
use plugboard_harness::components::{component, done, plug};
use plugboard_harness::http::request;
use plugboard_harness::servers::{Serve, Wasmtime};
use plugboard_harness::tools::{self, Version};

/// Both hosts, one after the other.
pub const VERSIONS: [Version; 2] = [Version::LongTerm, Version::Newest];

/// The plugs, one after the other: each may import what the next exports.
pub fn chain(run: &Run, app: &Path, plugs: &[&Path]) -> Result<PathBuf> {
    let mut plugged = app.to_owned();
    for (i, provider) in plugs.iter().enumerate() {
        let out = run.path().join(format!("plugged-{i}.wasm"));
        plug(&plugged, &[provider], &out)?;
        plugged = out;
    }
    Ok(plugged)
}

/// The toy with a setting in it.
pub fn sealed(run: &Run, toy: &str, setting: &str) -> Result<PathBuf> {
    let [config, out] = ["config.wasm", "sealed.wasm"].map(|name| run.path().join(name));
    let call = format!("configure([(\"toy-setting\", \"{setting}\")])");
    let mut wizer = Command::new(tools::wasmtime(Version::LongTerm)?);
    wizer.args(["wizer", "--init-func", &call]).arg(component("config-static")?).arg("-o").arg(&config);
    done(&mut wizer)?;
    plug(&component(toy)?, &[&config], &out)?;
    Ok(out)
}

/// The component as an older toolchain would have made it.
pub fn old_wasi(run: &Run, name: &str) -> Result<PathBuf> {
    let text = wasmprinter::print_file(component(name)?)?;
    let old = run.path().join(format!("{name}-0.2.0.wasm"));
    fs::write(&old, wat::parse_str(text.replace("@0.2.12", "@0.2.0"))?)?;
    Ok(old)
}

/// Serves it with the toy's setting, and with these flags.
pub fn serve(run: &Run, app: &Path, version: Version, flags: &[&str]) -> Result<Wasmtime> {
    Serve { version, config: Some(&[("toy-setting", "of the host".to_owned())]), flags, ..Serve::new(app) }
        .start(run)
}

/// The app writes into an object and reads it, and its own output arrives.
pub fn works(server: &Wasmtime) -> Result<()> {
    for body in ["", "hello", &"0123456789".repeat(30_000)] {
        kept(server.url(), body)?;
    }
    ensure!(server.server().log().contains("a request"), "nothing on its output: {}", server.server().log());
    Ok(())
}

/// The app wrote that into an object, and read it.
pub fn kept(url: &str, body: &str) -> Result<()> {
    let heard = request("PUT", &format!("{url}/object"), body)?;
    ensure!(heard == (200, format!("kept: {body}").trim_end().to_owned()), "it answered {heard:?}");
    Ok(())
}

/// The object that is the provider's setting.
pub fn setting(server: &Wasmtime) -> Result<String> {
    Ok(request("GET", &format!("{}/setting:toy-setting", server.url()), "")?.1)
}
