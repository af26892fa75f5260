//! The ground under the tests and the demo: external tools, processes, real servers.
//!
//! - [`tools`] answers with the path of an executable (`wac`, `wkg`, `cargo-deny`, `wasmtime`,
//!   `redis-server`, `webdis`, `docker-registry`, `etcd`, `etcdctl`, `azurite-blob`, a Python with Azure's SDK),
//!   installed on demand into the user's cache.
//! - [`process`] has [`Run`], a directory of logs that outlives a failure, and [`Server`], a process
//!   that is ready when `start` returns and stopped when the value is dropped, on Ctrl-C too.
//! - [`components`] has what `cargo xtask build` made, plugs it together and looks at it; [`http`] asks it.
//! - [`servers`] starts the real ones, each in a few lines.
//!
//! ```no_run
//! use plugboard_harness::{Run, process::http_status, servers::{Redis, Serve, Webdis, webdis}};
//!
//! # fn main() -> anyhow::Result<()> {
//! let status = Run::scope("favorites", |run| {
//!     let redis = Redis::start(run)?;
//!     let webdis = Webdis::start(run, &redis, webdis::Options::default())?;
//!     let config = [("redis-url", webdis.url())];
//!     let app = Serve { config: Some(&config), ..Serve::new("out.wasm") }.start(run)?;
//!     redis.cli(&["SET", "users/ada", "{}"])?; // the outside writer
//!     Ok(http_status(app.url()))
//! })?; // an error names the directory with every server's log
//! # Ok(())
//! # }
//! ```
//!
//! Unix only. Everything listens on 127.0.0.1.

pub mod components;
pub mod http;
pub mod process;
pub mod servers;
pub mod tools;

pub use process::{Run, Server};
