//! Random requests, signed here and by Azure's own SDK for Python. It is installed below the target directory.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use plugboard_config::Secret;
use plugboard_sign::azure::{Request, SharedKey};
use plugboard_sign::http_date;
use serde_json::{Value, json};

const SOURCES: &str = env!("CARGO_MANIFEST_DIR");
const REQUESTS: usize = 2_000;

/// Those that have a line of their own, some that are not signed, and such as differ in punctuation only.
const FIELDS: &[&str] = &[
    "accept",
    "content-encoding",
    "content-language",
    "content-md5",
    "content-type",
    "date",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-unmodified-since",
    "user-agent",
    "x-ms-access-tier",
    "x-ms-blob-content-type",
    "x-ms-blob-type",
    "x-ms-copy-source",
    "x-ms-date",
    "x-ms-delete-snapshots",
    "x-ms-meta-a",
    "x-ms-meta-a-b",
    "x-ms-meta-a0",
    "x-ms-meta-a_b",
    "x-ms-meta-ab",
    "x-ms-range",
    "x-ms-version",
];
const PARAMETERS: &[&str] =
    &["blockid", "comp", "delimiter", "include", "marker", "maxresults", "prefix", "restype", "timeout"];

struct Sample {
    account: String,
    key: Secret,
    method: &'static str,
    path: String,
    query: Vec<(&'static str, String)>,
    headers: Vec<(&'static str, String)>,
    length: usize,
    time: u64,
}

#[test]
fn as_the_sdk_signs() -> Result<()> {
    let seed = fastrand::u64(..);
    fastrand::seed(seed);
    let samples = (0..REQUESTS).map(|_| sample()).collect::<Vec<_>>();
    let answers = sdk(&samples)?;
    ensure!(answers.len() == samples.len(), "{} answers", answers.len());
    for (sample, answer) in samples.iter().zip(&answers) {
        let Sample { method, path, query, headers, length, .. } = sample;
        let request = Request { method, path, query, headers, length: *length };
        let key = SharedKey::new(&sample.account, &sample.key).context("a key that is no Base64")?;
        let both = [("blob", key.authorization(&request)), ("table", key.table_authorization(&request))];
        // The one parameter that tables want signed, where there is no data.
        let signed = |name: &str| name == "table" && query.iter().any(|(name, _)| *name == "comp");
        for (service, ours) in both.into_iter().filter(|(name, _)| !signed(name)) {
            let theirs = &answer[service];
            ensure!(*theirs == ours, "seed {seed}, {service}: {request:?}: {ours}, the SDK says {theirs}");
        }
        let (ours, theirs) = (http_date(sample.time), &answer["date"]);
        ensure!(*theirs == ours, "seed {seed}: {}: {ours}, Python says {theirs}", sample.time);
    }
    Ok(())
}

fn sample() -> Sample {
    let method = fastrand::choice(["DELETE", "GET", "HEAD", "POST", "PUT"]).unwrap_or_default();
    let key = (0..64).map(|_| fastrand::u8(..)).collect::<Vec<_>>();
    let some = |all: &[&'static str]| {
        let mut names = all.to_vec();
        fastrand::shuffle(&mut names);
        names.truncate(fastrand::usize(..=all.len()));
        names
    };
    let path = (0..fastrand::usize(..5)).map(|_| format!("/{}", encoded(&text()))).collect::<String>();
    Sample {
        account: (0..fastrand::usize(3..=24)).map(|_| fastrand::lowercase()).collect(),
        key: Secret::new(base64(&key)),
        method,
        path: if path.is_empty() { "/".to_owned() } else { path },
        query: some(PARAMETERS).into_iter().map(|name| (name, text())).collect(),
        headers: some(FIELDS).into_iter().map(|name| (name, token())).collect(),
        length: if fastrand::bool() { 0 } else { fastrand::usize(..1 << 32) },
        time: fastrand::u64(..253_402_300_800), // the year 10000
    }
}

/// Half of it such characters as stand in URLs.
fn text() -> String {
    let length = fastrand::usize(1..12);
    let any = || if fastrand::bool() { fastrand::char('!'..='~') } else { fastrand::char(' '..) };
    (0..length).map(|_| any()).collect()
}

fn token() -> String {
    (0..fastrand::usize(1..20)).map(|_| fastrand::char('!'..='~')).collect()
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// By hand: the crate that we sign with is not its own judge.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let number = chunk.iter().fold(0u32, |n, byte| n << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for digit in 0..4 {
            let used = digit <= chunk.len();
            text.push(if used { DIGITS[(number >> (18 - 6 * digit) & 63) as usize].into() } else { '=' });
        }
    }
    text
}

/// What the SDK makes of them.
fn sdk(samples: &[Sample]) -> Result<Vec<Value>> {
    let requests = samples.iter().map(|sample| {
        let query = sample.query.iter().map(|(name, value)| format!("{name}={}", encoded(value)));
        let query = query.collect::<Vec<_>>().join("&");
        let length = [("content-length", sample.length.to_string())];
        json!({
            "account": sample.account,
            "key": sample.key.expose(),
            "method": sample.method,
            "url": format!("https://h{}?{query}", sample.path),
            "headers": sample.headers.iter().chain(&length).collect::<Vec<_>>(),
            "time": sample.time,
        })
    });
    let requests = Value::Array(requests.collect()).to_string();
    let mut python = Command::new(install()?.join("bin/python"))
        .arg(Path::new(SOURCES).join("oracle.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot run Python")?;
    // It reads all before it writes.
    python.stdin.take().context("no input")?.write_all(requests.as_bytes())?;
    let output = python.wait_with_output()?;
    ensure!(output.status.success(), "oracle.py failed");
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// A virtual environment with the SDK; made again when its version changes.
fn install() -> Result<PathBuf> {
    let venv = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sign-azure");
    let requirements = Path::new(SOURCES).join("requirements.txt");
    let (wanted, installed) = (std::fs::read_to_string(&requirements)?, venv.join("installed"));
    if std::fs::read_to_string(&installed).is_ok_and(|text| text == wanted) {
        return Ok(venv);
    }
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv))?;
    run(Command::new(venv.join("bin/pip")).args(["install", "--quiet", "--requirement"]).arg(&requirements))?;
    std::fs::write(installed, wanted)?;
    Ok(venv)
}

fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot run {command:?}"))?;
    ensure!(status.success(), "{command:?} failed");
    Ok(())
}
