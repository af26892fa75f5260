//! Servers from the npm registry, which run on the Node.js of the machine.

use std::{os::unix::fs::symlink, path::PathBuf, process::Command};

use anyhow::{Result, bail};

use super::{
    cache::{Cache, Stage},
    on_path,
};

pub(super) struct Package<'a> {
    pub(super) name: &'a str,
    pub(super) version: &'a str,
    pub(super) bin: &'a str,
    /// No dependency is newer than this day: that pins all of them.
    pub(super) before: &'a str,
}

pub(super) fn install(cache: &Cache, package: &Package) -> Result<PathBuf> {
    // Needed in order to run it, too.
    for program in ["node", "npm"] {
        if on_path(program).is_none() {
            bail!(
                "{} needs Node.js, and there is no `{program}`: `apt install nodejs npm`, `brew install node`, \
                 or see nodejs.org",
                package.name
            );
        }
    }
    cache.get(package.name, package.version, package.bin, " with npm", |stage| fetch(stage, package))
}

fn fetch(stage: &Stage, package: &Package) -> Result<()> {
    let mut npm = Command::new("npm");
    npm.args(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--before", package.before])
        .arg(format!("{}@{}", package.name, package.version))
        .arg("--prefix")
        .arg(&stage.dir)
        .current_dir(&stage.scratch); // away from a package.json
    stage.run(npm)?;
    std::fs::create_dir(stage.dir.join("bin"))?;
    // Relative, because the folder is about to move.
    Ok(symlink(format!("../node_modules/.bin/{}", package.bin), stage.dir.join("bin").join(package.bin))?)
}
