//! The commands in the section "Files and sockets" of compose/README.md, with the toy as the provider; and what the
//! table there says of the wrong choice.

use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use plugboard_harness::components::{component, plug, root, target};
use plugboard_harness::tools::{self, Version};
use plugboard_harness::{Run, Server};
use welded::kept;

#[test]
fn the_commands_work() -> Result<()> {
    let readme = std::fs::read_to_string(root().join("compose/README.md"))?;
    let (_, section) = readme.split_once("\n## Files and sockets\n").context("no such section")?;
    let section = section.split("\n## ").next().unwrap_or_default();
    let blocks = section.split("```sh\n").skip(1).filter_map(|block| Some(block.split_once("```")?.0));
    let blocks = blocks.collect::<Vec<_>>();
    ensure!(blocks.len() == 2, "there are {} blocks", blocks.len());
    for block in blocks {
        Run::scope("welded-recipe", |run| {
            let desk = desk(run)?;
            let mut command = Command::new("bash");
            command.args(["-ec", &format!("cd '{}'\n{}", desk.display(), block.replace(":8080", ":0"))]);
            let path = std::env::var("PATH").context("no PATH")?;
            command.env("PATH", format!("{}:{path}", run.path().join("bin").display()));
            let ready = |server: &Server| server.line("Serving HTTP on ");
            let (_server, url) = Server::start(run, "recipe", command, ready)?;
            kept(url.trim_end_matches('/'), "hello")
        })?;
    }
    Ok(())
}

/// A folder like target/components, with the tools beside it.
fn desk(run: &Run) -> Result<PathBuf> {
    let desk = run.path().join("target/components");
    std::fs::create_dir_all(&desk)?;
    for (name, is) in [
        ("app", "spool-cli"),
        ("cli-empty", "cli-empty"),
        ("blob-azure", "toy-blobs"),
        ("blob-azure-cli", "toy-blobs-cli"),
    ] {
        symlink(component(is)?, desk.join(format!("{name}.wasm")))?;
    }
    symlink(target().join("wit"), run.path().join("target/wit"))?;
    std::fs::create_dir(run.path().join("bin"))?;
    symlink(tools::wac()?, run.path().join("bin/wac"))?;
    symlink(tools::wasmtime(Version::LongTerm)?, run.path().join("bin/wasmtime"))?;
    Ok(desk)
}

/// Loudly: never a component that writes past the plug.
#[test]
fn the_wrong_plug_is_refused() -> Result<()> {
    let (app, blobs, empty) = (component("spool-cli")?, component("toy-blobs")?, component("cli-empty")?);
    Run::scope("welded-wrong", |run| {
        for plugs in [&[&*blobs][..], &[&*empty, &*blobs]] {
            let error = plug(&app, plugs, &run.path().join("out.wasm")).err().context("it was composed")?;
            let error = format!("{error:#}");
            for part in
                ["type mismatch for import `wasi:filesystem/types@0.2.12`", "resource types are not the same"]
            {
                ensure!(error.contains(part), "it said {error}");
            }
        }
        Ok(())
    })
}
