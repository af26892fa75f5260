//! Comparing, with messages that stay readable.

use std::fmt::Debug;

use anyhow::{Result, bail};

/// That both are the same.
pub(crate) fn equal<T: PartialEq + Debug>(what: &str, got: T, wanted: T) -> Result<()> {
    if got == wanted {
        return Ok(());
    }
    bail!("{what}: {}, expected {}", short(&got), short(&wanted))
}

pub(crate) fn short(value: &impl Debug) -> String {
    let mut text = format!("{value:?}");
    if text.len() > 400 {
        text.truncate(text.floor_char_boundary(400));
        text.push('…');
    }
    text
}
