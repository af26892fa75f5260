use std::collections::BTreeMap;

use plugboard_http::fake::{Fake, body};
use plugboard_http::{Body as _, Failure, Method, Reached};

use super::*;

mod copies;
mod deadlines;
mod deletions;

type Answer = Result<Response, Failure>;

const X: Object = Object { container: "photos", name: "x.txt" };
const Y: Object = Object { container: "photos", name: "y" };
const NOW: u64 = 784_111_777;
const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

fn with(settings: &[(&'static str, &'static str)], script: Vec<Answer>) -> S3<Fake> {
    let all = [("s3-access-key-id", "AKID"), ("s3-secret-access-key", "hunter2"), ("s3-region", "eu-west-1")];
    let settings = all.iter().chain(settings).copied().collect::<BTreeMap<_, _>>();
    let mut s3: S3<Fake> = S3::new(Config::read(&Settings::new("s3", &settings)).unwrap());
    s3.client.transport = Fake::new(script);
    s3
}

fn s3(script: Vec<Answer>) -> S3<Fake> {
    with(&[], script)
}

fn answer(status: u16, headers: &[(&'static str, &str)], text: &str) -> Answer {
    let headers = headers.iter().map(|(name, value)| (*name, value.as_bytes().to_vec())).collect();
    body(status, text).map(|response| Response { headers, ..response })
}

fn document(root: &str, inner: &str) -> Answer {
    body(200, format!("<?xml version=\"1.0\"?>\n<{root}>{inner}</{root}>"))
}

fn refused(status: u16, code: &str) -> Answer {
    body(status, format!("<Error><Code>{code}</Code></Error>"))
}

fn written(etag: &str) -> Answer {
    answer(200, &[("etag", etag)], "")
}

fn found(length: &str, etag: &str) -> Answer {
    answer(200, &[("content-length", length), ("last-modified", DATE), ("etag", etag)], "")
}

fn begun() -> Answer {
    document("InitiateMultipartUploadResult", "<UploadId>u1</UploadId>")
}

fn completed() -> Answer {
    document("CompleteMultipartUploadResult", "<ETag>x</ETag>")
}

fn listed(names: &[&str]) -> Answer {
    let names = names.iter().map(|name| format!("<Contents><Key>{name}</Key></Contents>"));
    document("ListBucketResult", &names.collect::<String>())
}

fn deleted() -> Answer {
    document("DeleteResult", "")
}

fn lost() -> Answer {
    Err(Failure::new(Reached::Maybe, Kind::Unavailable, "the connection broke"))
}

fn late() -> Answer {
    Err(Failure::new(Reached::Maybe, Kind::Timeout, "no answer before the deadline"))
}

/// Method, host, path.
fn sent(s3: &S3<Fake>) -> Vec<String> {
    let (requests, authorities) = (s3.client.transport.requests(), s3.client.transport.authorities());
    let line = |(request, authority): (&Request, &String)| {
        format!(
            "{} {}{}",
            request.method.as_str(),
            authority.split('.').next().unwrap_or_default(),
            request.path
        )
    };
    requests.iter().zip(&authorities).map(line).collect()
}

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|(other, _)| *other == name).map(|(_, value)| value.as_str())
}

fn requests(s3: &S3<Fake>) -> Vec<Request> {
    s3.client.transport.requests()
}

