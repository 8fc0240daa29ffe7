//! The mock's own error: how long after its planned moment each event of a stream was sent.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

/// Each bucket ends a quarter of an octave above the one before, from 1 µs on.
const PER_OCTAVE: f64 = 4.0;
const BUCKETS: usize = 128;
const NS_PER_US: f64 = 1000.0;

/// A histogram of delays that many threads can write.
#[derive(Debug)]
pub(crate) struct Lateness {
    counts: [AtomicU64; BUCKETS],
}

/// Delays of all events so far, milliseconds of simulated time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Summary {
    events: u64,
    p50_ms: f64,
    p99_ms: f64,
    max_ms: f64,
}

impl Default for Lateness {
    fn default() -> Self {
        Self {
            counts: std::array::from_fn(|_| AtomicU64::new(0)),
        }
    }
}

impl Lateness {
    pub(crate) fn record(&self, late_ns: u64) {
        let us = (late_ns as f64 / NS_PER_US).max(1.0);
        let bucket = (us.log2() * PER_OCTAVE).ceil() as usize;
        self.counts[bucket.min(BUCKETS - 1)].fetch_add(1, Ordering::Relaxed);
    }

    /// Quantiles, each rounded up to the end of its bucket (at most 19 % too high).
    pub(crate) fn summary(&self) -> Summary {
        let counts: Vec<u64> = self
            .counts
            .iter()
            .map(|c| c.load(Ordering::Relaxed))
            .collect();
        let events: u64 = counts.iter().sum();
        let quantile = |share: f64| {
            let rank = (events as f64 * share).ceil() as u64;
            let mut sum = 0;
            let reached = counts.iter().position(|count| {
                sum += count;
                sum >= rank && sum > 0
            });
            reached.map_or(0.0, |bucket| {
                (bucket as f64 / PER_OCTAVE).exp2() / NS_PER_US
            })
        };
        Summary {
            events,
            p50_ms: quantile(0.5),
            p99_ms: quantile(0.99),
            max_ms: quantile(1.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_what_was_recorded() {
        let lateness = Lateness::default();
        (0..99).for_each(|_| lateness.record(1_000_000));
        lateness.record(50_000_000);
        let summary = lateness.summary();
        assert_eq!(summary.events, 100);
        assert!((1.0..1.2).contains(&summary.p50_ms) && (1.0..1.2).contains(&summary.p99_ms));
        assert!((50.0..60.0).contains(&summary.max_ms), "{summary:?}");
    }
}
