//! Connection strings, as the portal shows them: `Name=value;Name=value`
//! (learn.microsoft.com/azure/storage/common/storage-configure-connection-string).

use plugboard_config::Secret;

/// The account of emulators on this machine. Its key is published, and no secret.
const EMULATOR: &str = "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=\
                        Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;\
                        BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1";

#[derive(Debug, Default)]
pub(crate) struct Connection {
    pub(crate) account: Option<String>,
    pub(crate) key: Option<Secret>,
    pub(crate) sas: Option<Secret>,
    /// The address of the blob service.
    pub(crate) endpoint: String,
}

impl Connection {
    /// The error continues the sentence that the setting's name begins, and quotes nothing.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let value = |wanted: &str| {
            let mut pairs = text.split(';').filter_map(|pair| pair.split_once('='));
            let (_, value) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted))?;
            Some(value.trim()).filter(|value| !value.is_empty())
        };
        if value("UseDevelopmentStorage").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return Connection::parse(EMULATOR);
        }
        let account = value("AccountName");
        let endpoint = match (value("BlobEndpoint"), account) {
            (Some(endpoint), _) => endpoint.to_owned(),
            (None, Some(account)) => {
                let scheme = value("DefaultEndpointsProtocol").unwrap_or("https");
                address(scheme, account, value("EndpointSuffix").unwrap_or("core.windows.net"))
            }
            (None, None) => return Err("has neither `AccountName` nor `BlobEndpoint`"),
        };
        let (key, sas) = (value("AccountKey"), value("SharedAccessSignature"));
        match (key, sas, account) {
            (None, None, _) => return Err("has neither `AccountKey` nor `SharedAccessSignature`"),
            (Some(_), Some(_), _) => return Err("has both `AccountKey` and `SharedAccessSignature`"),
            (Some(_), None, None) => return Err("has an `AccountKey` without `AccountName`"),
            _ => {}
        }
        Ok(Connection {
            account: account.map(str::to_owned),
            key: key.map(Secret::new),
            sas: sas.map(Secret::new),
            endpoint,
        })
    }
}

/// Where the blob service of an account is.
pub(crate) fn address(scheme: &str, account: &str, suffix: &str) -> String {
    [scheme, "://", account, ".blob.", suffix].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Connection {
        Connection::parse(text).unwrap()
    }

    #[test]
    fn an_account_and_its_key() {
        let connection = parse(
            "DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=QUJDRA==;EndpointSuffix=core.windows.net",
        );
        assert_eq!(connection.endpoint, "https://shop.blob.core.windows.net");
        assert_eq!(connection.account.as_deref(), Some("shop"));
        assert_eq!(connection.key, Some(Secret::new("QUJDRA==")));
        assert_eq!(parse("accountname=a; ACCOUNTKEY=QQ==;").endpoint, "https://a.blob.core.windows.net");
        let china =
            "DefaultEndpointsProtocol=http;EndpointSuffix=core.chinacloudapi.cn;AccountName=a;AccountKey=k";
        assert_eq!(parse(china).endpoint, "http://a.blob.core.chinacloudapi.cn");
    }

    #[test]
    fn endpoints_and_a_signature() {
        let connection = parse(
            "BlobEndpoint=https://shop.blob.core.windows.net/;QueueEndpoint=https://shop.queue.core.windows.net/;\
             SharedAccessSignature=sv=2021-12-02&ss=b&sig=a%3D",
        );
        assert_eq!(connection.endpoint, "https://shop.blob.core.windows.net/");
        assert_eq!((connection.account, connection.key), (None, None));
        assert_eq!(connection.sas, Some(Secret::new("sv=2021-12-02&ss=b&sig=a%3D")));
    }

    #[test]
    fn the_emulator() {
        let connection = parse("UseDevelopmentStorage=true");
        assert_eq!(connection.endpoint, "http://127.0.0.1:10000/devstoreaccount1");
        assert_eq!(connection.account.as_deref(), Some("devstoreaccount1"));
        assert!(connection.key.is_some());
    }

    #[test]
    fn what_is_missing_is_named() {
        for (text, fault) in [
            ("hunter2", "has neither `AccountName` nor `BlobEndpoint`"),
            ("UseDevelopmentStorage=false", "has neither `AccountName` nor `BlobEndpoint`"),
            ("AccountName=a", "has neither `AccountKey` nor `SharedAccessSignature`"),
            ("AccountName=a;AccountKey=k;SharedAccessSignature=s", "has both"),
            ("BlobEndpoint=http://h;AccountKey=k", "has an `AccountKey` without `AccountName`"),
        ] {
            let said = Connection::parse(text).unwrap_err();
            assert!(said.starts_with(fault), "{text}: {said}");
        }
    }
}
