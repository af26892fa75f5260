//! The HTTP side: connections, authorization, status codes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use tokio::net::TcpListener;

use crate::dialect::{self, Answer, Encoding, Work};
use crate::reply::{Backend, Reply};

/// Far above what any test sends, low enough to keep a mistake from taking the machine's memory.
const MAX_BODY: usize = 256 << 20;

const UNAUTHORIZED: &str = "WRONGPASS invalid or missing auth token. \
    See https://docs.upstash.com/redis/troubleshooting/http_unauthorized for details.";

struct App {
    token: String,
    backend: Arc<dyn Backend>,
    /// Answered as `Upstash-Sync-Token`. A client sends it back to read its own writes from a replica;
    /// here every read sees every write, so nothing is done with it.
    requests: AtomicU64,
}

/// Serves connections until the runtime ends.
pub(crate) async fn accept(listener: TcpListener, token: String, backend: Arc<dyn Backend>) {
    let app = Arc::new(App { token, backend, requests: AtomicU64::new(0) });
    plugboard_strict::accept(listener, move |request| answer(app.clone(), request)).await;
}

async fn answer(app: Arc<App>, request: Request<Incoming>) -> Response<Full<Bytes>> {
    match handle(app, request).await {
        Ok(response) => response,
        Err((status, text)) => respond(status, &Answer::One(Reply::Error(text)), Encoding::Json),
    }
}

async fn handle(
    app: Arc<App>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, (StatusCode, String)> {
    let bad_request = |text| (StatusCode::BAD_REQUEST, text);
    let (head, body) = request.into_parts();
    let query = head.uri.query().unwrap_or_default();
    if !authorized(&app.token, &head.headers, query) {
        return Err((StatusCode::UNAUTHORIZED, UNAUTHORIZED.into()));
    }
    let has_body = head.method == Method::POST || head.method == Method::PUT;
    if !has_body && head.method != Method::GET && head.method != Method::HEAD {
        return Err((
            StatusCode::METHOD_NOT_ALLOWED,
            format!("ERR method `{}` is not supported", head.method),
        ));
    }
    let encoding = encoding(&head.headers).map_err(bad_request)?;
    let body = match Limited::new(body, MAX_BODY).collect().await {
        Ok(body) if has_body => body.to_bytes(),
        Ok(_) => Bytes::new(),
        Err(cause) => return Err(bad_request(format!("ERR cannot read the request: {cause}"))),
    };
    let work = dialect::parse(head.uri.path(), query, &body).map_err(bad_request)?;
    // As documented: transactions are always answered in JSON.
    let encoding = match (&work, encoding) {
        (Work::Transaction(_), Encoding::Resp2) => Encoding::Json,
        (_, encoding) => encoding,
    };

    let requests = app.requests.fetch_add(1, Ordering::Relaxed) + 1;
    // Back ends block; a slow command must not hold up other connections.
    let answer = tokio::task::spawn_blocking(move || run(&*app.backend, work))
        .await
        .context("the command panicked")
        .flatten()
        .map_err(|cause| (StatusCode::INTERNAL_SERVER_ERROR, format!("ERR {cause:#}")))?;
    let status = match answer {
        Answer::One(Reply::Error(_)) => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    };
    let mut response = respond(status, &answer, encoding);
    response.headers_mut().insert("upstash-sync-token", requests.into());
    Ok(response)
}

fn authorized(token: &str, headers: &HeaderMap, query: &str) -> bool {
    if let Some(given) = dialect::token(query) {
        return given == token;
    }
    let header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (scheme, given) = header.split_once(' ').unwrap_or_default();
    scheme.eq_ignore_ascii_case("bearer") && given.trim() == token
}

fn encoding(headers: &HeaderMap) -> Result<Encoding, String> {
    let header = |name| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()));
    match (header("upstash-encoding").as_deref(), header("upstash-response-format").as_deref()) {
        (None, None | Some("json")) => Ok(Encoding::Json),
        (Some("base64"), None | Some("json")) => Ok(Encoding::Base64),
        (None, Some("resp2")) => Ok(Encoding::Resp2),
        (Some("base64"), Some("resp2")) => {
            Err("ERR Upstash-Encoding is not allowed with Upstash-Response-Format: resp2".into())
        }
        (_, Some(format)) if format != "json" => {
            Err(format!("ERR unknown Upstash-Response-Format `{format}`"))
        }
        (encoding, _) => Err(format!("ERR unknown Upstash-Encoding `{}`", encoding.unwrap_or_default())),
    }
}

fn run(backend: &dyn Backend, work: Work) -> anyhow::Result<Answer> {
    Ok(match work {
        Work::One(command) => Answer::One(backend.run(command)?),
        Work::Pipeline(commands) => {
            Answer::Many(commands.into_iter().map(|command| backend.run(command)).collect::<Result<_, _>>()?)
        }
        Work::Transaction(commands) => match backend.transaction(commands)? {
            Reply::Array(replies) => Answer::Many(replies),
            discarded => Answer::One(discarded),
        },
    })
}

fn respond(status: StatusCode, answer: &Answer, encoding: Encoding) -> Response<Full<Bytes>> {
    let (content_type, body) = dialect::render(answer, encoding);
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
