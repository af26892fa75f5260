//! `wasi:blobstore` on Amazon S3, and on what speaks its protocol.

mod config;
mod store;
mod wire;

plugboard_blobstore::export!(store::S3<plugboard_http::Wasi>);
