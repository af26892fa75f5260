//! `wasi:keyvalue` on Azure Table Storage.

mod config;
mod keys;
mod store;
mod wire;

plugboard_keyvalue::export!(store::Tables<plugboard_http::Wasi>);
