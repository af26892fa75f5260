//! The operations of the Blob service as requests, and its answers
//! (learn.microsoft.com/rest/api/storageservices/blob-service-rest-api).

mod blocks;
mod copying;
mod failure;
mod listing;
mod names;

use plugboard_blobstore::Object;
use plugboard_config::Secret;
use plugboard_error::Result;
use plugboard_http::{Method, Resend, Response, date_seconds};

pub(crate) use blocks::BlockIds;
pub(crate) use copying::{Copying, copying};
pub(crate) use failure::error_of;
pub(crate) use listing::page;

/// Of the service's interface. From this one on, a listing can show every name.
pub(crate) const VERSION: &str = "2021-12-02";

/// The name of an error.
pub(crate) const ERROR_CODE: &str = "x-ms-error-code";
const CONTENT_LENGTH: &str = "content-length";
const CREATED: &str = "x-ms-creation-time";
const CHANGED: &str = "last-modified";

/// Names in one page of a listing. The service gives up to 5,000, each with a kilobyte about the object; an app may
/// want but a few.
const PAGE: &str = "1000";
/// No object reaches this far, and numbers up to here are safe with everyone who reads them.
const FAR: u64 = 1 << 53;

/// One operation, before it is signed.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// Behind the endpoint's own path; percent-encoded.
    pub(crate) path: String,
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) resend: Resend,
    pub(crate) answer_fields: &'static [&'static str],
    /// As the documents call it.
    pub(crate) what: &'static str,
    /// What is not there if the answer is 404 and says no more.
    pub(crate) of_object: bool,
}

impl Call {
    fn new(what: &'static str, method: Method, path: String, of_object: bool) -> Self {
        Call {
            method,
            path,
            query: Vec::new(),
            headers: Vec::new(),
            resend: Resend::Allowed,
            answer_fields: &[ERROR_CODE],
            what,
            of_object,
        }
    }

    fn container(what: &'static str, method: Method, name: &str) -> Result<Self> {
        names::check_container(name)?;
        let mut call = Call::new(what, method, ["/", name].concat(), false);
        call.query.push(("restype", "container".to_owned()));
        Ok(call)
    }

    fn object(what: &'static str, method: Method, object: Object) -> Result<Self> {
        Ok(Call::new(what, method, path(object)?, true))
    }

    /// Not to be sent twice: the second time would find what the first made.
    pub(crate) fn create_container(name: &str) -> Result<Self> {
        let call = Call::container("Create Container", Method::Put, name)?;
        Ok(Call { resend: Resend::Never, ..call })
    }

    pub(crate) fn container_properties(name: &str) -> Result<Self> {
        let call = Call::container("Get Container Properties", Method::Head, name)?;
        Ok(Call { answer_fields: &[ERROR_CODE, CHANGED, "date"], ..call })
    }

    pub(crate) fn delete_container(name: &str) -> Result<Self> {
        Call::container("Delete Container", Method::Delete, name)
    }

    pub(crate) fn list(container: &str, after: Option<&str>) -> Result<Self> {
        let mut call = Call::container("List Blobs", Method::Get, container)?;
        call.query.extend([("comp", "list".to_owned()), ("maxresults", PAGE.to_owned())]);
        call.query.extend(after.map(|marker| ("marker", marker.to_owned())));
        Ok(call)
    }

    pub(crate) fn put(object: Object, content_type: String) -> Result<Self> {
        let mut call = Call::object("Put Blob", Method::Put, object)?;
        call.headers.push(("x-ms-blob-content-type", content_type));
        call.headers.push(("x-ms-blob-type", "BlockBlob".to_owned()));
        Ok(call)
    }

    /// `path` is that of an object.
    pub(crate) fn put_block(path: &str, id: String) -> Self {
        let mut call = Call::new("Put Block", Method::Put, path.to_owned(), true);
        call.query.extend([("comp", "block".to_owned()), ("blockid", id)]);
        call
    }

    /// Not to be sent again by itself: what the second answer means depends on the first ([`crate::store`]).
    pub(crate) fn put_block_list(path: &str, content_type: &str) -> Self {
        let mut call = Call::new("Put Block List", Method::Put, path.to_owned(), true);
        call.query.push(("comp", "blocklist".to_owned()));
        call.headers.push(("x-ms-blob-content-type", content_type.to_owned()));
        Call { resend: Resend::Never, ..call }
    }

    /// Never the last bytes as `-n`, which the service does not know.
    pub(crate) fn get(object: Object, first: u64, last: u64) -> Result<Self> {
        let mut call = Call::object("Get Blob", Method::Get, object)?;
        if (first, last) != (0, u64::MAX) {
            let end = if last < FAR { last.to_string() } else { String::new() };
            let range = format!("bytes={}-{end}", first.min(FAR));
            call.headers.push(("x-ms-range", range));
        }
        Ok(Call { answer_fields: &[ERROR_CODE, CONTENT_LENGTH], ..call })
    }

    pub(crate) fn head(object: Object) -> Result<Self> {
        let call = Call::object("Get Blob Properties", Method::Head, object)?;
        Ok(Call { answer_fields: &[ERROR_CODE, CONTENT_LENGTH, CREATED, CHANGED], ..call })
    }

    /// With its snapshots: without a word about them the service refuses to delete an object that has some.
    pub(crate) fn delete(object: Object) -> Result<Self> {
        let mut call = Call::object("Delete Blob", Method::Delete, object)?;
        call.headers.push(("x-ms-delete-snapshots", "include".to_owned()));
        Ok(call)
    }

    /// `source` is a whole address.
    pub(crate) fn copy(object: Object, source: String) -> Result<Self> {
        let mut call = Call::object("Copy Blob", Method::Put, object)?;
        call.headers.push(("x-ms-copy-source", source));
        Ok(Call { answer_fields: copying::FIELDS, ..call })
    }

    pub(crate) fn copy_progress(object: Object) -> Result<Self> {
        Ok(Call { answer_fields: copying::FIELDS, ..Call::head(object)? })
    }

    /// The path with its query, at whose end may stand one that is ready.
    pub(crate) fn address(&self, ready: Option<&Secret>) -> String {
        let mut text = self.path.clone();
        let mut separator = "?";
        for (name, value) in &self.query {
            text.extend([separator, name, "="]);
            escape(&mut text, value);
            separator = "&";
        }
        if let Some(ready) = ready {
            text.extend([separator, ready.expose()]);
        }
        text
    }
}

/// Where an object is, behind the endpoint.
pub(crate) fn path(object: Object) -> Result<String> {
    names::check_container(object.container)?;
    names::check_object(object.name)?;
    let mut path = ["/", object.container].concat();
    for segment in object.name.split('/') {
        path.push('/');
        escape(&mut path, segment);
    }
    Ok(path)
}

/// Percent-encodes all but what never needs it (RFC 3986, section 2.3): what hosts and the service decode alike.
pub(crate) fn escape(into: &mut String, text: &str) {
    const SET: &percent_encoding::AsciiSet =
        &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    into.extend(percent_encoding::utf8_percent_encode(text, SET));
}

/// Bytes in the body of an answer, or of that which a HEAD is not followed by.
pub(crate) fn length(response: &Response) -> Option<u64> {
    response.header(CONTENT_LENGTH)?.parse().ok()
}

/// Seconds since the Unix epoch; of containers the service knows the last change only.
pub(crate) fn created_at(response: &Response) -> Option<u64> {
    let date = response.header(CREATED).or_else(|| response.header(CHANGED))?;
    u64::try_from(date_seconds(date)?).ok()
}
