//! Amazon Web Services, and what takes its signatures.

mod answer;
mod fetch;
mod settings;
mod signer;

use std::fmt;

use plugboard_config::Secret;
use plugboard_http::Endpoint;

pub use settings::{Access, NAMES, address};
pub use signer::{Payload, Signer};

use crate::Address;

/// What signs. Those with a token are temporary.
#[derive(Clone, PartialEq, Eq)]
struct Keys {
    id: String,
    secret: Secret,
    token: Option<Secret>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(…)")
    }
}

/// Where keys come from.
#[derive(Debug)]
enum Source {
    Settings(Keys),
    Flow(Flow),
}

/// A way to temporary keys.
#[derive(Debug)]
enum Flow {
    /// docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
    Container { address: Address, token: Option<Token> },
    /// docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html
    Instance { metadata: Endpoint },
    /// docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
    Role { sts: Endpoint, arn: String, session: String, token: Token },
}

/// What is shown to get keys.
#[derive(Debug)]
enum Token {
    Value(Secret),
    /// Where there is always one that has not expired.
    Address(Address),
}
