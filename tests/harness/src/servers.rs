//! The real servers. Each is stopped when its value is dropped.

pub mod redis;
mod registry;
pub mod upstash;
mod wasmtime;
pub mod webdis;

pub use self::{
    redis::Redis,
    registry::Registry,
    upstash::Upstash,
    wasmtime::{Serve, Wasmtime},
    webdis::Webdis,
};
