//! Random requests, signed here and by Amazon's own SDK for Python.

use std::io::Write;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use plugboard_config::Secret;
use plugboard_harness::tools;
use plugboard_sign::aws::{Request, Scope, UNSIGNED, authorization};
use plugboard_sign::basic_date;
use plugboard_sign::sha256;
use serde_json::{Value, json};

const REQUESTS: usize = 2_000;
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Those that are signed, and some that both leave out.
const FIELDS: &[&str] = &[
    "content-md5",
    "content-type",
    "expect",
    "user-agent",
    "x-amz-acl",
    "x-amz-copy-source",
    "x-amz-copy-source-range",
    "x-amz-meta-a",
    "x-amz-meta-a-b",
    "x-amz-meta-a0",
    "x-amz-meta-a_b",
    "x-amz-meta-ab",
    "x-amz-target",
];
const PARAMETERS: &[&str] = &[
    "continuation-token",
    "delete",
    "delimiter",
    "list-type",
    "max-keys",
    "partNumber",
    "prefix",
    "uploadId",
    "uploads",
    "x-id",
];

struct Sample {
    id: String,
    secret: Secret,
    token: Option<String>,
    region: &'static str,
    service: &'static str,
    method: &'static str,
    authority: String,
    path: String,
    query: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    signed: bool,
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
        let date = basic_date(sample.time);
        ensure!(
            answer["date"] == date,
            "seed {seed}: {}: {date}, Python says {}",
            sample.time,
            answer["date"]
        );
        let middle = fastrand::usize(..=sample.body.len());
        let pieces = [&sample.body[..middle], &sample.body[middle..]];
        let payload = if sample.signed { sha256(pieces) } else { UNSIGNED.to_owned() };
        let mut headers = sample.headers.clone();
        headers.push(("x-amz-date", date));
        headers.extend(sample.token.clone().map(|token| ("x-amz-security-token", token)));
        if sample.service == "s3" {
            headers.push(("x-amz-content-sha256", payload.clone()));
        }
        let Sample { method, authority, path, query, time, region, service, .. } = sample;
        let request = Request { method, authority, path, query, headers: &headers, payload: &payload };
        let scope = Scope { time: *time, region, service };
        let ours = authorization(&request, &sample.id, &sample.secret, &scope);
        let theirs = &answer["authorization"];
        ensure!(
            *theirs == ours,
            "seed {seed}: {method} {path} {query:?} {headers:?}: {ours}, the SDK says {theirs}"
        );
    }
    Ok(())
}

fn sample() -> Sample {
    let service = fastrand::choice(["s3", "s3", "dynamodb", "sts"]).unwrap_or_default();
    let some = |all: &[&'static str]| {
        let mut names = all.to_vec();
        fastrand::shuffle(&mut names);
        names.truncate(fastrand::usize(..=all.len()));
        names
    };
    // Of others than S3, the SDK resolves what looks like a way up.
    let segment = || if service == "s3" { text() } else { format!("a{}", text()) };
    let mut path = (0..fastrand::usize(..5)).map(|_| format!("/{}", encoded(&segment()))).collect::<String>();
    if path.is_empty() {
        path.push('/');
    }
    let query = some(PARAMETERS).into_iter().map(|name| match name {
        "delete" | "uploads" => format!("{name}="),
        name => format!("{name}={}", encoded(&text())),
    });
    let signed = service != "s3" || fastrand::bool();
    Sample {
        id: (0..fastrand::usize(3..=24)).map(|_| fastrand::alphanumeric()).collect(),
        secret: Secret::new(token()),
        token: fastrand::bool().then(token),
        region: fastrand::choice(["us-east-1", "eu-central-1", "auto", "garage"]).unwrap_or_default(),
        service,
        method: fastrand::choice(["DELETE", "GET", "HEAD", "POST", "PUT"]).unwrap_or_default(),
        authority: format!("h{}", fastrand::choice(["", ".example", ":9000"]).unwrap_or_default()),
        path,
        query: query.collect::<Vec<_>>().join("&"),
        headers: some(FIELDS).into_iter().map(|name| (name, words())).collect(),
        body: (0..fastrand::usize(..200)).map(|_| fastrand::u8(..)).collect(),
        signed,
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
    (0..fastrand::usize(1..80)).map(|_| fastrand::char('!'..='~')).collect()
}

/// With more blanks than there should be.
fn words() -> String {
    (0..fastrand::usize(1..20)).map(|_| fastrand::char(' '..='~')).collect::<String>().replace('a', "  ")
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}

/// What the SDK makes of them.
fn sdk(samples: &[Sample]) -> Result<Vec<Value>> {
    let requests = samples.iter().map(|sample| {
        let Sample { authority, path, query, .. } = sample;
        let separator = if query.is_empty() { "" } else { "?" };
        json!({
            "id": sample.id,
            "secret": sample.secret.expose(),
            "token": sample.token,
            "region": sample.region,
            "service": sample.service,
            "method": sample.method,
            "url": format!("http://{authority}{path}{separator}{query}"),
            "headers": sample.headers,
            "body": STANDARD.encode(&sample.body),
            "signed": sample.signed,
            "time": sample.time,
        })
    });
    let requests = Value::Array(requests.collect()).to_string();
    let mut python = Command::new(tools::python_aws()?)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/oracle-aws.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot run Python")?;
    // It reads all before it writes.
    python.stdin.take().context("no input")?.write_all(requests.as_bytes())?;
    let output = python.wait_with_output()?;
    ensure!(output.status.success(), "oracle-aws.py failed");
    Ok(serde_json::from_slice(&output.stdout)?)
}
