//! Python with packages of its registry, in a virtual environment.

use std::{fs, path::PathBuf, process::Command};

use anyhow::{Result, ensure};

use super::{
    cache::{Cache, Stage},
    on_path,
};

pub(super) struct Environment<'a> {
    pub(super) name: &'a str,
    /// Of the package that it is about.
    pub(super) version: &'a str,
    /// For pip: that package and all that it depends on, each with its version.
    pub(super) requirements: &'a str,
}

pub(super) fn install(cache: &Cache, environment: &Environment) -> Result<PathBuf> {
    ensure!(
        on_path("python3").is_some(),
        "{} needs Python, and there is no `python3`: `apt install python3-venv` or `brew install python`",
        environment.name
    );
    cache.get(environment.name, environment.version, "python", "", |stage| make(stage, environment))
}

fn make(stage: &Stage, environment: &Environment) -> Result<()> {
    let mut venv = Command::new("python3");
    venv.args(["-m", "venv"]).arg(&stage.dir);
    stage.run(venv)?;
    let requirements = stage.scratch.join("requirements.txt");
    fs::write(&requirements, environment.requirements)?;
    // The interpreter finds its packages wherever the folder moves to; pip's own script would not.
    let mut pip = Command::new(stage.dir.join("bin/python"));
    pip.args(["-m", "pip", "install", "--no-deps", "--requirement"]).arg(requirements);
    stage.run(pip)
}
