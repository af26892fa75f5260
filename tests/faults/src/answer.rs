//! Answers that the server did not give.

use std::{fmt, time::SystemTime};

/// An answer of the test's making. Its Content-Length is added when it is sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// Names the fault in trials: `status-503`, `garbage-json`.
    pub name: String,
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    /// An answer with an empty body: with 200, the one a broken gateway gives.
    pub fn status(status: u16) -> Answer {
        Answer { name: format!("status-{status}"), status, headers: Vec::new(), body: Vec::new() }
    }

    /// A 200 with this JSON text: of the wrong type, say.
    pub fn json(name: &str, body: &str) -> Answer {
        Answer::status(200).named(name).header("Content-Type", "application/json").body(body)
    }

    /// A 200 whose JSON breaks off.
    pub fn garbage_json() -> Answer {
        Answer::json("garbage-json", "{\"result\":[\"+x\",}")
    }

    /// A 200 whose body is neither JSON nor UTF-8: NUL, 0xff and all other byte values.
    pub fn garbage_bytes() -> Answer {
        Answer::status(200)
            .named("garbage-bytes")
            .body((0..=255).rev().cycle().take(1024).collect::<Vec<u8>>())
    }

    /// A redirect. To prove that it was not followed, point it at another [`Proxy`](crate::Proxy) and look at
    /// that one's `connections()`.
    pub fn redirect(status: u16, location: &str) -> Answer {
        Answer::status(status).named(&format!("redirect-{status}")).header("Location", location)
    }

    /// A 200 with 160 KiB of headers, in 20 fields: more than a wasi:http host lets through (128 KiB).
    pub fn oversized_headers() -> Answer {
        (0..20).fold(Answer::status(200).named("oversized-headers"), |answer, n| {
            answer.header(&format!("X-Fill-{n}"), &"f".repeat(8 * 1024))
        })
    }

    pub fn named(mut self, name: &str) -> Answer {
        self.name = name.to_owned();
        self
    }

    pub fn header(mut self, name: &str, value: &str) -> Answer {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Answer {
        self.body = body.into();
        self
    }

    /// Adds `Retry-After` in seconds.
    pub fn retry_after(self, seconds: u64) -> Answer {
        let name = format!("{}-retry-after", self.name);
        self.named(&name).header("Retry-After", &seconds.to_string())
    }

    /// Adds `Retry-After` as an HTTP-date, which knows whole seconds only.
    pub fn retry_at(self, time: SystemTime) -> Answer {
        let name = format!("{}-retry-at", self.name);
        self.named(&name).header("Retry-After", &httpdate::fmt_http_date(time))
    }
}

/// Without headers and body, which can be large.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("name", &self.name)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}
