use plugboard_error::{Error, Kind};

use crate::{Endpoint, Resend, Response};

/// The one table from a status to an error, for answers of which the protocol says no more.
pub fn error_of(endpoint: &Endpoint, response: &Response, resend: Resend, what: &str) -> Error {
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
        status @ 400..=499 => {
            Error::new(Kind::Protocol, format!("`{authority}` answered {status} to {what}"))
        }
        status => resend.malformed(what, format!("`{authority}` answered {status} to {what}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(status: u16, location: &str, resend: Resend) -> String {
        let headers = vec![("location", location.as_bytes().to_vec())];
        let response = Response { status, headers, body: vec![] };
        error_of(&Endpoint::parse("http://h:1").unwrap(), &response, resend, "TEST").to_string()
    }

    #[test]
    fn a_redirect_is_an_error_that_names_its_target() {
        let sentence = "protocol: `h:1` answered 307, a redirect to `other.example`";
        assert_eq!(error(307, "https://other.example/secret/path", Resend::Never), sentence);
    }

    #[test]
    fn only_a_refusal_says_that_nothing_happened() {
        assert_eq!(error(404, "", Resend::Never), "protocol: `h:1` answered 404 to TEST");
        for status in [204, 206, 520] {
            let doubt =
                format!("ambiguous: `h:1` answered {status} to TEST; TEST may or may not have happened");
            assert_eq!(error(status, "", Resend::Never), doubt);
            assert_eq!(
                error(status, "", Resend::Allowed),
                format!("protocol: `h:1` answered {status} to TEST")
            );
        }
    }
}
