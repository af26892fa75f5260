//! What the service says.

use percent_encoding::percent_decode_str;
use plugboard_blobstore::Page as NamesPage;
use plugboard_error::Error;
use plugboard_http::{Response, date_seconds, iso_seconds};

use super::{CHANGED, CONTENT_LENGTH, CONTENT_TYPE, ETAG, LOCATION, failure, xml};

/// The fields of interest.
pub(super) const CREATED_FIELDS: &[&str] = &[LOCATION, "x-amz-bucket-region"];
pub(super) const WRITTEN_FIELDS: &[&str] = &[ETAG, "x-amz-bucket-region"];
pub(super) const OBJECT_FIELDS: &[&str] =
    &[ETAG, CHANGED, CONTENT_LENGTH, CONTENT_TYPE, "x-amz-bucket-region"];

/// Those that only the service has, where it has some: AWS and most others the first two, Google the last.
pub(super) const OWN_FIELDS: &[&str] = &["x-amz-bucket-region", "x-amz-request-id", "x-guploader-uploadid"];

/// The roots of documents.
pub(super) const BEGUN: &str = "InitiateMultipartUploadResult";
pub(super) const BUCKETS: &str = "ListAllMyBucketsResult";
pub(super) const COMPLETED: &str = "CompleteMultipartUploadResult";
pub(super) const COPIED: &str = "CopyObjectResult";
pub(super) const DELETED: &str = "DeleteResult";
pub(super) const PAGE: &str = "ListBucketResult";
pub(super) const PART_COPIED: &str = "CopyPartResult";
pub(super) const UPLOADS: &str = "ListMultipartUploadsResult";

