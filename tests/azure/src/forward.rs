//! From the client to Azurite and back. Bodies go through as they come, however long.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Either};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{AUTHORIZATION, HOST, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Request, Response, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::auth::{Client, authenticate};
use crate::refusal::{
    CANNOT_VERIFY_COPY_SOURCE, CONTAINER_BEING_DELETED, CONTAINER_NOT_FOUND, INTERNAL_ERROR, Refusal,
};
use crate::shared_key::{sign, string_to_sign};
use crate::state::State;
use crate::target::{Operation, Target, below_account};
use crate::{ACCOUNT, Service, repair, rules, tables};
use plugboard_strict::Answer;

const COPY_SOURCE: &str = "x-ms-copy-source";

pub(crate) async fn answer(state: Arc<State>, request: Request<Incoming>) -> Answer {
    let (head, body) = request.into_parts();
    let answered = match state.service {
        Service::Blobs => blobs(&state, &head, body).await,
        Service::Tables => tables(&state, &head, body).await,
    };
    answered.unwrap_or_else(|refusal| refusal.answer(state.service, &head.method, state.clock.now()))
}

async fn blobs(state: &State, head: &Parts, body: Incoming) -> Result<Answer, Refusal> {
    match prepare(state, head) {
        Ok((target, operation, upstream)) => {
            let answer = send(state, upstream, body).await?;
            repair::answer(state, head, &target, operation, answer).await
        }
        Err(refusal) => {
            drain(body).await;
            Err(refusal)
        }
    }
}

async fn tables(state: &State, head: &Parts, body: Incoming) -> Result<Answer, Refusal> {
    match tables::prepare(state, head) {
        Ok(upstream) => Ok(tables::repair(state, head, send(state, upstream, body).await?)),
        Err(refusal) => {
            drain(body).await;
            Err(refusal)
        }
    }
}

/// The head of the request to Azurite, if there is to be one.
fn prepare(state: &State, head: &Parts) -> Result<(Target, Operation, Parts), Refusal> {
    let target = Target::read(&head.uri)?;
    let operation = target.operation(head);
    // The length first, because Azure's front looks at nothing else without it.
    rules::check(head, &target, operation)?;
    let text_to_sign = || string_to_sign(head, &target.path, &target.query);
    let client = authenticate(state, head, &target.query, text_to_sign)?;
    if state.is_being_deleted(&target.container) {
        let creates = operation == Operation::CreateContainer;
        return Err(if creates { CONTAINER_BEING_DELETED } else { CONTAINER_NOT_FOUND }.into());
    }

    let mut upstream = head.clone();
    upstream.uri = target.upstream.parse().map_err(|_| INTERNAL_ERROR)?;
    // Azurite compares it with the source of a copy.
    upstream.headers.insert(HOST, header_value(state.azurite.to_string())?);
    if operation == Operation::CopyBlob {
        upstream.headers.insert(COPY_SOURCE, copy_source(state, head, client)?);
    }
    if client == Client::Owner {
        let text = string_to_sign(&upstream, upstream.uri.path(), &target.query);
        let authorization = header_value(format!("SharedKey {ACCOUNT}:{}", sign(&text)))?;
        upstream.headers.insert(AUTHORIZATION, authorization);
    }
    Ok((target, operation, upstream))
}

/// The source as Azurite knows it. It is of this account: no other is to be had here.
/// <https://learn.microsoft.com/rest/api/storageservices/copy-blob>
fn copy_source(state: &State, head: &Parts, client: Client) -> Result<HeaderValue, Refusal> {
    let text = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    let source: Uri = text(COPY_SOURCE).and_then(|url| url.parse().ok()).ok_or(CANNOT_VERIFY_COPY_SOURCE)?;
    let here = source.authority().is_some_and(|authority| Some(authority.as_str()) == text(HOST.as_str()));
    // A shared access signature for the destination says nothing about the source.
    let signed = source.query().is_some_and(|query| query.contains("sig="));
    if !here || (client == Client::Guest && !signed) {
        return Err(CANNOT_VERIFY_COPY_SOURCE.into());
    }
    let rest = below_account(source.path()).unwrap_or(source.path());
    let query = source.query().map(|query| format!("?{query}")).unwrap_or_default();
    let url = format!("http://{}/{ACCOUNT}{rest}{query}", state.azurite);
    header_value(url)
}

pub(crate) fn header_value(text: String) -> Result<HeaderValue, Refusal> {
    HeaderValue::try_from(text).map_err(|_| INTERNAL_ERROR.into())
}

/// Each on a connection of its own: none is stale, and a client that breaks off breaks only its own.
async fn send(state: &State, head: Parts, body: Incoming) -> Result<Response<Incoming>, Refusal> {
    // Azurite is not there, or the client broke off.
    let failed =
        |why: anyhow::Error| Refusal::from(INTERNAL_ERROR).detail("ExceptionMessage", why.to_string());
    exchange(state, head, body).await.map_err(failed)
}

async fn exchange(state: &State, head: Parts, body: Incoming) -> anyhow::Result<Response<Incoming>> {
    let stream = TcpStream::connect(state.azurite).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender.send_request(Request::from_parts(head, body)).await?)
}

/// Reads what the client still sends, for a while: closing on it could cost it the answer.
async fn drain(mut body: Incoming) {
    let _ =
        tokio::time::timeout(Duration::from_secs(2), async { while let Some(Ok(_)) = body.frame().await {} })
            .await;
}

/// What comes from Azurite as it comes.
pub(crate) fn passed_on(answer: Response<Incoming>) -> Answer {
    answer.map(Either::Right)
}
