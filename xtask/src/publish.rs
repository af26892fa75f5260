//! Components into an OCI registry, by `wkg`, which also finds the credentials (docker's configuration).

use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::Args;
use plugboard_harness::tools;

use crate::{build, workspace};

#[derive(Args)]
pub struct Publish {
    /// The registry, such as `ghcr.io` or `127.0.0.1:5000`
    #[arg(long, value_name = "HOST[:PORT]", value_parser = host)]
    registry: String,
    /// The path in the registry that the components go below
    #[arg(long, default_value = "plugboard")]
    namespace: String,
    /// Use http instead of https
    #[arg(long)]
    insecure: bool,
    /// Only the components with these names; those of providers/ otherwise
    names: Vec<String>,
}

fn host(text: &str) -> Result<String, String> {
    if text.is_empty() || text.contains(['/', ' ']) {
        return Err("expected HOST or HOST:PORT; `--namespace` takes the path".to_owned());
    }
    Ok(text.to_owned())
}

pub fn run(publish: &Publish) -> Result<()> {
    let wanted = |name: &String| publish.names.is_empty() || publish.names.contains(name);
    let components =
        workspace::components()?.into_iter().filter(|c| c.shipped() && wanted(&c.name)).collect::<Vec<_>>();
    for name in &publish.names {
        ensure!(components.iter().any(|c| c.name == *name), "there is no component `{name}` in providers/");
    }
    build::run(&components.iter().map(|c| c.name.clone()).collect::<Vec<_>>())?;
    let wkg = tools::wkg()?;
    for (i, component) in components.iter().enumerate() {
        let reference =
            format!("{}/{}/{}:{}", publish.registry, publish.namespace, component.name, component.version);
        println!("{} of {}: {reference}", i + 1, components.len());
        let mut command = Command::new(&wkg);
        command.args(["oci", "push"]);
        if publish.insecure {
            command.args(["--insecure", &publish.registry]);
        }
        for (key, value) in [
            ("title", &component.name),
            ("version", &component.version),
            ("description", &component.description),
            ("licenses", &component.license),
        ] {
            command.arg("--annotation").arg(format!("org.opencontainers.image.{key}={value}"));
        }
        let status = command.arg(&reference).arg(workspace::component_path(&component.name)).status();
        ensure!(
            status.context("cannot run wkg")?.success(),
            "{reference} was not pushed; what came before it was"
        );
    }
    Ok(())
}
