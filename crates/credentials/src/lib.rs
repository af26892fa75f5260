//! What proves to a cloud that a request may be made: from settings to signed requests.
//!
//! One folder is one cloud, whose services all take the same credentials. What ends (tokens, temporary keys) is
//! [`Kept`] for as long as the instance lives and it is good.

mod address;
pub mod aws;
pub mod azure;
mod kept;
mod way;

pub use address::{Address, check_near, check_plain};
pub use kept::Kept;
