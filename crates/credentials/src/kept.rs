//! What ends, kept for as long as the instance lives and it is good.

use std::cell::RefCell;
use std::time::Duration;

use plugboard_error::Result;

/// So long before its end a value is replaced, but not before half of its time.
const MARGIN: Duration = Duration::from_secs(300);
/// Until the next try to replace a value that is still good.
const RETRY: Duration = Duration::from_secs(30);
/// What a call waits at most for another value while the one that there is would do.
const HASTE: Duration = Duration::from_secs(5);

/// A token, a temporary key, a session: fetched when it is needed first, and replaced before it ends.
pub struct Kept<V>(RefCell<Option<Good<V>>>);

struct Good<V> {
    value: V,
    renew: Duration,
    end: Duration,
}

impl<V> Default for Kept<V> {
    fn default() -> Self {
        Kept(RefCell::new(None))
    }
}

impl<V: Clone> Kept<V> {
    /// The value, and where there is none that is good, what `fetch` gets by the time that it is given: another and for
    /// how long it is good. One that cannot be replaced is used to its end, and leaves the call the time to be made by
    /// its deadline. `clock` is the time since any fixed point.
    pub fn get(
        &self,
        clock: impl Fn() -> Duration,
        deadline: Duration,
        fetch: impl FnOnce(Duration) -> Result<(V, Duration)>,
    ) -> Result<V> {
        let now = clock();
        let mut kept = self.0.borrow_mut();
        if let Some(good) = &*kept
            && now < good.renew
        {
            return Ok(good.value.clone());
        }
        let until = match &*kept {
            Some(good) if now < good.end => now.saturating_add(HASTE.min(deadline.saturating_sub(now) / 2)),
            _ => deadline,
        };
        match (fetch(until), &mut *kept) {
            (Ok((value, lifetime)), kept) => {
                let end = now.saturating_add(lifetime);
                let renew = end.saturating_sub(MARGIN.min(lifetime / 2));
                *kept = Some(Good { value: value.clone(), renew, end });
                Ok(value)
            }
            (Err(_), Some(good)) if clock() < good.end => {
                good.renew = clock().saturating_add(RETRY);
                Ok(good.value.clone())
            }
            (Err(error), _) => Err(error),
        }
    }

    /// Whatever is kept is not good any more.
    pub fn forget(&self) {
        *self.0.borrow_mut() = None;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use plugboard_error::{Error, Kind};

    use super::*;

    /// Values that are good for so many seconds each, and an error where there is none.
    struct Source {
        kept: Kept<usize>,
        lifetimes: Vec<Option<u64>>,
        fetched: Cell<usize>,
    }

    impl Source {
        fn new(lifetimes: &[Option<u64>]) -> Source {
            Source { kept: Kept::default(), lifetimes: lifetimes.to_vec(), fetched: Cell::new(0) }
        }

        fn at(&self, seconds: u64) -> Result<usize> {
            let now = Duration::from_secs(seconds);
            self.kept.get(
                || now,
                now.saturating_add(Duration::from_secs(30)),
                |_| {
                    let one = self.fetched.replace(self.fetched.get() + 1);
                    match self.lifetimes[one] {
                        Some(lifetime) => Ok((one, Duration::from_secs(lifetime))),
                        None => Err(Error::new(Kind::Unavailable, "nobody answers")),
                    }
                },
            )
        }
    }

    #[test]
    fn a_value_is_kept_until_five_minutes_before_its_end() {
        let source = Source::new(&[Some(3600), Some(3600)]);
        assert_eq!([source.at(0), source.at(3299), source.at(3300)], [Ok(0), Ok(0), Ok(1)]);
        assert_eq!(source.fetched.get(), 2);
    }

    #[test]
    fn a_short_one_is_kept_for_half_of_its_time() {
        let source = Source::new(&[Some(10), Some(0), Some(10)]);
        assert_eq!([source.at(0), source.at(4), source.at(5), source.at(5)], [Ok(0), Ok(0), Ok(1), Ok(2)]);
    }

    #[test]
    fn one_that_cannot_be_replaced_is_used_to_its_end() {
        let source = Source::new(&[Some(3600), None, None, None]);
        assert_eq!((source.at(0), source.at(3400)), (Ok(0), Ok(0)));
        // Not with each request again.
        assert_eq!((source.at(3429), source.fetched.get()), (Ok(0), 2));
        assert_eq!((source.at(3430), source.fetched.get()), (Ok(0), 3));
        assert!(source.at(3600).is_err());
    }

    #[test]
    fn who_hangs_does_not_hold_up_calls_while_there_is_one_that_is_good() {
        let (kept, clock) = (Kept::default(), Cell::new(Duration::ZERO));
        let second = Duration::from_secs(1);
        let get = |outcome: Result<(u8, Duration)>, timeout: u32| {
            let begun = clock.get();
            let value = kept.get(
                || clock.get(),
                begun + second * timeout,
                |until| {
                    clock.set(until);
                    outcome
                },
            );
            (value, clock.get() - begun)
        };
        let hangs = || Err(Error::new(Kind::Timeout, "nobody answers"));
        let lifetime = second * 3600;
        assert_eq!(get(Ok((1, lifetime)), 30), (Ok(1), second * 30));
        clock.set(second * 3300);
        assert_eq!(get(hangs(), 30), (Ok(1), second * 5));
        // Nor does it with the calls after that.
        assert_eq!(get(hangs(), 30), (Ok(1), Duration::ZERO));
        clock.set(second * 3500);
        assert_eq!(get(hangs(), 4), (Ok(1), second * 2));
        // Without one there is no other way.
        clock.set(lifetime);
        assert_eq!(get(hangs(), 4).1, second * 4);
    }

    #[test]
    fn one_that_was_refused_is_forgotten() {
        let source = Source::new(&[Some(3600), Some(3600)]);
        source.at(0).unwrap();
        source.kept.forget();
        assert_eq!(source.at(0), Ok(1));
    }
}
