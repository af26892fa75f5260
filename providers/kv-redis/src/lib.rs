//! `wasi:keyvalue` on Redis, over an HTTP gateway: Webdis, or Upstash's REST interface.

mod config;
mod keys;
mod scripts;
mod store;
mod wire;

plugboard_keyvalue::export!(store::Redis<plugboard_http::Wasi>);
