//! How keys are asked for.

use std::cell::Cell;
use std::time::Duration;

use plugboard_config::Secret;
use plugboard_error::Result;
use plugboard_http::{Client, Endpoint, Host, Method, Request, Resend, Transport, form};

use super::{Flow, Keys, Token, answer};
use crate::Kept;

/// Of the session that one fetching takes, in seconds.
const SESSION: &str = "300";
/// Keys that are younger would be the same again.
const OLD: Duration = Duration::from_secs(60);
const ROLES: &str = "/latest/meta-data/iam/security-credentials/";

/// Temporary keys, and where they come from.
pub(super) struct Fetcher<T> {
    flow: Flow,
    pub(super) client: Client<T>,
    /// Of who gives the token that is shown there.
    issuer: Option<Client<T>>,
    kept: Kept<Keys>,
    /// When they were, on the transport's clock.
    fetched: Cell<Duration>,
}

impl<T: Transport + Host> Fetcher<T> {
    pub(super) fn new(flow: Flow, client: impl Fn(Endpoint) -> Client<T>) -> Self {
        let (endpoint, token) = match &flow {
            Flow::Container { address, token } => (&address.endpoint, token.as_ref()),
            Flow::Instance { metadata } => (metadata, None),
            Flow::Role { sts, token, .. } => (sts, Some(token)),
        };
        let issuer = match token {
            Some(Token::Address(address)) => Some(client(address.endpoint.clone())),
            _ => None,
        };
        Fetcher {
            client: client(endpoint.clone()),
            issuer,
            flow,
            kept: Kept::default(),
            fetched: Cell::default(),
        }
    }

    /// Those that there are, or others by the deadline.
    pub(super) fn keys(&self, deadline: Duration) -> Result<Keys> {
        self.kept.get(
            || self.client.transport.now(),
            deadline,
            |deadline| {
                let (keys, lifetime) = self.fetch(deadline)?;
                self.fetched.set(self.client.transport.now());
                Ok((keys, Duration::from_secs(lifetime)))
            },
        )
    }

    /// Whether there may be others by now.
    pub(super) fn are_old(&self) -> bool {
        self.client.transport.now().saturating_sub(self.fetched.get()) > OLD
    }

    pub(super) fn forget(&self) {
        self.kept.forget();
    }

    /// For the end of a sentence: what was refused.
    pub(super) fn shown(&self) -> &'static str {
        match &self.flow {
            Flow::Container { .. } => "; it was shown the keys of the container",
            Flow::Instance { .. } => "; it was shown the keys of the instance's role",
            Flow::Role { .. } => "; it was shown keys of the role",
        }
    }

    fn fetch(&self, deadline: Duration) -> Result<(Keys, u64)> {
        match &self.flow {
            Flow::Container { address, token } => {
                let mut request = request(Method::Get, &address.path);
                if let Some(token) = token {
                    request.headers.push(("authorization", self.token(token, deadline)?.expose().to_owned()));
                }
                self.ask(&request, false, deadline)
            }
            Flow::Instance { .. } => self.of_instance(deadline),
            Flow::Role { arn, session, token, .. } => {
                let token = self.token(token, deadline)?;
                let parameters = [
                    ("Action", "AssumeRoleWithWebIdentity"),
                    ("Version", "2011-06-15"),
                    ("RoleArn", arn),
                    ("RoleSessionName", session),
                    ("WebIdentityToken", token.expose()),
                ];
                let mut request = request(Method::Post, "/");
                request.headers.push(("content-type", "application/x-www-form-urlencoded".to_owned()));
                request.body = form(parameters).into_bytes().into();
                self.ask(&request, true, deadline)
            }
        }
    }

    fn ask(&self, request: &Request, xml: bool, deadline: Duration) -> Result<(Keys, u64)> {
        let response = self.client.send_by(request, deadline)?;
        answer::keys(&self.client.endpoint, &response, xml, self.client.transport.wall_clock().as_secs())
    }

    /// Version 2 of the service, which wants to see a session that it began.
    fn of_instance(&self, deadline: Duration) -> Result<(Keys, u64)> {
        let endpoint = &self.client.endpoint;
        let mut begin = request(Method::Put, "/latest/api/token");
        begin.headers.push(("x-aws-ec2-metadata-token-ttl-seconds", SESSION.to_owned()));
        let send = |request| self.client.send_by(&request, deadline);
        let session = answer::word(endpoint, send(begin)?, "token")?;
        let get = |path: &str| {
            let mut request = request(Method::Get, path);
            request.headers.push(("x-aws-ec2-metadata-token", session.clone()));
            request
        };
        let role = answer::word(endpoint, send(get(ROLES))?, "role")?;
        self.ask(&get(&[ROLES, &role].concat()), false, deadline)
    }

    fn token(&self, token: &Token, deadline: Duration) -> Result<Secret> {
        match (token, &self.issuer) {
            (Token::Value(token), _) => Ok(token.clone()),
            (Token::Address(address), Some(issuer)) => {
                let response = issuer.send_by(&request(Method::Get, &address.path), deadline)?;
                answer::word(&issuer.endpoint, response, "token").map(Secret::new)
            }
            (Token::Address(_), None) => Ok(Secret::new("")),
        }
    }
}

fn request(method: Method, path: &str) -> Request {
    Request {
        method,
        path: path.to_owned(),
        headers: Vec::new(),
        body: Default::default(),
        resend: Resend::Allowed,
        answer_fields: &["date"],
        what: "credentials",
    }
}

#[cfg(test)]
mod tests;
