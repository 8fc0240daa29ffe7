//! How latencies are spread: the steps of a percentile distribution, and what it comes to in one line.

use crate::record::Latencies;

/// Steps per halving of the distance to 100 %, as in HdrHistogram's own output.
const TICKS_PER_HALF_DISTANCE: u32 = 5;

/// Microseconds in a millisecond.
const MICROS_PER_MS: f64 = 1000.0;

/// One step of a distribution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Latencies up to this step are no longer than this, in milliseconds.
    pub value_ms: f64,
    /// The share of latencies up to this step, 0 to 1.
    pub quantile: f64,
    /// How many those are.
    pub total: u64,
    /// `1/(1-quantile)`, the scale on which tails are drawn; infinite at the last step.
    pub inverse: f64,
}

/// Latencies as a percentile distribution, in milliseconds.
#[derive(Debug, Clone, PartialEq)]
pub struct Distribution {
    /// From the quickest to the slowest, finer towards the end.
    pub steps: Vec<Step>,
    /// Mean.
    pub mean_ms: f64,
    /// Standard deviation.
    pub deviation_ms: f64,
    /// Slowest.
    pub max_ms: f64,
    /// How many there are.
    pub count: u64,
}

impl Distribution {
    /// Of `latencies`.
    #[must_use]
    pub fn of(latencies: &Latencies) -> Self {
        let micros = latencies.micros();
        let mut total = 0;
        let steps = micros.iter_quantiles(TICKS_PER_HALF_DISTANCE).map(|step| {
            total += step.count_since_last_iteration();
            let quantile = step.quantile_iterated_to();
            Step {
                value_ms: step.value_iterated_to() as f64 / MICROS_PER_MS,
                quantile,
                total,
                inverse: 1.0 / (1.0 - quantile),
            }
        });
        Self {
            steps: steps.collect(),
            mean_ms: micros.mean() / MICROS_PER_MS,
            deviation_ms: micros.stdev() / MICROS_PER_MS,
            max_ms: micros.max() as f64 / MICROS_PER_MS,
            count: micros.len(),
        }
    }
}
