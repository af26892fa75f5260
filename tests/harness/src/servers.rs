//! The real servers. Each is stopped when its value is dropped.

pub mod azurite;
pub mod redis;
mod registry;
mod service;
pub mod upstash;
mod wasmtime;
pub mod webdis;

pub use self::{
    azurite::Azurite,
    redis::Redis,
    registry::Registry,
    service::Service,
    upstash::Upstash,
    wasmtime::{Serve, Wasmtime},
    webdis::Webdis,
};
