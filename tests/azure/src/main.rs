use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Result, bail};
use azure_strict::{ACCOUNT, CLIENT_ID, CLIENT_SECRET, Config, KEY, TENANT};
use clap::Parser;
use plugboard_harness::{Run, servers::Azurite};

/// Azure Blob Storage and its token services on this machine: Azurite, as strict as Azure itself.
///
/// It prints where it listens and what it accepts, and stops on Ctrl-C.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Loopback address of the blob service; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS", default_value_t = SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))]
    blobs: SocketAddr,

    /// Loopback address of the services that issue tokens
    #[arg(long, value_name = "ADDRESS", default_value_t = SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))]
    tokens: SocketAddr,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    Run::scope("azure", |run| {
        let azurite = Azurite::start(run)?;
        let config =
            Config { storage: arguments.blobs, tokens: arguments.tokens, ..Config::new(azurite.addr()) };
        let azure = config.serve()?;
        println!("account  {ACCOUNT}\nkey      {KEY}");
        println!("tenant   {TENANT}\nclient   {CLIENT_ID}\nsecret   {CLIENT_SECRET}");
        println!("tokens   {}\nblobs    {}", azure.authority(), azure.url());
        azurite.server().wait()?;
        bail!("Azurite ended by itself")
    })
}
