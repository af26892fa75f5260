//! What a request is about.

use form_urlencoded::parse;
use hyper::http::request::Parts;
use hyper::{Method, Uri};
use percent_encoding::percent_decode_str;

use crate::ACCOUNT;
use crate::refusal::{INVALID_URI, Refusal};

/// A container or an object, and what else the URL says.
pub(crate) struct Target {
    /// As the client sent it, which is what it signed.
    pub(crate) path: String,
    /// With the account in front, which is what Azurite wants.
    pub(crate) upstream: String,
    pub(crate) query: Vec<(String, String)>,
    /// Empty if it is the account.
    pub(crate) container: String,
    pub(crate) blob: Option<String>,
}

/// The operations that have rules of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    CreateContainer,
    DeleteContainer,
    PutBlob,
    PutBlock,
    CopyBlob,
    Other,
}

impl Target {
    pub(crate) fn read(uri: &Uri) -> Result<Target, Refusal> {
        let path = uri.path();
        let rest = below_account(path).unwrap_or(path);
        let upstream_path = format!("/{ACCOUNT}{rest}");
        let upstream = match uri.query() {
            Some(query) => format!("{upstream_path}?{query}"),
            None => upstream_path,
        };
        let (container, blob) = match rest.trim_start_matches('/').split_once('/') {
            Some((container, blob)) if !blob.is_empty() => (container, Some(blob)),
            Some((container, _)) => (container, None),
            None => (rest.trim_start_matches('/'), None),
        };
        let decode = |text: &str| percent_decode_str(text).decode_utf8().map(|text| text.into_owned());
        let wrong = |_| Refusal::from(INVALID_URI);
        Ok(Target {
            path: path.to_owned(),
            upstream,
            query: parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect(),
            container: decode(container).map_err(wrong)?,
            blob: blob.map(decode).transpose().map_err(wrong)?,
        })
    }

    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn operation(&self, head: &Parts) -> Operation {
        let of_container = self.param("restype") == Some("container") && self.param("comp").is_none();
        match (&head.method, &self.blob, self.param("comp")) {
            (&Method::PUT, None, _) if of_container => Operation::CreateContainer,
            (&Method::DELETE, None, _) if of_container => Operation::DeleteContainer,
            (&Method::PUT, Some(_), Some("block")) => Operation::PutBlock,
            (&Method::PUT, Some(_), None) if head.headers.contains_key("x-ms-copy-source") => {
                Operation::CopyBlob
            }
            (&Method::PUT, Some(_), None) => Operation::PutBlob,
            _ => Operation::Other,
        }
    }
}

/// What follows the account, where a path begins with it: such clients have the account in the path.
pub(crate) fn below_account(path: &str) -> Option<&str> {
    let rest = path.strip_prefix('/')?.strip_prefix(ACCOUNT)?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}
