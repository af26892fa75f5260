//! README.md's `sh` blocks run in their order; a `text` block right behind one is what it must print.
//!
//! One shell runs them all, as far as its folder goes. Three things differ from a reader's terminal: ports are free
//! ones, the stores are started here, and the demo keeps its data in a folder of this run.

use std::net::TcpListener;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use plugboard_harness::components::root;
use plugboard_harness::process::free_port;
use plugboard_harness::servers::{Azurite, Redis, Webdis, webdis};
use plugboard_harness::{Run, Server, tools};

/// Long enough to build everything from nothing.
const READY_WITHIN: Duration = Duration::from_secs(1_200);

struct Block {
    language: String,
    text: String,
}

#[test]
fn its_commands_do_what_it_says() -> Result<()> {
    let text = std::fs::read_to_string(root().join("README.md"))?;
    let blocks = blocks(&text);
    ensure!(
        blocks.iter().filter(|block| block.language == "sh").count() >= 5,
        "where have its commands gone?"
    );
    Run::scope("readme", |run| {
        let redis = Redis::start(run)?;
        let webdis = Webdis::start(run, &redis, webdis::Options::default())?;
        let azurite = Azurite::start(run)?;
        let path = path_with_tools(run, &redis)?;
        let (mut server, mut folder) = (None, root());
        for (i, block) in blocks.iter().enumerate().filter(|(_, block)| block.language == "sh") {
            let mut script = block
                .text
                .replace("127.0.0.1:7379", &webdis.addr().to_string())
                .replace("UseDevelopmentStorage=true", &azurite.connection_string());
            if script == "cargo xtask demo" {
                script += &format!(" --data {}", run.path().join("data").display());
            }
            let mut command = Command::new("bash");
            command.arg("-ec").env("PATH", &path).current_dir(&folder);
            if block.text.contains("wasmtime serve") || block.text.contains("xtask demo") {
                // The one before has the reader pressed Ctrl-C for.
                drop(server.take());
                let port = two_free_ports()?;
                let script = script.replace("xtask demo", &format!("xtask demo --addr 127.0.0.1:{port}"));
                // A server's process is started in the folder of the run, wherever its command was to be.
                let script = at_ports(&script, port);
                command.arg(format!("cd {}\n{script}", folder.display()));
                let ready =
                    |server: &Server| server.line("Ctrl-C stops").or_else(|| server.line("Serving HTTP on"));
                server = Some((Server::start_within(READY_WITHIN, run, "server", command, ready)?.0, port));
                // The reader is where the block went.
                if let Some(there) = block.text.lines().find_map(|line| line.strip_prefix("cd ")) {
                    folder = folder.join(there);
                }
                continue;
            }
            let port = server.as_ref().map_or(8080, |(_, port)| *port);
            let output = command.arg(at_ports(&script, port)).output()?;
            let errors = String::from_utf8_lossy(&output.stderr);
            ensure!(output.status.success(), "{}\nfailed: {errors}", block.text);
            if let Some(expected) = blocks.get(i + 1).filter(|next| next.language == "text") {
                let printed = String::from_utf8_lossy(&output.stdout);
                let printed = printed.lines().filter(|line| *line != "OK").collect::<Vec<_>>().join("\n");
                ensure!(printed == expected.text.trim(), "{}\nprinted {printed}\n{errors}", block.text);
            }
        }
        Ok(())
    })
}

/// The first of two that follow each other.
fn two_free_ports() -> Result<u16> {
    let second = |port: u16| TcpListener::bind(("127.0.0.1", port.checked_add(1)?)).ok();
    let mut ports = (0..100).map(|_| free_port());
    ports.find(|port| second(*port).is_some()).context("no two free ports in a row")
}

fn at_ports(script: &str, port: u16) -> String {
    script.replace(":8080", &format!(":{port}")).replace(":8081", &format!(":{}", port + 1))
}

fn blocks(markdown: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = markdown.lines();
    while let Some(line) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let text = lines.by_ref().take_while(|line| *line != "```").collect::<Vec<_>>().join("\n");
            blocks.push(Block { language: language.to_owned(), text });
        }
    }
    blocks
}

/// The tools that a reader has installed, and a `redis-cli` that finds this run's Redis.
fn path_with_tools(run: &Run, redis: &Redis) -> Result<String> {
    let bin = run.path().join("bin");
    std::fs::create_dir_all(&bin)?;
    let wasmtime = tools::wasmtime(tools::Version::LongTerm)?;
    for (name, tool) in [("wac", tools::wac()?), ("wasmtime", wasmtime)] {
        std::os::unix::fs::symlink(tool, bin.join(name))?;
    }
    let cli = tools::redis_cli()?;
    let shim = bin.join("redis-cli");
    std::fs::write(&shim, format!("#!/bin/sh\nexec {} -p {} \"$@\"\n", cli.display(), redis.addr().port()))?;
    std::fs::set_permissions(&shim, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    let path = std::env::var("PATH").context("no PATH")?;
    Ok(format!("{}:{path}", bin.display()))
}
