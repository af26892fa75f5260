//! The official clients, at pinned versions, on both back ends. They are installed below the target directory.

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

use common::{TOKEN, on_both};

const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/clients");

#[test]
fn javascript() {
    let directory = install("node", &["package.json", "package-lock.json"], |directory| {
        run(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(directory));
    });
    // Beside its node_modules, where the import looks for them.
    std::fs::copy(Path::new(SOURCES).join("client.mjs"), directory.join("client.mjs")).unwrap();
    on_both(|server| run(client("node", &server.url()).arg(directory.join("client.mjs"))));
}

#[test]
fn python() {
    let directory = install("python", &["requirements.txt"], |directory| {
        run(Command::new("python3").args(["-m", "venv", "."]).current_dir(directory));
        run(Command::new("bin/pip")
            .args(["install", "--quiet", "--requirement", "requirements.txt"])
            .current_dir(directory));
    });
    let script = Path::new(SOURCES).join("client.py");
    on_both(|server| run(client(directory.join("bin/python"), &server.url()).arg(&script)));
}

fn client(program: impl AsRef<std::ffi::OsStr>, url: &str) -> Command {
    let mut command = Command::new(program);
    command.env("UPSTASH_REDIS_REST_URL", url).env("UPSTASH_REDIS_REST_TOKEN", TOKEN);
    command
}

/// A directory with what the files ask for; made again when one of them changes.
fn install(name: &str, files: &[&str], install: impl FnOnce(&Path)) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("upstash-clients").join(name);
    let wanted: String =
        files.iter().map(|file| std::fs::read_to_string(Path::new(SOURCES).join(file)).unwrap()).collect();
    let installed = directory.join("installed");
    if std::fs::read_to_string(&installed).is_ok_and(|content| content == wanted) {
        return directory;
    }
    let _ = std::fs::remove_dir_all(&directory);
    std::fs::create_dir_all(&directory).unwrap();
    for file in files {
        std::fs::copy(Path::new(SOURCES).join(file), directory.join(file)).unwrap();
    }
    install(&directory);
    std::fs::write(installed, wanted).unwrap();
    directory
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?} failed\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
