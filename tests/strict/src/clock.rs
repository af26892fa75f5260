//! The services' clock, which a test can put wrong.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

/// Seconds that it is ahead of this machine's.
#[derive(Default)]
pub struct Clock(AtomicI64);

impl Clock {
    pub fn now(&self) -> SystemTime {
        let ahead = self.0.load(Ordering::Relaxed);
        let by = Duration::from_secs(ahead.unsigned_abs());
        if ahead < 0 { SystemTime::now() - by } else { SystemTime::now() + by }
    }

    pub fn shift(&self, seconds: i64) {
        self.0.store(seconds, Ordering::Relaxed);
    }
}
