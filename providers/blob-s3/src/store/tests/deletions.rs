//! Deletions.

use plugboard_blobstore::clear;

use super::*;

fn names(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("n{n}")).collect()
}

/// What of many the service could not delete for now.
fn left(names: &[&str]) -> Answer {
    let failing = names.iter().map(|n| format!("<Error><Key>{n}</Key><Code>InternalError</Code></Error>"));
    document("DeleteResult", &failing.collect::<String>())
}

fn keys(request: &Request) -> usize {
    request.body.to_vec().windows(5).filter(|w| w == b"<Key>").count()
}

#[test]
fn a_bucket_is_emptied_before_it_is_deleted() {
    let left = || refused(409, "BucketNotEmpty");
    let uploads = "<Upload><Key>../a</Key><UploadId>u0</UploadId></Upload><EncodingType>url</EncodingType>\
                   <Upload><Key>a+b</Key><UploadId>u1</UploadId></Upload><IsTruncated>true</IsTruncated>\
                   <NextKeyMarker>a+b</NextKeyMarker><NextUploadIdMarker>u1</NextUploadIdMarker>";
    let s3 = s3(vec![
        left(),
        listed(&["a", "b"]),
        deleted(),
        left(),
        document("ListMultipartUploadsResult", uploads),
        body(503, ""),
        refused(404, "NoSuchUpload"),
        document("ListMultipartUploadsResult", ""),
        body(204, ""),
        refused(404, "NoSuchBucket"),
    ]);
    assert_eq!(s3.delete_container("photos"), Ok(()));
    assert_eq!(
        sent(&s3),
        [
            "DELETE photos/",
            "GET photos/?list-type=2&max-keys=1000&encoding-type=url",
            "POST photos/?delete=",
            "DELETE photos/",
            "GET photos/?uploads=&encoding-type=url",
            "DELETE photos/a%20b?uploadId=u1",
            "DELETE photos/a%20b?uploadId=u1",
            "GET photos/?uploads=&encoding-type=url&key-marker=a%20b&upload-id-marker=u1",
            "DELETE photos/",
            "GET photos/?list-type=2&max-keys=1",
        ]
    );
}

#[test]
fn a_bucket_that_is_not_there_is_deleted() {
    assert_eq!(s3(vec![refused(404, "NoSuchBucket")]).delete_container("photos"), Ok(()));
    // It may be seen for a while, and who may delete it need not be allowed to look.
    for look in [listed(&[]), refused(403, "AccessDenied")] {
        assert_eq!(s3(vec![body(204, ""), look]).delete_container("photos"), Ok(()));
    }
    for (script, kind) in [
        (vec![body(204, ""), body(204, "")], Kind::Protocol),
        (vec![body(200, "")], Kind::Protocol),
        (vec![refused(403, "AccessDenied")], Kind::AccessDenied),
    ] {
        assert_eq!(s3(script).delete_container("photos").unwrap_err().kind, kind);
    }
}

#[test]
fn one_is_deleted_as_many_are() {
    let failing = "<Error><Key>x.txt</Key><Code>AccessDenied</Code></Error>";
    for (script, outcome) in [
        (vec![deleted()], Ok(())),
        (vec![document("DeleteResult", failing)], Err(Kind::AccessDenied)),
        (vec![refused(404, "NoSuchBucket")], Err(Kind::NoSuchContainer)),
        (vec![body(204, "")], Err(Kind::Protocol)),
    ] {
        let s3 = s3(script);
        assert_eq!(s3.delete(X).map_err(|error| error.kind), outcome);
        assert_eq!(sent(&s3), ["POST photos/?delete="]);
    }
    for (settings, object) in [(&[("s3-delete-many", "false")][..], X), (&[], Object { name: "a\u{1}", ..X })]
    {
        let s3 = with(settings, vec![body(204, "")]);
        assert_eq!(s3.delete(object), Ok(()));
        assert_eq!(requests(&s3)[0].method, Method::Delete);
    }
}

