use std::cell::Cell;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use plugboard_config::Secret;
use plugboard_error::Result;
use plugboard_http::{Client, Endpoint, Host, Request, Response, Transport, date_seconds};
use plugboard_sign::azure::{self, SharedKey};
use plugboard_sign::http_date;

use super::tokens::Tokens;
use super::{Access, Service};
use crate::azure::settings::Proof;

/// What the service puts up with between its clock and that of a request is three times this.
const SKEW: u64 = 300;

/// Proves to one service of an account that requests may be made.
pub struct Signer<T> {
    service: Service,
    credentials: Credentials<T>,
    /// Seconds that the service's clock is ahead of ours, if that matters.
    skew: Cell<i64>,
}

enum Credentials<T> {
    SharedKey(SharedKey),
    Sas(Secret),
    Token(Box<Tokens<T>>),
}

impl<T: Transport + Host> Signer<T> {
    /// `client` makes one for another endpoint.
    pub fn new(access: Access, client: impl Fn(Endpoint) -> Client<T>) -> Self {
        let credentials = match access.proof {
            Proof::SharedKey(key) => Credentials::SharedKey(key),
            Proof::Sas(sas) => Credentials::Sas(sas),
            Proof::Token(flow) => Credentials::Token(Box::new(Tokens::new(flow, client))),
        };
        Signer { service: access.service, credentials, skew: Cell::new(0) }
    }

    /// Makes a request good for some minutes. What it had of an earlier signature is replaced. A token that is fetched
    /// for it is there before the deadline.
    pub fn sign(&self, client: &Client<T>, request: &mut Request, deadline: Duration) -> Result<()> {
        request.headers.retain(|(name, _)| !matches!(*name, "x-ms-date" | "authorization"));
        let now = now(client).saturating_add(self.skew.get());
        let date = http_date(u64::try_from(now).unwrap_or(0));
        request.headers.push(("x-ms-date", date));
        let authorization = match &self.credentials {
            Credentials::SharedKey(key) => self.signature(key, &client.endpoint.base_path, request),
            Credentials::Sas(sas) => {
                if !request.path.ends_with(sas.expose()) {
                    let separator = if request.path.contains('?') { "&" } else { "?" };
                    request.path.extend([separator, sas.expose()]);
                }
                return Ok(());
            }
            Credentials::Token(tokens) => tokens.authorization(deadline)?.expose().to_owned(),
        };
        request.headers.push(("authorization", authorization));
        Ok(())
    }

    fn signature(&self, key: &SharedKey, base_path: &str, request: &Request) -> String {
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let decoded = |text| percent_decode_str(text).decode_utf8().unwrap_or_default().into_owned();
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let signed = azure::Request {
            method: request.method.as_str(),
            path: &[base_path, path].concat(),
            query: &pairs.map(|(name, value)| (name, decoded(value))).collect::<Vec<_>>(),
            headers: &request.headers,
            length: request.body.len(),
        };
        match self.service {
            Service::Blob => key.authorization(&signed),
            Service::Table => key.table_authorization(&signed),
        }
    }

    /// Whether a refused request would be answered otherwise if it were signed anew: a token may have been revoked,
    /// and our clock may be wrong.
    pub fn mend(&self, client: &Client<T>, response: &Response) -> bool {
        match (response.status, &self.credentials) {
            (401, Credentials::Token(tokens)) => {
                tokens.forget();
                true
            }
            (403, Credentials::SharedKey(_) | Credentials::Token(_)) => {
                let Some(theirs) = response.header("date").and_then(date_seconds) else { return false };
                let skew = theirs.saturating_sub(now(client));
                let off = skew.abs_diff(self.skew.get()) > SKEW;
                if off {
                    self.skew.set(skew);
                }
                off
            }
            _ => false,
        }
    }

    /// For the end of a sentence: what was refused.
    pub fn shown(&self) -> &'static str {
        match (&self.credentials, self.service) {
            (Credentials::SharedKey(_), _) => "; it was shown the account's key",
            (Credentials::Sas(_), _) => "; it was shown the shared access signature",
            (Credentials::Token(_), Service::Blob) => {
                "; it was shown a token, whose owner needs a role such as Storage Blob Data Contributor"
            }
            (Credentials::Token(_), Service::Table) => {
                "; it was shown a token, whose owner needs a role such as Storage Table Data Contributor"
            }
        }
    }

    /// What every address has at its end.
    pub fn in_address(&self) -> Option<&Secret> {
        match &self.credentials {
            Credentials::Sas(sas) => Some(sas),
            _ => None,
        }
    }
}

fn now<T: Host>(client: &Client<T>) -> i64 {
    i64::try_from(client.transport.wall_clock().as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
