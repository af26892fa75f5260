//! The whole of `wasi:blobstore` over one small trait.
//!
//! A provider implements [`Store`] and ends in `plugboard_blobstore::export!(TheStore);`.

pub mod bindings;
