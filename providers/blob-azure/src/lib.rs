//! `wasi:blobstore` on Azure Blob Storage.

mod config;
mod connection;
mod credentials;
mod store;
mod wire;

plugboard_blobstore::export!(store::Azure<plugboard_http::Wasi>);
