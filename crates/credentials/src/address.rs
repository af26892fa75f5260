//! Where credentials come from, and where they may go.

use plugboard_config::Settings;
use plugboard_error::Result;
use plugboard_http::Endpoint;

/// An endpoint and what stands behind it in an address, the query included.
#[derive(Clone, Debug)]
pub struct Address {
    pub endpoint: Endpoint,
    pub path: String,
}

impl Address {
    /// The error continues the sentence that the setting's name begins, and quotes nothing.
    pub fn parse(text: &str) -> Result<Address, String> {
        let (place, query) = text.split_once('?').map_or((text, None), |(place, query)| (place, Some(query)));
        let mut endpoint = Endpoint::parse(place)?;
        let mut path = std::mem::take(&mut endpoint.base_path);
        if path.is_empty() || place.ends_with('/') {
            path.push('/');
        }
        if let Some(query) = query {
            if !query.bytes().all(|b| b.is_ascii_graphic() && b != b'#') {
                return Err("has a query with characters that must be percent-encoded".into());
            }
            path.extend(["?", query]);
        }
        Ok(Address { endpoint, path })
    }
}

/// Credentials go over plain http to this machine only. The setting of that name has the endpoint in it.
pub fn check_plain(settings: &Settings, name: &str, endpoint: &Endpoint, allow_http: bool) -> Result<()> {
    if endpoint.https || endpoint.is_loopback() || allow_http {
        return Ok(());
    }
    let fault = [
        "leads to plain `http://`, which would send credentials unencrypted; expected `https://`, or `",
        &settings.key("allow-http"),
        "` set to `true`",
    ];
    Err(settings.error(name, &fault.concat()))
}

/// The services that give a machine its identity speak plain http, on addresses that never leave the machine's own
/// link.
pub fn check_near(settings: &Settings, name: &str, address: &Address, allow_http: bool) -> Result<()> {
    let host = &address.endpoint.authority;
    let link_local = (host.starts_with("169.254.")
        && host.bytes().all(|b| b.is_ascii_digit() || b".:".contains(&b)))
        // What AWS has in their place where there is IPv6 only.
        || host.starts_with("[fd00:ec2::");
    check_plain(settings, name, &address.endpoint, allow_http || link_local)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn addresses_keep_their_end() {
        for (text, path) in [
            ("http://h", "/"),
            ("http://h/", "/"),
            ("http://h/a", "/a"),
            ("http://h/a/", "/a/"),
            ("http://h?b", "/?b"),
            ("http://h/a?b=/", "/a?b=/"),
        ] {
            let address = Address::parse(text).unwrap();
            assert_eq!((address.path.as_str(), address.endpoint.base_path.as_str()), (path, ""), "{text}");
        }
        for bad in ["h", "http://h/a?b c", "http://h#a", "http://h?\u{e4}"] {
            assert!(Address::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn credentials_stay_on_this_machine_or_encrypted() {
        let source = BTreeMap::new();
        let settings = Settings::new("s3", &source);
        let plain = |text, allow| check_plain(&settings, "endpoint", &Endpoint::parse(text).unwrap(), allow);
        for fine in ["https://h", "http://localhost:1", "http://[::1]"] {
            assert_eq!(plain(fine, false), Ok(()), "{fine}");
        }
        assert_eq!(plain("http://h", true), Ok(()));
        assert_eq!(
            plain("http://169.254.1.1", false).unwrap_err().to_string(),
            "config: `s3-endpoint` leads to plain `http://`, which would send credentials unencrypted; expected \
             `https://`, or `s3-allow-http` set to `true`"
        );
    }

    #[test]
    fn what_gives_identities_may_be_on_the_link() {
        let source = BTreeMap::new();
        let settings = Settings::new("s3", &source);
        let near = |text| check_near(&settings, "at", &Address::parse(text).unwrap(), false);
        for fine in [
            "http://169.254.170.2/v2/x",
            "http://169.254.169.254:80",
            "http://[fd00:ec2::23]/v1/x",
            "http://127.0.0.1",
            "https://h",
        ] {
            assert_eq!(near(fine), Ok(()), "{fine}");
        }
        for far in ["http://169.254.example", "http://169.255.0.1", "http://10.0.0.1", "http://[fd00::1]"] {
            assert!(near(far).is_err(), "{far}");
        }
    }
}
