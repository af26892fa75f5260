//! Those who give out credentials: the endpoints of containers, the metadata service of instances, STS, and two that
//! issue tokens to be shown to them.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use form_urlencoded::parse;
use http_body_util::{BodyExt, Either, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, DATE};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response};
use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::State;
use crate::keys::{Asked, CONTAINER_TOKEN, INSTANCE_ROLE, ROLE_ARN, Temporary, Use, WEB_IDENTITY_TOKEN};
use plugboard_strict::Answer;

const MAX_BODY: usize = 1 << 20;
const ROLES: &str = "/latest/meta-data/iam/security-credentials/";

/// Status, media type, body.
type Reply = (u16, &'static str, String);

pub(crate) async fn answer(state: Arc<State>, request: Request<Incoming>) -> Answer {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, MAX_BODY).collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let body = String::from_utf8_lossy(&body).into_owned();
    state.credentials.record(Asked {
        method: head.method.to_string(),
        target: head.uri.to_string(),
        headers: head
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect(),
        body: body.clone(),
    });
    let now = state.clock.now();
    let (status, content_type, body) = match head.uri.path() {
        "/web-identity" => text(state.credentials.issue_token(Use::WebIdentity, None, now)),
        "/container-token" => text(state.credentials.issue_token(Use::Container, None, now)),
        "/sts" | "/sts/" => sts(&state, &head, &body, now),
        path if path.starts_with("/latest/") => metadata(&state, &head, now),
        _ => container(&state, &head, now),
    };
    Response::builder()
        .status(status)
        .header(CONTENT_TYPE, content_type)
        .header(DATE, httpdate::fmt_http_date(now))
        .body(Either::Left(Full::new(Bytes::from(body))))
        .expect("all of it is text")
}

fn text(body: impl Into<String>) -> Reply {
    (200, "text/plain", body.into())
}

/// <https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html>
fn container(state: &State, head: &Parts, now: SystemTime) -> Reply {
    let error = |status, code: &str, message: &str| {
        (status, "application/json", json!({ "code": code, "message": message }).to_string())
    };
    if head.method != Method::GET {
        return error(405, "MethodNotAllowed", "Only GET is allowed");
    }
    match head.uri.path() {
        "/v2/credentials/4f2c" => {}
        "/v1/credentials" => {
            let Some(token) = header(head, AUTHORIZATION.as_str()) else {
                return error(400, "InvalidParameterException", "Service account token cannot be empty");
            };
            let good = state.credentials.token_end(token, Use::Container).is_some_and(|end| now < end);
            if token != CONTAINER_TOKEN && !good {
                return error(400, "InvalidTokenException", "The service account token is not valid");
            }
        }
        _ => return error(404, "NotFound", "There are no credentials"),
    }
    let Temporary { id, secret, token, end } = state.credentials.issue(now);
    let keys = json!({
        "RoleArn": ROLE_ARN, "AccessKeyId": id, "SecretAccessKey": secret, "Token": token,
        "Expiration": iso_8601(end),
    });
    (200, "application/json", keys.to_string())
}

/// Version 2, and no other.
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html>
fn metadata(state: &State, head: &Parts, now: SystemTime) -> Reply {
    // A request that came over another hop than the instance itself.
    if header(head, "x-forwarded-for").is_some() {
        return (403, "text/plain", "Forbidden".into());
    }
    if head.uri.path() == "/latest/api/token" {
        let seconds = header(head, "x-aws-ec2-metadata-token-ttl-seconds").and_then(|text| text.parse().ok());
        return match seconds {
            _ if head.method != Method::PUT => (405, "text/plain", "Method Not Allowed".into()),
            Some(seconds @ 1..=21_600) => {
                text(state.credentials.issue_token(Use::Metadata, Some(Duration::from_secs(seconds)), now))
            }
            _ => (400, "text/plain", "Bad Request".into()),
        };
    }
    let session = header(head, "x-aws-ec2-metadata-token").unwrap_or_default();
    if state.credentials.token_end(session, Use::Metadata).is_none_or(|end| end <= now) {
        return (401, "text/plain", "Unauthorized".into());
    }
    match head.uri.path().strip_prefix(ROLES) {
        Some("") => text(INSTANCE_ROLE),
        Some(INSTANCE_ROLE) => {
            let Temporary { id, secret, token, end } = state.credentials.issue(now);
            // As it is laid out there.
            let keys = json!({
                "Code": "Success", "LastUpdated": iso_8601(now), "Type": "AWS-HMAC", "AccessKeyId": id,
                "SecretAccessKey": secret, "Token": token, "Expiration": iso_8601(end),
            });
            text(serde_json::to_string_pretty(&keys).expect("it is JSON"))
        }
        _ => (404, "text/html", "Not Found".into()),
    }
}