/// By what a success shows that it is the service's: no field is in the answers of all that speak the protocol.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mark {
    /// A document with that root.
    Root(&'static str),
    /// The same, of what takes long and so may fail after its answer began as a success.
    Late(&'static str),
    Field(&'static str),
    /// Nothing but its status.
    Status(u16),
}

impl Mark {
    /// Whether an answer of that status may say why the request was refused.
    pub(crate) fn allows(self, status: u16) -> bool {
        matches!(self, Mark::Late(_)) || !(200..300).contains(&status)
    }
}

pub(crate) fn is_of_service(response: &Response, mark: Mark) -> bool {
    match mark {
        Mark::Root(root) | Mark::Late(root) => xml::read(&response.body, root, &mut |_, _| {}).is_some(),
        Mark::Field(name) => response.header(name).is_some(),
        Mark::Status(status) => response.status == status,
    }
}

/// Whether a field of the answer shows it.
pub(crate) fn has_own_field(response: &Response) -> bool {
    OWN_FIELDS.iter().any(|name| response.header(name).is_some())
}

/// Bytes in the body of an answer, or of that which a HEAD is not followed by.
pub(crate) fn length(response: &Response) -> Option<u64> {
    response.header(CONTENT_LENGTH)?.parse().ok()
}

/// Seconds since the Unix epoch. Objects are written as a whole: their last change is when they were made.
pub(crate) fn created_at(response: &Response) -> Option<u64> {
    u64::try_from(date_seconds(response.header(CHANGED)?)?).ok()
}

/// Reads a page of names.
pub(crate) fn page(body: &[u8]) -> Option<NamesPage> {
    let (mut names, mut next) = (Vec::new(), None);
    let (mut is_encoded, mut is_cut) = (false, false);
    xml::read(body, PAGE, &mut |element, text| match element {
        "Key" => names.push(std::mem::take(text)),
        "NextContinuationToken" => next = Some(std::mem::take(text)),
        "EncodingType" => is_encoded = text == "url",
        "IsTruncated" => is_cut = text == "true",
        _ => {}
    })?;
    if is_encoded {
        names = names.iter().map(|name| decoded(name)).collect::<Option<_>>()?;
    }
    // More of them, and no way to get there, is no page.
    let next = if is_cut { Some(next?) } else { None };
    Some(NamesPage { names, next })
}

/// As in forms: some services write a blank as `+`, and all of them a plus as `%2B`.
fn decoded(name: &str) -> Option<String> {
    let name = name.replace('+', " ");
    Some(percent_decode_str(&name).decode_utf8().ok()?.into_owned())
}

/// When a bucket was made, of a list of buckets; none if it is not there.
pub(crate) fn made_at(body: &[u8], bucket: &str) -> Option<Option<u64>> {
    let (mut name, mut date, mut found) = (String::new(), String::new(), None);
    xml::read(body, BUCKETS, &mut |element, text| match element {
        "Name" => name = std::mem::take(text),
        "CreationDate" => date = std::mem::take(text),
        "Bucket" if name == bucket => {
            found = Some(iso_seconds(&date).and_then(|date| u64::try_from(date).ok()))
        }
        _ => {}
    })?;
    match found {
        Some(date) => Some(Some(date?)),
        None => Some(None),
    }
}

/// Whether a new bucket's place is told, which not every service does.
pub(crate) fn has_place(response: &Response) -> bool {
    response.header(LOCATION).is_some()
}

/// What the service knows a part by that it has copied.
pub(crate) fn copied(body: &[u8]) -> Option<String> {
    let mut etag = None;
    xml::read(body, PART_COPIED, &mut |element, text| {
        if element == "ETag" {
            etag = Some(std::mem::take(text));
        }
    })?;
    etag
}

/// The name of an upload that was begun.
pub(crate) fn upload_id(body: &[u8]) -> Option<String> {
    let mut id = None;
    xml::read(body, BEGUN, &mut |element, text| {
        if element == "UploadId" {
            id = Some(std::mem::take(text));
        }
    })?;
    id
}

/// An upload that has not ended: whose it is, and its name.
pub(crate) type UnderWay = (String, String);

/// Reads a page of them, and behind which the next one begins.
pub(crate) fn uploads(body: &[u8]) -> Option<(Vec<UnderWay>, Option<UnderWay>)> {
    let (mut key, mut id, mut is_encoded) = (String::new(), String::new(), false);
    let (mut uploads, mut next, mut is_cut) = (Vec::new(), UnderWay::default(), false);
    xml::read(body, UPLOADS, &mut |element, text| match element {
        "Key" => key = std::mem::take(text),
        "UploadId" => id = std::mem::take(text),
        "Upload" => uploads.push((std::mem::take(&mut key), std::mem::take(&mut id))),
        "NextKeyMarker" => next.0 = std::mem::take(text),
        "NextUploadIdMarker" => next.1 = std::mem::take(text),
        "EncodingType" => is_encoded = text == "url",
        "IsTruncated" => is_cut = text == "true",
        _ => {}
    })?;
    if is_encoded {
        for (key, _) in uploads.iter_mut().chain([&mut next]) {
            *key = decoded(key)?;
        }
    }
    Some((uploads, is_cut.then_some(next)))
}

/// What of many objects could not be deleted.
pub(crate) fn deletions(body: &[u8]) -> Option<Vec<(String, Error)>> {
    let (mut key, mut code) = (String::new(), String::new());
    let mut failed = Vec::new();
    xml::read(body, DELETED, &mut |element, text| match element {
        "Key" => key = std::mem::take(text),
        "Code" => code = std::mem::take(text),
        // Of what was not there, some services say that.
        "Error" if code != "NoSuchKey" => {
            failed.push((std::mem::take(&mut key), failure::error_of_one(&code)))
        }
        _ => {}
    })?;
    Some(failed)
}

#[cfg(test)]
mod tests {
    use plugboard_error::Kind;
    use plugboard_http::fake::status;

    use super::*;

    fn listing(inner: &str) -> Option<NamesPage> {
        page(format!("<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{inner}</ListBucketResult>").as_bytes())
    }

    #[test]
    fn a_page_of_names() {
        let all = "<Name>photos</Name><Prefix/><KeyCount>2</KeyCount><MaxKeys>2</MaxKeys><EncodingType>url</EncodingType>\
                   <IsTruncated>true</IsTruncated><Contents><Key>a+b%2Bc%20%01%25/%C3%A4</Key><Size>1</Size></Contents>\
                   <Contents><Key>x</Key><Owner><ID>k</ID></Owner></Contents>\
                   <NextContinuationToken>1/+=</NextContinuationToken>";
        let names = vec!["a b+c \u{1}%/\u{e4}".into(), "x".into()];
        assert_eq!(listing(all), Some(NamesPage { names, next: Some("1/+=".into()) }));
        let plain = "<Contents><Key>a+%20 &amp;</Key></Contents><IsTruncated>false</IsTruncated>";
        assert_eq!(listing(plain), Some(NamesPage { names: vec!["a+%20 &".into()], next: None }));
        assert_eq!(listing(""), Some(NamesPage::default()));
    }

    #[test]
    fn whatever_is_no_page_is_none() {
        assert_eq!(listing("<IsTruncated>true</IsTruncated>"), None);
        assert_eq!(listing("<EncodingType>url</EncodingType><Contents><Key>%ff</Key></Contents>"), None);
        assert_eq!(page(b"<Error><Code>InternalError</Code></Error>"), None);
    }

    #[test]
    fn buckets_and_when_they_were_made() {
        let xml = b"<ListAllMyBucketsResult><Owner><ID>1</ID><DisplayName>n</DisplayName></Owner><Buckets>\
            <Bucket><Name>photos-old</Name><CreationDate>2006-02-03T16:45:09.000Z</CreationDate></Bucket>\
            <Bucket><CreationDate>1994-11-06T08:49:37.000Z</CreationDate><Name>photos</Name></Bucket>\
            <Bucket><Name>odd</Name><CreationDate>soon</CreationDate></Bucket></Buckets></ListAllMyBucketsResult>";
        assert_eq!(made_at(xml, "photos"), Some(Some(784_111_777)));
        assert_eq!(made_at(xml, "none"), Some(None));
        assert_eq!(made_at(xml, "odd"), None);
        assert_eq!(made_at(b"<html/>", "photos"), None);
    }

    #[test]
    fn uploads_under_way() {
        let xml =
            b"<ListMultipartUploadsResult><KeyMarker/><UploadIdMarker/><EncodingType>url</EncodingType>\
            <Upload><Key>a+b</Key><UploadId>1</UploadId><Initiator><ID>i</ID></Initiator></Upload>\
            <Upload><UploadId>2</UploadId><Key>c</Key></Upload></ListMultipartUploadsResult>";
        let two = vec![("a b".into(), "1".into()), ("c".into(), "2".into())];
        assert_eq!(uploads(xml), Some((two, None)));
        let cut =
            b"<ListMultipartUploadsResult><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>\
            <NextKeyMarker>a%2Fb</NextKeyMarker><NextUploadIdMarker>2</NextUploadIdMarker></ListMultipartUploadsResult>";
        assert_eq!(uploads(cut), Some((vec![], Some(("a/b".into(), "2".into())))));
        let begun = b"<InitiateMultipartUploadResult><Key>k</Key><UploadId>x</UploadId></InitiateMultipartUploadResult>";
        assert_eq!(upload_id(begun).as_deref(), Some("x"));
        assert_eq!(upload_id(b"<InitiateMultipartUploadResult/>"), None);
    }

    #[test]
    fn what_could_not_be_deleted() {
        let xml =
            b"<DeleteResult><Deleted><Key>a</Key></Deleted><Error><Key>b</Key><Code>AccessDenied</Code>\
            <Message>hunter2</Message></Error><Error><Code>NoSuchKey</Code><Key>c</Key></Error>\
            <Error><Key>d</Key><Code>InternalError</Code></Error></DeleteResult>";
        let failed =
            deletions(xml).unwrap().into_iter().map(|(name, error)| (name, error.kind)).collect::<Vec<_>>();
        assert_eq!(failed, [("b".to_owned(), Kind::AccessDenied), ("d".to_owned(), Kind::Unavailable)]);
        assert_eq!(deletions(b"<DeleteResult/>").unwrap().len(), 0);
        assert!(deletions(b"").is_none());
    }

    #[test]
    fn an_object_is_as_old_as_its_last_change() {
        let mut response = status(200).unwrap();
        assert_eq!(created_at(&response), None);
        response.headers.push((CHANGED, "Sun, 06 Nov 1994 08:49:37 GMT".into()));
        assert_eq!(created_at(&response), Some(784_111_777));
    }
}
