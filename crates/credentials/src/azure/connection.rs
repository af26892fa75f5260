//! Connection strings, as the portal shows them: `Name=value;Name=value`
//! (learn.microsoft.com/azure/storage/common/storage-configure-connection-string).

use plugboard_config::Secret;

use super::Service;

/// The account of emulators on this machine. Its key is published, and no secret.
const EMULATOR: &str = "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=\
                        Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;\
                        BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1;\
                        TableEndpoint=http://127.0.0.1:10002/devstoreaccount1";

#[derive(Debug, Default)]
pub(super) struct Connection {
    pub(super) account: Option<String>,
    pub(super) key: Option<Secret>,
    pub(super) sas: Option<Secret>,
    /// The address of the service.
    pub(super) endpoint: String,
}

impl Connection {
    /// The error continues the sentence that the setting's name begins, and quotes nothing.
    pub(super) fn parse(service: Service, text: &str) -> Result<Self, String> {
        let value = |wanted: &str| {
            let mut pairs = text.split(';').filter_map(|pair| pair.split_once('='));
            let (_, value) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted))?;
            Some(value.trim()).filter(|value| !value.is_empty())
        };
        if value("UseDevelopmentStorage").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return Connection::parse(service, EMULATOR);
        }
        let account = value("AccountName");
        let endpoint = match (value(service.endpoint()), account) {
            (Some(endpoint), _) => endpoint.to_owned(),
            (None, Some(account)) => {
                let scheme = value("DefaultEndpointsProtocol").unwrap_or("https");
                address(service, scheme, account, value("EndpointSuffix").unwrap_or("core.windows.net"))
            }
            (None, None) => {
                return Err(["has neither `AccountName` nor `", service.endpoint(), "`"].concat());
            }
        };
        let (key, sas) = (value("AccountKey"), value("SharedAccessSignature"));
        match (key, sas, account) {
            (None, None, _) => return Err("has neither `AccountKey` nor `SharedAccessSignature`".into()),
            (Some(_), Some(_), _) => return Err("has both `AccountKey` and `SharedAccessSignature`".into()),
            (Some(_), None, None) => return Err("has an `AccountKey` without `AccountName`".into()),
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

/// Where a service of an account is.
pub(super) fn address(service: Service, scheme: &str, account: &str, suffix: &str) -> String {
    [scheme, "://", account, ".", service.name(), ".", suffix].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Connection {
        Connection::parse(Service::Blob, text).unwrap()
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
    fn each_service_has_its_own() {
        let table = |text| Connection::parse(Service::Table, text).map(|connection| connection.endpoint);
        let at = |text: &str| Ok(text.to_owned());
        assert_eq!(table("AccountName=a;AccountKey=k"), at("https://a.table.core.windows.net"));
        assert_eq!(table("UseDevelopmentStorage=true"), at("http://127.0.0.1:10002/devstoreaccount1"));
        let both = "BlobEndpoint=https://b;TableEndpoint=https://t;SharedAccessSignature=sig=x";
        assert_eq!(table(both), at("https://t"));
        let other = table("BlobEndpoint=https://b;SharedAccessSignature=sig=x").unwrap_err();
        assert_eq!(other, "has neither `AccountName` nor `TableEndpoint`");
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
            let said = Connection::parse(Service::Blob, text).unwrap_err();
            assert!(said.starts_with(fault), "{text}: {said}");
        }
    }
}
