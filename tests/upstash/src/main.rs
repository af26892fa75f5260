use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::mpsc;

use anyhow::{Context, Result};
use clap::{ArgGroup, Parser};
use upstash_local::{Config, Store, serve};

/// A local server for the Upstash REST dialect of Redis, for development and tests.
///
/// It prints `listening on http://127.0.0.1:PORT` when it is ready and stops on Ctrl-C or SIGTERM.
#[derive(Parser)]
#[command(version)]
#[command(group(ArgGroup::new("store").required(true).args(["data", "redis"])))]
struct Arguments {
    /// Loopback address to listen on; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,

    /// File that holds the token clients must send; goes before --token
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,

    /// The token itself (other users of this machine can see it in the process list)
    #[arg(
        long,
        value_name = "TOKEN",
        env = "UPSTASH_TOKEN",
        hide_env_values = true,
        required_unless_present = "token_file"
    )]
    token: Option<String>,

    /// Keep the data in this directory, in the embedded store
    #[arg(long, value_name = "DIRECTORY")]
    data: Option<PathBuf>,

    /// Keep the data in the Redis at this address
    #[arg(long, value_name = "HOST:PORT")]
    redis: Option<String>,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let token = match (arguments.token_file, arguments.token) {
        (Some(file), _) => std::fs::read_to_string(&file)
            .with_context(|| format!("cannot read the token from `{}`", file.display()))?
            .trim()
            .to_owned(),
        (None, token) => token.unwrap_or_default(),
    };
    let store = match (arguments.data, arguments.redis) {
        (Some(directory), _) => Store::Embedded(directory),
        (None, address) => Store::Redis(address.unwrap_or_default()),
    };

    let (signalled, signal) = mpsc::channel();
    ctrlc::set_handler(move || signalled.send(()).unwrap_or_default())?;
    let server = serve(Config { listen: arguments.listen, token, store })?;
    writeln!(std::io::stdout(), "listening on {}", server.url())?;
    signal.recv()?;
    Ok(())
}
