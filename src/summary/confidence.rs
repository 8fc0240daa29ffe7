//! What the counts and quantiles of a run are worth: exact 95 % bounds.
//!
//! Rates: Clopper and Pearson (1934), the two-sided interval from binomial tails. Quantiles: order
//! statistics, whose ranks are binomial too (David and Nagaraja, Order Statistics, 7.1). Both
//! take requests as independent, which requests of one run are not quite: the bounds are the
//! least that must be doubted. In virtual time the figures themselves are exact, and the bounds tell how
//! far they would carry to another seed.

use serde::{Deserialize, Serialize};

use crate::record::Latencies;

/// Chance that is left out on each side.
const TAIL: f64 = 0.025;

/// Bounds of a number; absent where so few samples give none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Bounds {
    /// With 97.5 % it is not below this.
    pub low: Option<f64>,
    /// With 97.5 % it is not above this.
    pub high: Option<f64>,
}

/// 95 % bounds of the numbers of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Confidence {
    /// Of the failure rate.
    pub failure_rate: Bounds,
    /// Of the median latency of documentation, in milliseconds.
    pub p50_ms: Bounds,
    /// Of the 90th percentile.
    #[serde(default)]
    pub p90_ms: Bounds,
    /// Of the 95th percentile.
    pub p95_ms: Bounds,
    /// Of the 99th percentile.
    pub p99_ms: Bounds,
}

impl Confidence {
    pub(super) fn of(failed: u64, offered: u64, answered: &Latencies) -> Self {
        Self {
            failure_rate: rate(failed, offered),
            p50_ms: quantile(answered, 0.5),
            p90_ms: quantile(answered, 0.9),
            p95_ms: quantile(answered, 0.95),
            p99_ms: quantile(answered, 0.99),
        }
    }
}

/// Clopper-Pearson bounds of `hits` in `tries`.
fn rate(hits: u64, tries: u64) -> Bounds {
    if tries == 0 || hits > tries {
        return Bounds::default();
    }
    // More of a rate makes "at most this many hits" less likely, so halving finds the root.
    let root = |too_low: &dyn Fn(f64) -> bool| {
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            if too_low(middle) {
                low = middle
            } else {
                high = middle
            }
        }
        f64::midpoint(low, high)
    };
    Bounds {
        low: Some(match hits {
            0 => 0.0,
            _ => root(&|p| 1.0 - at_most(hits - 1, tries, p) < TAIL),
        }),
        high: Some(match tries - hits {
            0 => 1.0,
            _ => root(&|p| at_most(hits, tries, p) > TAIL),
        }),
    }
}

/// Bounds of a quantile from the order statistics around it, in milliseconds.
fn quantile(latencies: &Latencies, q: f64) -> Bounds {
    let micros = latencies.micros();
    let n = micros.len();
    if n == 0 {
        return Bounds::default();
    }
    // Half a rank lower, so that rounding never lifts the quantile to the rank above.
    let of_rank =
        |rank: u64| micros.value_at_quantile((rank as f64 - 0.5) / n as f64) as f64 / 1000.0;
    // Rank r is below the quantile unless fewer than r samples fall below it.
    let first = |wanted: &dyn Fn(u64) -> bool| {
        let (mut low, mut high) = (0, n + 1);
        while low < high {
            let middle = low.midpoint(high);
            if wanted(middle) {
                high = middle
            } else {
                low = middle + 1
            }
        }
        low
    };
    let low = first(&|rank| rank > 0 && at_most(rank - 1, n, q) > TAIL) - 1;
    let high = first(&|rank| rank > 0 && at_most(rank - 1, n, q) >= 1.0 - TAIL);
    Bounds {
        low: (low >= 1).then(|| of_rank(low)),
        high: (high <= n).then(|| of_rank(high)),
    }
}

