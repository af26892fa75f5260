//! Azurite, Microsoft's stand-in for Azure Storage: its blobs or its tables. What it takes and Azure refuses,
//! `azure-strict` refuses in front of it.

use std::{
    ops::{Deref, DerefMut},
    path::PathBuf,
    process::Command,
};

use anyhow::Result;

use super::Service;
use crate::{Run, Server, tools};

/// Azurite with one account, and no container or table in it.
pub struct Azurite {
    service: Service,
}

/// One of its services, each of which is a program.
#[derive(Clone, Copy)]
struct Program {
    find: fn() -> Result<PathBuf>,
    /// In the names of its options.
    name: &'static str,
    /// What it says when it is ready.
    ready: &'static str,
}

const BLOBS: Program = Program { find: tools::azurite_blob, name: "blob", ready: "successfully listens on " };
const TABLES: Program =
    Program { find: tools::azurite_table, name: "table", ready: "successfully started on " };

impl Azurite {
    /// The account that every Azurite has, as documented.
    pub const ACCOUNT: &str = "devstoreaccount1";
    pub const KEY: &str =
        "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    /// All in memory, of which it takes at most half the machine's.
    pub fn start(run: &Run) -> Result<Azurite> {
        Self::launch(run, BLOBS, &["--inMemoryPersistence"])
    }

    /// The same, but with tables in place of blobs.
    pub fn start_tables(run: &Run) -> Result<Azurite> {
        Self::launch(run, TABLES, &["--inMemoryPersistence"])
    }

    /// All in the run's directory: for more than the memory holds, and to be there after a restart.
    pub fn start_on_disk(run: &Run) -> Result<Azurite> {
        Self::launch(run, BLOBS, &["--location", "azurite"])
    }

    fn launch(run: &Run, program: Program, place: &'static [&str]) -> Result<Azurite> {
        let service = Service::start(run, move |run, port| {
            let (host, port_option) = (format!("--{}Host", program.name), format!("--{}Port", program.name));
            let mut command = Command::new((program.find)()?);
            command.args([&host, "127.0.0.1", &port_option, &port.to_string()]).args(place);
            // The SDKs of the outside speak versions of the API that are newer than Azurite.
            command.args(["--disableTelemetry", "--skipApiVersionCheck"]);
            let ready = |server: &Server| server.line(program.ready);
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
