use probe::keyvalue::Draft;

use crate::interface;

/// What an app can be built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flavor {
    Draft,
    Draft2,
    /// draft2 with the older shape of get-many: other components, for the trials of batch.
    Draft2BatchA,
}

impl Flavor {
    pub(crate) const EACH: &[Flavor] = &[Flavor::Draft, Flavor::Draft2];
    pub(crate) const SHAPES: &[Flavor] = &[Flavor::Draft, Flavor::Draft2, Flavor::Draft2BatchA];
    pub(crate) const WITH_CAS: &[Flavor] = &[Flavor::Draft2];

    pub(crate) fn draft(self) -> Draft {
        match self {
            Flavor::Draft => Draft::Draft,
            Flavor::Draft2 | Flavor::Draft2BatchA => Draft::Draft2,
        }
    }
}

impl interface::Flavor for Flavor {
    fn name(self) -> &'static str {
        match self {
            Flavor::Draft => "draft",
            Flavor::Draft2 => "draft2",
            Flavor::Draft2BatchA => "draft2-batch-a",
        }
    }

    fn suffix(self) -> &'static str {
        match self {
            Flavor::Draft | Flavor::Draft2 => "",
            Flavor::Draft2BatchA => "-batch-a",
        }
    }

    /// Providers with the other shape of get-many.
    fn mismatch(self) -> Option<&'static str> {
        Some(match self {
            Flavor::Draft | Flavor::Draft2 => "-batch-a",
            Flavor::Draft2BatchA => "",
        })
    }
}
