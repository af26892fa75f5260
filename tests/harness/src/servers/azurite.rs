//! Azurite, Microsoft's stand-in for Azure Storage: its blobs or its tables. What it takes and Azure refuses,
//! `azure-strict` refuses in front of it.

use std::{
    ops::{Deref, DerefMut},
    process::Command,
};

use anyhow::Result;

use super::Service;
use crate::{Run, Server, tools};

/// Azurite with one account, and no container or table in it.
pub struct Azurite {
    service: Service,
}

impl Azurite {
    /// The account that every Azurite has, as documented.
    pub const ACCOUNT: &str = "devstoreaccount1";
    pub const KEY: &str =
        "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    /// All in memory, of which it takes at most half the machine's.
    pub fn start(run: &Run) -> Result<Azurite> {
        Self::launch(run, &["--inMemoryPersistence"])
    }

    /// The same, but with tables in place of blobs.
    pub fn start_tables(run: &Run) -> Result<Azurite> {
        let service = Service::start(run, |run, port| {
            let program = run.path().join("azurite_tables.js");
            std::fs::write(&program, include_str!("azurite_tables.js"))?;
            let mut command = Command::new("node");
            command.arg(program).env("AZURITE_TABLES", tools::azurite_tables()?);
            command.args(["--tableHost", "127.0.0.1", "--tablePort", &port.to_string()]);
            command.args(["--inMemoryPersistence", "--disableTelemetry", "--skipApiVersionCheck"]);
            let ready = |server: &Server| server.line("successfully started on ");
            Ok(Server::start(run, "azurite-tables", command, ready)?.0)
        })?;
        Ok(Azurite { service })
    }

    /// All in the run's directory: for more than the memory holds, and to be there after a restart.
    pub fn start_on_disk(run: &Run) -> Result<Azurite> {
        Self::launch(run, &["--location", "azurite"])
    }

    fn launch(run: &Run, place: &'static [&str]) -> Result<Azurite> {
        let service = Service::start(run, move |run, port| {
            let mut command = Command::new(tools::azurite_blob()?);
            command.args(["--blobHost", "127.0.0.1", "--blobPort", &port.to_string()]).args(place);
            // The SDKs of the outside speak versions of the API that are newer than Azurite.
            command.args(["--disableTelemetry", "--skipApiVersionCheck"]);
            let ready = |server: &Server| server.line("successfully listens on ");
            Ok(Server::start(run, "azurite", command, ready)?.0)
        })?;
        Ok(Azurite { service })
    }

    /// The account's service, for `azure-endpoint` or `azure-table-endpoint`: no trailing slash.
    pub fn url(&self) -> String {
        format!("http://{}/{}", self.addr(), Self::ACCOUNT)
    }

    /// What the SDKs take.
    pub fn connection_string(&self) -> String {
        connection_string(&self.url())
    }
}

/// What the SDKs take, for Azurite or whatever stands before it.
pub fn connection_string(url: &str) -> String {
    let (name, key) = (Azurite::ACCOUNT, Azurite::KEY);
    format!(
        "DefaultEndpointsProtocol=http;AccountName={name};AccountKey={key};BlobEndpoint={url};TableEndpoint={url};"
    )
}

impl Deref for Azurite {
    type Target = Service;

    fn deref(&self) -> &Service {
        &self.service
    }
}

impl DerefMut for Azurite {
    fn deref_mut(&mut self) -> &mut Service {
        &mut self.service
    }
}
