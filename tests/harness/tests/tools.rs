//! The installers for real: they need the registries, or the cache of an earlier run.
//!
//! What a tool is found by is the environment, which a process has only one of: so these tests run this
//! test program once more, with another environment and the name of the tool it shall find.

use std::{
    env, fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use anyhow::{Context, Result, ensure};
use plugboard_harness::{
    Run, Server,
    components::done,
    process::{free_port, http_status},
    tools::{self, Version},
};

const FIND: &str = "PLUGBOARD_TEST_FIND";

#[test]
fn finds_a_tool_when_asked_to() -> Result<()> {
    let Some(name) = env::var_os(FIND) else {
        // Not asked: the ones that every other test relies on.
        for version in [Version::LongTerm, Version::Newest] {
            ensure!(tools::wasmtime(version)?.is_absolute());
        }
        return Ok(());
    };
    let path = match name.to_str().context(FIND)? {
        "wasmtime" => tools::wasmtime(Version::LongTerm),
        "redis-server" => tools::redis_server(),
        "webdis" => tools::webdis(),
        "docker-registry" => tools::docker_registry(),
        "etcd" => tools::etcd(),
        "etcdctl" => tools::etcdctl(),
        "azurite" => tools::azurite_blob(),
        "python-azure" => tools::python_azure(),
        "python-etcd" => tools::python_etcd(),
        "python-aws" => tools::python_aws(),
        other => panic!("`{other}` is no tool"),
    };
    match path {
        Ok(path) => println!("found {}", path.display()),
        Err(error) => println!("error {error:#}"),
    }
    Ok(())
}

/// This program again, looking for `name` with `settings` in its environment.
fn looking_for(name: &str, settings: &[(&str, &Path)]) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "finds_a_tool_when_asked_to", "--nocapture"])
        .env_remove("WASMTIME")
        .env(FIND, name)
        .envs(settings.iter().copied())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// What it found: the path, or the error's sentence.
fn answer(output: &Output) -> Result<PathBuf, String> {
    let text = String::from_utf8_lossy(&output.stdout);
    for line in text.lines() {
        // The test runner may have begun the line.
        if let Some((_, path)) = line.split_once("found ") {
            return Ok(path.into());
        }
        if let Some((_, error)) = line.split_once("error ") {
            return Err(error.to_owned());
        }
    }
    panic!("no answer in: {text}{}", String::from_utf8_lossy(&output.stderr));
}

fn find(name: &str, settings: &[(&str, &Path)]) -> Result<PathBuf, String> {
    answer(&looking_for(name, settings).wait_with_output().unwrap())
}

fn version_of(program: &Path) -> Result<String> {
    let output = Command::new(program).arg("--version").output()?;
    ensure!(output.status.success(), "{output:?}");
    Ok(String::from_utf8(output.stdout)?)
}

#[test]
fn wasmtime_has_the_version_it_was_asked_for() -> Result<()> {
    assert!(version_of(&tools::wasmtime(Version::LongTerm)?)?.starts_with("wasmtime 48."));
    assert!(version_of(&tools::wasmtime(Version::Newest)?)?.starts_with("wasmtime 49."));
    Ok(())
}

#[test]
fn tools_built_by_cargo() -> Result<()> {
    assert_eq!(version_of(&tools::wac()?)?, "wac-cli 0.12.0\n");
    assert_eq!(version_of(&tools::wkg()?)?, "wkg 0.16.1\n");
    assert_eq!(version_of(&tools::cargo_deny()?)?, "cargo-deny 0.20.2\n");
    assert!(version_of(&tools::s3s_fs()?)?.ends_with("0.14.1\n"));
    Ok(())
}

#[test]
fn two_processes_install_once_and_say_so() -> Result<()> {
    let cache = tempfile::tempdir()?;
    let settings: [(&str, &Path); 1] = [("PLUGBOARD_CACHE", cache.path())];
    let both = [looking_for("wasmtime", &settings), looking_for("wasmtime", &settings)];
    let outputs = both.map(|process| process.wait_with_output().unwrap());
    let mut said = String::new();
    for output in &outputs {
        let path = answer(output).unwrap();
        assert!(path.starts_with(cache.path().join("tools")), "{}", path.display());
        assert!(version_of(&path)?.starts_with("wasmtime 48."));
        said += &String::from_utf8_lossy(&output.stderr);
    }
    assert_eq!(said.matches("installing wasmtime 48.").count(), 1, "{said}");
    assert_eq!(said.matches("installed wasmtime 48.").count(), 1, "{said}");
    Ok(())
}

#[test]
fn the_environment_says_where() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let tool = dir.path().join("xdg/plugboard/tools/webdis-9/bin/webdis");
    fs::create_dir_all(tool.parent().unwrap())?;
    fs::write(&tool, "")?;
    let nowhere = dir.path().join("nowhere");
    let (empty, xdg) = (Path::new(""), dir.path().join("xdg"));
    let found = find("webdis", &[("PLUGBOARD_CACHE", empty), ("XDG_CACHE_HOME", &xdg), ("PATH", &nowhere)]);
    assert_eq!(found.unwrap(), tool);

    let found = find("wasmtime", &[("WASMTIME", &tool)]);
    assert_eq!(found.unwrap(), tool.canonicalize()?);
    let error = find("wasmtime", &[("WASMTIME", &nowhere)]).unwrap_err();
    assert_eq!(error, format!("`WASMTIME` names no file: `{}`", nowhere.display()));

    let error =
        find("webdis", &[("PLUGBOARD_CACHE", Path::new("relative")), ("PATH", &nowhere)]).unwrap_err();
    assert_eq!(error, "the cache must be an absolute path, not `relative`");
    Ok(())
}

