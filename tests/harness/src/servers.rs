//! The real servers. Each is stopped when its value is dropped.

pub mod azurite;
pub mod etcd;
mod moto;
pub mod redis;
mod registry;
mod s3s;
mod service;
mod stand_in;
pub mod upstash;
mod wasmtime;
pub mod webdis;

pub use self::{
    azurite::Azurite,
    etcd::Etcd,
    moto::Moto,
    redis::Redis,
    registry::Registry,
    s3s::S3s,
    service::Service,
    stand_in::StandIn,
    upstash::Upstash,
    wasmtime::{Serve, Wasmtime},
    webdis::Webdis,
};
