//! The trials, a file for each group of rules.

mod batch;
mod cas;
mod composition;
mod errors;
mod faults;
mod increment;
mod isolation;
mod keys;
mod linear;
mod list;
mod open;
mod operations;
mod requests;
mod values;

use std::fmt::Debug;

use anyhow::{Result, bail};

use crate::case::Case;

pub(crate) fn all() -> Vec<Case> {
    let groups = [
        composition::cases(),
        open::cases(),
        keys::cases(),
        isolation::cases(),
        values::cases(),
        list::cases(),
        batch::cases(),
        increment::cases(),
        cas::cases(),
        requests::cases(),
        errors::cases(),
        faults::cases(),
        linear::cases(),
    ];
    groups.into_iter().flatten().collect()
}

/// That both are the same, with a message that stays readable.
fn equal<T: PartialEq + Debug>(what: &str, got: T, wanted: T) -> Result<()> {
    if got == wanted {
        return Ok(());
    }
    bail!("{what}: {}, expected {}", short(&got), short(&wanted))
}

fn short(value: &impl Debug) -> String {
    let mut text = format!("{value:?}");
    if text.len() > 400 {
        text.truncate(text.floor_char_boundary(400));
        text.push('…');
    }
    text
}

/// The value as `get` gives it.
fn some(value: impl AsRef<[u8]>) -> Option<Vec<u8>> {
    Some(value.as_ref().to_vec())
}
