//! Tokens, kept for as long as the instance lives and they are good.

use std::cell::RefCell;
use std::time::Duration;

use plugboard_config::Secret;
use plugboard_error::Result;
use plugboard_http::{Client, Endpoint, Host, Method, Transport};

use super::flow::{self, Flow, Token};

/// So long before its end a token is replaced, but not before half of its time.
const MARGIN: Duration = Duration::from_secs(300);
/// Until the next try to replace a token that is still good.
const RETRY: Duration = Duration::from_secs(30);

pub(crate) struct Tokens<T> {
    flow: Flow,
    issuer: Client<T>,
    source: Option<Client<T>>,
    kept: RefCell<Option<Kept>>,
}

struct Kept {
    authorization: Secret,
    renew: Duration,
    end: Duration,
}

impl<T: Transport + Host> Tokens<T> {
    pub(crate) fn new(flow: Flow, client: impl Fn(Endpoint) -> Client<T>) -> Self {
        Tokens {
            issuer: client(flow.issuer.endpoint.clone()),
            source: flow.source().map(|address| client(address.endpoint.clone())),
            flow,
            kept: RefCell::new(None),
        }
    }

    /// The value of the field `authorization`.
    pub(crate) fn authorization(&self) -> Result<Secret> {
        let mut kept = self.kept.borrow_mut();
        let now = self.issuer.transport.now();
        if let Some(kept) = &*kept
            && now < kept.renew
        {
            return Ok(kept.authorization.clone());
        }
        match (self.fetch(), &mut *kept) {
            (Ok(token), kept) => {
                let lifetime = Duration::from_secs(token.lifetime);
                let end = now.saturating_add(lifetime);
                let renew = end.saturating_sub(MARGIN.min(lifetime / 2));
                *kept = Some(Kept { authorization: token.authorization.clone(), renew, end });
                Ok(token.authorization)
            }
            (Err(_), Some(kept)) if now < kept.end => {
                kept.renew = now.saturating_add(RETRY);
                Ok(kept.authorization.clone())
            }
            (Err(error), _) => Err(error),
        }
    }

    /// Whatever is kept is not good any more.
    pub(crate) fn forget(&self) {
        *self.kept.borrow_mut() = None;
    }

    fn fetch(&self) -> Result<Token> {
        let fetched = match (&self.source, self.flow.source()) {
            (Some(client), Some(address)) => {
                let request = flow::request(Method::Get, address.path.clone(), Vec::new(), Vec::new());
                Some(flow::assertion(&client.endpoint, client.send(&request)?)?)
            }
            _ => None,
        };
        let response = self.issuer.send(&self.flow.request(fetched.as_ref()))?;
        flow::token(&self.issuer.endpoint, &response)
    }
}
