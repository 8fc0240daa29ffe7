//! Latencies of a run's answers by percentile, for curves that show more than a few of them.

use crate::record::{Latencies, Run};

use super::latency::answers;

/// Latencies of all requests that brought documentation, asked for by percentile (0 to 100).
#[derive(Debug, Clone, PartialEq)]
pub struct Percentiles(Latencies);

impl Percentiles {
    /// Of the answers of `run`.
    #[must_use]
    pub fn of(run: &Run) -> Self {
        Self(answers(run))
    }

    /// How many answers there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.micros().len()
    }

    /// Seconds within which `percent` of the answers came.
    #[must_use]
    pub fn seconds_at(&self, percent: f64) -> f64 {
        self.0.micros().value_at_quantile(percent / 100.0) as f64 / 1e6
    }

    /// Seconds that the slowest answer took.
    #[must_use]
    pub fn slowest_s(&self) -> f64 {
        self.0.micros().max() as f64 / 1e6
    }

    /// How many answers are slower than `percent` of them: what that percentile rests on.
    #[must_use]
    pub fn above(&self, percent: f64) -> u64 {
        (self.count() as f64 * (1.0 - percent / 100.0)).round() as u64
    }

    /// The seconds of every answer from the quickest to the slowest, as the histogram keeps them.
    pub fn each_s(&self) -> impl Iterator<Item = f64> {
        let n = self.count();
        // A rank's percentile is its middle: at its edge, rounding could name the neighbour.
        (1..=n).map(move |rank| self.seconds_at((rank as f64 - 0.5) / n as f64 * 100.0))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn of_ms(all: &[u64]) -> Percentiles {
        let mut latencies = Latencies::default();
        for &ms in all {
            latencies.record(Duration::from_millis(ms));
        }
        Percentiles(latencies)
    }

    #[test]
    fn a_percentile_is_the_time_within_which_so_many_came() {
        let all = of_ms(&(1..=100).collect::<Vec<_>>());
        assert_eq!(all.count(), 100);
        assert_eq!(all.slowest_s(), all.seconds_at(100.0));
        for percent in [1.0, 50.0, 99.0, 100.0] {
            let expected = percent / 1000.0;
            let off = (all.seconds_at(percent) - expected) / expected;
            assert!(off.abs() < 1e-3, "{percent}: {off}");
        }
        assert_eq!(
            [50.0, 99.0, 100.0].map(|percent| all.above(percent)),
            [50, 1, 0]
        );
    }

    #[test]
    fn every_answer_is_named_once_in_order() {
        let all = of_ms(&[5, 1, 3, 3, 900]);
        let each: Vec<f64> = all.each_s().map(|s| (s * 1000.0).round()).collect();
        assert_eq!(each, [1.0, 3.0, 3.0, 5.0, 900.0]);
        assert_eq!(of_ms(&[]).each_s().count(), 0);
    }
}
