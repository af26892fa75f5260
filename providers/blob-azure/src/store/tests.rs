use std::collections::BTreeMap;

use plugboard_http::fake::{Fake, body};
use plugboard_http::{Body as _, Failure, Method, Reached};

use super::*;

type Answer = Result<Response, Failure>;

const X: Object = Object { container: "photos", name: "x.txt" };
const Y: Object = Object { container: "photos", name: "y" };
/// What the wall clock says: Sun, 06 Nov 1994 08:49:37 GMT.
const NOW: u64 = 784_111_777;

fn with(settings: &[(&'static str, &'static str)], script: Vec<Answer>) -> Azure<Fake> {
    let settings = BTreeMap::from_iter(settings.iter().copied());
    let mut azure: Azure<Fake> = Azure::new(Config::read(&Settings::new("azure", &settings)).unwrap());
    azure.client.transport = Fake::new(script);
    azure.client.transport.set_wall_clock(Duration::from_secs(NOW));
    azure
}

fn azure(script: Vec<Answer>) -> Azure<Fake> {
    with(&[("azure-account", "shop"), ("azure-key", "QUJD")], script)
}

fn sas(script: Vec<Answer>) -> Azure<Fake> {
    with(&[("azure-account", "shop"), ("azure-sas", "sv=1&sig=hunter2")], script)
}

/// An answer of the service's.
fn answer(status: u16, headers: &[(&'static str, &str)]) -> Answer {
    let headers = [("x-ms-request-id", "1")].iter().chain(headers);
    let headers = headers.map(|(name, value)| (*name, value.as_bytes().to_vec())).collect();
    body(status, "").map(|response| Response { headers, ..response })
}

fn status(status: u16) -> Answer {
    answer(status, &[])
}

fn refused(status: u16, code: &str) -> Answer {
    answer(status, &[("x-ms-error-code", code)])
}

fn lost() -> Answer {
    Err(Failure::new(Reached::Maybe, Kind::Unavailable, "the connection broke"))
}

fn late() -> Answer {
    Err(Failure::new(Reached::Maybe, Kind::Timeout, "no answer before the deadline"))
}

fn requests(azure: &Azure<Fake>) -> Vec<Request> {
    azure.client.transport.requests()
}

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|(other, _)| *other == name).map(|(_, value)| value.as_str())
}

#[test]
fn an_object_in_one_request() {
    let azure = azure(vec![status(201)]);
    azure.put(X, b"abc".to_vec().into()).unwrap();
    let request = &requests(&azure)[0];
    assert_eq!((request.method, request.path.as_str()), (Method::Put, "/photos/x.txt"));
    assert_eq!(request.body.to_vec(), b"abc");
    for (name, value) in [
        ("x-ms-blob-type", "BlockBlob"),
        ("x-ms-blob-content-type", "text/plain; charset=utf-8"),
        ("x-ms-version", "2021-12-02"),
        ("x-ms-date", "Sun, 06 Nov 1994 08:49:37 GMT"),
    ] {
        assert_eq!(header(request, name), Some(value));
    }
    assert!(header(request, "authorization").unwrap().starts_with("SharedKey shop:"));
}

#[test]
fn the_content_type_of_the_settings_is_that_of_every_object() {
    let settings = [("azure-account", "shop"), ("azure-key", "QUJD"), ("azure-content-type", "a/b")];
    let azure = with(&settings, vec![status(201), status(201)]);
    azure.put(X, Chunks::default()).unwrap();
    azure.commit(azure.begin(X).unwrap()).unwrap();
    for request in requests(&azure) {
        assert_eq!(header(&request, "x-ms-blob-content-type"), Some("a/b"));
    }
}

#[test]
fn an_object_in_blocks() {
    let azure = azure(vec![status(201), status(201), status(201)]);
    let mut upload = azure.begin(X).unwrap();
    for bytes in ["abc", "d"] {
        let block = azure.send_block(&mut upload, bytes.as_bytes().to_vec().into()).unwrap();
        azure.finish_block(&mut upload, block).unwrap();
    }
    azure.commit(upload).unwrap();
    let requests = requests(&azure);
    let paths = requests.iter().map(|request| request.path.as_str()).collect::<Vec<_>>();
    assert_eq!(
        paths,
        [
            "/photos/x.txt?comp=block&blockid=AAAAAAAAAAAAAAAA",
            "/photos/x.txt?comp=block&blockid=AAAAAAAAAAAAAAAB",
            "/photos/x.txt?comp=blocklist",
        ]
    );
    assert_eq!(requests[2].body.to_vec(), BlockIds { upload: 0 }.list(2));
    assert_eq!(header(&requests[2], "x-ms-blob-content-type"), Some("text/plain; charset=utf-8"));
}

