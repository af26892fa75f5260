//! The whole of `wasi:keyvalue`, both drafts, over one small trait.
//!
//! A provider implements [`Store`] and ends in `plugboard_keyvalue::export!(TheStore);`. What is the same for
//! every service is here and nowhere else: which buckets there are, what a cursor looks like, duplicates in
//! batches, compare-and-swap handles, the errors of each draft.

mod batch;
pub mod bindings;
mod bucket;
mod cursor;
mod draft;
mod draft2;
mod escape;
mod export;
mod keys;
mod number;
mod room;
mod store;

pub use batch::behind;
pub use bucket::{Bucket, Buckets};
pub use cursor::Cursor;
pub use escape::escape_marked;
pub use export::{Export, Instance};
pub use keys::Keys;
pub use number::{contended, sum};
pub use room::Room;
pub use store::{Page, Snapshot, Store, Swap};
