//! The whole of `wasi:blobstore` over one small trait.
//!
//! A provider implements [`Store`] and ends in `plugboard_blobstore::export!(TheStore);`. What is the same for
//! every service is here and nowhere else: what the settings allow, how bytes become blocks, listings, values and
//! their streams.
//!
//! The app's output-stream is made here, not by the host: it has to be seen what goes into an object, since services
//! want to know the length of a request beforehand. As the app uses the same type for the streams of the host, every
//! output-stream passes through here ([`bindings`], wit/inner).

pub mod bindings;
mod blobstore;
mod blocks;
mod container;
mod content_type;
mod delete;
mod export;
#[cfg(test)]
mod fake;
mod listing;
mod policy;
mod store;
mod stream;
#[cfg(feature = "cli")]
mod stream_cli;
mod upload;
mod value;

pub use blocks::Blocks;
pub use delete::{Failures, clear, side_by_side};
pub use export::{Export, Instance, Provider};
pub use policy::Policy;
pub use store::{ContainerInfo, Download, Object, ObjectInfo, Page, Store};
