//! Servers: from the PATH, or unpacked from the distribution's packages, which needs no root.

use std::{
    collections::BTreeSet,
    env, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail, ensure};

use super::{
    cache::{Cache, Stage},
    on_path,
};

pub(super) struct Tool<'a> {
    /// Of the program, and of the tool in the cache.
    pub(super) name: &'a str,
    pub(super) names_elsewhere: &'a [&'a str],
    pub(super) packages: &'a [&'a str],
    /// What to do where nothing here works.
    pub(super) otherwise: &'a str,
}

pub(super) fn find_or_unpack(tool: &Tool) -> Result<PathBuf> {
    if let Some(path) = [tool.name].iter().chain(tool.names_elsewhere).find_map(|name| on_path(name)) {
        return Ok(path);
    }
    let cache = Cache::user()?;
    // Before asking apt, which may have no lists or no network, for the distribution's version.
    if let Some(path) = cache.any_version(tool.name, tool.name) {
        return Ok(path);
    }
    let missing =
        ["apt-get", "apt-cache", "dpkg", "dpkg-query", "ldd"].iter().find(|name| on_path(name).is_none());
    if let Some(missing) = missing {
        bail!(
            "`{}` is not installed, and there is no `{missing}` to unpack it: {}",
            tool.name,
            tool.otherwise
        );
    }
    let version = version(tool)?;
    // A colon, as in Debian's epochs, would end a directory in LD_LIBRARY_PATH.
    let folder = version.replace(':', "_");
    cache.get(tool.name, &folder, tool.name, " from the distribution's packages", |stage| unpack(stage, tool))
}

/// The version that apt would install, after `apt-get update` where apt knows no packages yet.
fn version(tool: &Tool) -> Result<String> {
    let ask = || {
        let shown =
            output(Command::new("apt-cache").args(["show", "--no-all-versions", tool.packages[0]])).ok()?;
        shown.lines().find_map(|line| line.strip_prefix("Version: ")).map(str::to_owned)
    };
    if let Some(version) = ask() {
        return Ok(version);
    }
    if rustix::process::geteuid().is_root() {
        eprintln!("apt knows no `{}`: updating its lists …", tool.packages[0]);
        output(Command::new("apt-get").arg("update"))?;
    }
    ask().with_context(|| {
        format!(
            "apt knows no package `{}`: run `apt-get update` as root, or {}",
            tool.packages[0], tool.otherwise
        )
    })
}

/// The packages, and of the libraries they depend on those that this machine does not have.
fn unpack(stage: &Stage, tool: &Tool) -> Result<()> {
    let program = stage.dir.join("usr/bin").join(tool.name);
    let mut wanted: Vec<String> = tool.packages.iter().map(|&name| name.to_owned()).collect();
    let mut seen = BTreeSet::new();
    loop {
        for package in &wanted {
            download(stage, package)?;
        }
        let lacking = lacking_libraries(stage, &program)?;
        if lacking.is_empty() {
            break;
        }
        seen.extend(wanted.iter().cloned());
        // Debian does not say which package has a library; but its package is among the dependencies.
        wanted = wanted.iter().map(|package| libraries(package)).collect::<Result<Vec<_>>>()?.concat();
        wanted.retain(|package| !seen.contains(package) && !is_installed(package));
        wanted.sort();
        wanted.dedup();
        ensure!(!wanted.is_empty(), "no dependency of `{}` brings {}", tool.name, lacking.join(", "));
    }
    launcher(stage, tool)
}

fn download(stage: &Stage, package: &str) -> Result<()> {
    let dir = stage.scratch.join(package);
    fs::create_dir(&dir)?;
    let mut get = Command::new("apt-get");
    get.args(["download", package]).current_dir(&dir);
    stage.run(get)?;
    let file = entries(&dir).next().context("apt-get downloaded nothing")?;
    let mut extract = Command::new("dpkg");
    extract.arg("-x").arg(file).arg(&stage.dir);
    stage.run(extract)
}

/// The packages with libraries that `package` depends on.
fn libraries(package: &str) -> Result<Vec<String>> {
    let depends = output(Command::new("apt-cache").args(["depends", "--important", package]))?;
    let names = depends.lines().filter_map(|line| Some(line.split_once("Depends: ")?.1.trim()));
    Ok(names.filter(|name| name.starts_with("lib")).map(str::to_owned).collect())
}

fn is_installed(package: &str) -> bool {
    output(Command::new("dpkg-query").args(["-W", "-f", "${db:Status-Status}", package]))
        .is_ok_and(|status| status == "installed")
}

fn lacking_libraries(stage: &Stage, program: &Path) -> Result<Vec<String>> {
    let path = env::join_paths(library_dirs(&stage.dir))?;
    let found = output(Command::new("ldd").arg(program).env("LD_LIBRARY_PATH", path))?;
    let lacking = found.lines().filter(|line| line.contains("not found"));
    Ok(lacking.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect())
}

/// Where packages put libraries, as far as there are any: `lib` and `usr/lib`, and the folders in them.
fn library_dirs(dir: &Path) -> Vec<PathBuf> {
    let bases = [dir.join("lib"), dir.join("usr/lib")];
    let below = bases.iter().flat_map(|base| entries(base));
    let mut dirs: Vec<_> = below.chain(bases.iter().cloned()).collect();
    dirs.retain(|dir| entries(dir).any(|path| path.to_string_lossy().contains(".so")));
    dirs.sort(); // a directory has no order of its own
    dirs
}

/// What is in `dir`; nothing if it is not a directory.
fn entries(dir: &Path) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path())
}

/// `bin/<name>`, which starts the program with its libraries, wherever the folder has moved to.
fn launcher(stage: &Stage, tool: &Tool) -> Result<()> {
    let dirs = library_dirs(&stage.dir);
    let inside = dirs.iter().filter_map(|dir| dir.strip_prefix(&stage.dir).ok());
    let path: Vec<_> = inside.map(|dir| format!("$here/{}", dir.display())).collect();
    let script = format!(
        "#!/bin/sh\nhere=$(dirname \"$0\")/..\nexport LD_LIBRARY_PATH=\"{}\"\nexec \"$here/usr/bin/{}\" \"$@\"\n",
        path.join(":"),
        tool.name
    );
    let bin = stage.dir.join("bin");
    fs::create_dir(&bin)?;
    fs::write(bin.join(tool.name), script)?;
    Ok(fs::set_permissions(bin.join(tool.name), fs::Permissions::from_mode(0o755))?)
}

fn output(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.env("LC_ALL", "C").output().with_context(|| format!("cannot start `{name}`"))?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "`{name}` failed ({}): {}", output.status, stderr.trim());
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
