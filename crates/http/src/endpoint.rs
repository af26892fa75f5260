/// Where a service is: `http` or `https`, host and port, and the path in front of everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    pub https: bool,
    /// Host, and port if one was given, exactly as written: it is what `Host` will say.
    pub authority: String,
    /// Empty, or begins with `/` and does not end with one.
    pub base_path: String,
}

impl Endpoint {
    /// Reads `http[s]://host[:port][/base/path]`. The error continues the sentence that the setting's name
    /// begins and quotes nothing, since an address may have credentials in it.
    pub fn parse(text: &str) -> Result<Endpoint, String> {
        let (scheme, rest) = scheme_of(text).ok_or("has no `http://` or `https://` in front")?;
        let https = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return Err("begins with a scheme other than `http` and `https`".into()),
        };
        if rest.contains(['?', '#']) {
            return Err("holds a `?` or `#`; expected an address without a query".into());
        }
        let (authority, path) = match rest.find('/') {
            Some(slash) => rest.split_at_checked(slash).unwrap_or((rest, "")),
            None => (rest, ""),
        };
        if authority.contains('@') {
            return Err("holds credentials in front of an `@`; they have settings of their own".into());
        }
        check_authority(authority)?;
        let legal = |b: u8| {
            b.is_ascii_graphic() && !matches!(b, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{'..=b'}')
        };
        if !path.bytes().all(legal) {
            return Err("has a path with characters that must be percent-encoded".into());
        }
        Ok(Endpoint {
            https,
            authority: authority.to_owned(),
            base_path: path.trim_end_matches('/').to_owned(),
        })
    }

    /// Whether the host is an address, in front of which there can be no further name.
    pub fn is_address(&self) -> bool {
        let host = host(&self.authority);
        host.starts_with('[') || host.bytes().all(|b| b.is_ascii_digit() || b == b'.')
    }

    /// Whether requests stay on this machine, so that credentials may go over plain http.
    pub fn is_loopback(&self) -> bool {
        let host = host(&self.authority);
        let address = |b: u8| b.is_ascii_digit() || b == b'.';
        host.eq_ignore_ascii_case("localhost")
            || host == "[::1]"
            || (host.starts_with("127.") && host.bytes().all(address))
    }
}

/// The scheme, and what stands behind `://`.
fn scheme_of(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    Some((scheme, rest.strip_prefix("//")?))
}

/// The authority without its port.
fn host(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => authority,
    }
}

fn check_authority(authority: &str) -> Result<(), String> {
    let host = host(authority);
    let name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    let address = |b: u8| b.is_ascii_hexdigit() || matches!(b, b':' | b'.');
    // Whether the address exists is for the host to find out; here it is only made sure what is host, what port.
    let host_ok = match host.strip_prefix('[').and_then(|h| h.strip_suffix(']')) {
        Some(v6) => !v6.is_empty() && v6.bytes().all(address),
        None => !host.is_empty() && host.bytes().all(name),
    };
    let port_ok = match authority.strip_prefix(host).unwrap_or_default() {
        "" => true,
        port => port.trim_start_matches(':').parse::<u16>().is_ok_and(|p| p > 0),
    };
    match (host_ok, port_ok) {
        (false, _) => Err("has no valid host name or address".into()),
        (_, false) => Err("has no valid port: a number from 1 to 65535 behind a `:`".into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_addresses() {
        let plain = Endpoint::parse("http://127.0.0.1:7379").unwrap();
        assert_eq!(
            (plain.https, plain.authority.as_str(), plain.base_path.as_str()),
            (false, "127.0.0.1:7379", "")
        );
        let path = Endpoint::parse("HTTPS://eu1-x.upstash.io/a/b/").unwrap();
        assert_eq!(
            (path.https, path.authority.as_str(), path.base_path.as_str()),
            (true, "eu1-x.upstash.io", "/a/b")
        );
        assert_eq!(Endpoint::parse("http://[::1]:80/").unwrap().authority, "[::1]:80");
        assert_eq!(Endpoint::parse("http://h/").unwrap().base_path, "");
    }

    #[test]
    fn refuses_what_is_no_address() {
        for bad in [
            "",
            "127.0.0.1:7379",
            "redis://h",
            "http://",
            "http://:80",
            "http://h:",
            "http://h:0",
            "http://h:99999",
            "http://h:8x",
            "http://u:p@h",
            "http://h?x",
            "http://h/a#b",
            "http://h h",
            "http://h/a b",
            "http://h/ä",
            "http://[::1",
            "http://[zz]",
            "http://a:b:c",
        ] {
            assert!(Endpoint::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_error_never_quotes_the_address() {
        for bad in ["http://user:hunter2@h", "http://h:hunter2", "hunter2"] {
            assert!(!Endpoint::parse(bad).unwrap_err().contains("hunter2"), "{bad:?}");
        }
    }

    #[test]
    fn knows_addresses() {
        for (text, is_address) in [
            ("http://10.0.0.1:80", true),
            ("http://[::1]", true),
            ("http://s3.example", false),
            ("http://1a", false),
        ] {
            assert_eq!(Endpoint::parse(text).unwrap().is_address(), is_address, "{text}");
        }
    }

    #[test]
    fn knows_loopback() {
        for near in ["http://localhost:1", "http://LOCALHOST", "http://127.9.9.9", "http://[::1]:3"] {
            assert!(Endpoint::parse(near).unwrap().is_loopback(), "{near}");
        }
        for far in ["http://10.0.0.1", "http://localhost.example", "http://127.0.0.1.example", "http://[::2]"]
        {
            assert!(!Endpoint::parse(far).unwrap().is_loopback(), "{far}");
        }
    }
}
