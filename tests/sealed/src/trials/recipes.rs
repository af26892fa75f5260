//! The commands of compose/README.md, as they stand there, in a folder like target/components.
//!
//! Three things differ from a reader's terminal: the store's address, the port that is served on, and that each served
//! app is used and stopped before the next command.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use plugboard_harness::components::{Surface, component, done, root, target};
use plugboard_harness::servers::{Redis, Webdis, webdis};
use plugboard_harness::{Server, tools};

use crate::Case;
use crate::bench::{Bench, use_favorites};

pub(crate) const TRIALS: &[Case] = &[
    ("recipes/sealed", |bench| work(bench, "Sealed", 3)),
    ("recipes/from-the-environment", |bench| work(bench, "From the environment", 1)),
    ("recipes/for-spin", for_spin),
];

/// Runs the section's blocks and uses what each of them serves.
fn work(bench: &Bench, section: &str, served: usize) -> Result<()> {
    let desk = desk(bench)?;
    let scripts = scripts(section)?;
    ensure!(scripts.len() == served, "section `{section}` has {} blocks", scripts.len());
    let redis = Redis::start(bench.run)?;
    let webdis = Webdis::start(bench.run, &redis, webdis::Options::default())?;
    for script in scripts {
        redis.cli(&["FLUSHALL"])?;
        let script = script.replace("127.0.0.1:7379", &webdis.addr().to_string()).replace(":8080", ":0");
        let ready = |server: &Server| server.line("Serving HTTP on ");
        let (server, url) = Server::start(bench.run, "recipe", bash(bench, &desk, &script)?, ready)?;
        use_favorites(url.trim_end_matches('/'), &redis)?;
        drop(server);
        let open =
            Surface::read(&desk.join("out.wasm"))?.imports.into_iter().find(|name| name.contains("config"));
        ensure!(open.is_none(), "what came out imports {open:?}");
    }
    Ok(())
}

fn for_spin(bench: &Bench) -> Result<()> {
    let desk = desk(bench)?;
    for script in scripts("For Spin")? {
        done(&mut bash(bench, &desk, &script)?)?;
    }
    let open =
        Surface::read(&desk.join("out.wasm"))?.imports.into_iter().filter(|name| name.contains("config"));
    let open = open.collect::<Vec<_>>();
    ensure!(open == ["wasi:config/store@0.2.0-draft-2024-09-27"], "what came out imports {open:?}");
    Ok(())
}

/// A copy of the places that the commands name; what they write stays in it.
fn desk(bench: &Bench) -> Result<PathBuf> {
    let desk = bench.file("target/components");
    std::fs::create_dir_all(&desk)?;
    let names =
        ["favorites", "kv-redis", "config-static", "config-static-stdin", "config-env", "config-spin"];
    for name in names {
        symlink(component(name)?, desk.join(format!("{name}.wasm")))?;
    }
    symlink(target().join("wit"), bench.file("target/wit"))?;
    symlink(root().join("compose"), bench.file("compose"))?;
    std::fs::create_dir(bench.file("bin"))?;
    symlink(tools::wac()?, bench.file("bin/wac"))?;
    symlink(tools::wasmtime(bench.version)?, bench.file("bin/wasmtime"))?;
    Ok(desk)
}

fn bash(bench: &Bench, desk: &Path, script: &str) -> Result<Command> {
    let path = std::env::var("PATH").context("no PATH")?;
    let mut command = Command::new("bash");
    command.args(["-ec", &format!("cd '{}'\n{script}", desk.display())]);
    command.env("PATH", format!("{}:{path}", bench.file("bin").display()));
    Ok(command)
}

/// The `sh` blocks below a heading.
fn scripts(section: &str) -> Result<Vec<String>> {
    let readme = std::fs::read_to_string(root().join("compose/README.md"))?;
    let (_, rest) = readme.split_once(&format!("\n## {section}\n")).context("no such section")?;
    let body = rest.split("\n## ").next().unwrap_or_default();
    let blocks =
        body.split("```sh\n").skip(1).filter_map(|block| Some(block.split_once("```")?.0.to_owned()));
    let blocks = blocks.collect::<Vec<_>>();
    ensure!(!blocks.is_empty(), "section `{section}` has no commands");
    Ok(blocks)
}
