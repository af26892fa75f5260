use plugboard_http::fake::body;

use super::*;

fn table() -> Table {
    Table { name: "Pairs".into() }
}

fn place(row: &str) -> Place {
    Place { partition: "p".into(), row: row.into() }
}

#[test]
fn keys_are_in_the_path_byte_for_byte() {
    let path = |row| table().get(&place(row)).path;
    assert_eq!(path("k"), "/Pairs(PartitionKey=%27p%27,RowKey=%27k%27)");
    assert_eq!(path("a'b +&é"), "/Pairs(PartitionKey=%27p%27,RowKey=%27a%27%27b%20%2B%26%C3%A9%27)");
    assert_eq!(path(""), "/Pairs(PartitionKey=%27p%27,RowKey=%27%27)");
    assert_eq!(table().look(&place("k")).path, path("k") + "?$select=RowKey");
}

#[test]
fn what_must_happen_once_is_sent_once() {
    let header = |request: &Request, name: &str| {
        request.headers.iter().find(|(other, _)| *other == name).map(|(_, value)| value.clone())
    };
    let update = table().update(&place("k"), b"v", "W/\"x\"");
    assert_eq!((update.resend, header(&update, "if-match")), (Resend::Never, Some("W/\"x\"".into())));
    let insert = table().insert(&place("k"), b"v");
    assert_eq!((insert.method, insert.path.as_str(), insert.resend), (Method::Post, "/Pairs", Resend::Never));
    let put = table().put(&place("k"), b"v");
    assert_eq!((put.resend, header(&put, "if-match")), (Resend::Allowed, None));
    let delete = table().delete(&place("k"));
    assert_eq!((delete.resend, header(&delete, "if-match")), (Resend::Allowed, Some("*".into())));
}

#[test]
fn a_page_is_asked_for_by_partition_and_first_row() {
    let path = |first, after| table().list("p", first, after).path;
    assert_eq!(path("", None), "/Pairs()?$filter=PartitionKey%20eq%20%27p%27&$select=RowKey&$top=1000");
    let from = "/Pairs()?$filter=PartitionKey%20eq%20%27p%27%20and%20RowKey%20ge%20%27a%27%27%27&$select=RowKey&$top=1000";
    assert_eq!(path("a'", None), from);
    assert_eq!(
        path("a'", Some("1!8!cA-- 1!4!aw==&$filter")),
        format!("{from}&NextPartitionKey=1%218%21cA--&NextRowKey=1%214%21aw%3D%3D%26%24filter")
    );
    assert_eq!(path("a'", Some("1!8!cA-- ")), format!("{from}&NextPartitionKey=1%218%21cA--"));
}

#[test]
fn a_page_has_rows_and_may_have_a_next_one() {
    let mut response = body(200, r#"{"value":[{"RowKey":"a\"b"},{"RowKey":""}]}"#).unwrap();
    assert_eq!(page(&response), Some((vec!["a\"b".into(), String::new()], None)));
    response.headers.push((NEXT[0].0, "P".into()));
    response.headers.push((NEXT[1].0, "R".into()));
    assert_eq!(page(&response).unwrap().1.as_deref(), Some("P R"));
    for bad in ["", "{}", "[]", r#"{"value":{}}"#, r#"{"value":[{}]}"#, r#"{"value":[{"RowKey":1}]}"#] {
        assert_eq!(page(&body(200, bad).unwrap()), None, "{bad}");
    }
}
