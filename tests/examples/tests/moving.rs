//! The promise: an app moves from one cloud to another by plugging in another file. The very same `favorites.wasm` and
//! `files.wasm` are plugged into each pair of stores, and answer the same requests in the same way.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use plugboard_harness::Run;
use plugboard_harness::components::{component, done, plug, root, targets};
use plugboard_harness::http::send;
use plugboard_harness::servers::{Serve, StandIn, Wasmtime};

const PAIRS: [(&str, &str); 4] = [
    ("kv-redis", "blob-azure"),
    ("kv-etcd", "blob-s3"),
    ("kv-dynamodb", "blob-s3"),
    ("kv-azure-table", "blob-azure"),
];

/// What is asked of an app: method, path, range, body.
type Request = (&'static str, &'static str, &'static str, Vec<u8>);
/// What a client sees of the answer: status, the fields that the app sets, body.
type Answer = (u16, Vec<String>, Vec<u8>);

fn favorites() -> Vec<(Request, u16)> {
    let text = |text: &str| text.as_bytes().to_vec();
    vec![
        (("GET", "/users", "", vec![]), 200),
        (("GET", "/users/ada", "", vec![]), 404),
        (("PUT", "/users/ada", "", text(r#"{"likes": ["looms"]}"#)), 204),
        (("PUT", "/users/gr%C3%A4ce%20h%2F1%3F%23%5C%25", "", text("[1]")), 204),
        (("PUT", "/users/%F0%9F%AA%A3", "", text("null")), 204),
        (("PUT", "/users/bad", "", text("{")), 400),
        (("GET", "/users/ada", "", vec![]), 200),
        (("GET", "/users/ada", "", vec![]), 200),
        (("GET", "/users/gr%C3%A4ce%20h%2F1%3F%23%5C%25", "", vec![]), 200),
        (("PUT", "/users/ada", "", text("7")), 204),
        (("GET", "/users/ada", "", vec![]), 200),
        (("GET", "/users", "", vec![]), 200),
        (("DELETE", "/users/ada", "", vec![]), 405),
    ]
}

fn files() -> Vec<(Request, u16)> {
    let large = (0..5_000_000_u32).flat_map(u32::to_le_bytes).collect::<Vec<_>>();
    vec![
        (("GET", "/box", "", vec![]), 404),
        (("GET", "/box/a.txt", "", vec![]), 404),
        (("PUT", "/box/a.txt", "", b"looms".to_vec()), 201),
        (("GET", "/box/a.txt", "", vec![]), 200),
        (("HEAD", "/box/a.txt", "", vec![]), 200),
        (("PUT", "/box/empty", "", vec![]), 201),
        (("GET", "/box/empty", "", vec![]), 200),
        // Several blocks of every store.
        (("PUT", "/box/large", "", large), 201),
        (("GET", "/box/large", "", vec![]), 200),
        (("GET", "/box/large", "bytes=10000000-10000099", vec![]), 206),
        (("GET", "/box/large", "bytes=-4", vec![]), 206),
        (("GET", "/box/large", "bytes=20000000-", vec![]), 416),
        (("PUT", "/box/gr%C3%A4ce/%20h%3F%2F1", "", b"1".to_vec()), 201),
        (("POST", "/box/large?copy=/new/copy", "", vec![]), 201),
        (("GET", "/new/copy", "bytes=19999996-", vec![]), 206),
        (("POST", "/box/a.txt?move=/box/b/c.txt", "", vec![]), 201),
        (("GET", "/box/a.txt", "", vec![]), 404),
        (("GET", "/box/b/c.txt", "", vec![]), 200),
        (("PUT", "/box/b/c.txt", "", b"other".to_vec()), 201),
        (("GET", "/box/b/c.txt", "", vec![]), 200),
        (("GET", "/box", "", vec![]), 200),
        (("DELETE", "/box/b/c.txt", "", vec![]), 204),
        (("DELETE", "/box/b/c.txt", "", vec![]), 204),
        (("GET", "/box", "", vec![]), 200),
    ]
}

#[test]
fn the_same_apps_answer_the_same_on_every_pair_of_stores() -> Result<()> {
    let apps = [("favorites", favorites()), ("files", files())];
    let before = apps.each_ref().map(|(app, _)| component(app).and_then(|path| Ok(std::fs::read(path)?)));
    let mut first: Option<Vec<Vec<Answer>>> = None;
    for (kv, blob) in PAIRS {
        Run::scope("moving", |run| {
            let mut answers = Vec::new();
            for ((app, requests), provider) in apps.iter().zip([kv, blob]) {
                let store = StandIn::start(run, provider)?;
                let served = compose(run.path(), app, provider)
                    .and_then(|composed| serve(run, &composed, &store))
                    .with_context(|| format!("{app} on {provider}"))?;
                answers.push(ask(&served, requests).with_context(|| format!("{app} on {provider}"))?);
            }
            let first = first.get_or_insert_with(|| answers.clone());
            for ((app, requests), (here, there)) in apps.iter().zip(answers.iter().zip(first.iter())) {
                for (((request, _), here), there) in requests.iter().zip(here).zip(there) {
                    let shown = |answer: &Answer| {
                        let body = answer.2.get(..answer.2.len().min(200)).unwrap_or_default();
                        format!("{} {:?} {}", answer.0, answer.1, String::from_utf8_lossy(body))
                    };
                    ensure!(
                        here == there,
                        "{app}: {} {} is answered\n{}\non {kv} and {blob}, and on the first pair\n{}",
                        request.0,
                        request.1,
                        shown(here),
                        shown(there)
                    );
                }
            }
            Ok(())
        })?;
    }
    for ((app, _), before) in apps.iter().zip(before) {
        ensure!(before? == std::fs::read(component(app)?)?, "{app}.wasm has changed");
    }
    Ok(())
}

/// Plugs the provider in: the app's bytes are in the composition as they were, all of them.
fn compose(folder: &Path, app: &str, provider: &str) -> Result<std::path::PathBuf> {
    let composed = folder.join(format!("{app}-on-{provider}.wasm"));
    let path = component(app)?;
    plug(&path, &[&component(provider)?], &composed)?;
    targets(&composed, "app")?;
    let (app, whole) = (std::fs::read(path)?, std::fs::read(&composed)?);
    ensure!(whole.windows(app.len()).any(|part| part == app), "the app is not in the composition as it was");
    Ok(composed)
}

fn serve(run: &Run, composed: &Path, store: &StandIn) -> Result<Wasmtime> {
    Serve { config: Some(&store.settings), ..Serve::new(composed) }.start(run)
}

/// Each request after the other; the answers, which have the status that they should have.
fn ask(app: &Wasmtime, requests: &[(Request, u16)]) -> Result<Vec<Answer>> {
    let mut answers = Vec::new();
    for ((method, path, range, body), status) in requests {
        let url = format!("{}{path}", app.url());
        let headers = [("range", *range)];
        let headers = if range.is_empty() { &headers[..0] } else { &headers[..] };
        let answer = send(method, &url, headers, body)?;
        ensure!(
            answer.status == *status,
            "{method} {path} is answered {} in place of {status}: {}",
            answer.status,
            String::from_utf8_lossy(&answer.body)
        );
        let fields = ["content-type", "content-length", "content-range", "accept-ranges"];
        let fields = fields.iter().map(|name| format!("{name}: {}", answer.header(name)));
        answers.push((answer.status, fields.collect(), answer.body));
    }
    Ok(answers)
}

/// What else is built decides about the features of what packages share, and must not about their bytes.
#[test]
fn an_app_has_the_same_bytes_whatever_is_built_with_it() -> Result<()> {
    let app = component("favorites")?;
    let before = std::fs::read(&app)?;
    done(Command::new("cargo").args(["xtask", "build", "favorites"]).current_dir(root()))?;
    ensure!(std::fs::read(&app)? == before, "alone, it is another component");
    Ok(())
}
