//! Requests of a test, to servers on this machine.

use anyhow::Result;
use ureq::{Agent, config::Config};

/// A request, and its status and body, whatever they are.
pub fn request(method: &str, url: &str, body: impl AsRef<[u8]>) -> Result<(u16, String)> {
    // A proxy from the environment is not for loopback.
    let agent: Agent = Config::builder().http_status_as_error(false).proxy(None).build().into();
    let mut response = match method {
        "PUT" => agent.put(url).send(body.as_ref())?,
        "DELETE" => agent.delete(url).call()?,
        _ => agent.get(url).call()?,
    };
    Ok((response.status().as_u16(), response.body_mut().read_to_string()?.trim_end().to_owned()))
}
