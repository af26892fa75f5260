//! The operations of the service as requests, and its answers
//! (docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html).

mod answers;
mod failure;
mod hosts;
mod names;
mod parts;
mod xml;

use base64ct::{Base64, Encoding};
use md5::{Digest, Md5};
use plugboard_blobstore::Object;
use plugboard_http::{Chunks, Method, Request, Resend, escape};

pub(crate) use answers::{
    Mark, UnderWay, copied, created_at, deletions, has_own_field, has_place, is_of_service, length, made_at,
    page, upload_id, uploads,
};
pub(crate) use failure::{Refusal, error_of, said};
pub(crate) use hosts::Hosts;
pub(crate) use names::Names;
pub(crate) use parts::{Range, list, ranges, whole_etag};
pub(crate) use xml::can_hold;

pub(crate) const ETAG: &str = "etag";
pub(crate) const CONTENT_TYPE: &str = "content-type";
const CONTENT_LENGTH: &str = "content-length";
const CHANGED: &str = "last-modified";
const LOCATION: &str = "location";

/// Names in one page of a listing, and in one request that deletes.
const PAGE: &str = "1000";
const MANY: usize = 1000;
/// Bytes in a request that deletes. One name, which counts with all that is around it, never has as many; AWS takes
/// twice that (docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html).
const DELETION: usize = 512 << 10;
/// No object reaches this far, and numbers up to here are safe with everyone who reads them.
const FAR: u64 = 1 << 53;
/// The region that buckets are in unless a request says otherwise, which must not say this.
pub(crate) const HOME: &str = "us-east-1";

/// One operation, before it is signed.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// Whose address it goes to; none where it is the service's.
    pub(crate) bucket: Option<String>,
    /// Behind that address; percent-encoded.
    path: String,
    query: Vec<(&'static str, String)>,
    headers: Vec<(&'static str, String)>,
    pub(crate) resend: Resend,
    answer_fields: &'static [&'static str],
    pub(crate) mark: Mark,
    /// Whether the bytes of an object go with it.
    pub(crate) is_bulky: bool,
    /// As the documents call it.
    pub(crate) what: &'static str,
}

impl Call {
    fn new(what: &'static str, method: Method, mark: Mark) -> Self {
        Call {
            method,
            bucket: None,
            path: "/".to_owned(),
            query: Vec::new(),
            headers: Vec::new(),
            resend: Resend::Allowed,
            answer_fields: failure::FIELDS,
            mark,
            is_bulky: false,
            what,
        }
    }

    fn bucket(what: &'static str, method: Method, mark: Mark, name: &str) -> Self {
        Call { bucket: Some(name.to_owned()), ..Call::new(what, method, mark) }
    }

    fn object(what: &'static str, method: Method, mark: Mark, object: Object) -> Self {
        Call { path: path(object.name), ..Call::bucket(what, method, mark, object.container) }
    }

    /// Of an upload that was begun.
    fn part(what: &'static str, method: Method, mark: Mark, at: &Place) -> Self {
        let (bucket, path) = (Some(at.bucket.clone()), at.path.clone());
        Call { bucket, path, ..Call::new(what, method, mark) }
    }