#[test]
fn without_python_wasmtime_is_built() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let (cache, nowhere) = (dir.path().join("cache"), dir.path().join("nowhere"));
    let settings = [("PLUGBOARD_CACHE", &*cache), ("PATH", &nowhere), ("CARGO", Path::new("/bin/false"))];
    let output = looking_for("wasmtime", &settings).wait_with_output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    for part in ["cannot start `python3`", "installing wasmtime-cli 48.", "(about 16 minutes on two cores)"] {
        assert!(said.contains(part), "`{part}` is not in: {said}");
    }
    let error = answer(&output).unwrap_err(); // the build itself is not for a test
    assert!(error.starts_with("cannot install wasmtime-cli 48."), "{error}");
    Ok(())
}

#[test]
fn without_packages_the_error_says_what_to_install() -> Result<()> {
    let empty = tempfile::tempdir()?;
    for (name, advice) in [
        ("redis-server", "`apt install redis-server` or `brew install redis`"),
        ("webdis", "`apt install webdis` or `brew install webdis`"),
        ("docker-registry", "`apt install docker-registry`, or put `registry`"),
        ("etcd", "`apt install etcd-server` or `brew install etcd`"),
        ("etcdctl", "`apt install etcd-client` or `brew install etcd`"),
    ] {
        let error = find(name, &[("PLUGBOARD_CACHE", empty.path()), ("PATH", empty.path())]).unwrap_err();
        let start = format!("`{name}` is not installed, and there is no `apt-get` to unpack it: {advice}");
        assert!(error.starts_with(&start), "{error}");
    }
    Ok(())
}

#[test]
fn without_an_interpreter_the_error_says_what_to_install() -> Result<()> {
    let empty = tempfile::tempdir()?;
    for (name, advice) in [
        ("azurite", "azurite needs Node.js, and there is no `node`: `apt install nodejs npm`"),
        ("python-azure", "needs Python, and there is no `python3`: `apt install python3-venv`"),
        ("python-aws", "needs Python, and there is no `python3`: `apt install python3-venv`"),
        ("python-etcd", "needs Python, and there is no `python3`: `apt install python3-venv`"),
    ] {
        let error = find(name, &[("PLUGBOARD_CACHE", empty.path()), ("PATH", empty.path())]).unwrap_err();
        assert!(error.contains(advice), "{error}");
    }
    Ok(())
}

#[test]
fn tools_on_an_interpreter() -> Result<()> {
    assert_eq!(version_of(&tools::azurite_blob()?)?, "3.37.0\n");
    let mut python = Command::new(tools::python_azure()?);
    let output =
        python.args(["-c", "import azure.storage.blob as blob; print(blob.__version__)"]).output()?;
    assert_eq!(String::from_utf8_lossy(&output.stdout), "12.31.1\n");
    let mut python = Command::new(tools::python_aws()?);
    let output =
        python.args(["-c", "import boto3, moto; print(boto3.__version__, moto.__version__)"]).output()?;
    assert_eq!(String::from_utf8_lossy(&output.stdout), "1.44.5 5.2.5\n");
    let mut python = Command::new(tools::python_etcd()?);
    let output = python
        .args(["-c", "from importlib.metadata import version; import aetcd; print(version('aetcd'))"])
        .output()?;
    assert_eq!(String::from_utf8_lossy(&output.stdout), "1.0.0\n");
    Ok(())
}

#[test]
fn the_path_comes_first() -> Result<()> {
    let dir = tempfile::tempdir()?;
    symlink("/bin/sh", dir.path().join("registry"))?;
    let found = find("docker-registry", &[("PLUGBOARD_CACHE", dir.path()), ("PATH", dir.path())]);
    assert_eq!(found.unwrap(), dir.path().join("registry"));
    Ok(())
}

/// On a system with apt: every server unpacks and runs although none is on the PATH.
#[test]
#[cfg(target_os = "linux")]
fn servers_unpack_without_root() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let (cache, bin) = (dir.path().join("cache"), dir.path().join("bin"));
    // Everything on the PATH but the servers.
    fs::create_dir(&bin)?;
    let path = env::var_os("PATH").context("PATH")?;
    for entry in env::split_paths(&path).flat_map(fs::read_dir).flatten().flatten() {
        let server = ["redis-server", "webdis", "docker-registry", "registry", "etcd", "etcdctl"]
            .map(Into::into)
            .contains(&entry.file_name());
        if !server {
            let _ = symlink(entry.path(), bin.join(entry.file_name())); // the first of a name wins
        }
    }
    for name in ["redis-server", "webdis", "docker-registry", "etcd", "etcdctl"] {
        let program =
            find(name, &[("PLUGBOARD_CACHE", &cache), ("PATH", &bin)]).map_err(anyhow::Error::msg)?;
        assert!(program.starts_with(cache.join("tools")), "{}", program.display());
        match name {
            "webdis" => starts(&program)?,
            "etcdctl" => drop(done(Command::new(program).arg("version"))?),
            _ => drop(version_of(&program)?),
        }
    }
    Ok(())
}

/// Webdis has no option for its version; without a Redis it answers all the same.
fn starts(webdis: &Path) -> Result<()> {
    Run::scope("tools", |run| {
        let port = free_port();
        let config = run.path().join("config.json");
        fs::write(&config, format!(r#"{{"http_host": "127.0.0.1", "http_port": {port}, "redis_port": 1}}"#))?;
        let mut command = Command::new(webdis);
        command.arg(config);
        let url = format!("http://127.0.0.1:{port}/PING");
        let (_server, status) = Server::start(run, "webdis", command, |_| http_status(&url))?;
        ensure!(status == 503, "webdis answers {status}");
        Ok(())
    })
}
