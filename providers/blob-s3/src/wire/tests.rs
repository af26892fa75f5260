use super::*;

const OBJECT: Object = Object { container: "photos", name: "a b/%2F+?#\u{1f600}//x" };
const X: Object = Object { container: "photos", name: "x" };

fn at() -> Place {
    Place::new(X, "i/=".into())
}

fn target(call: &Call) -> String {
    call.request(Chunks::default()).path
}

fn header<'a>(call: &'a Call, name: &str) -> Option<&'a str> {
    call.headers.iter().find(|(other, _)| *other == name).map(|(_, value)| value.as_str())
}

#[test]
fn a_name_is_in_the_path_byte_for_byte() {
    let encoded = "/a%20b/%252F%2B%3F%23%F0%9F%98%80//x";
    assert_eq!(target(&Call::head(OBJECT)), encoded);
    let named = |name| target(&Call::head(Object { name, ..X }));
    assert_eq!(
        (named("/a/"), named("~-_.a"), named("\u{1}")),
        ("//a/".into(), "/~-_.a".into(), "/%01".into())
    );
    let copy = Call::copy(OBJECT, X);
    assert_eq!(
        (target(&copy).as_str(), header(&copy, "x-amz-copy-source").unwrap()),
        ("/x", &*format!("/photos{encoded}"))
    );
}

#[test]
fn queries() {
    let page = "/?list-type=2&max-keys=1000&encoding-type=url";
    assert_eq!(target(&Call::list("photos", None)), page);
    let next = target(&Call::list("photos", Some("1/+=")));
    assert_eq!(next, format!("{page}&continuation-token=1%2F%2B%3D"));
    assert_eq!(target(&Call::create_upload(X, "a/b".into())), "/x?uploads=");
    assert_eq!(target(&Call::upload_part(&at(), 7)), "/x?partNumber=7&uploadId=i%2F%3D");
    let buckets = Call::list_buckets("photos");
    assert_eq!((target(&buckets), buckets.bucket), ("/?max-buckets=1000&prefix=photos".into(), None));
    let next = Call::list_uploads("photos", Some(&("a/b".into(), "2".into())));
    assert_eq!(target(&next), "/?uploads=&encoding-type=url&key-marker=a%2Fb&upload-id-marker=2");
}

#[test]
fn ranges() {
    let range = |first, last| header(&Call::get(OBJECT, first, last), "range").map(str::to_owned);
    assert_eq!(range(0, u64::MAX), None);
    assert_eq!(range(0, 0).as_deref(), Some("bytes=0-0"));
    assert_eq!(range(5, 9).as_deref(), Some("bytes=5-9"));
    assert_eq!(range(5, u64::MAX).as_deref(), Some("bytes=5-"));
    assert_eq!(range(5, 1 << 60).as_deref(), Some("bytes=5-"));
    assert_eq!(range(u64::MAX, u64::MAX).as_deref(), Some("bytes=9007199254740992-"));
}

#[test]
fn what_a_second_time_would_find_done_is_guarded() {
    assert_eq!(Call::create_bucket("photos").resend, Resend::Guarded);
    assert_eq!(Call::complete_upload(&at()).resend, Resend::Guarded);
    assert_eq!(Call::put(X, "text/plain".into()).resend, Resend::Allowed);
    assert_eq!(Call::copy(X, OBJECT).resend, Resend::Allowed);
}

#[test]
fn a_deletion_has_its_sum() {
    let body = deletion(["a&b", "c\r"]);
    assert_eq!(
        body,
        "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Quiet>true</Quiet>\
         <Object><Key>a&amp;b</Key></Object><Object><Key>c&#13;</Key></Object></Delete>"
    );
    // printf abc | openssl md5 -binary | base64
    let call = Call::delete_many("photos", "abc");
    assert_eq!(header(&call, "content-md5"), Some("kAFQmDzST7DWlj99KOF/cg=="));
}

#[test]
fn a_deletion_is_not_too_long() {
    let (short, long) = (vec!["a"; 1001], vec![&*"&".repeat(1024).leak(); 300]);
    assert_eq!((fitting(&short), fitting(&short[..7]), fitting(&[])), (1000, 7, 0));
    let count = fitting(&long);
    let size = |count| deletion(long[..count].iter().copied()).len();
    assert!((90..103).contains(&count) && size(count) <= DELETION, "{count}");
}

#[test]
fn a_bucket_is_told_its_region_but_for_the_first() {
    assert_eq!(location("us-east-1"), "");
    assert!(location("eu-west-1").contains("<LocationConstraint>eu-west-1</LocationConstraint>"));
}
