//! Azure Storage.

mod connection;
mod flow;
mod settings;
mod signer;
mod tokens;

pub use settings::{Access, NAMES};
pub use signer::Signer;

/// Those of an account that there are providers for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    Blob,
    Table,
}

impl Service {
    /// As hosts are called: `<account>.<name>.core.windows.net`.
    const fn name(self) -> &'static str {
        match self {
            Service::Blob => "blob",
            Service::Table => "table",
        }
    }

    /// What connection strings call its address.
    const fn endpoint(self) -> &'static str {
        match self {
            Service::Blob => "BlobEndpoint",
            Service::Table => "TableEndpoint",
        }
    }
}
