//! The mock's own error: how long after its planned moment each event of a stream was sent.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

/// Each bucket ends a quarter of an octave above the one before, from 1 µs on.
const PER_OCTAVE: f64 = 4.0;
const BUCKETS: usize = 128;
const NS_PER_US: f64 = 1000.0;

/// A histogram of delays that many threads can write.
#[derive(Debug)]
pub(crate) struct Delays {
    counts: [AtomicU64; BUCKETS],
}

/// How late all events so far were, compared with their plan:, milliseconds of simulated time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Lateness {
    /// Events sent after a wait.
    pub events: u64,
    /// Half of them were at most so late.
    pub p50_ms: f64,
    /// 99 of 100 were at most so late.
    pub p99_ms: f64,
    /// The latest.
    pub max_ms: f64,
}

impl Default for Delays {
    fn default() -> Self {
        Self {
            counts: std::array::from_fn(|_| AtomicU64::new(0)),
        }
    }
}

impl Delays {
    pub(crate) fn record(&self, late_ns: u64) {
        let us = (late_ns as f64 / NS_PER_US).max(1.0);
        let bucket = (us.log2() * PER_OCTAVE).ceil() as usize;
        self.counts[bucket.min(BUCKETS - 1)].fetch_add(1, Ordering::Relaxed);
    }

    /// Quantiles, each rounded up to the end of its bucket (at most 19 % too high).
    pub(crate) fn summary(&self) -> Lateness {
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
        Lateness {
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
        let delays = Delays::default();
        (0..99).for_each(|_| delays.record(1_000_000));
        delays.record(50_000_000);
        let summary = delays.summary();
        assert_eq!(summary.events, 100);
        assert!((1.0..1.2).contains(&summary.p50_ms) && (1.0..1.2).contains(&summary.p99_ms));
        assert!((50.0..60.0).contains(&summary.max_ms), "{summary:?}");
    }
}
