//! The server that probes use: those that stand at a barrier ask it what to do next.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex};

use anyhow::{Context as _, Result};
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use probe::{Content, Data};
use tokio::sync::mpsc;

/// What a trial hears of its program.
pub(crate) enum Event {
    /// The probe stands at a barrier, these are the outcomes since the last one, in JSON.
    Barrier(Bytes),
    /// The probe answered its request, or did not.
    End(Result<()>),
}

#[derive(Clone)]
pub(crate) struct Runner {
    pub(crate) address: SocketAddr,
    sessions: Sessions,
    last: Arc<AtomicU64>,
}

type Sessions = Arc<Mutex<HashMap<String, Session>>>;

struct Session {
    events: Sender<Event>,
    steps: Arc<tokio::sync::Mutex<mpsc::Receiver<Vec<u8>>>>,
}

impl Runner {
    /// Starts the server, which lives as long as the process.
    pub(crate) fn start() -> Result<Runner> {
        let sessions = Sessions::default();
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let router = Router::new()
            .route("/{session}", post(barrier))
            .route("/pattern/{seed}/{length}", get(pattern))
            .route("/digest", post(digest))
            .layer(DefaultBodyLimit::disable())
            .with_state(sessions.clone());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
        std::thread::Builder::new().name("runner".into()).spawn(move || {
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).context("no listener")?;
                axum::serve(listener, router).await.context("the runner's server ended")
            })
        })?;
        Ok(Runner { address, sessions, last: Arc::default() })
    }

    /// A name for a session, and where its next steps go, in JSON. The probe at a barrier goes on when it gets steps, and
    /// ends when the sender is dropped.
    pub(crate) fn session(&self, events: Sender<Event>) -> (String, mpsc::Sender<Vec<u8>>) {
        let name = self.last.fetch_add(1, Ordering::Relaxed).to_string();
        let (steps, receiver) = mpsc::channel(1);
        let session = Session { events, steps: Arc::new(tokio::sync::Mutex::new(receiver)) };
        self.sessions.lock().expect("no panic holds it").insert(name.clone(), session);
        (name, steps)
    }

    pub(crate) fn forget(&self, session: &str) {
        self.sessions.lock().expect("no panic holds it").remove(session);
    }
}

async fn barrier(
    State(sessions): State<Sessions>,
    Path(name): Path<String>,
    outcomes: Bytes,
) -> Result<Vec<u8>, StatusCode> {
    let steps = {
        let sessions = sessions.lock().expect("no panic holds it");
        let session = sessions.get(&name).ok_or(StatusCode::NOT_FOUND)?;
        let _ = session.events.send(Event::Barrier(outcomes)); // an error: the trial has ended
        session.steps.clone()
    };
    let steps = steps.lock().await.recv().await;
    Ok(steps.unwrap_or_else(|| b"[]".to_vec()))
}

/// For streams of the host's own.
async fn pattern(Path((seed, length)): Path<(u64, u64)>) -> Vec<u8> {
    Content::Pattern { seed, length }.bytes()
}

async fn digest(body: Bytes) -> Json<Data> {
    Json(Data::of(&body))
}