#[test]
fn a_lost_commit_is_sent_again() {
    for first in [lost(), status(503)] {
        let azure = azure(vec![first, status(201)]);
        assert_eq!(azure.commit(azure.begin(X).unwrap()), Ok(()));
    }
}

#[test]
fn a_commit_that_stays_lost_is_ambiguous() {
    for script in [vec![lost(), status(500), lost(), lost(), lost()], vec![late()]] {
        let azure = azure(script);
        assert_eq!(azure.commit(azure.begin(X).unwrap()).unwrap_err().kind, Kind::Ambiguous);
    }
}

#[test]
fn a_commit_whose_blocks_are_gone_is_a_conflict_unless_it_may_have_happened() {
    let gone = || refused(400, "InvalidBlockList");
    for (script, kind) in [(vec![gone()], Kind::Conflict), (vec![lost(), gone()], Kind::Ambiguous)] {
        let azure = azure(script);
        assert_eq!(azure.commit(azure.begin(X).unwrap()).unwrap_err().kind, kind);
    }
}

#[test]
fn a_lost_creation_is_sent_again() {
    let azure = azure(vec![lost(), status(201)]);
    assert_eq!(azure.create_container("photos"), Ok(()));
}

#[test]
fn after_a_lost_creation_the_age_of_the_container_tells_whether_it_was_there() {
    let exists = || refused(409, "ContainerAlreadyExists");
    let changed =
        |changed| answer(200, &[("last-modified", changed), ("date", "Sun, 06 Nov 1994 08:49:37 GMT")]);
    for (found, kind) in [
        (changed("Sun, 06 Nov 1994 08:49:30 GMT"), Kind::ContainerAlreadyExists),
        (changed("Sun, 06 Nov 1994 08:49:36 GMT"), Kind::Ambiguous),
        (changed("Sun, 06 Nov 1994 08:49:38 GMT"), Kind::Ambiguous),
        (refused(403, "AuthorizationFailure"), Kind::Ambiguous),
    ] {
        let azure = azure(vec![lost(), exists(), found]);
        assert_eq!(azure.create_container("photos").unwrap_err().kind, kind);
    }
    let azure = azure(vec![exists()]);
    assert_eq!(azure.create_container("photos").unwrap_err().kind, Kind::ContainerAlreadyExists);
    assert_eq!(azure.client.transport.sent(), 1);
}

#[test]
fn a_clock_that_is_wrong_is_corrected_once_and_for_all() {
    let skewed = || answer(403, &[("date", "Sun, 06 Nov 1994 09:49:37 GMT")]);
    let azure = azure(vec![skewed(), status(201), status(201)]);
    azure.put(X, b"abc".to_vec().into()).unwrap();
    azure.put(X, b"abc".to_vec().into()).unwrap();
    let requests = requests(&azure);
    assert_eq!(requests[1].body.to_vec(), b"abc");
    assert_ne!(header(&requests[0], "authorization"), header(&requests[1], "authorization"));
    for request in &requests[1..] {
        assert_eq!(header(request, "x-ms-date"), Some("Sun, 06 Nov 1994 09:49:37 GMT"));
    }
}

#[test]
fn a_refusal_that_is_not_about_time_is_final() {
    let right = || answer(403, &[("date", "Sun, 06 Nov 1994 08:54:37 GMT")]);
    let wrong = || answer(403, &[("date", "Sun, 06 Nov 1994 09:49:37 GMT")]);
    for azure in
        [azure(vec![right()]), azure(vec![status(403)]), azure(vec![wrong(), wrong()]), sas(vec![wrong()])]
    {
        assert_eq!(azure.delete(X).unwrap_err().kind, Kind::AccessDenied);
    }
}

#[test]
fn a_signature_is_in_the_address_only() {
    let azure = sas(vec![status(202), refused(403, "AuthenticationFailed")]);
    azure.delete(X).unwrap();
    let error = azure.delete(X).unwrap_err().to_string();
    assert!(!error.contains("hunter2"), "{error}");
    let request = &requests(&azure)[0];
    assert_eq!(request.path, "/photos/x.txt?sv=1&sig=hunter2");
    assert_eq!(header(request, "authorization"), None);
}

