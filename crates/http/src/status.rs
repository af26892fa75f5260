use plugboard_error::{Error, Kind};

use crate::{Endpoint, Response};

/// The one table from a status that is no success to an error, for answers of which the protocol says no more.
pub fn error_of(endpoint: &Endpoint, response: &Response) -> Error {
    let authority = &endpoint.authority;
    match response.status {
        401 | 403 => Error::new(Kind::AccessDenied, format!("`{authority}` refused the credentials")),
        413 => Error::new(Kind::TooLarge, format!("the request is longer than `{authority}` takes")),
        status @ 300..=399 => {
            // Never followed: the request carries credentials that are meant for one host.
            let target = response.header("location").and_then(|l| Endpoint::parse(l).ok());
            let target = target.map(|t| format!(" to `{}`", t.authority)).unwrap_or_default();
            Error::new(Kind::Protocol, format!("`{authority}` answered {status}, a redirect{target}"))
        }
        status => Error::new(Kind::Protocol, format!("`{authority}` answered {status}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_is_an_error_that_names_its_target() {
        let endpoint = Endpoint::parse("http://h:1").unwrap();
        let headers = vec![("location".to_owned(), b"https://other.example/secret/path".to_vec())];
        let error = error_of(&endpoint, &Response { status: 307, headers, body: vec![] });
        assert_eq!(error.to_string(), "protocol: `h:1` answered 307, a redirect to `other.example`");
    }
}
