//! Requests of a test, to servers on this machine.

use anyhow::Result;
use ureq::http::{HeaderMap, Request};
use ureq::{Agent, config::Config};

/// What came back, whatever it is.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// A header's value, empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// A request with these headers, and what came back.
pub fn send(method: &str, url: &str, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Result<Answer> {
    // A proxy from the environment is not for loopback.
    let agent: Agent = Config::builder().http_status_as_error(false).proxy(None).build().into();
    let mut request = Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut response = match method {
        "PUT" | "POST" => agent.run(request.body(body.as_ref())?)?,
        _ => agent.run(request.body(())?)?,
    };
    let status = response.status().as_u16();
    let body = response.body_mut().with_config().limit(u64::MAX).read_to_vec()?;
    Ok(Answer { status, headers: response.headers().clone(), body })
}

/// A request, and its status and text.
pub fn request(method: &str, url: &str, body: impl AsRef<[u8]>) -> Result<(u16, String)> {
    let answer = send(method, url, &[], body)?;
    Ok((answer.status, String::from_utf8(answer.body)?.trim_end().to_owned()))
}
