//! The real servers. Each is stopped when its value is dropped.

pub mod azurite;
pub mod redis;
mod registry;
mod service;
mod stand_in;
pub mod upstash;
mod wasmtime;
pub mod webdis;

pub use self::{
    azurite::Azurite,
    redis::Redis,
    registry::Registry,
    service::Service,
    stand_in::StandIn,
    upstash::Upstash,
    wasmtime::{Serve, Wasmtime},
    webdis::Webdis,
};