#[test]
fn a_download_is_as_long_as_the_answer_says() {
    let bytes = |status_, length: &str, text: &str| {
        answer(status_, &[("content-length", length)]).map(|r| Response { body: text.into(), ..r })
    };
    let azure =
        azure(vec![bytes(200, "3", "abc"), bytes(206, "2", "bc"), status(200), refused(404, "BlobNotFound")]);
    for (first, last, expected) in [(0, u64::MAX, "abc"), (1, 2, "bc")] {
        let mut download = azure.get(X, first, last).unwrap();
        assert_eq!(download.size, expected.len() as u64);
        assert_eq!(download.body.read_to_end(9).unwrap(), expected.as_bytes());
    }
    assert_eq!(azure.get(X, 0, 0).err().unwrap().kind, Kind::Protocol);
    assert_eq!(azure.get(X, 0, 0).err().unwrap().kind, Kind::NoSuchObject);
}

#[test]
fn who_is_not_the_service_is_not_believed() {
    for code in [200, 404, 416] {
        let azure = azure((0..8).map(|_| body(code, "<html>")).collect());
        assert_eq!(azure.put(X, Chunks::default()).unwrap_err().kind, Kind::Protocol);
        assert_eq!(azure.get(X, 0, 9).err().unwrap().kind, Kind::Protocol);
        assert_eq!(azure.head(X).unwrap_err().kind, Kind::Protocol);
        assert_eq!(azure.delete(X).unwrap_err().kind, Kind::Protocol);
        assert_eq!(azure.container("photos").unwrap_err().kind, Kind::Protocol);
    }
    let azure = azure(vec![body(200, "")]);
    assert_eq!(azure.commit(azure.begin(X).unwrap()).unwrap_err().kind, Kind::Ambiguous);
}

#[test]
fn behind_the_end_is_nothing() {
    let azure = azure(vec![refused(416, "InvalidRange")]);
    assert_eq!(azure.get(X, 7, 9).unwrap().size, 0);
}

#[test]
fn what_is_missing() {
    let azure = azure(vec![
        refused(404, "BlobNotFound"),
        refused(404, "ContainerNotFound"),
        refused(404, "BlobNotFound"),
        refused(404, "ContainerNotFound"),
        refused(404, "ContainerNotFound"),
        refused(404, "ContainerNotFound"),
    ]);
    assert_eq!(azure.head(X), Ok(None));
    assert_eq!(azure.head(X).unwrap_err().kind, Kind::NoSuchContainer);
    assert_eq!(azure.delete(X), Ok(()));
    assert_eq!(azure.delete(X).unwrap_err().kind, Kind::NoSuchContainer);
    assert_eq!(azure.container("photos"), Ok(None));
    assert_eq!(azure.delete_container("photos"), Ok(()));
}

#[test]
fn what_is_there() {
    let headers = [("content-length", "5"), ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT")];
    let azure = azure(vec![answer(200, &headers), answer(200, &headers), status(200), status(200)]);
    assert_eq!(azure.head(X), Ok(Some(ObjectInfo { created_at: NOW, size: 5 })));
    assert_eq!(azure.container("photos"), Ok(Some(ContainerInfo { created_at: NOW })));
    assert_eq!(azure.head(X).unwrap_err().kind, Kind::Protocol);
    assert_eq!(azure.list("photos", None).unwrap_err().kind, Kind::Protocol);
}

#[test]
fn names_that_the_service_does_not_take_are_not_sent() {
    let azure = azure(vec![]);
    let dots = Object { container: "photos", name: "a/../b" };
    let upper = Object { container: "Photos", name: "a" };
    for object in [dots, upper] {
        assert_eq!(azure.put(object, Chunks::default()).unwrap_err().kind, Kind::Invalid);
        assert_eq!(azure.begin(object).err().unwrap().kind, Kind::Invalid);
        assert_eq!(azure.copy(X, object).unwrap_err().kind, Kind::Invalid);
        assert_eq!(azure.copy(object, X).unwrap_err().kind, Kind::Invalid);
    }
    assert_eq!(azure.list("Photos", None).unwrap_err().kind, Kind::Invalid);
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("n{n}")).collect()
}

