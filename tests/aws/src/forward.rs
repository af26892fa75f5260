//! From the client to the imitation and back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http_body_util::{BodyExt, Either, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{AUTHORIZATION, CONNECTION, DATE, EXPECT, HOST, HeaderValue, SERVER, TRANSFER_ENCODING};
use hyper::http::request::Parts;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use time::macros::format_description;
use tokio::net::TcpStream;

use crate::body::Checked;
use crate::check::{HASH, UNSIGNED, check, length, payload};
use crate::refusal::{Refusal, Service, request_id};
use crate::sigv4::{Authorization, hex};
use crate::{REGION, State};
use plugboard_strict::Answer;

/// Of a request to DynamoDB, which is signed with its body.
const MAX_BODY: usize = 16 << 20;

pub(crate) async fn answer(state: Arc<State>, request: Request<Incoming>) -> Answer {
    let (head, body) = request.into_parts();
    let service = Service::of(&head);
    let answered = match service {
        Service::S3 => objects(&state, &head, body).await,
        Service::DynamoDb => tables(&state, &head, body).await,
    };
    let now = state.clock.now();
    match answered {
        Ok(answer) => passed_on(service, now, answer),
        Err(refusal) => refusal.answer(service, &head.method, now),
    }
}

/// Bodies of any length: what is wrong with them shows at their end.
async fn objects(state: &State, head: &Parts, body: Incoming) -> Result<Response<Incoming>, Refusal> {
    let checked = length(head).and_then(|length| {
        let payload = payload(head)?;
        check(state, head, Service::S3, payload)?;
        Ok((length, payload))
    });
    let (length, payload) = match checked {
        Ok(checked) => checked,
        Err(refusal) => {
            drain(body).await;
            return Err(refusal);
        }
    };
    let other = Arc::new(AtomicBool::new(length == 0 && payload != UNSIGNED && payload != hash(b"")));
    if !other.load(Ordering::Relaxed) {
        let expected = (payload != UNSIGNED).then(|| payload.to_owned());
        let body = Checked::new(body, length, expected, other.clone());
        let answer = send(state, signed_anew(state, head, Service::S3, payload), Either::Right(body)).await;
        if !other.load(Ordering::Relaxed) {
            return answer;
        }
    }
    let message = format!("The provided '{HASH}' header does not match what was computed.");
    Err(Refusal::new(400, "XAmzContentSHA256Mismatch", message))
}

async fn tables(state: &State, head: &Parts, body: Incoming) -> Result<Response<Incoming>, Refusal> {
    let too_long = |_| Refusal::new(413, "RequestEntityTooLarge", "The request is too long");
    let body = Limited::new(body, MAX_BODY).collect().await.map_err(too_long)?.to_bytes();
    let payload = hash(&body);
    check(state, head, Service::DynamoDb, &payload)?;
    let head = signed_anew(state, head, Service::DynamoDb, &payload);
    send(state, head, Either::Left(Full::new(body))).await
}

/// The same request, by the imitation's own user.
fn signed_anew(state: &State, head: &Parts, service: Service, payload: &str) -> Parts {
    let mut head = head.clone();
    let text = |value: &str| HeaderValue::try_from(value).expect("it is text");
    for name in [AUTHORIZATION.as_str(), EXPECT.as_str(), "x-amz-security-token"] {
        head.headers.remove(name);
    }
    let format = format_description!("[year][month][day]T[hour][minute][second]Z");
    let time = OffsetDateTime::now_utc().format(format).expect("the year has four digits");
    head.headers.insert("x-amz-date", text(&time));
    head.headers.insert(HOST, text(&state.upstream.addr.to_string()));
    let names = head.headers.keys().map(|name| name.as_str());
    let mut signed = names
        .filter(|name| *name == "host" || name.starts_with("x-amz-"))
        .map(str::to_owned)
        .collect::<Vec<_>>();
    signed.sort_unstable();
    let mut authorization = Authorization {
        key_id: state.upstream.access_key_id.clone(),
        date: time[..8].to_owned(),
        region: REGION.to_owned(),
        service: service.name().to_owned(),
        signed,
        signature: String::new(),
    };
    authorization.signature = authorization.sign(&head, &time, payload, &state.upstream.secret_access_key);
    head.headers.insert(AUTHORIZATION, text(&authorization.text()));
    head
}

/// Each on a connection of its own: none is stale, and a client that breaks off breaks only its own.
async fn send(
    state: &State,
    head: Parts,
    body: Either<Full<Bytes>, Checked>,
) -> Result<Response<Incoming>, Refusal> {
    let answer = async {
        let stream = TcpStream::connect(state.upstream.addr).await?;
        stream.set_nodelay(true)?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        anyhow::Ok(sender.send_request(Request::from_parts(head, body)).await?)
    };
    // The imitation is not there, or the client broke off.
    answer.await.map_err(|why| Refusal::new(500, "InternalError", why.to_string()))
}

/// What comes from the imitation as it comes, but for what every answer of AWS has.
fn passed_on(service: Service, now: SystemTime, answer: Response<Incoming>) -> Answer {
    let mut answer = answer.map(Either::Right);
    let headers = answer.headers_mut();
    for name in [CONNECTION.as_str(), "keep-alive", TRANSFER_ENCODING.as_str(), SERVER.as_str()] {
        headers.remove(name);
    }
    let text = |value: String| HeaderValue::try_from(value).expect("it is text");
    headers.insert(DATE, text(httpdate::fmt_http_date(now)));
    headers.insert(service.request_id(), text(request_id()));
    answer
}

/// Reads what the client still sends, for a while: closing on it could cost it the answer.
async fn drain(mut body: Incoming) {
    let _ =
        tokio::time::timeout(Duration::from_secs(2), async { while let Some(Ok(_)) = body.frame().await {} })
            .await;
}

fn hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}
