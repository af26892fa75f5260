//! `wasi:blobstore` on Azure Blob Storage.

mod config;
mod store;
mod wire;

plugboard_blobstore::export!(store::Azure<plugboard_http::Wasi>);