#[test]
fn many_are_deleted_by_the_thousand_though_some_cannot_be() {
    let failing = "<Error><Key>n7</Key><Code>AccessDenied</Code></Error>";
    let s3 = s3(vec![document("DeleteResult", failing), deleted(), body(204, "")]);
    let mut names = names(1500);
    names.extend(["a\u{1}".to_owned(), "..".to_owned()]);
    let error = s3.delete_many("photos", &names).unwrap_err();
    assert_eq!(error.kind, Kind::AccessDenied);
    assert!(error.sentence.starts_with("2 of 1502 could not be deleted, `n7`, `..`: "), "{error}");
    assert_eq!(sent(&s3), ["POST photos/?delete=", "POST photos/?delete=", "DELETE photos/a%01"]);
    let bodies = requests(&s3)
        .iter()
        .map(|one| one.body.to_vec().windows(5).filter(|w| w == b"<Key>").count())
        .collect::<Vec<_>>();
    assert_eq!(bodies, [1000, 500, 0]);
}

#[test]
fn many_are_given_up_once_the_time_is_up() {
    let s3 = s3(vec![late(), late(), late()]);
    let mut names = names(1500);
    names.push("a\u{1}".to_owned());
    let error = s3.delete_many("photos", &names).unwrap_err();
    assert!(error.to_string().starts_with("timeout: 1501 of 1501 could not be deleted"), "{error}");
}

#[test]
fn many_are_deleted_one_by_one_where_the_service_has_nothing_better() {
    let s3 = with(&[("s3-delete-many", "false")], (0..40).map(|_| body(204, "")).collect());
    assert_eq!(s3.delete_many("photos", &names(40)), Ok(()));
    assert_eq!(sent(&s3)[39], "DELETE photos/n39");
}

#[test]
fn what_could_not_be_deleted_for_now_is_tried_again() {
    let throttled = || refused(200, "SlowDown");
    let s3 = s3(vec![throttled(), left(&["n1", "n2", "other"]), left(&["n2"]), deleted()]);
    let error = s3.delete_many("photos", &names(4)).unwrap_err();
    assert!(error.sentence.starts_with("1 of 4 could not be deleted, `other`: "), "{error}");
    assert_eq!(requests(&s3).iter().map(keys).collect::<Vec<_>>(), [4, 4, 2, 1]);
    assert!(s3.client.transport.now() >= Duration::from_millis(200));

    let s3 = super::s3([(); 5].map(|()| left(&["x.txt"])).into());
    assert_eq!(s3.delete(X).unwrap_err().kind, Kind::Unavailable);
    let s3 = super::s3([(); 5].map(|()| throttled()).into());
    assert_eq!(s3.delete(X).unwrap_err().kind, Kind::Unavailable);
}

/// Other clients can write them, and in a body they are no paths.
#[test]
fn a_container_is_cleared_of_names_that_no_app_can_write() {
    let s3 = s3(vec![listed(&["./a", "x/../y", "/b"]), deleted()]);
    assert_eq!(clear(&s3, "photos"), Ok(()));
    assert_eq!(keys(&requests(&s3)[1]), 3);
    let one_by_one = with(&[("s3-delete-many", "false")], vec![listed(&["./a", "b"]), body(204, "")]);
    let error = clear(&one_by_one, "photos").unwrap_err().to_string();
    assert!(error.starts_with("invalid: 1 of 2 could not be deleted, `./a`: "), "{error}");
}

#[test]
fn a_request_that_deletes_is_not_too_long() {
    let s3 = s3(vec![deleted(), deleted()]);
    let names = (100..250).map(|n| format!("{n}{}", "&".repeat(1000))).collect::<Vec<_>>();
    assert_eq!(s3.delete_many("photos", &names), Ok(()));
    let counts = requests(&s3).iter().map(keys).collect::<Vec<_>>();
    assert_eq!((counts.len(), counts.iter().sum()), (2, 150));
}
