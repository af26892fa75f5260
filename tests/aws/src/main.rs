use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Result, bail};
use aws_strict::{ACCESS_KEY_ID, Config, REGION, ROLE_ARN, SECRET_ACCESS_KEY, WEB_IDENTITY_TOKEN};
use clap::Parser;
use plugboard_harness::{Run, servers::Moto};

/// S3 and DynamoDB on this machine: moto, as strict as AWS itself, and who gives out credentials.
///
/// It prints where it listens and what it accepts, and stops on Ctrl-C.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Loopback address of the services; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS", default_value_t = SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))]
    services: SocketAddr,

    /// Loopback address of those who give out credentials; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS", default_value_t = SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))]
    credentials: SocketAddr,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    Run::scope("aws", |run| {
        let moto = Moto::start(run)?;
        let free = Config::new((&moto).into());
        let config = Config { services: arguments.services, credentials: arguments.credentials, ..free };
        let aws = config.serve()?;
        println!("services   {}\nregion     {REGION}", aws.url());
        println!("key        {ACCESS_KEY_ID}\nsecret     {SECRET_ACCESS_KEY}");
        println!("container  {}\ninstance   {}", aws.credentials_uri(), aws.metadata_endpoint());
        println!("sts        {}\nrole       {ROLE_ARN}\ntoken      {WEB_IDENTITY_TOKEN}", aws.sts_endpoint());
        moto.server().wait()?;
        bail!("moto ended by itself")
    })
}
