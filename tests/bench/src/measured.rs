//! A number that was taken several times.

use serde::Serialize;

/// The median, and the spread: between which bounds the middle half of the samples lies.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Measured {
    pub median: f64,
    pub low: f64,
    pub high: f64,
    pub samples: usize,
}

impl Measured {
    /// At least one sample.
    pub fn of(samples: &[f64]) -> Measured {
        let at = |share| quantile(samples.iter().copied(), share);
        Measured { median: at(0.5), low: at(0.25), high: at(0.75), samples: samples.len() }
    }

    /// The pairs' ratios: two samples that were taken one after the other see the same machine.
    pub fn ratio(ours: &[f64], theirs: &[f64]) -> Measured {
        assert_eq!(ours.len(), theirs.len(), "both sides are measured in pairs");
        Measured::of(&ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect::<Vec<_>>())
    }
}

/// Of at least one sample; between two of them in proportion, as most tools do it.
pub fn quantile(samples: impl Iterator<Item = f64>, share: f64) -> f64 {
    let mut sorted = samples.collect::<Vec<_>>();
    sorted.sort_by(f64::total_cmp);
    let place = share * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    below + (above - below) * place.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_and_middle_half() {
        let measured = Measured::of(&[5.0, 1.0, 2.0, 4.0, 3.0]);
        assert_eq!(measured, Measured { median: 3.0, low: 2.0, high: 4.0, samples: 5 });
        assert_eq!(Measured::of(&[1.0, 2.0]).median, 1.5);
        assert_eq!(Measured::of(&[7.0]), Measured { median: 7.0, low: 7.0, high: 7.0, samples: 1 });
    }

    #[test]
    fn a_ratio_is_taken_pair_by_pair() {
        // The machine was three times slower in the second pair, which says nothing about the two sides.
        assert_eq!(Measured::ratio(&[90.0, 30.0], &[100.0, 33.0]).median, (0.9 + 30.0 / 33.0) / 2.0);
    }
}
