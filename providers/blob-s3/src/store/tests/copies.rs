use super::*;

#[test]
fn a_copy_is_one_request() {
    let s3 =
        s3(vec![document("CopyObjectResult", "<ETag>x</ETag>"), refused(200, "AccessDenied"), body(200, "")]);
    assert_eq!(s3.copy(X, Y), Ok(()));
    let request = &requests(&s3)[0];
    assert_eq!((request.path.as_str(), header(request, "x-amz-copy-source")), ("/y", Some("/photos/x.txt")));
    // Errors may come late, and what says nothing is no copy.
    assert_eq!(s3.copy(X, Y).unwrap_err().kind, Kind::AccessDenied);
    assert_eq!(s3.copy(X, Y).unwrap_err().kind, Kind::Protocol);
}

const LARGE: &str = "5905580033";

fn large() -> Vec<Answer> {
    let copied = |n| document("CopyPartResult", &format!("<ETag>\"{n}\"</ETag>"));
    let mut script = vec![refused(400, "InvalidRequest"), found(LARGE, AB), begun()];
    script.extend((1..=12).map(copied));
    script
}

#[test]
fn a_copy_that_is_too_large_for_one_has_several() {
    let mut script = large();
    script.push(completed());
    let s3 = s3(script);
    assert_eq!(s3.copy(X, Y), Ok(()));
    let requests = requests(&s3);
    assert_eq!(sent(&s3)[3], "PUT photos/y?partNumber=1&uploadId=u1");
    for (n, range) in [(3, "bytes=0-536870911"), (14, "bytes=5905580032-5905580032")] {
        assert_eq!(header(&requests[n], "x-amz-copy-source-range"), Some(range));
        assert_eq!(header(&requests[n], "x-amz-copy-source-if-match"), Some(AB));
    }
    let list = (1..=12).map(|n| format!("\"{n}\"")).collect::<Vec<_>>();
    assert_eq!(requests[15].body.to_vec(), wire::list(&list).into_bytes());
}

#[test]
fn a_copy_in_parts_that_fails_leaves_nothing_behind() {
    let mut script = large();
    script[9] = refused(412, "PreconditionFailed");
    script.truncate(11);
    script.push(body(204, ""));
    let s3 = s3(script);
    assert_eq!(s3.copy(X, Y).unwrap_err().kind, Kind::Conflict);
    assert_eq!(sent(&s3).last().unwrap(), "DELETE photos/y?uploadId=u1");
}

#[test]
fn a_copy_that_is_refused_for_another_reason_is_refused() {
    let s3 = s3(vec![refused(400, "InvalidRequest"), found("5", A), refused(404, "NoSuchKey")]);
    assert_eq!(s3.copy(X, Y).unwrap_err().kind, Kind::Protocol);
    assert_eq!(s3.copy(X, Y).unwrap_err().kind, Kind::NoSuchObject);
}
