//! The bench's own HTTP client: connections are kept alive, and every answer is looked at.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use ureq::http::Response;
use ureq::{Agent, Body};

/// Above the largest value that is measured.
const MAX_ANSWER: u64 = 64 << 20;

pub struct Client(Agent);

impl Client {
    pub fn new() -> Client {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None) // the environment's is not for 127.0.0.1
            .timeout_global(Some(Duration::from_secs(60)));
        Client(config.build().new_agent())
    }

    /// The body of the answer, which must be a 200.
    pub fn get(&self, url: &str) -> Result<Vec<u8>> {
        let answer = self.0.get(url).call().with_context(|| format!("no answer from {url}"))?;
        body(url, answer)
    }

    pub fn post(&self, url: &str, bytes: &[u8]) -> Result<Vec<u8>> {
        let answer = self.0.post(url).send(bytes).with_context(|| format!("no answer from {url}"))?;
        body(url, answer)
    }
}

fn body(url: &str, mut answer: Response<Body>) -> Result<Vec<u8>> {
    let body = answer.body_mut().with_config().limit(MAX_ANSWER).read_to_vec()?;
    let start = String::from_utf8_lossy(&body[..body.len().min(200)]);
    ensure!(answer.status() == 200, "{url} answered {}: {start}", answer.status());
    Ok(body)
}
