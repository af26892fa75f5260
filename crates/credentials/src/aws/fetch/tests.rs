use plugboard_error::Kind;
use plugboard_http::fake::{Fake, body, status};
use plugboard_http::{Failure, Limits, Reached, Response};

use super::*;
use crate::Address;

const TIME: Duration = Duration::from_secs(30);

type Script = Vec<Result<Response, Failure>>;

fn client(endpoint: Endpoint) -> Client<Fake> {
    let limits = Limits { timeout: TIME, connect_timeout: TIME, max_answer: 1 << 20 };
    Client { transport: Fake::default(), endpoint, limits, name: "test", log: plugboard_http::Log::Off }
}

fn fetcher(flow: Flow, script: Script) -> Fetcher<Fake> {
    let mut fetcher = Fetcher::new(flow, client);
    fetcher.client.transport = Fake::new(script);
    fetcher
}

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

fn container(token: Option<Token>) -> Flow {
    Flow::Container { address: address("http://169.254.170.2/v2/credentials/1?x"), token }
}

/// Good for so many seconds.
fn keys(id: &str, lifetime: u64) -> Result<Response, Failure> {
    let end = plugboard_sign::basic_date(lifetime);
    let end = format!("1970-01-01T{}:{}:{}Z", &end[9..11], &end[11..13], &end[13..15]);
    let json = format!(r#"{{"AccessKeyId":"{id}","SecretAccessKey":"s","Token":"t","Expiration":"{end}"}}"#);
    let mut response = body(200, json)?;
    response.headers.push(("date", "Thu, 01 Jan 1970 00:00:00 GMT".into()));
    Ok(response)
}

fn later(fetcher: &Fetcher<Fake>, seconds: u64) -> String {
    fetcher.client.transport.sleep(Duration::from_secs(seconds));
    fetcher.keys(fetcher.client.deadline()).unwrap().id
}

#[test]
fn a_container_without_a_token() {
    let fetcher = fetcher(container(None), vec![keys("A", 3600)]);
    assert_eq!(later(&fetcher, 0), "A");
    let requests = fetcher.client.transport.requests();
    assert_eq!((requests[0].method, requests[0].path.as_str()), (Method::Get, "/v2/credentials/1?x"));
    assert_eq!(requests[0].headers, []);
}

#[test]
fn a_container_with_a_token() {
    let fetcher = fetcher(container(Some(Token::Value(Secret::new("eyJ")))), vec![keys("A", 3600)]);
    later(&fetcher, 0);
    assert_eq!(fetcher.client.transport.requests()[0].headers, [("authorization", "eyJ".to_owned())]);
}

#[test]
fn a_token_at_an_address_is_read_for_each_keys() {
    let token = Token::Address(address("http://127.0.0.1:2/token"));
    let mut fetcher = fetcher(container(Some(token)), vec![keys("A", 3600), keys("B", 3600)]);
    fetcher.issuer.as_mut().unwrap().transport = Fake::new(vec![body(200, "first\n"), body(200, "second")]);
    assert_eq!([later(&fetcher, 0), later(&fetcher, 3500)], ["A", "B"]);
    let shown =
        fetcher.client.transport.requests().iter().map(|r| r.headers[0].1.clone()).collect::<Vec<_>>();
    assert_eq!(shown, ["first", "second"]);
    let issuer = fetcher.issuer.unwrap();
    assert_eq!(issuer.endpoint.authority, "127.0.0.1:2");
    assert_eq!(issuer.transport.requests()[0].path, "/token");
}

#[test]
fn an_instance_in_three_steps() {
    let metadata = Endpoint::parse("http://169.254.169.254").unwrap();
    let script = vec![body(200, "session=="), body(200, "my-role"), keys("A", 3600)];
    let fetcher = fetcher(Flow::Instance { metadata }, script);
    assert_eq!(later(&fetcher, 0), "A");
    let requests = fetcher.client.transport.requests();
    let steps = requests.iter().map(|r| (r.method, r.path.as_str(), r.headers.clone())).collect::<Vec<_>>();
    let session = vec![("x-aws-ec2-metadata-token", "session==".to_owned())];
    let begin = vec![("x-aws-ec2-metadata-token-ttl-seconds", "300".to_owned())];
    assert_eq!(
        steps,
        [
            (Method::Put, "/latest/api/token", begin),
            (Method::Get, "/latest/meta-data/iam/security-credentials/", session.clone()),
            (Method::Get, "/latest/meta-data/iam/security-credentials/my-role", session),
        ]
    );
}

#[test]
fn a_role_by_a_form() {
    let sts = Endpoint::parse("https://sts.us-east-1.amazonaws.com").unwrap();
    let flow = Flow::Role {
        sts,
        arn: "arn:aws:iam::1:role/a".into(),
        session: "me@here".into(),
        token: Token::Value(Secret::new("a.b+c")),
    };
    let xml = "<AssumeRoleWithWebIdentityResponse><AccessKeyId>A</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
               <SessionToken>t</SessionToken></AssumeRoleWithWebIdentityResponse>";
    let fetcher = fetcher(flow, vec![body(200, xml)]);
    assert_eq!(later(&fetcher, 0), "A");
    let requests = fetcher.client.transport.requests();
    assert_eq!((requests[0].method, requests[0].path.as_str()), (Method::Post, "/"));
    assert_eq!(requests[0].headers, [("content-type", "application/x-www-form-urlencoded".to_owned())]);
    assert_eq!(
        String::from_utf8(requests[0].body.to_vec()).unwrap(),
        "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fa\
         &RoleSessionName=me%40here&WebIdentityToken=a.b%2Bc"
    );
}

#[test]
fn keys_are_kept_and_replaced_before_their_end() {
    let fetcher = fetcher(container(None), vec![keys("A", 3600), keys("B", 3600), keys("C", 3600)]);
    assert_eq!([later(&fetcher, 0), later(&fetcher, 3299)], ["A", "A"]);
    assert!(fetcher.are_old());
    assert_eq!(later(&fetcher, 1), "B");
    assert!(!fetcher.are_old());
    fetcher.forget();
    assert_eq!(later(&fetcher, 0), "C");
}

/// Each step of an instance takes its time, but all of them no more than one.
#[test]
fn one_deadline_for_all_of_it() {
    let metadata = Endpoint::parse("http://169.254.169.254").unwrap();
    let busy =
        || status(503).map(|response| Response { headers: vec![("retry-after", "12".into())], ..response });
    let script = vec![busy(), body(200, "session"), busy(), body(200, "my-role"), busy()];
    let fetcher = fetcher(Flow::Instance { metadata }, script);
    assert_eq!(fetcher.keys(TIME).unwrap_err().kind, Kind::Unavailable);
    assert_eq!(fetcher.client.transport.now(), Duration::from_secs(24));
}

/// The call that needs the keys has had its time before.
#[test]
fn the_deadline_is_that_of_the_call() {
    let busy =
        || status(503).map(|response| Response { headers: vec![("retry-after", "12".into())], ..response });
    let fetcher = fetcher(container(None), vec![busy(), keys("A", 3600)]);
    let error = fetcher.keys(Duration::from_secs(10)).unwrap_err();
    assert_eq!((error.kind, fetcher.client.transport.sent()), (Kind::Unavailable, 1));
    assert_eq!(fetcher.keys(Duration::ZERO).unwrap_err().kind, Kind::Timeout);
}

/// As Pod Identity's agent answers.
#[test]
fn keys_of_who_tells_no_time_are_kept_too() {
    let timeless = |id| keys(id, 3600).map(|response| Response { headers: vec![], ..response });
    let fetcher = fetcher(container(None), vec![timeless("A"), timeless("B")]);
    assert_eq!([later(&fetcher, 0), later(&fetcher, 3000), later(&fetcher, 300)], ["A", "A", "B"]);
}

#[test]
fn an_error_is_that_of_the_giver() {
    let refused = Err(Failure::new(Reached::No, Kind::Timeout, "no connection in time"));
    let error = fetcher(container(None), vec![refused]).keys(TIME).unwrap_err().to_string();
    assert_eq!(error, "timeout: `169.254.170.2`: no connection in time");
}
