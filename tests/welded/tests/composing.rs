//! Plain `wac plug` composes a welded plug with apps of any 0.2, with configuration and with other plugs.

use std::fs;

use anyhow::{Context, Result, ensure};
use plugboard_harness::Run;
use plugboard_harness::components::{Surface, component, plug, target, targets};
use plugboard_harness::servers::Serve;
use plugboard_harness::tools::Version;
use welded::{VERSIONS, chain, old_wasi, sealed, serve, setting, works};

/// What `wasm-tools component wit` does, which is how people look at a plug.
#[test]
fn every_component_decodes() -> Result<()> {
    let mut seen = 0;
    for folder in ["components", "components/inner"] {
        for entry in fs::read_dir(target().join(folder)).context("run `cargo xtask build` first")? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "wasm") {
                decodes(&fs::read(&path)?).with_context(|| path.display().to_string())?;
                seen += 1;
            }
        }
    }
    ensure!(seen > 2, "there are only {seen} components; run `cargo xtask build` first");
    Ok(())
}

fn decodes(component: &[u8]) -> Result<()> {
    let decoded = wit_component::decode(component)?;
    let mut printer = wit_component::WitPrinter::default();
    printer.print(decoded.resolve(), decoded.package(), &[])?;
    ensure!(printer.output.to_string().contains("world root"), "it has no world");
    Ok(())
}

#[test]
fn nothing_of_the_inside_shows() -> Result<()> {
    for (name, reexported) in [
        ("toy-blobs", &["cli/stderr", "cli/stdout", "http/types", "io/streams"][..]),
        (
            "toy-blobs-cli",
            &["cli/stderr", "cli/stdout", "filesystem/types", "http/types", "io/streams", "sockets/tcp"],
        ),
    ] {
        let Surface { imports, exports } = Surface::read(&component(name)?)?;
        let ours = |name: &&String| name.starts_with("plugboard:");
        ensure!(imports.iter().chain(&exports).find(ours).is_none(), "{name} shows {imports:?}, {exports:?}");
        let blobstore =
            ["blobstore", "container", "types"].map(|name| format!("wasi:blobstore/{name}@0.2.0-draft"));
        let expected = reexported.iter().map(|name| format!("wasi:{name}@0.2.12")).chain(blobstore);
        ensure!(exports == expected.collect(), "{name} exports {exports:?}");
    }
    Ok(())
}

#[test]
fn the_shipped_file_says_what_it_is() -> Result<()> {
    for name in ["toy-blobs", "toy-blobs-cli"] {
        let text = wasmprinter::print_file(component(name)?)?;
        // The name is that of the plug, not of what is in it.
        let start = text.lines().next().unwrap_or_default();
        ensure!(start == format!("(component ${name}"), "it starts with {start}");
        ensure!(text.contains("(@custom \"description\""), "there is no description in {name}");
    }
    Ok(())
}

#[test]
fn an_app_works_on_every_host() -> Result<()> {
    Run::scope("welded-hosts", |run| {
        let app = chain(run, &component("spool")?, &[&component("toy-blobs")?])?;
        targets(&app, "app")?;
        for version in VERSIONS {
            let server = serve(run, &app, version, &[])?;
            works(&server)?;
            ensure!(setting(&server)? == "of the host", "the setting is {}", setting(&server)?);
        }
        Ok(())
    })
}

#[test]
fn an_app_of_the_first_0_2_works() -> Result<()> {
    Run::scope("welded-0.2.0", |run| {
        let old = old_wasi(run, "spool")?;
        ensure!(Surface::read(&old)?.imports.contains("wasi:io/streams@0.2.0"), "it is not old");
        let app = chain(run, &old, &[&component("toy-blobs")?])?;
        targets(&app, "app")?;
        works(&serve(run, &app, Version::LongTerm, &[])?)
    })
}

#[test]
fn a_welded_plug_can_be_sealed() -> Result<()> {
    Run::scope("welded-sealed", |run| {
        let plug = sealed(run, "toy-blobs", "of the seal")?;
        decodes(&fs::read(&plug)?)?;
        let app = chain(run, &component("spool")?, &[&plug])?;
        targets(&app, "sealed")?;
        for version in VERSIONS {
            let server = Serve { version, ..Serve::new(&app) }.start(run)?;
            works(&server)?;
            ensure!(setting(&server)? == "of the seal", "the setting is {}", setting(&server)?);
        }
        Ok(())
    })
}

#[test]
fn other_plugs_come_before_or_after() -> Result<()> {
    Run::scope("welded-orders", |run| {
        let (app, blobs, values) =
            (component("spool-keyvalue")?, component("toy-blobs")?, component("kv-redis")?);
        for plugs in [[&*blobs, &*values], [&*values, &*blobs]] {
            let chained = chain(run, &app, &plugs)?;
            let at_once = run.path().join("at-once.wasm");
            plug(&app, &plugs, &at_once)?;
            for app in [chained, at_once] {
                targets(&app, "app")?;
                let server =
                    serve(run, &app, Version::LongTerm, &["-S", "config-var=redis-url=http://127.0.0.1:1"])?;
                works(&server)?;
                let bucket =
                    plugboard_harness::http::request("GET", &format!("{}/bucket", server.url()), "")?;
                ensure!(bucket == (200, "Ok(())".to_owned()), "opening a bucket: {bucket:?}");
            }
        }
        Ok(())
    })
}