#[test]
fn many_are_deleted_though_some_cannot_be() {
    let mut script = (0..40).map(|_| status(202)).collect::<Vec<_>>();
    script[1] = refused(412, "LeaseIdMissing");
    script[2] = refused(404, "BlobNotFound");
    script[39] = refused(412, "LeaseIdMissing");
    let azure = azure(script);
    let error = azure.delete_many("photos", &names(40)).unwrap_err();
    assert_eq!(error.kind, Kind::Conflict);
    assert!(error.sentence.starts_with("2 of 40 could not be deleted, `n1`, `n39`: "), "{error}");
    let requests = requests(&azure);
    assert_eq!((requests.len(), requests[39].path.as_str()), (40, "/photos/n39"));
}

#[test]
fn many_are_given_up_once_the_time_is_up_for_one() {
    let azure = azure((0..16).map(|_| late()).collect());
    let error = azure.delete_many("photos", &names(40)).unwrap_err();
    assert!(error.to_string().starts_with("timeout: 40 of 40 could not be deleted"), "{error}");

    // Each is tried five times, which takes a second; those that were begun with it are finished.
    let down = || Err(Failure::new(Reached::No, Kind::Unavailable, "the connection was refused"));
    let azure = with(
        &[("azure-account", "shop"), ("azure-key", "QUJD"), ("azure-timeout", "2s")],
        (0..1000).map(|_| down()).collect(),
    );
    let error = azure.delete_many("photos", &names(200)).unwrap_err();
    assert!(error.to_string().starts_with("unavailable: 200 of 200 could not be deleted"), "{error}");
    assert!(azure.client.transport.now() < Duration::from_secs(20));
}

fn copying(status_: u16, state: &str, progress: &str) -> Answer {
    answer(status_, &[("x-ms-copy-id", "id"), ("x-ms-copy-status", state), ("x-ms-copy-progress", progress)])
}

#[test]
fn a_copy_is_awaited() {
    let azure = azure(vec![
        copying(202, "pending", ""),
        copying(200, "pending", "1/2"),
        copying(200, "success", "2/2"),
    ]);
    assert_eq!(azure.copy(X, Y), Ok(()));
    let requests = requests(&azure);
    assert_eq!(
        header(&requests[0], "x-ms-copy-source"),
        Some("https://shop.blob.core.windows.net/photos/x.txt")
    );
    assert_eq!((requests[2].method, requests[2].path.as_str()), (Method::Head, "/photos/y"));
    assert!(azure.client.transport.now() < Duration::from_secs(1));
}

#[test]
fn a_copy_may_take_its_time_as_long_as_it_moves() {
    let mut script = (0..100).map(|n| copying(200, "pending", &format!("{n}/100"))).collect::<Vec<_>>();
    script.push(copying(200, "success", ""));
    let azure = azure(script);
    assert_eq!(azure.copy(X, Y), Ok(()));
    assert!(azure.client.transport.now() > Duration::from_secs(100));
}

#[test]
fn a_copy_that_does_not_move_or_is_given_up_is_an_error() {
    let stuck = azure((0..50).map(|_| copying(200, "pending", "1/2")).collect());
    assert_eq!(stuck.copy(X, Y).unwrap_err().kind, Kind::Timeout);
    assert!(stuck.client.transport.now() < Duration::from_secs(33));
    for (script, kind) in [
        (vec![copying(202, "pending", ""), copying(200, "failed", "")], Kind::Unavailable),
        (vec![copying(202, "pending", ""), copying(200, "aborted", "")], Kind::Unavailable),
        (vec![copying(202, "pending", ""), status(200)], Kind::Conflict),
        (vec![status(202)], Kind::Protocol),
        (vec![refused(404, "BlobNotFound")], Kind::NoSuchObject),
        (vec![refused(404, "CannotVerifyCopySource")], Kind::NoSuchObject),
        (vec![refused(404, "ContainerNotFound")], Kind::NoSuchContainer),
    ] {
        assert_eq!(azure(script).copy(X, Y).unwrap_err().kind, kind);
    }
}

#[test]
fn the_source_of_a_copy_is_signed_as_well() {
    let azure = sas(vec![copying(202, "success", "")]);
    azure.copy(X, Y).unwrap();
    let source = "https://shop.blob.core.windows.net/photos/x.txt?sv=1&sig=hunter2";
    assert_eq!(header(&requests(&azure)[0], "x-ms-copy-source"), Some(source));
}
