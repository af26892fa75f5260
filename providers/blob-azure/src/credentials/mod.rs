//! What proves to the service that a request may be made.

mod flow;
mod tokens;

use plugboard_config::Secret;
use plugboard_error::Result;
use plugboard_http::{Chunks, Client, Endpoint, Host, Request, Transport};
use plugboard_sign::azure::{self, SharedKey};

pub(crate) use flow::{Address, Assertion, Flow, Grant};
pub(crate) use tokens::Tokens;

use crate::wire::{Call, VERSION};

/// What the settings say.
#[derive(Debug)]
pub(crate) enum Proof {
    SharedKey(SharedKey),
    /// A shared access signature: the end of a query, made by whoever has the key.
    Sas(Secret),
    /// Entra ID.
    Token(Flow),
}

/// The same, at work.
pub(crate) enum Credentials<T> {
    SharedKey(SharedKey),
    Sas(Secret),
    Token(Box<Tokens<T>>),
}

impl<T: Transport + Host> Credentials<T> {
    /// `client` makes one for another endpoint.
    pub(crate) fn new(proof: Proof, client: impl Fn(Endpoint) -> Client<T>) -> Self {
        match proof {
            Proof::SharedKey(key) => Credentials::SharedKey(key),
            Proof::Sas(sas) => Credentials::Sas(sas),
            Proof::Token(flow) => Credentials::Token(Box::new(Tokens::new(flow, client))),
        }
    }

    /// The request of a call, good for some minutes from the date.
    pub(crate) fn sign(&self, call: &Call, base_path: &str, date: String, body: Chunks) -> Result<Request> {
        let mut headers = Vec::with_capacity(call.headers.len() + 3);
        headers.extend(call.headers.iter().cloned());
        headers.extend([("x-ms-date", date), ("x-ms-version", VERSION.to_owned())]);
        let authorization = match self {
            Credentials::SharedKey(key) => Some(key.authorization(&azure::Request {
                method: call.method.as_str(),
                path: &[base_path, &call.path].concat(),
                query: &call.query,
                headers: &headers,
                length: body.len(),
            })),
            Credentials::Sas(_) => None,
            Credentials::Token(tokens) => Some(tokens.authorization()?.expose().to_owned()),
        };
        headers.extend(authorization.map(|value| ("authorization", value)));
        Ok(Request {
            method: call.method,
            path: call.address(self.in_address()),
            headers,
            body,
            resend: call.resend,
            answer_fields: call.answer_fields,
            what: call.what,
        })
    }

    /// For the end of a sentence: what was refused.
    pub(crate) fn shown(&self) -> &'static str {
        match self {
            Credentials::SharedKey(_) => "; what it was shown is the account's key",
            Credentials::Sas(_) => "; what it was shown is the shared access signature",
            Credentials::Token(_) => {
                "; what it was shown is a token, whose owner needs a role such as Storage Blob Data Contributor"
            }
        }
    }

    /// What every address has at its end.
    pub(crate) fn in_address(&self) -> Option<&Secret> {
        match self {
            Credentials::Sas(sas) => Some(sas),
            _ => None,
        }
    }
}
