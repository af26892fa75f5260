//! Who asks: a user of etcd, who gets a token for a password.

use std::time::Duration;

use plugboard_config::Secret;
use plugboard_credentials::Kept;
use plugboard_error::Result;
use plugboard_http::{Client, Host, Response, Transport};

use crate::config::Credentials;
use crate::wire::{Call, answer, failure};

/// Without credentials there are no tokens, and etcd takes the requests if it has no users.
pub(crate) struct Session {
    credentials: Option<Credentials>,
    /// When it ends only etcd knows (five minutes after its last use, unless `--auth-token-ttl` says otherwise), so it
    /// is kept until it is refused.
    token: Kept<Secret>,
}

impl Session {
    pub(crate) fn new(credentials: Option<Credentials>) -> Self {
        Session { credentials, token: Kept::default() }
    }

    /// Sends the call with a token, and once more with another if etcd refuses that one. What is refused for its token
    /// was not done.
    pub(crate) fn send<T: Transport + Host>(
        &self,
        client: &Client<T>,
        call: &mut Call,
        deadline: Duration,
    ) -> Result<Response> {
        let Some(credentials) = &self.credentials else { return send(client, call, deadline) };
        let clock = || client.transport.now();
        let fetch = |deadline| Ok((authenticate(credentials, client, deadline)?, Duration::MAX));
        call.authorize(&self.token.get(clock, deadline, fetch)?);
        let response = exchange(client, call, deadline)?;
        if !failure::is_stale(&response) {
            return success(client, call, response);
        }
        self.token.forget();
        call.authorize(&self.token.get(clock, deadline, fetch)?);
        send(client, call, deadline)
    }
}

fn authenticate<T: Transport + Host>(
    Credentials { user, password }: &Credentials,
    client: &Client<T>,
    deadline: Duration,
) -> Result<Secret> {
    let call = Call::authenticate(user, password);
    let response = send(client, &call, deadline)?;
    answer::token(&response.body).ok_or_else(|| call.malformed(&client.endpoint))
}

fn send<T: Transport + Host>(client: &Client<T>, call: &Call, deadline: Duration) -> Result<Response> {
    success(client, call, exchange(client, call, deadline)?)
}

fn exchange<T: Transport + Host>(client: &Client<T>, call: &Call, deadline: Duration) -> Result<Response> {
    client.send_as(call.request(), deadline, &|response| failure::said(&client.endpoint, response, call))
}

fn success<T>(client: &Client<T>, call: &Call, response: Response) -> Result<Response> {
    match response.status {
        200 => Ok(response),
        _ => Err(failure::error_of(&client.endpoint, &response, call)),
    }
}

#[cfg(test)]
mod tests {
    use plugboard_error::{Error, Kind};
    use plugboard_http::fake::{Fake, body};
    use plugboard_http::{Endpoint, Failure, Limits};

    use super::*;
    use crate::wire::Op;

    const STALE: &str = r#"{"error":"x","message":"etcdserver: invalid auth token","code":16}"#;

    fn client(script: Vec<Result<Response, Failure>>) -> Client<Fake> {
        let time = Duration::from_secs(30);
        let limits = Limits { timeout: time, connect_timeout: time, max_answer: 1 << 20 };
        let endpoint = Endpoint::parse("http://h:1").unwrap();
        Client { transport: Fake::new(script), endpoint, limits, name: "test", log: plugboard_http::Log::Off }
    }

    fn session() -> Session {
        let (user, password) = (Secret::new("u"), Secret::new("p"));
        Session::new(Some(Credentials { user, password }))
    }

    fn token(name: &str) -> Result<Response, Failure> {
        body(200, format!(r#"{{"token":"{name}"}}"#))
    }

    fn ask(session: &Session, client: &Client<Fake>) -> Result<u16, Error> {
        let mut call = Call::batch("get", &[Op::Get { key: "k" }]);
        session.send(client, &mut call, client.deadline()).map(|response| response.status)
    }

    /// What the requests had as their authorization, and `-` for none.
    fn shown(client: &Client<Fake>) -> String {
        let field = |request: &plugboard_http::Request| {
            let found = request.headers.iter().find(|(name, _)| *name == "authorization");
            found.map_or("-".to_owned(), |(_, value)| value.clone())
        };
        client.transport.requests().iter().map(field).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_token_is_kept() {
        let (session, client) = (session(), client(vec![token("a"), body(200, ""), body(200, "")]));
        assert_eq!((ask(&session, &client), ask(&session, &client)), (Ok(200), Ok(200)));
        assert_eq!(shown(&client), "- a a");
    }

    #[test]
    fn one_that_is_refused_is_replaced_once() {
        let (session, client) =
            (session(), client(vec![token("a"), body(401, STALE), token("b"), body(200, ""), body(200, "")]));
        assert_eq!((ask(&session, &client), ask(&session, &client)), (Ok(200), Ok(200)));
        assert_eq!(shown(&client), "- a - b b");
    }

    #[test]
    fn two_that_are_refused_are_an_error() {
        let (session, client) =
            (session(), client(vec![token("a"), body(401, STALE), token("b"), body(401, STALE)]));
        assert_eq!(ask(&session, &client).unwrap_err().kind, Kind::AccessDenied);
    }

    #[test]
    fn a_wrong_password_is_an_error_and_nothing_else_is_sent() {
        let refused =
            r#"{"message":"etcdserver: authentication failed, invalid user ID or password","code":3}"#;
        let (session, client) = (session(), client(vec![body(400, refused), body(200, "{}")]));
        assert_eq!(ask(&session, &client).unwrap_err().kind, Kind::AccessDenied);
        // An answer without a token is none, and the next call asks again.
        assert_eq!(ask(&session, &client).unwrap_err().kind, Kind::Protocol);
        assert_eq!(client.transport.sent(), 2);
    }

    #[test]
    fn without_a_user_there_is_no_token() {
        let (session, client) = (Session::new(None), client(vec![body(200, ""), body(401, STALE)]));
        assert_eq!(ask(&session, &client), Ok(200));
        assert_eq!(ask(&session, &client).unwrap_err().kind, Kind::AccessDenied);
        assert_eq!(shown(&client), "- -");
    }
}
