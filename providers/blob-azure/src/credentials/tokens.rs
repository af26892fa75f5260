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
    pub(crate) issuer: Client<T>,
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

#[cfg(test)]
mod tests {
    use plugboard_http::fake::{Fake, body, status};
    use plugboard_http::{Failure, Limits, Response};

    use super::*;
    use crate::credentials::{Address, Assertion, Grant};

    fn client(endpoint: Endpoint, script: Vec<Result<Response, Failure>>) -> Client<Fake> {
        let time = Duration::from_secs(30);
        let limits = Limits { timeout: time, connect_timeout: time, max_answer: 1 << 20 };
        Client { transport: Fake::new(script), endpoint, limits, log: None }
    }

    fn tokens(script: Vec<Result<Response, Failure>>) -> Tokens<Fake> {
        let issuer = Address::parse("http://127.0.0.1:1/t").unwrap();
        let flow = Flow { issuer, grant: Grant::Identity { client: None, header: None } };
        let mut tokens = Tokens::new(flow, |endpoint| client(endpoint, vec![]));
        tokens.issuer.transport = Fake::new(script);
        tokens
    }

    fn token(name: &str, lifetime: u64) -> Result<Response, Failure> {
        body(200, format!(r#"{{"access_token":"{name}","expires_in":{lifetime}}}"#))
    }

    /// What the field says, so many seconds later.
    fn later(tokens: &Tokens<Fake>, seconds: u64) -> String {
        tokens.issuer.transport.sleep(Duration::from_secs(seconds));
        tokens.authorization().unwrap().expose().to_owned()
    }

    #[test]
    fn a_token_is_kept_until_five_minutes_before_its_end() {
        let tokens = tokens(vec![token("a", 3600), token("b", 3600)]);
        assert_eq!(
            (later(&tokens, 0), later(&tokens, 3299), later(&tokens, 1)),
            ("Bearer a".into(), "Bearer a".into(), "Bearer b".into())
        );
        assert_eq!(tokens.issuer.transport.sent(), 2);
    }

    #[test]
    fn a_short_token_is_kept_for_half_of_its_time() {
        let tokens = tokens(vec![token("a", 10), token("b", 0), token("c", 10)]);
        assert_eq!(
            [later(&tokens, 0), later(&tokens, 4), later(&tokens, 1), later(&tokens, 0)].join(" "),
            "Bearer a Bearer a Bearer b Bearer c"
        );
    }

    #[test]
    fn a_token_that_cannot_be_replaced_is_used_to_its_end() {
        let tokens = tokens(vec![token("a", 3600), status(400), status(400), status(400)]);
        assert_eq!((later(&tokens, 0), later(&tokens, 3400)), ("Bearer a".into(), "Bearer a".into()));
        // Not with each request again.
        later(&tokens, 29);
        assert_eq!(tokens.issuer.transport.sent(), 2);
        later(&tokens, 1);
        assert_eq!(tokens.issuer.transport.sent(), 3);
        tokens.issuer.transport.sleep(Duration::from_secs(170));
        assert!(tokens.authorization().is_err());
    }

    #[test]
    fn a_token_that_was_refused_is_forgotten() {
        let tokens = tokens(vec![token("a", 3600), token("b", 3600)]);
        later(&tokens, 0);
        tokens.forget();
        assert_eq!(later(&tokens, 0), "Bearer b");
    }

    #[test]
    fn an_assertion_is_fetched_for_each_token() {
        let assertion = Assertion::Source(Address::parse("http://127.0.0.1:2/assertion?audience=x").unwrap());
        let issuer = Address::parse("http://127.0.0.1:1/t").unwrap();
        let flow = Flow { issuer, grant: Grant::Assertion { client: "c".into(), assertion } };
        let mut tokens = Tokens::new(flow, |endpoint| client(endpoint, vec![]));
        tokens.issuer.transport = Fake::new(vec![token("a", 3600), token("b", 3600)]);
        let source = tokens.source.as_mut().unwrap();
        assert_eq!(source.endpoint.authority, "127.0.0.1:2");
        source.transport = Fake::new(vec![body(200, "first"), body(200, "second")]);
        later(&tokens, 0);
        later(&tokens, 3500);
        let requests = tokens.issuer.transport.requests();
        let asserted =
            requests.iter().map(|r| String::from_utf8(r.body.to_vec()).unwrap()).collect::<Vec<_>>();
        assert!(asserted[0].ends_with("client_assertion=first"), "{asserted:?}");
        assert!(asserted[1].ends_with("client_assertion=second"), "{asserted:?}");
        let fetched = tokens.source.unwrap().transport.requests();
        assert_eq!((fetched[0].method, fetched[0].path.as_str()), (Method::Get, "/assertion?audience=x"));
    }
}
