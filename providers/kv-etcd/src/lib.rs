//! `wasi:keyvalue` on etcd, over the JSON gateway that every member has.

mod config;
mod keys;
mod session;
mod store;
mod wire;

plugboard_keyvalue::export!(store::Etcd<plugboard_http::Wasi>);
