//! What went through the proxy.

use std::{
    fmt, mem,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::Fault;

/// A request as it came: target and header values byte for byte, the body without its chunked framing.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Request {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, Vec<u8>)>,
    /// The first 64 KiB.
    pub body: Vec<u8>,
}

/// A request, and what became of it.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    pub request: Request,
    /// The client's connection: equal numbers tell of a connection that was kept alive.
    pub connection: u64,
    /// The length of the whole body, as far as it came.
    pub body_len: u64,
    pub fault: Option<Arc<Fault>>,
    /// Whether bytes of the request may have reached the server.
    pub forwarded: bool,
    /// The status that the server answered.
    pub upstream_status: Option<u16>,
    /// The status that the client was sent.
    pub status: Option<u16>,
    /// What went wrong that no fault accounts for: a malformed request, a server that is down.
    pub problem: Option<String>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        let found = self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_slice())
    }

    /// Everything but the value of `Authorization`: the bytes to search for secrets, which belong nowhere else.
    pub fn outside_authorization(&self) -> Vec<u8> {
        let mut bytes = format!("{} {}\n", self.method, self.target).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(b": ");
            if !is_authorization(name) {
                bytes.extend_from_slice(value);
            }
            bytes.push(b'\n');
        }
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {{", self.method, self.target)?;
        for (name, value) in &self.headers {
            let value = if is_authorization(name) { b"(hidden)" } else { value.as_slice() };
            write!(f, "{name}: {}; ", value.escape_ascii())?;
        }
        write!(f, "}} {}", self.body.escape_ascii())
    }
}

fn is_authorization(name: &str) -> bool {
    name.eq_ignore_ascii_case("authorization")
}

/// The requests so far, each with a number that it keeps when older ones are taken away.
#[derive(Default)]
pub(crate) struct Log {
    entries: Mutex<Entries>,
    grown: Condvar,
}

#[derive(Default)]
struct Entries {
    taken: usize,
    kept: Vec<Recorded>,
}

impl Log {
    pub(crate) fn push(&self, recorded: Recorded) -> usize {
        let mut entries = self.entries();
        entries.kept.push(recorded);
        self.grown.notify_all();
        entries.count() - 1
    }

    /// Changes an entry, unless it was taken.
    pub(crate) fn update(&self, number: usize, change: impl FnOnce(&mut Recorded)) {
        let mut entries = self.entries();
        let index = number.checked_sub(entries.taken);
        if let Some(recorded) = index.and_then(|index| entries.kept.get_mut(index)) {
            change(recorded);
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.entries().count()
    }

    pub(crate) fn since(&self, mark: usize) -> Vec<Recorded> {
        let entries = self.entries();
        entries.kept.iter().skip(mark.saturating_sub(entries.taken)).cloned().collect()
    }

    pub(crate) fn take(&self) -> Vec<Recorded> {
        let mut entries = self.entries();
        entries.taken = entries.count();
        mem::take(&mut entries.kept)
    }

    pub(crate) fn wait(&self, count: usize, limit: Duration) -> bool {
        let short = |entries: &mut Entries| entries.count() < count;
        let waited = self.grown.wait_timeout_while(self.entries(), limit, short);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    fn count(&self) -> usize {
        self.taken + self.kept.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> Request {
        Request {
            method: "POST".into(),
            target: "/SET/k".into(),
            headers: vec![
                ("AUTHORIZATION".into(), b"Bearer s3cret".into()),
                ("X-Other".into(), b"seen".into()),
            ],
            body: b"\x00body".into(),
        }
    }

    #[test]
    fn authorization_is_hidden_from_debug_and_from_the_search_for_secrets() {
        let recorded = Recorded { request: request(), ..Recorded::default() };
        let debug = format!("{recorded:?}");
        assert!(debug.contains("/SET/k") && debug.contains("seen") && !debug.contains("s3cret"), "{debug}");
        assert_eq!(
            request().outside_authorization(),
            b"POST /SET/k\nAUTHORIZATION: \nX-Other: seen\n\x00body",
        );
        assert_eq!(request().header("authorization"), Some(b"Bearer s3cret".as_slice()));
        assert_eq!(request().header("x-absent"), None);
    }

    #[test]
    fn numbers_outlive_taking() {
        let log = Log::default();
        let first = log.push(Recorded::default());
        assert_eq!(log.take().len(), 1);
        let second = log.push(Recorded::default());
        log.update(first, |recorded| recorded.status = Some(1));
        log.update(second, |recorded| recorded.status = Some(2));
        assert_eq!((first, second, log.count()), (0, 1, 2));
        let statuses = |mark| log.since(mark).iter().map(|recorded| recorded.status).collect::<Vec<_>>();
        assert_eq!(statuses(0), [Some(2)]);
        assert_eq!(statuses(1), [Some(2)]);
        assert_eq!(statuses(2), []);
        assert!(log.wait(2, Duration::ZERO));
        assert!(!log.wait(3, Duration::from_millis(1)));
    }
}
