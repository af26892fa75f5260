//! What the service knows from one request to the next.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::Service;
use crate::tokens::Tokens;
use plugboard_strict::Clock;

pub(crate) struct State {
    pub(crate) service: Service,
    pub(crate) azurite: SocketAddr,
    /// Where tokens are to be had.
    pub(crate) authority: SocketAddr,
    pub(crate) clock: Clock,
    pub(crate) tokens: Tokens,
    slow: Mutex<Slow>,
}

/// How a copy goes on after it was accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Copying {
    /// How many times somebody who looks is told that it is pending.
    pub pending: u32,
    pub end: CopyEnd,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CopyEnd {
    #[default]
    Success,
    Failed,
    Aborted,
}

impl CopyEnd {
    fn as_str(self) -> &'static str {
        match self {
            CopyEnd::Success => "success",
            CopyEnd::Failed => "failed",
            CopyEnd::Aborted => "aborted",
        }
    }
}

/// What takes its time in Azure, and happens at once in Azurite.
#[derive(Default)]
struct Slow {
    copying: Copying,
    /// The copies that somebody will look after, by their destination.
    copies: HashMap<(String, String), Copying>,
    deleting: Duration,
    /// When the deletion of a container ends.
    deletions: HashMap<String, Instant>,
}

impl State {
    pub(crate) fn new(service: Service, azurite: SocketAddr, authority: SocketAddr) -> State {
        State {
            service,
            azurite,
            authority,
            clock: Clock::default(),
            tokens: Tokens::default(),
            slow: Mutex::default(),
        }
    }

    pub(crate) fn copy_like(&self, copying: Copying) {
        self.slow().copying = copying;
    }

    pub(crate) fn delete_containers_within(&self, time: Duration) {
        self.slow().deleting = time;
    }

    /// A copy was accepted: the status that it is answered with, unless that is Azurite's.
    pub(crate) fn copy_started(&self, container: &str, blob: &str) -> Option<&'static str> {
        let mut slow = self.slow();
        let (copying, destination) = (slow.copying, (container.to_owned(), blob.to_owned()));
        if copying == Copying::default() {
            slow.copies.remove(&destination);
            return None;
        }
        slow.copies.insert(destination, copying);
        Some("pending")
    }

    /// Somebody looks at a blob: the status of the copy that made it, unless that is Azurite's.
    pub(crate) fn copy_status(&self, container: &str, blob: &str) -> Option<&'static str> {
        let mut slow = self.slow();
        let copying = slow.copies.get_mut(&(container.to_owned(), blob.to_owned()))?;
        match copying.pending.checked_sub(1) {
            Some(left) => {
                copying.pending = left;
                Some("pending")
            }
            None => Some(copying.end.as_str()),
        }
    }

    pub(crate) fn container_deleted(&self, container: &str) {
        let mut slow = self.slow();
        let end = Instant::now() + slow.deleting;
        slow.deletions.insert(container.to_owned(), end);
    }

    pub(crate) fn is_being_deleted(&self, container: &str) -> bool {
        self.slow().deletions.get(container).is_some_and(|end| Instant::now() < *end)
    }

    fn slow(&self) -> MutexGuard<'_, Slow> {
        self.slow.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
