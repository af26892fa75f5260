use std::time::Duration;

use plugboard_config::Secret;
use plugboard_error::Result;
use plugboard_http::{Client, Endpoint, Host, Method, Response, Transport};

use super::flow::{self, Flow};
use crate::Kept;

/// Tokens of Entra ID, one after the other.
pub(super) struct Tokens<T> {
    flow: Flow,
    pub(super) issuer: Client<T>,
    source: Option<Client<T>>,
    kept: Kept<Secret>,
}

impl<T: Transport + Host> Tokens<T> {
    pub(super) fn new(flow: Flow, client: impl Fn(Endpoint) -> Client<T>) -> Self {
        Tokens {
            issuer: client(flow.issuer.endpoint.clone()),
            source: flow.source().map(|address| client(address.endpoint.clone())),
            flow,
            kept: Kept::default(),
        }
    }

    /// The value of the field `authorization`.
    pub(super) fn authorization(&self, deadline: Duration) -> Result<Secret> {
        self.kept.get(|| self.issuer.transport.now(), deadline, |deadline| self.fetch(deadline))
    }

    /// The token was refused.
    pub(super) fn forget(&self) {
        self.kept.forget();
    }

    fn fetch(&self, deadline: Duration) -> Result<(Secret, Duration)> {
        let fetched = match (&self.source, self.flow.source()) {
            (Some(client), Some(address)) => {
                let request = flow::request(Method::Get, address.path.clone(), Vec::new(), Vec::new());
                Some(flow::assertion(&client.endpoint, client.send_by(&request, deadline)?)?)
            }
            _ => None,
        };
        let (request, endpoint) = (self.flow.request(fetched.as_ref()), &self.issuer.endpoint);
        let said = |response: &Response| self.flow.said(endpoint, response);
        flow::token(endpoint, &self.issuer.send_as(&request, deadline, &said)?)
    }
}

#[cfg(test)]
mod tests {
    use plugboard_http::fake::{Fake, body};
    use plugboard_http::{Failure, Limits};

    use super::super::flow::{Assertion, Grant};
    use super::*;
    use crate::Address;

    fn client(endpoint: Endpoint) -> Client<Fake> {
        let time = Duration::from_secs(30);
        let limits = Limits { timeout: time, connect_timeout: time, max_answer: 1 << 20 };
        Client { transport: Fake::new(vec![]), endpoint, limits, name: "test", log: plugboard_http::Log::Off }
    }

    const END: Duration = Duration::from_secs(3600);

    fn token(name: &str) -> Result<Response, Failure> {
        body(200, format!(r#"{{"access_token":"{name}","expires_in":3600}}"#))
    }

    #[test]
    fn an_assertion_is_fetched_for_each_token() {
        let assertion = Assertion::Source(Address::parse("http://127.0.0.1:2/assertion?audience=x").unwrap());
        let issuer = Address::parse("http://127.0.0.1:1/t").unwrap();
        let flow = Flow { issuer, grant: Grant::Assertion { client: "c".into(), assertion } };
        let mut tokens = Tokens::new(flow, client);
        tokens.issuer.transport = Fake::new(vec![token("a"), token("b")]);
        let source = tokens.source.as_mut().unwrap();
        assert_eq!(source.endpoint.authority, "127.0.0.1:2");
        source.transport = Fake::new(vec![body(200, "first"), body(200, "second")]);
        assert_eq!(tokens.authorization(END).unwrap().expose(), "Bearer a");
        tokens.issuer.transport.sleep(Duration::from_secs(3500));
        assert_eq!(tokens.authorization(END * 2).unwrap().expose(), "Bearer b");
        let requests = tokens.issuer.transport.requests();
        let asserted =
            requests.iter().map(|r| String::from_utf8(r.body.to_vec()).unwrap()).collect::<Vec<_>>();
        assert!(asserted[0].ends_with("client_assertion=first"), "{asserted:?}");
        assert!(asserted[1].ends_with("client_assertion=second"), "{asserted:?}");
        let fetched = tokens.source.unwrap().transport.requests();
        assert_eq!((fetched[0].method, fetched[0].path.as_str()), (Method::Get, "/assertion?audience=x"));
    }

    /// What the machine is, without a header to prove it.
    fn machine(script: Vec<Result<Response, Failure>>) -> Tokens<Fake> {
        let issuer = Address::parse("http://127.0.0.1:1/t").unwrap();
        let mut tokens =
            Tokens::new(Flow { issuer, grant: Grant::Identity { client: None, header: None } }, client);
        tokens.issuer.transport = Fake::new(script);
        tokens
    }

    #[test]
    fn a_machine_that_is_being_updated_is_asked_again() {
        for status in [404, 410] {
            let updated = machine(vec![body(status, ""), token("a")]);
            assert_eq!(updated.authorization(END).unwrap().expose(), "Bearer a");
            let error = machine((0..5).map(|_| body(status, "")).collect()).authorization(END).unwrap_err();
            let sentence = format!("unavailable: `127.0.0.1:1` answered {status} to token");
            assert_eq!(error.to_string(), sentence);
        }
    }

    #[test]
    fn a_token_takes_no_longer_than_what_it_is_for() {
        let late = machine(vec![]);
        late.issuer.transport.sleep(Duration::from_secs(1));
        let error = late.authorization(Duration::from_secs(1)).unwrap_err();
        assert_eq!(error.kind, plugboard_error::Kind::Timeout);
    }

    #[test]
    fn a_token_without_an_end_is_kept_until_it_is_refused() {
        let endless = |name: &str| body(200, format!(r#"{{"access_token":"{name}"}}"#));
        let tokens = machine(vec![endless("a"), endless("b")]);
        for (refused, expected) in [(false, "Bearer a"), (false, "Bearer a"), (true, "Bearer b")] {
            if refused {
                tokens.forget();
            }
            assert_eq!(tokens.authorization(END).unwrap().expose(), expected);
        }
    }
}
