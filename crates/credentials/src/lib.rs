//! What proves to a cloud that a request may be made: from settings to signed requests.
//!
//! One folder is one cloud, whose services all take the same credentials. What ends (tokens, temporary keys) is
//! [`Kept`] for as long as the instance lives and it is good.

pub mod aws;
pub mod azure;
mod kept;

pub use kept::Kept;