/// Chance of at most `k` hits in `n` tries at rate `p`. Terms are summed away from the mode, so that
/// those left out are too small to matter.
fn at_most(k: u64, n: u64, p: f64) -> f64 {
    if k >= n || p <= 0.0 {
        return 1.0;
    }
    if p >= 1.0 {
        return 0.0;
    }
    if k as f64 > n as f64 * p {
        return 1.0 - at_most(n - k - 1, n, 1.0 - p);
    }
    let (count, hits) = (n as f64, k as f64);
    let log = ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k)
        + hits * p.ln()
        + (count - hits) * (-p).ln_1p();
    let (mut term, mut sum, mut at) = (log.exp(), 0.0, k);
    loop {
        sum += term;
        if at == 0 || term < sum * 1e-17 {
            return sum.min(1.0);
        }
        term *= at as f64 / (n - at + 1) as f64 * (1.0 - p) / p;
        at -= 1;
    }
}

/// Natural logarithm of `n!`: exact sums when small, else Stirling's series.
fn ln_factorial(n: u64) -> f64 {
    if n < 32 {
        return (2..=n).map(|factor| (factor as f64).ln()).sum();
    }
    let x = n as f64;
    let series = 1.0 / (12.0 * x) - 1.0 / (360.0 * x.powi(3)) + 1.0 / (1260.0 * x.powi(5));
    x * x.ln() - x + 0.5 * (std::f64::consts::TAU * x).ln() + series
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn near(bounds: Bounds, low: f64, high: f64) {
        let (is_low, is_high) = (bounds.low.unwrap(), bounds.high.unwrap());
        assert!(
            (is_low - low).abs() < 5e-5 && (is_high - high).abs() < 5e-5,
            "{bounds:?}"
        );
    }

    #[test]
    fn rates_have_the_bounds_of_the_tables() {
        near(rate(0, 100), 0.0, 0.03622);
        near(rate(42, 100), 0.32199, 0.52288);
        near(rate(100, 100), 0.96378, 1.0);
        near(rate(5, 10), 0.18709, 0.81291);
        assert_eq!(rate(0, 0), Bounds::default());
    }

    fn first(n: u64) -> Latencies {
        let mut latencies = Latencies::default();
        for ms in 1..=n {
            latencies.record(Duration::from_millis(ms));
        }
        latencies
    }

    /// Ranks of the bounds: the samples are 1 ms to `n` ms.
    fn ranks(n: u64, q: f64) -> (Option<u64>, Option<u64>) {
        let rank = |end: Option<f64>| end.map(|ms| ms.round() as u64);
        let bounds = quantile(&first(n), q);
        (rank(bounds.low), rank(bounds.high))
    }

    #[test]
    fn quantiles_of_a_hundred_lie_between_the_ranks_of_the_tables() {
        // Ranks from the binomial law with n = 100: P(X < low) and P(X >= high) at most 2.5 % each.
        assert_eq!(ranks(100, 0.5), (Some(40), Some(61)));
        assert_eq!(ranks(100, 0.9), (Some(84), Some(96)));
        assert_eq!(ranks(100, 0.95), (Some(90), Some(100)));
    }

    #[test]
    fn a_p99_of_a_hundred_has_no_upper_bound_and_one_of_four_hundred_has() {
        assert_eq!(ranks(100, 0.99), (Some(97), None));
        // 1 - 0.99^n reaches 97.5 % at n = 368: fewer samples cannot bound a p99 from above.
        assert_eq!(ranks(367, 0.99).1, None);
        assert_eq!(ranks(368, 0.99).1, Some(368));
    }

    #[test]
    fn a_million_tries_are_bounded_as_the_normal_law_says() {
        let bounds = rate(10_000, 1_000_000);
        let half = 1.96 * (0.01f64 * 0.99 / 1e6).sqrt();
        assert!((bounds.low.unwrap() - (0.01 - half)).abs() < 1e-5);
        assert!((bounds.high.unwrap() - (0.01 + half)).abs() < 1e-5);
    }
}
