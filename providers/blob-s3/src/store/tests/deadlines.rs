//! One deadline for each call.

use super::*;

fn is_in_time<R>(settings: &[(&'static str, &'static str)], first: Answer, call: fn(&S3<Fake>) -> Result<R>) {
    let busy = || answer(503, &[("retry-after", "29")], "");
    let s3 = with(settings, vec![busy(), first, busy()]);
    let _ = call(&s3);
    assert_eq!(s3.client.transport.sent(), 3);
    assert_eq!(s3.client.transport.now(), Duration::from_secs(29));
}

#[test]
fn several_requests_have_one() {
    is_in_time(&[], body(404, ""), |s3| s3.has_container("photos"));
    is_in_time(&[], body(404, ""), |s3| s3.head(X));
    is_in_time(&[], document("ListAllMyBucketsResult", ""), |s3| s3.container("photos"));
    is_in_time(&[], body(204, ""), |s3| s3.delete_container("photos"));
    let home = [("s3-region", "us-east-1")];
    is_in_time(&home, refused(404, "NoSuchBucket"), |s3| s3.create_container("photos"));
}

#[test]
fn a_request_that_is_signed_anew_has_what_is_left() {
    let skewed = answer(403, &[("date", DATE)], "<Error><Code>RequestTimeTooSkewed</Code></Error>");
    is_in_time(&[], skewed, |s3| s3.list("photos", None));
}