#[test]
fn an_object_in_one_request() {
    let s3 = s3(vec![written("\"1\"")]);
    s3.put(X, b"abc".to_vec().into()).unwrap();
    let request = &requests(&s3)[0];
    assert_eq!(s3.client.transport.authorities(), ["photos.s3.eu-west-1.amazonaws.com"]);
    assert_eq!((request.method, request.path.as_str()), (Method::Put, "/x.txt"));
    assert_eq!(request.body.to_vec(), b"abc");
    assert_eq!(header(request, "content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(header(request, "x-amz-content-sha256"), Some("UNSIGNED-PAYLOAD"));
    assert!(header(request, "authorization").unwrap().starts_with("AWS4-HMAC-SHA256 Credential=AKID/"));
}

#[test]
fn bytes_are_signed_where_they_could_be_changed() {
    for settings in [[("s3-endpoint", "http://127.0.0.1:9000")], [("s3-sign-payload", "true")]] {
        let s3 = with(&settings, vec![written("\"1\"")]);
        s3.put(X, b"abc".to_vec().into()).unwrap();
        // printf abc | sha256sum
        let sum = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(header(&requests(&s3)[0], "x-amz-content-sha256"), Some(sum));
    }
}

fn upload(s3: &S3<Fake>) -> Upload {
    let mut upload = s3.begin(X).unwrap();
    let blocks =
        ["abc", "d"].map(|bytes| s3.send_block(&mut upload, bytes.as_bytes().to_vec().into()).unwrap());
    for block in blocks {
        s3.finish_block(&mut upload, block).unwrap();
    }
    upload
}

const A: &str = "\"bce6bf66aeb76c7040fdd5f4eccb78e6\"";
const B: &str = "\"8165449fc15bbf43d3b674595cbcc406\"";
const AB: &str = "\"f77dc0eecdebcd774a2a22cb393ad2ff-2\"";

/// With an upload before.
fn uploading(mut script: Vec<Answer>) -> (S3<Fake>, Upload) {
    script.splice(..0, [begun(), written(A), written(B)]);
    let s3 = s3(script);
    let upload = upload(&s3);
    (s3, upload)
}

#[test]
fn an_object_in_blocks() {
    let (s3, upload) = uploading(vec![completed()]);
    s3.commit(upload).unwrap();
    assert_eq!(
        sent(&s3),
        [
            "POST photos/x.txt?uploads=",
            "PUT photos/x.txt?partNumber=1&uploadId=u1",
            "PUT photos/x.txt?partNumber=2&uploadId=u1",
            "POST photos/x.txt?uploadId=u1",
        ]
    );
    let requests = requests(&s3);
    assert_eq!(header(&requests[0], "content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(requests[3].body.to_vec(), wire::list(&[A.into(), B.into()]).into_bytes());
}

#[test]
fn a_lost_commit_is_sent_again_and_looked_for() {
    let gone = || refused(404, "NoSuchUpload");
    for (script, kind) in [
        (vec![lost(), completed()], None),
        (vec![lost(), gone(), found("4", AB)], None),
        (vec![lost(), gone(), found("4", A)], Some(Kind::Ambiguous)),
        (vec![lost(), gone(), body(404, "")], Some(Kind::Ambiguous)),
        (vec![late(), found("4", AB)], None),
        (vec![late(), late()], Some(Kind::Ambiguous)),
        (vec![body(200, "<html>"), found("4", AB)], None),
        (vec![body(200, "<html>"), body(200, "<html>")], Some(Kind::Ambiguous)),
        // The refusal may come under the status of a success.
        (vec![lost(), refused(200, "NoSuchUpload"), found("4", AB)], None),
        (vec![lost(), refused(200, "NoSuchUpload"), found("4", A)], Some(Kind::Ambiguous)),
        (vec![body(503, ""), refused(200, "AccessDenied"), found("4", AB)], None),
    ] {
        let (s3, upload) = uploading(script);
        assert_eq!(s3.commit(upload).err().map(|error| error.kind), kind, "{:?}", sent(&s3));
        assert!(!sent(&s3).iter().any(|one| one.starts_with("DELETE")));
    }
}

#[test]
fn a_commit_that_fails_after_it_began_well_is_repeated() {
    let failed = || refused(200, "InternalError");
    for (mut script, found, outcome) in [
        (vec![failed(), completed()], None, Ok(())),
        (vec![failed(), refused(404, "NoSuchUpload")], Some(AB), Ok(())),
        (vec![failed(), refused(200, "NoSuchUpload")], Some(AB), Ok(())),
        ([(); 5].map(|()| failed()).into(), Some(A), Err(Kind::Ambiguous)),
    ] {
        script.extend(found.map(|etag| self::found("4", etag)));
        let (s3, upload) = uploading(script);
        assert_eq!(s3.commit(upload).map_err(|error| error.kind), outcome);
        assert!(!sent(&s3).iter().any(|one| one.starts_with("DELETE")));
    }
}

#[test]
fn what_is_refused_for_now_is_tried_again_with_pauses() {
    for (status, code) in [(503, "SlowDown"), (409, "OperationAborted"), (400, "RequestTimeout")] {
        let busy = || refused(status, code);
        let s3 = s3(vec![busy(), busy(), busy(), busy(), written(A)]);
        assert_eq!(s3.put(X, Chunks::default()), Ok(()));
        assert!(s3.client.transport.now() >= Duration::from_millis(750), "{code}");
        // Nothing was done: it is known that nothing will be.
        let (s3, upload) = uploading(vec![busy(), busy(), busy(), busy(), busy(), body(204, "")]);
        assert_eq!(s3.commit(upload).unwrap_err().kind, Kind::Unavailable);
        assert_eq!(sent(&s3).last().unwrap(), "DELETE photos/x.txt?uploadId=u1");
    }
}

#[test]
fn a_commit_that_is_refused_leaves_nothing_behind() {
    for (code, kind) in
        [("NoSuchUpload", Kind::Conflict), ("InvalidPart", Kind::Conflict), ("EntityTooSmall", Kind::Config)]
    {
        let (s3, upload) = uploading(vec![refused(400, code), body(204, "")]);
        assert_eq!(s3.commit(upload).unwrap_err().kind, kind);
        assert_eq!(sent(&s3).last().unwrap(), "DELETE photos/x.txt?uploadId=u1");
    }
}

#[test]
fn an_upload_that_is_given_up_is_ended_without_a_word() {
    for outcome in [body(204, ""), lost(), refused(404, "NoSuchUpload")] {
        let (s3, upload) = uploading(vec![outcome]);
        s3.abort(upload);
        assert_eq!(sent(&s3).len(), 4);
    }
}

#[test]
fn a_block_that_waited_for_too_long_is_signed_and_sent_again() {
    for code in ["RequestTimeout", "RequestTimeTooSkewed"] {
        let s3 = s3(vec![begun(), refused(400, code), written(A)]);
        let mut upload = s3.begin(X).unwrap();
        let block = s3.send_block(&mut upload, b"abc".to_vec().into()).unwrap();
        assert_eq!(s3.finish_block(&mut upload, block), Ok(()));
        assert_eq!((upload.etags, requests(&s3)[2].body.to_vec()), (vec![A.to_owned()], b"abc".to_vec()));
    }
}

#[test]
fn a_bucket_is_made_where_the_settings_say() {
    let made = || answer(200, &[("location", "/photos")], "");
    let abroad = s3(vec![made()]);
    assert_eq!(abroad.create_container("photos"), Ok(()));
    let text = String::from_utf8(requests(&abroad)[0].body.to_vec()).unwrap();
    assert!(text.contains("<LocationConstraint>eu-west-1<"), "{text}");

    // A word about where it is, or a look.
    for (look, outcome) in [(listed(&[]), Ok(())), (body(200, ""), Err(Kind::Ambiguous))] {
        let s3 = s3(vec![body(200, ""), look]);
        assert_eq!(s3.create_container("photos").map_err(|error| error.kind), outcome);
    }
}

#[test]
fn there_is_a_look_before_a_bucket_is_made_at_home_and_elsewhere_than_in_aws() {
    let home = |script| with(&[("s3-region", "us-east-1")], script);
    let made = || answer(200, &[("location", "/photos")], "");
    let garage = with(&[("s3-endpoint", "http://127.0.0.1:3900")], vec![listed(&["x"])]);
    for s3 in [home(vec![listed(&["x"])]), garage] {
        assert_eq!(s3.create_container("photos").unwrap_err().kind, Kind::ContainerAlreadyExists);
    }
    for look in [refused(404, "NoSuchBucket"), refused(403, "AccessDenied")] {
        let s3 = home(vec![look, made()]);
        assert_eq!(s3.create_container("photos"), Ok(()));
        assert_eq!(requests(&s3)[1].body.len(), 0);
    }
}

#[test]
fn a_lost_creation_is_sent_again() {
    let made = || answer(200, &[("location", "/photos")], "");
    for (script, outcome) in [
        (vec![lost(), made()], Ok(())),
        (vec![lost(), refused(409, "BucketAlreadyOwnedByYou")], Err(Kind::Ambiguous)),
        (vec![refused(409, "OperationAborted"), made()], Ok(())),
        (vec![refused(409, "BucketAlreadyOwnedByYou")], Err(Kind::ContainerAlreadyExists)),
        (vec![refused(409, "BucketAlreadyExists")], Err(Kind::ContainerAlreadyExists)),
        (vec![late()], Err(Kind::Ambiguous)),
    ] {
        assert_eq!(s3(script).create_container("photos").map_err(|error| error.kind), outcome);
    }
}

#[test]
fn whether_there_is_a_bucket_is_told_by_a_field_or_in_words() {
    let known = || answer(200, &[("x-amz-request-id", "1")], "");
    for (script, outcome) in [
        (vec![known()], Ok(true)),
        (vec![body(200, ""), listed(&["x"])], Ok(true)),
        (vec![body(404, ""), refused(404, "NoSuchBucket")], Ok(false)),
        (vec![body(404, ""), listed(&[])], Ok(true)),
        (vec![body(404, ""), body(404, "")], Err(Kind::Protocol)),
        (vec![body(200, ""), body(200, "<html>")], Err(Kind::Protocol)),
        (vec![body(204, "")], Err(Kind::Protocol)),
        (vec![body(403, "")], Err(Kind::AccessDenied)),
    ] {
        assert_eq!(s3(script).has_container("photos").map_err(|error| error.kind), outcome);
    }
}

#[test]
fn when_a_bucket_was_made_its_account_knows() {
    let buckets = |name: &str| {
        let bucket = format!(
            "<Bucket><Name>{name}</Name><CreationDate>1994-11-06T08:49:37.000Z</CreationDate></Bucket>"
        );
        document("ListAllMyBucketsResult", &bucket)
    };
    let mine = s3(vec![buckets("photos")]);
    assert_eq!(mine.container("photos"), Ok(Some(ContainerInfo { created_at: NOW })));
    assert_eq!(sent(&mine), ["GET s3/?max-buckets=1000&prefix=photos"]);
    let none = s3(vec![buckets("photos2"), refused(404, "NoSuchBucket")]);
    assert_eq!(none.container("photos"), Ok(None));
    let theirs = s3(vec![buckets("photos2"), listed(&[])]);
    assert_eq!(theirs.container("photos").unwrap_err().kind, Kind::AccessDenied);
}

#[test]
fn a_download_is_as_long_as_the_answer_says() {
    let bytes = |status, text: &str| {
        found(&text.len().to_string(), A).map(|found| Response { status, body: text.into(), ..found })
    };
    let s3 = s3(vec![bytes(200, "abc"), bytes(206, "bc"), bytes(200, ""), bytes(200, "abc"), body(200, "")]);
    for (first, last, expected) in [(0, u64::MAX, "abc"), (1, 2, "bc"), (0, 5, "")] {
        let mut download = s3.get(X, first, last).unwrap();
        assert_eq!(download.size, expected.len() as u64);
        assert_eq!(download.body.read_to_end(9).unwrap(), expected.as_bytes());
    }
    // All of it, although less was asked for, and nothing that would be the service's.
    for _ in 0..2 {
        assert_eq!(s3.get(X, 1, 2).err().unwrap().kind, Kind::Protocol);
    }
}

#[test]
fn behind_the_end_is_nothing() {
    let s3 = s3(vec![refused(416, "InvalidRange"), body(416, "")]);
    assert_eq!(s3.get(X, 7, 9).unwrap().size, 0);
    assert_eq!(s3.get(X, 7, 9).err().unwrap().kind, Kind::Protocol);
}

#[test]
fn what_is_missing_is_told_by_the_request_that_has_words() {
    let missing = || body(404, "");
    for (script, outcome) in [
        (vec![missing(), refused(404, "NoSuchKey")], Ok(None)),
        (vec![missing(), found("1", A).map(|found| Response { status: 206, ..found })], Ok(None)),
        (vec![missing(), refused(404, "NoSuchBucket")], Err(Kind::NoSuchContainer)),
        (vec![missing(), missing()], Err(Kind::Protocol)),
        (vec![body(400, ""), refused(400, "ExpiredToken")], Err(Kind::AccessDenied)),
        (vec![body(403, "")], Err(Kind::AccessDenied)),
        (vec![body(200, "")], Err(Kind::Protocol)),
        (vec![found("5", A)], Ok(Some(ObjectInfo { created_at: NOW, size: 5 }))),
    ] {
        assert_eq!(s3(script).head(X).map_err(|error| error.kind), outcome);
    }
}

#[test]
fn another_region_is_a_matter_of_the_settings() {
    let s3 = s3(vec![answer(301, &[("x-amz-bucket-region", "us-west-2")], "")]);
    let error = s3.head(X).unwrap_err().to_string();
    assert!(error.starts_with("config: ") && error.contains("`s3-region` has to be `us-west-2`"), "{error}");
}

#[test]
fn empty_segments_are_refused_where_the_service_drops_them() {
    let s3 = with(&[("s3-endpoint", "http://127.0.0.1:9000"), ("s3-empty-segments", "false")], vec![]);
    for name in ["/a", "a//b"] {
        let object = Object { name, ..X };
        assert_eq!(s3.put(object, Chunks::default()).unwrap_err().kind, Kind::Invalid);
        assert_eq!(s3.get(object, 0, 1).err().unwrap().kind, Kind::Invalid);
        assert_eq!(s3.copy(object, X).unwrap_err().kind, Kind::Invalid);
        assert_eq!(s3.delete_many("photos", &[name.to_owned()]).unwrap_err().kind, Kind::Invalid);
    }
}

#[test]
fn names_that_the_service_does_not_take_are_not_sent() {
    let s3 = s3(vec![]);
    for object in [Object { name: "a/../b", ..X }, Object { container: "Photos", ..X }] {
        assert_eq!(s3.put(object, Chunks::default()).unwrap_err().kind, Kind::Invalid);
        assert_eq!(s3.begin(object).err().unwrap().kind, Kind::Invalid);
        assert_eq!(s3.copy(X, object).unwrap_err().kind, Kind::Invalid);
        assert_eq!(s3.copy(object, X).unwrap_err().kind, Kind::Invalid);
        assert_eq!(s3.delete(object).unwrap_err().kind, Kind::Invalid);
        assert_eq!(s3.head(object).unwrap_err().kind, Kind::Invalid);
        assert_eq!(s3.get(object, 0, 1).err().unwrap().kind, Kind::Invalid);
        let names = [object.name.to_owned()];
        assert_eq!(s3.delete_many(object.container, &names).unwrap_err().kind, Kind::Invalid);
    }
    assert_eq!(s3.create_container("Photos").unwrap_err().kind, Kind::Invalid);
    assert_eq!(s3.has_container("Photos").unwrap_err().kind, Kind::Invalid);
    assert_eq!(s3.delete_container("Photos").unwrap_err().kind, Kind::Invalid);
    assert_eq!(s3.list("Photos", None).unwrap_err().kind, Kind::Invalid);
    assert_eq!(s3.container("Photos").unwrap_err().kind, Kind::Invalid);
}
