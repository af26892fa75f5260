//! The operations of the Blob service as requests, and its answers
//! (learn.microsoft.com/rest/api/storageservices/blob-service-rest-api).

mod blocks;
mod copying;
mod failure;
mod listing;
mod names;

use plugboard_blobstore::Object;
use plugboard_error::Result;
use plugboard_http::{Chunks, Method, Request, Resend, Response, date_seconds, escape, form};

pub(crate) use blocks::BlockIds;
pub(crate) use copying::{State, copying};
pub(crate) use failure::error_of;
pub(crate) use listing::page;

/// Of the service's interface. From this one on, a listing can show every name.
const VERSION: &str = "2021-12-02";

/// The name of an error.
pub(crate) const ERROR_CODE: &str = "x-ms-error-code";
/// In every answer of the service, and of nobody who stands before it or in its place.
pub(crate) const REQUEST_ID: &str = "x-ms-request-id";
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
            answer_fields: &[ERROR_CODE, REQUEST_ID],
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

    pub(crate) fn create_container(name: &str) -> Result<Self> {
        let call = Call::container("Create Container", Method::Put, name)?;
        Ok(Call { resend: Resend::Guarded, ..call })
    }

    pub(crate) fn container_properties(name: &str) -> Result<Self> {
        let call = Call::container("Get Container Properties", Method::Head, name)?;
        Ok(Call { answer_fields: &[ERROR_CODE, REQUEST_ID, CHANGED, "date"], ..call })
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

    /// A second time the list finds its blocks in the object that the first has made of them. If it does not, another
    /// client's object has taken the place of ours or of the blocks: nobody can tell, and nothing of the other's is
    /// lost.
    pub(crate) fn put_block_list(path: &str, content_type: &str) -> Self {
        let mut call = Call::new("Put Block List", Method::Put, path.to_owned(), true);
        call.query.push(("comp", "blocklist".to_owned()));
        call.headers.push(("x-ms-blob-content-type", content_type.to_owned()));
        Call { resend: Resend::Guarded, ..call }
    }

    /// Never the last bytes as `-n`, which the service does not know.
    pub(crate) fn get(object: Object, first: u64, last: u64) -> Result<Self> {
        let mut call = Call::object("Get Blob", Method::Get, object)?;
        if (first, last) != (0, u64::MAX) {
            let end = if last < FAR { last.to_string() } else { String::new() };
            let range = format!("bytes={}-{end}", first.min(FAR));
            call.headers.push(("x-ms-range", range));
        }
        Ok(Call { answer_fields: &[ERROR_CODE, REQUEST_ID, CONTENT_LENGTH], ..call })
    }

    pub(crate) fn head(object: Object) -> Result<Self> {
        let call = Call::object("Get Blob Properties", Method::Head, object)?;
        Ok(Call { answer_fields: &[ERROR_CODE, REQUEST_ID, CONTENT_LENGTH, CREATED, CHANGED], ..call })
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

    pub(crate) fn request(&self, body: Chunks) -> Request {
        let query = form(self.query.iter().map(|(name, value)| (*name, value.as_str())));
        let separator = if query.is_empty() { "" } else { "?" };
        let mut headers = self.headers.clone();
        headers.push(("x-ms-version", VERSION.to_owned()));
        Request {
            method: self.method,
            path: [&self.path, separator, &query].concat(),
            headers,
            body,
            resend: self.resend,
            answer_fields: self.answer_fields,
            what: self.what,
        }
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

/// Whether the service itself has answered.
pub(crate) fn is_of_service(response: &Response) -> bool {
    response.header(REQUEST_ID).is_some()
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

#[cfg(test)]
mod tests {
    use plugboard_http::fake::status;

    use super::*;

    const OBJECT: Object = Object { container: "photos", name: "a b/%2F+?#\u{1f600}//x" };

    #[test]
    fn a_name_is_in_the_path_byte_for_byte() {
        assert_eq!(path(OBJECT).unwrap(), "/photos/a%20b/%252F%2B%3F%23%F0%9F%98%80//x");
        let at = |name| path(Object { container: "$root", name }).unwrap();
        assert_eq!((at("/a/"), at("~-_.a")), ("/$root//a/".into(), "/$root/~-_.a".into()));
        assert!(path(Object { container: "c", name: "a" }).is_err());
    }

    #[test]
    fn addresses_have_the_query() {
        let path = |call: Result<Call>| call.unwrap().request(Chunks::default()).path;
        let query = "restype=container&comp=list&maxresults=1000&marker=2%218%20%26%3D";
        assert_eq!(path(Call::list("photos", Some("2!8 &="))), format!("/photos?{query}"));
        assert_eq!(path(Call::delete(Object { container: "photos", name: "x" })), "/photos/x");
    }

    #[test]
    fn ranges() {
        let range = |first, last| {
            let call = Call::get(OBJECT, first, last).unwrap();
            call.headers.into_iter().find(|(name, _)| *name == "x-ms-range").map(|(_, value)| value)
        };
        assert_eq!(range(0, u64::MAX), None);
        assert_eq!(range(0, 0).as_deref(), Some("bytes=0-0"));
        assert_eq!(range(5, 9).as_deref(), Some("bytes=5-9"));
        assert_eq!(range(5, u64::MAX).as_deref(), Some("bytes=5-"));
        assert_eq!(range(5, 1 << 60).as_deref(), Some("bytes=5-"));
        assert_eq!(range(u64::MAX, u64::MAX).as_deref(), Some("bytes=9007199254740992-"));
    }

    #[test]
    fn what_a_second_time_would_find_done_is_guarded() {
        assert_eq!(Call::create_container("photos").unwrap().resend, Resend::Guarded);
        assert_eq!(Call::put_block_list("/c/b", "text/plain").resend, Resend::Guarded);
        assert_eq!(Call::put(OBJECT, "text/plain".into()).unwrap().resend, Resend::Allowed);
        assert_eq!(Call::copy(OBJECT, "https://h/c/b".into()).unwrap().resend, Resend::Allowed);
    }

    #[test]
    fn objects_are_as_old_as_they_say_and_containers_as_their_last_change() {
        let mut response = status(200).unwrap();
        assert_eq!(created_at(&response), None);
        response.headers.push((CHANGED, "Sun, 06 Nov 1994 08:49:37 GMT".into()));
        assert_eq!(created_at(&response), Some(784_111_777));
        response.headers.push((CREATED, "Sun, 06 Nov 1994 08:49:00 GMT".into()));
        assert_eq!(created_at(&response), Some(784_111_740));
    }
}
