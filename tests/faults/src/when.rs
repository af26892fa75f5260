//! Which requests a fault strikes.

use crate::Request;

/// Which requests a fault strikes, in the order in which their bodies (their first 64 KiB) are in.
///
/// Faults are asked in the order in which they were armed; the first that strikes takes the request, and those
/// after it do not count it.
pub struct When {
    matches: Box<dyn Fn(&Request) -> bool + Send>,
    skip: u64,
    pattern: Pattern,
}

enum Pattern {
    Always,
    Next(u64),
    Every { n: u64, seen: u64 },
    Fraction { share: f64, random: fastrand::Rng },
}

impl When {
    /// Every request.
    pub fn always() -> When {
        When::new(Pattern::Always)
    }

    /// The next `n` requests.
    pub fn next(n: u64) -> When {
        When::new(Pattern::Next(n))
    }

    /// The `n`th request, the `2n`th, and so on.
    pub fn every(n: u64) -> When {
        assert!(n > 0, "`every` needs a number of at least 1");
        When::new(Pattern::Every { n, seen: 0 })
    }

    /// This share of the requests (0 to 1), drawn from a generator with this seed.
    pub fn fraction(share: f64, seed: u64) -> When {
        assert!((0.0..=1.0).contains(&share), "`fraction` needs a share from 0 to 1, not `{share}`");
        When::new(Pattern::Fraction { share, random: fastrand::Rng::with_seed(seed) })
    }

    /// Leaves the first `n` requests alone.
    pub fn after(mut self, n: u64) -> When {
        self.skip = n;
        self
    }

    /// Only requests that match are struck, or counted. The predicate must not use the proxy.
    pub fn matching(mut self, predicate: impl Fn(&Request) -> bool + Send + 'static) -> When {
        self.matches = Box::new(predicate);
        self
    }

    fn new(pattern: Pattern) -> When {
        When { matches: Box::new(|_| true), skip: 0, pattern }
    }

    /// Whether this request, the next in line, is struck.
    pub(crate) fn strikes(&mut self, request: &Request) -> bool {
        if !(self.matches)(request) {
            return false;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        match &mut self.pattern {
            Pattern::Always => true,
            Pattern::Next(0) => false,
            Pattern::Next(left) => {
                *left -= 1;
                true
            }
            Pattern::Every { n, seen } => {
                *seen += 1;
                seen.is_multiple_of(*n)
            }
            Pattern::Fraction { share, random } => random.f64() < *share,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn struck(mut when: When, methods: &str) -> String {
        let request = |method: char| Request { method: method.into(), ..Request::default() };
        methods.chars().map(|method| if when.strikes(&request(method)) { 'x' } else { '.' }).collect()
    }

    #[test]
    fn patterns() {
        assert_eq!(struck(When::always(), "GGGG"), "xxxx");
        assert_eq!(struck(When::next(2), "GGGG"), "xx..");
        assert_eq!(struck(When::next(0), "GG"), "..");
        assert_eq!(struck(When::every(3), "GGGGGGG"), "..x..x.");
        assert_eq!(struck(When::next(1).after(2), "GGGG"), "..x.");
        assert_eq!(struck(When::every(2).after(1), "GGGGG"), "..x.x");
    }

    #[test]
    fn only_matching_requests_count() {
        let post = |request: &Request| request.method == "P";
        assert_eq!(struck(When::next(1).matching(post), "GGPP"), "..x.");
        assert_eq!(struck(When::every(2).matching(post), "PGPGGPP"), "..x...x");
        assert_eq!(struck(When::next(1).after(1).matching(post), "PGGP"), "...x");
    }

    #[test]
    fn a_seed_repeats_its_fraction() {
        let many = "G".repeat(1000);
        let first = struck(When::fraction(0.2, 7), &many);
        assert_eq!(first, struck(When::fraction(0.2, 7), &many));
        assert_ne!(first, struck(When::fraction(0.2, 8), &many));
        let count = first.matches('x').count();
        assert!((150..250).contains(&count), "a fifth of 1000, not {count}");
        assert_eq!(struck(When::fraction(0.0, 7), "GG"), "..");
        assert_eq!(struck(When::fraction(1.0, 7), "GG"), "xx");
    }
}