    fn with(mut self, pairs: &[(&'static str, &str)]) -> Self {
        self.query.extend(pairs.iter().map(|(name, value)| (*name, (*value).to_owned())));
        self
    }

    pub(crate) fn create_bucket(name: &str) -> Self {
        let call = Call::bucket("CreateBucket", Method::Put, Mark::Status(200), name);
        Call { resend: Resend::Guarded, answer_fields: answers::CREATED_FIELDS, ..call }
    }

    pub(crate) fn delete_bucket(name: &str) -> Self {
        Call::bucket("DeleteBucket", Method::Delete, Mark::Status(204), name)
    }

    pub(crate) fn list_buckets(prefix: &str) -> Self {
        let call = Call::new("ListBuckets", Method::Get, Mark::Root(answers::BUCKETS));
        call.with(&[("max-buckets", PAGE), ("prefix", prefix)])
    }

    /// Names come percent-encoded, as XML cannot hold each character that they may have.
    pub(crate) fn list(bucket: &str, after: Option<&str>) -> Self {
        let call = Call::bucket("ListObjectsV2", Method::Get, Mark::Root(answers::PAGE), bucket);
        let call = call.with(&[("list-type", "2"), ("max-keys", PAGE), ("encoding-type", "url")]);
        after.map(|token| ("continuation-token", token)).into_iter().fold(call, |call, one| call.with(&[one]))
    }

    pub(crate) fn head_bucket(name: &str) -> Self {
        let call = Call::bucket("HeadBucket", Method::Head, Mark::Status(200), name);
        Call { answer_fields: answers::OWN_FIELDS, ..call }
    }

    /// The smallest request about a bucket whose answer has words, whatever it is.
    pub(crate) fn look(bucket: &str) -> Self {
        let call = Call::bucket("ListObjectsV2", Method::Get, Mark::Root(answers::PAGE), bucket);
        call.with(&[("list-type", "2"), ("max-keys", "1")])
    }

    /// `after` is an earlier page's next.
    pub(crate) fn list_uploads(bucket: &str, after: Option<&UnderWay>) -> Self {
        let call = Call::bucket("ListMultipartUploads", Method::Get, Mark::Root(answers::UPLOADS), bucket);
        let call = call.with(&[("uploads", ""), ("encoding-type", "url")]);
        after.into_iter().fold(call, |call, (key, id)| {
            call.with(&[("key-marker", key.as_str()), ("upload-id-marker", id.as_str())])
        })
    }

    pub(crate) fn put(object: Object, content_type: String) -> Self {
        let mut call = Call::object("PutObject", Method::Put, Mark::Field(ETAG), object);
        call.headers.push((CONTENT_TYPE, content_type));
        Call { answer_fields: answers::WRITTEN_FIELDS, is_bulky: true, ..call }
    }

    pub(crate) fn create_upload(object: Object, content_type: String) -> Self {
        let mut call =
            Call::object("CreateMultipartUpload", Method::Post, Mark::Root(answers::BEGUN), object);
        call.headers.push((CONTENT_TYPE, content_type));
        call.with(&[("uploads", "")])
    }

    /// Parts are counted from 1.
    pub(crate) fn upload_part(at: &Place, number: usize) -> Self {
        let call = Call::part("UploadPart", Method::Put, Mark::Field(ETAG), at);
        let call = call.with(&[("partNumber", &number.to_string()), ("uploadId", &at.id)]);
        Call { answer_fields: answers::WRITTEN_FIELDS, is_bulky: true, ..call }
    }

    pub(crate) fn upload_part_copy(
        at: &Place,
        number: usize,
        from: Object,
        range: &Range,
        etag: &str,
    ) -> Self {
        let mut call = Call::part("UploadPartCopy", Method::Put, Mark::Late(answers::PART_COPIED), at);
        call.headers.push(("x-amz-copy-source", source(from)));
        call.headers.push(("x-amz-copy-source-if-match", etag.to_owned()));
        call.headers.push(("x-amz-copy-source-range", ["bytes=", &range.to_string()].concat()));
        call.with(&[("partNumber", &number.to_string()), ("uploadId", &at.id)])
    }

    /// A second time it is answered as the first, or there is no such upload any more.
    pub(crate) fn complete_upload(at: &Place) -> Self {
        let call = Call::part("CompleteMultipartUpload", Method::Post, Mark::Late(answers::COMPLETED), at);
        Call { resend: Resend::Guarded, ..call.with(&[("uploadId", &at.id)]) }
    }

    /// What became of it nobody waits for.
    pub(crate) fn abort_upload(at: &Place) -> Self {
        let call = Call::part("AbortMultipartUpload", Method::Delete, Mark::Status(204), at);
        Call { resend: Resend::Never, ..call.with(&[("uploadId", &at.id)]) }
    }

    /// Never the last bytes as `-n`, which not every service knows.
    pub(crate) fn get(object: Object, first: u64, last: u64) -> Self {
        let mut call = Call::object("GetObject", Method::Get, Mark::Field(CHANGED), object);
        if (first, last) != (0, u64::MAX) {
            let end = if last < FAR { last.to_string() } else { String::new() };
            call.headers.push(("range", format!("bytes={}-{end}", first.min(FAR))));
        }
        Call { answer_fields: answers::OBJECT_FIELDS, ..call }
    }

    pub(crate) fn head(object: Object) -> Self {
        let call = Call::object("HeadObject", Method::Head, Mark::Field(CHANGED), object);
        Call { answer_fields: answers::OBJECT_FIELDS, ..call }
    }

    /// The same of an object that was uploaded.
    pub(crate) fn head_upload(at: &Place) -> Self {
        let call = Call::part("HeadObject", Method::Head, Mark::Field(CHANGED), at);
        Call { answer_fields: answers::OBJECT_FIELDS, ..call }
    }

    pub(crate) fn delete(object: Object) -> Self {
        Call::object("DeleteObject", Method::Delete, Mark::Status(204), object)
    }

    /// `body` is what [`deletion`] has made: the service wants to be sure that it is whole, by this of all sums,
    /// the only one that everything knows which speaks the protocol.
    pub(crate) fn delete_many(bucket: &str, body: &str) -> Self {
        let mut call = Call::bucket("DeleteObjects", Method::Post, Mark::Late(answers::DELETED), bucket);
        call.headers.push(("content-md5", Base64::encode_string(&Md5::digest(body))));
        call.with(&[("delete", "")])
    }

    pub(crate) fn copy(from: Object, to: Object) -> Self {
        let mut call = Call::object("CopyObject", Method::Put, Mark::Late(answers::COPIED), to);
        call.headers.push(("x-amz-copy-source", source(from)));
        call
    }

    /// Without its signature.
    pub(crate) fn request(&self, body: Chunks) -> Request {
        let mut path = self.path.clone();
        let mut separator = "?";
        for (name, value) in &self.query {
            path.extend([separator, name, "="]);
            escape(&mut path, value);
            separator = "&";
        }
        Request {
            method: self.method,
            path,
            headers: self.headers.clone(),
            body,
            resend: self.resend,
            answer_fields: self.answer_fields,
            what: self.what,
        }
    }
}

/// An upload that was begun: whose it is, and the service's name for it.
#[derive(Debug)]
pub(crate) struct Place {
    bucket: String,
    path: String,
    id: String,
}

impl Place {
    pub(crate) fn new(object: Object, id: String) -> Self {
        Place { bucket: object.container.to_owned(), path: path(object.name), id }
    }
}

/// Names, of which none is a problem for XML, as the body of a deletion.
pub(crate) fn deletion<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut body =
        String::from("<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Quiet>true</Quiet>");
    for name in names {
        body.push_str("<Object>");
        xml::push(&mut body, "Key", name);
        body.push_str("</Object>");
    }
    body.push_str("</Delete>");
    body
}

/// How many of the names go into one such body, at least one if there are any.
pub(crate) fn fitting(names: &[&str]) -> usize {
    let mut size = 0;
    let fit = names.iter().take(MANY).take_while(|name| {
        size += deletion([**name]).len();
        size <= DELETION
    });
    fit.count().max(1).min(names.len())
}

/// Where a new bucket goes.
pub(crate) fn location(region: &str) -> String {
    if region == HOME {
        return String::new();
    }
    let mut body =
        String::from("<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
    xml::push(&mut body, "LocationConstraint", region);
    body.push_str("</CreateBucketConfiguration>");
    body
}

/// Where an object is, behind its bucket.
fn path(name: &str) -> String {
    let mut path = String::new();
    for segment in name.split('/') {
        path.push('/');
        escape(&mut path, segment);
    }
    path
}

/// The same from everywhere.
fn source(object: Object) -> String {
    ["/", object.container, &path(object.name)].concat()
}

#[cfg(test)]
mod tests;
