//! Settings of a provider: read from `wasi:config`, checked, secrets kept as secrets.
//!
//! Every key carries the provider's name (`redis-url`), so that several providers can share one host
//! configuration, and a provider uses its own only. An empty value counts as not set, which is what
//! an empty environment variable means to most people. Every error names the key; none shows a secret.

mod secret;
mod settings;
mod value;
mod wasi;

pub use secret::Secret;
pub use settings::{Settings, Source};
pub use wasi::WasiConfig;
