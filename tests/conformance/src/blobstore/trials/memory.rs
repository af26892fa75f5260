//! Objects that are larger than the memory there is.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context as _, Result, ensure};
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri};
use axum::response::IntoResponse;
use http_body_util::BodyExt as _;
use tokio::sync::oneshot;

use super::begin;
use crate::blobstore::app::pattern;
use crate::blobstore::{Case, Cx};
use crate::check::equal;
use crate::reply::failed_with;

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::each("blob.stream", "4-GiB-in-three-blocks-and-4-MiB-of-memory", |cx| {
            upload(cx, "", 3 * cx.fixture().default_block() + 4 * MIB, 4 * GIB)
        }),
        Case::each("blob.stream", "1-GiB-in-small-blocks-in-7-MiB-of-memory", |cx| {
            upload(cx, "1MiB", 7 * MIB, GIB)
        }),
        Case::each("blob.stream", "a-download-of-1-GiB-in-8-MiB-of-memory", download),
        Case::each("all.no-trap", "a-block-that-does-not-fit-the-memory", too_little),
    ]
}

/// A service that takes everything and keeps nothing but counts. It listens until it is dropped.
struct Sink {
    address: SocketAddr,
    counts: Arc<Counts>,
    _stop: oneshot::Sender<()>,
}

#[derive(Default)]
struct Counts {
    requests: AtomicU64,
    bytes: AtomicU64,
}

impl Sink {
    fn start(cx: &Cx) -> Result<Sink> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let (address, counts) = (listener.local_addr()?, Arc::<Counts>::default());
        let consent = cx.fixture().consent();
        let router = Router::new().fallback(swallow).with_state((counts.clone(), consent));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
        let (stop, stopped) = oneshot::channel::<()>();
        std::thread::Builder::new().name("sink".into()).spawn(move || {
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).context("no listener")?;
                tokio::select! {
                    served = async { axum::serve(listener, router).await } => served.context("the sink ended"),
                    _ = stopped => Ok(()),
                }
            })
        })?;
        Ok(Sink { address, counts, _stop: stop })
    }
}

type Consent = fn(&Method, &Uri) -> &'static str;

async fn swallow(
    State((counts, consent)): State<(Arc<Counts>, Consent)>,
    method: Method,
    uri: Uri,
    mut body: Body,
) -> impl IntoResponse {
    while let Some(Ok(frame)) = body.frame().await {
        let size = frame.data_ref().map_or(0, |data| data.len() as u64);
        counts.bytes.fetch_add(size, Ordering::Relaxed);
    }
    counts.requests.fetch_add(1, Ordering::Relaxed);
    let status = if method == Method::PUT { StatusCode::CREATED } else { StatusCode::OK };
    // What a provider may look for to tell its service from others.
    let known =
        [("x-ms-request-id", "1"), ("etag", "\"1\""), ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT")];
    (status, known, consent(&method, &uri))
}

fn limit(bytes: u64) -> String {
    format!("max-memory-size={bytes}")
}

fn upload(cx: &Cx, block: &str, memory: u64, size: u64) -> Result<()> {
    let sink = Sink::start(cx)?;
    let mut settings = cx.fixture().settings(sink.address);
    settings.extend(cx.named(&[("block-size", block)]));
    let session = cx.app_of_host(&["-W", &limit(memory)], &settings)?.session();
    let container = session.container(cx.shared())?;
    let (value, stream) = begin(&container, session.value()?, &cx.key("k"))?;
    // What comes from elsewhere and has to be kept apart, and what is made on the spot.
    stream.write_all(&pattern(1, 64 * MIB))?;
    stream.write_zeroes(size - 64 * MIB)?;
    value.finish()?;
    let bytes = sink.counts.bytes.load(Ordering::Relaxed);
    ensure!(
        (size..size + 100 * MIB / 64).contains(&bytes),
        "{bytes} bytes arrived of {size}, and a list of blocks"
    );
    Ok(())
}

/// From the real service, which keeps it meanwhile.
fn download(cx: &Cx) -> Result<()> {
    let mut settings = cx.named(&[("block-size", "1MiB")]);
    settings.extend(cx.named(&[("timeout", "60s")]));
    let session = cx.app_of_host(&["-W", &limit(8 * MIB)], &settings)?.session();
    let container = session.container(cx.shared())?;
    let (name, content) = (cx.key("k"), pattern(1, 256 * MIB));
    container.put(&name, &content)?;
    for _ in 0..4 {
        equal("get", container.get(&name)?, content.data())?;
    }
    container.delete(&name).map_err(Into::into)
}

/// The limit is one: with less there is an error, and no trap.
fn too_little(cx: &Cx) -> Result<()> {
    let sink = Sink::start(cx)?;
    let mut settings = cx.fixture().settings(sink.address);
    settings.extend(cx.named(&[("block-size", "16MiB")]));
    let session = cx.app_of_host(&["-W", &limit(24 * MIB)], &settings)?.session();
    let container = session.container(cx.shared())?;
    let (value, stream) = begin(&container, session.value()?, &cx.key("k"))?;
    failed_with(stream.write_zeroes(200 * MIB), &["closed"])?;
    failed_with(value.finish(), &["unavailable", "too-large"])?;
    // Its memory is given back.
    let (value, stream) = begin(&container, session.value()?, &cx.key("small"))?;
    stream.write_all(&pattern(1, MIB))?;
    Ok(value.finish()?)
}
