//! The trials of the rules `kv.*`, a file for each group, and what of `all.*` is about keys and values.

mod batch;
mod cas;
mod expiry;
mod increment;
mod isolation;
mod keys;
mod linear;
mod list;
mod open;
mod requests;
mod sizes;
mod values;

use crate::keyvalue::Case;

pub(crate) fn all() -> Vec<Case> {
    let groups = [
        open::cases(),
        keys::cases(),
        isolation::cases(),
        values::cases(),
        expiry::cases(),
        list::cases(),
        batch::cases(),
        increment::cases(),
        cas::cases(),
        requests::cases(),
        sizes::cases(),
        linear::cases(),
    ];
    groups.into_iter().flatten().collect()
}

/// The value as `get` gives it.
pub(crate) fn some(value: impl AsRef<[u8]>) -> Option<Vec<u8>> {
    Some(value.as_ref().to_vec())
}
