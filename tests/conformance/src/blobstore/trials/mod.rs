//! The trials of the rules `blob.*`, a file for each group, and what of `all.*` is about objects.

mod basics;

use super::Case;

pub(crate) fn all() -> Vec<Case> {
    let groups = [basics::cases()];
    groups.into_iter().flatten().collect()
}
