//! Every trial.

mod composing;
mod env;
mod hostile;
mod recipes;
mod spin;
mod statics;

use crate::Case;

/// Those in which wasmtime has a part, for each version of it.
pub(crate) const WITH_WASMTIME: [&[Case]; 5] =
    [statics::TRIALS, env::TRIALS, spin::TRIALS, recipes::TRIALS, hostile::TRIALS];

pub(crate) const WITHOUT: &[Case] = composing::TRIALS;