/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html>
fn sts(state: &State, head: &Parts, body: &str, now: SystemTime) -> Reply {
    let form: Vec<_> = parse(body.as_bytes()).into_owned().collect();
    let field = |name: &str| {
        form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).unwrap_or_default()
    };
    if head.method != Method::POST || field("Version") != "2011-06-15" {
        return sts_error(400, "MissingAction", "Could not find operation for version");
    }
    if field("Action") != "AssumeRoleWithWebIdentity" {
        return sts_error(403, "MissingAuthenticationToken", "Request is missing Authentication Token");
    }
    let session = field("RoleSessionName");
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"_=,.@-".contains(&b);
    if !(2..=64).contains(&session.len()) || !session.bytes().all(legal) {
        return sts_error(400, "ValidationError", "Value at 'roleSessionName' failed to satisfy constraint");
    }
    if field("RoleArn") != ROLE_ARN {
        let message = "Not authorized to perform sts:AssumeRoleWithWebIdentity";
        return sts_error(403, "AccessDenied", message);
    }
    let token = field("WebIdentityToken");
    if token != WEB_IDENTITY_TOKEN {
        match state.credentials.token_end(token, Use::WebIdentity) {
            None => return sts_error(400, "InvalidIdentityToken", "No OpenIDConnect provider found"),
            Some(end) if end <= now => return sts_error(400, "ExpiredTokenException", "Token expired"),
            Some(_) => {}
        }
    }
    let Temporary { id, secret, token, end } = state.credentials.issue(now);
    let end = iso_8601(end);
    let xml = format!(
        r#"<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleWithWebIdentityResult>
    <Audience>sts.amazonaws.com</Audience>
    <AssumedRoleUser>
      <AssumedRoleId>AROAPLUGBOARDEXAMPLE:{session}</AssumedRoleId>
      <Arn>arn:aws:sts::123456789012:assumed-role/plugboard@test/{session}</Arn>
    </AssumedRoleUser>
    <Provider>arn:aws:iam::123456789012:oidc-provider/issuer.example</Provider>
    <Credentials>
      <AccessKeyId>{id}</AccessKeyId>
      <SecretAccessKey>{secret}</SecretAccessKey>
      <SessionToken>{token}</SessionToken>
      <Expiration>{end}</Expiration>
    </Credentials>
    <SubjectFromWebIdentityToken>plugboard</SubjectFromWebIdentityToken>
  </AssumeRoleWithWebIdentityResult>
  <ResponseMetadata>
    <RequestId>{}</RequestId>
  </ResponseMetadata>
</AssumeRoleWithWebIdentityResponse>"#,
        request_id()
    );
    (200, "text/xml", xml)
}

fn sts_error(status: u16, code: &str, message: &str) -> Reply {
    let xml = format!(
        r#"<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <Error>
    <Type>Sender</Type>
    <Code>{code}</Code>
    <Message>{message}</Message>
  </Error>
  <RequestId>{}</RequestId>
</ErrorResponse>"#,
        request_id()
    );
    (status, "text/xml", xml)
}

fn request_id() -> String {
    format!("{:032x}", fastrand::u128(..))
}

fn iso_8601(time: SystemTime) -> String {
    let seconds = OffsetDateTime::from(time).replace_nanosecond(0).expect("zero is in range");
    seconds.format(&Rfc3339).expect("the year has four digits")
}

fn header<'a>(head: &'a Parts, name: &str) -> Option<&'a str> {
    head.headers.get(name)?.to_str().ok()
}
