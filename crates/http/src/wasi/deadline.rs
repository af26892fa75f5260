use std::time::Duration;

use plugboard_error::Kind;
use wasip2::clocks::monotonic_clock;
use wasip2::io::poll::{self, Pollable};

use crate::transport::{Pace, Terms};
use crate::{Failure, Reached};

/// A point in time that ends every wait.
pub(super) struct Deadline {
    timer: Pollable,
    /// Where it moves with what is achieved: by how much.
    patience: Option<Duration>,
}

impl Deadline {
    pub(super) fn new(terms: &Terms) -> Self {
        let time = terms.limits.timeout;
        Deadline { timer: timer(time), patience: (terms.pace == Pace::Progress).then_some(time) }
    }

    /// Says that there is something to show for the time: under [`Pace::Progress`] it begins anew.
    pub(super) fn progress(&mut self) {
        if let Some(time) = self.patience {
            self.timer = timer(time);
        }
    }

    /// Waits until one of them is ready and says which, the first of several; fails once the time is over.
    pub(super) fn wait(&self, pollables: &[&Pollable]) -> Result<usize, Failure> {
        let mut all = pollables.to_vec();
        all.push(&self.timer);
        let ready = poll::poll(&all).into_iter().min().and_then(|index| usize::try_from(index).ok());
        ready.filter(|index| *index < pollables.len()).ok_or_else(Self::over)
    }

    pub(super) fn check(&self) -> Result<(), Failure> {
        if self.timer.ready() { Err(Self::over()) } else { Ok(()) }
    }

    fn over() -> Failure {
        Failure::new(Reached::Maybe, Kind::Timeout, "no complete answer before the deadline")
    }
}

fn timer(time: Duration) -> Pollable {
    monotonic_clock::subscribe_duration(nanoseconds(time))
}

pub(super) fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
