use std::cell::Cell;
use std::time::Duration;

use plugboard_error::Result;
use plugboard_http::{Client, Endpoint, Host, Request, Response, Transport, date_seconds};
use plugboard_sign::aws::{self, UNSIGNED};
use plugboard_sign::basic_date;

use super::fetch::Fetcher;
use super::{Access, Keys, Source};

/// What a service puts up with between its clock and that of a request is three times this, in seconds.
const SKEW: i64 = 300;

const DATE: &str = "x-amz-date";
const HASH: &str = "x-amz-content-sha256";
const TOKEN: &str = "x-amz-security-token";
const AUTHORIZATION: &str = "authorization";

/// Whether the body counts for the signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload {
    Signed,
    /// Of S3, over `https` only.
    Unsigned,
}

/// Signs the requests to one service, with keys that are fetched and replaced as they end.
pub struct Signer<T> {
    region: String,
    service: &'static str,
    origin: Origin<T>,
    /// Of which only the clock is used.
    host: T,
    /// Seconds that the service's clock is ahead of ours, if that matters.
    skew: Cell<i64>,
}

enum Origin<T> {
    Settings(Keys),
    Fetcher(Box<Fetcher<T>>),
}

impl<T: Transport + Host> Signer<T> {
    /// `service` is the name that signatures have for it, such as `s3`; `client` makes one for another endpoint.
    pub fn new(access: Access, service: &'static str, client: impl Fn(Endpoint) -> Client<T>) -> Self {
        let nowhere = Endpoint { https: true, authority: String::new(), base_path: String::new() };
        let host = client(nowhere).transport;
        let origin = match access.source {
            Source::Settings(keys) => Origin::Settings(keys),
            Source::Flow(flow) => Origin::Fetcher(Box::new(Fetcher::new(flow, client))),
        };
        Signer { region: access.region, service, origin, host, skew: Cell::new(0) }
    }

    /// Signs a request, or signs it anew. Its path and query are taken as they are: percent-encoded, with nothing
    /// plain but what is never reserved. Keys are there by the deadline, on the transport's clock, or it is an error.
    pub fn sign(
        &self,
        endpoint: &Endpoint,
        request: &mut Request,
        payload: Payload,
        deadline: Duration,
    ) -> Result<()> {
        let keys = match &self.origin {
            Origin::Settings(keys) => keys.clone(),
            Origin::Fetcher(fetcher) => fetcher.keys(deadline)?,
        };
        let time = u64::try_from(self.now().saturating_add(self.skew.get())).unwrap_or(0);
        let hash = match payload {
            Payload::Signed => plugboard_sign::sha256(request.body.iter()),
            Payload::Unsigned => UNSIGNED.to_owned(),
        };

        let headers = &mut request.headers;
        headers.retain(|(name, _)| ![DATE, HASH, TOKEN, AUTHORIZATION].contains(name));
        headers.push((DATE, basic_date(time)));
        if self.service == "s3" {
            headers.push((HASH, hash.clone()));
        }
        headers.extend(keys.token.map(|token| (TOKEN, token.expose().to_owned())));

        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let signed = aws::Request {
            method: request.method.as_str(),
            authority: &endpoint.authority,
            path: &[&endpoint.base_path, path].concat(),
            query,
            headers: &request.headers,
            payload: &hash,
        };
        let scope = aws::Scope { time, region: &self.region, service: self.service };
        let authorization = aws::authorization(&signed, &keys.id, &keys.secret, &scope);
        request.headers.push((AUTHORIZATION, authorization));
        Ok(())
    }

    /// Whether a refused request would be answered otherwise if it were signed anew: temporary keys may have been
    /// replaced, and our clock may be wrong. `code` is the service's name for the error, if it gave one.
    pub fn mend(&self, response: &Response, code: Option<&str>) -> bool {
        if !matches!(response.status, 400 | 401 | 403) {
            return false;
        }
        self.mend_clock(response) || self.mend_keys(response, code)
    }

    fn mend_clock(&self, response: &Response) -> bool {
        let Some(theirs) = response.header("date").and_then(date_seconds) else { return false };
        let skew = theirs.saturating_sub(self.now());
        let off = skew.abs_diff(self.skew.get()) > SKEW.unsigned_abs();
        if off {
            self.skew.set(skew);
        }
        off
    }

    fn mend_keys(&self, response: &Response, code: Option<&str>) -> bool {
        let Origin::Fetcher(fetcher) = &self.origin else { return false };
        let ended = match code {
            Some(code) => matches!(
                code,
                "ExpiredToken"
                    | "ExpiredTokenException"
                    | "InvalidAccessKeyId"
                    | "InvalidClientTokenId"
                    | "InvalidToken"
                    | "TokenRefreshRequired"
                    | "UnrecognizedClientException"
            ),
            // The answer to HEAD has no code. Keys that ended are the only reason for 400 there; of 403, which may
            // have many, those that were revoked are one.
            None => response.status == 400 || fetcher.are_old(),
        };
        if ended {
            fetcher.forget();
        }
        ended
    }

    fn now(&self) -> i64 {
        i64::try_from(self.host.wall_clock().as_secs()).unwrap_or(i64::MAX)
    }

    /// For the end of a sentence: what was refused.
    pub fn shown(&self) -> &'static str {
        match &self.origin {
            Origin::Settings(_) => "; it was shown the access key of the settings",
            Origin::Fetcher(fetcher) => fetcher.shown(),
        }
    }
}

#[cfg(test)]
mod tests;
