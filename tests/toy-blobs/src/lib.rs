//! A blob provider that keeps everything in the memory of its instance, which lives for one request.
//!
//! The object `setting:<key>` is the value of that setting.

mod bindings;
mod store;
mod streams;

struct Toy;
