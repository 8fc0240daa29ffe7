//! The moments of an open plan, known before the first request is sent. Pure.

use std::time::Duration;

use ground::chance::{mix, unit};

use super::{Arrivals, Load, MAX_SECONDS};

/// Keeps the draws of arrivals apart from all other draws of a seed.
const ARRIVALS: u64 = 0x6172_7269_7665;

/// The moments of one round, from its start, in order.
#[derive(Debug, Clone)]
pub(super) struct Moments<'a> {
    load: &'a Load,
    round: u64,
    position: u64,
    /// Poisson: seconds up to the latest arrival.
    elapsed: f64,
}

impl<'a> Moments<'a> {
    pub(super) fn of(load: &'a Load, round: u64) -> Self {
        Self {
            load,
            round,
            position: 0,
            elapsed: 0.0,
        }
    }

    /// Inverse transform of the exponential distribution: gaps between arrivals of a Poisson process.
    fn gap(&self, rate: f64) -> f64 {
        let bits = mix(&[ARRIVALS, self.load.seed, self.round, self.position]);
        -(1.0 - unit(bits)).ln() / rate
    }
}

impl Iterator for Moments<'_> {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let load = self.load;
        if self.position >= load.requests {
            return None;
        }
        let rate = load.rate_per_s.unwrap_or(1.0);
        let count = self.position as f64;
        let over = load.over_s.unwrap_or(0.0);
        let seconds = match load.arrivals {
            Arrivals::Burst | Arrivals::Closed | Arrivals::Job => 0.0,
            Arrivals::Constant => count / rate,
            Arrivals::Poisson => {
                self.elapsed += self.gap(rate);
                self.elapsed
            }
            Arrivals::Ramp => ramp(count, load.from_per_s.unwrap_or(0.0), rate, over),
            Arrivals::Spike => {
                let (peak, at) = (
                    load.peak_per_s.unwrap_or(rate),
                    load.peak_at_s.unwrap_or(0.0),
                );
                spike(count, rate, peak, at, load.peak_for_s.unwrap_or(0.0))
            }
            Arrivals::Replay => load
                .times_s
                .as_ref()
                .map_or(0.0, |times| times[self.position as usize]),
            // In whole nanoseconds, as `Duration` multiplies, so that old records stay the same.
            Arrivals::Spread => {
                let over = Duration::from_secs_f64(over);
                self.position += 1;
                return Some(over.mul_f64(count / load.requests as f64));
            }
        };
        self.position += 1;
        Some(Duration::from_secs_f64(seconds.min(MAX_SECONDS)))
    }
}

/// When `count` arrivals have passed if the rate goes evenly from `from` to `to` within `over`
/// seconds and stays there: the root of `from t + (to - from) t² / (2 over) = count`.
fn ramp(count: f64, from: f64, to: f64, over: f64) -> f64 {
    let during = f64::midpoint(from, to) * over;
    if over == 0.0 || count >= during {
        return over + (count - during) / to;
    }
    let slope = (to - from) / over;
    // The form that does not subtract nearly equal numbers when the slope is small.
    2.0 * count / (from + (from * from + 2.0 * slope * count).sqrt()).max(f64::MIN_POSITIVE)
}

/// When `count` arrivals have passed at `rate`, which is `peak` for `length` seconds from `at` on.
fn spike(count: f64, rate: f64, peak: f64, at: f64, length: f64) -> f64 {
    let (before, within) = (rate * at, peak * length);
    if count < before {
        count / rate
    } else if count < before + within {
        at + (count - before) / peak
    } else {
        at + length + (count - before - within) / rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn load(arrivals: Arrivals, requests: u64) -> Load {
        Load {
            requests,
            rate_per_s: Some(100.0),
            ..Load::new(arrivals)
        }
    }

    fn seconds(load: &Load) -> Vec<f64> {
        Moments::of(load, 0)
            .map(|moment| moment.as_secs_f64())
            .collect()
    }

    #[test]
    fn poisson_gaps_have_the_rate_as_mean_and_as_deviation() {
        let plan = load(Arrivals::Poisson, 20_000).seeded(7);
        let times = seconds(&plan);
        let gaps: Vec<f64> = times.windows(2).map(|two| two[1] - two[0]).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
        assert!((mean - 0.01).abs() < 0.0003, "{mean}");
        assert!((variance.sqrt() - 0.01).abs() < 0.0004, "{variance}");
        assert_ne!(times, seconds(&plan.clone().seeded(8)));
    }

    #[test]
    fn a_ramp_reaches_its_rate_at_its_end() {
        let plan = Load {
            from_per_s: Some(0.0),
            over_s: Some(10.0),
            ..load(Arrivals::Ramp, 700)
        };
        let times = seconds(&plan);
        // 0 to 100 a second over 10 s is 500 arrivals; then one every 10 ms.
        assert!((times[500] - 10.0).abs() < 1e-9 && (times[600] - 11.0).abs() < 1e-9);
        assert!((times[125] - 5.0).abs() < 1e-9, "{}", times[125]);
    }

    #[test]
    fn a_spike_is_dense_where_it_is_and_nowhere_else() {
        let plan = Load {
            peak_per_s: Some(1000.0),
            peak_at_s: Some(2.0),
            peak_for_s: Some(1.0),
            ..load(Arrivals::Spike, 1400)
        };
        let times = seconds(&plan);
        let within = times
            .iter()
            .filter(|&&time| (2.0..3.0).contains(&time))
            .count();
        assert_eq!((within, times[1200]), (1000, 3.0));
    }

    proptest! {
        #[test]
        fn moments_never_go_back(kind in 0usize..5, rate in 0.1f64..1000.0, from in 0.0f64..500.0, over in 0.0f64..60.0) {
            let arrivals = [Arrivals::Constant, Arrivals::Poisson, Arrivals::Ramp, Arrivals::Spike, Arrivals::Spread][kind];
            let plan = Load {
                rate_per_s: Some(rate),
                from_per_s: Some(from),
                over_s: Some(over),
                peak_per_s: Some(rate * 3.0),
                peak_at_s: Some(over / 2.0),
                peak_for_s: Some(1.0),
                ..load(arrivals, 200)
            };
            let times = seconds(&plan);
            prop_assert_eq!(times.len(), 200);
            prop_assert!(times.windows(2).all(|two| two[0] <= two[1]));
        }
    }
}
