//! The moments of an open plan, known before the first request is sent. Pure.

use std::time::Duration;

use ground::chance::{mix, unit};

use super::{Arrivals, Load, MAX_REQUESTS, MAX_SECONDS};

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
        let count = self.position as f64;
        let seconds = match load.arrivals {
            Arrivals::Burst | Arrivals::Closed { .. } | Arrivals::Job => 0.0,
            Arrivals::Constant { rate_per_s } => count / rate_per_s,
            Arrivals::Poisson { rate_per_s } => {
                self.elapsed += self.gap(rate_per_s);
                self.elapsed
            }
            Arrivals::Ramp {
                from_per_s,
                rate_per_s,
                over_s,
            } => ramp(count, from_per_s, rate_per_s, over_s),
            Arrivals::Spike {
                rate_per_s,
                peak_per_s,
                peak_at_s,
                peak_for_s,
            } => spike(count, rate_per_s, peak_per_s, peak_at_s, peak_for_s),
            Arrivals::Replay { ref times_s } => times_s[self.position as usize],
            // In whole nanoseconds, as `Duration` multiplies, so that old records stay the same.
            Arrivals::Spread { over_s } => {
                let over = Duration::from_secs_f64(over_s);
                self.position += 1;
                return Some(over.mul_f64(count / load.requests as f64));
            }
        };
        self.position += 1;
        Some(Duration::from_secs_f64(seconds.min(MAX_SECONDS)))
    }
}

impl Load {
    /// The same plan for `duration`: with as many requests as arrive within it (or one more than
    /// [`MAX_REQUESTS`], which [`Load::check`] refuses), or with clients who then stop asking.
    #[must_use]
    pub fn lasting(self, duration: Duration) -> Self {
        if let Arrivals::Closed { workers, .. } = self.arrivals {
            let duration_s = Some(duration.as_secs_f64());
            return Self {
                requests: MAX_REQUESTS,
                arrivals: Arrivals::Closed {
                    workers,
                    duration_s,
                },
                ..self
            };
        }
        let endless = Self {
            requests: MAX_REQUESTS + 1,
            ..self
        };
        let within = Moments::of(&endless, 0).take_while(|moment| *moment < duration);
        let requests = within.count() as u64;
        Self {
            requests,
            ..endless
        }
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
        let plan = load(Arrivals::Poisson { rate_per_s: 100.0 }, 20_000).seeded(7);
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
        let (from_per_s, rate_per_s, over_s) = (0.0, 100.0, 10.0);
        let arrivals = Arrivals::Ramp {
            from_per_s,
            rate_per_s,
            over_s,
        };
        let plan = load(arrivals, 700);
        let times = seconds(&plan);
        // 0 to 100 a second over 10 s is 500 arrivals; then one every 10 ms.
        assert!((times[500] - 10.0).abs() < 1e-9 && (times[600] - 11.0).abs() < 1e-9);
        assert!((times[125] - 5.0).abs() < 1e-9, "{}", times[125]);
    }

    #[test]
    fn a_spike_is_dense_where_it_is_and_nowhere_else() {
        let arrivals = Arrivals::Spike {
            rate_per_s: 100.0,
            peak_per_s: 1000.0,
            peak_at_s: 2.0,
            peak_for_s: 1.0,
        };
        let plan = load(arrivals, 1400);
        let times = seconds(&plan);
        let within = times
            .iter()
            .filter(|&&time| (2.0..3.0).contains(&time))
            .count();
        assert_eq!((within, times[1200]), (1000, 3.0));
    }

    proptest! {
        #[test]
        fn moments_never_go_back(kind in 0usize..5, rate_per_s in 0.1f64..1000.0, from_per_s in 0.0f64..500.0, over_s in 0.0f64..60.0) {
            let arrivals = match kind {
                0 => Arrivals::Constant { rate_per_s },
                1 => Arrivals::Poisson { rate_per_s },
                2 => Arrivals::Ramp { from_per_s, rate_per_s, over_s },
                3 => Arrivals::Spike {
                    rate_per_s,
                    peak_per_s: rate_per_s * 3.0,
                    peak_at_s: over_s / 2.0,
                    peak_for_s: 1.0,
                },
                _ => Arrivals::Spread { over_s },
            };
            let plan = load(arrivals, 200);
            let times = seconds(&plan);
            prop_assert_eq!(times.len(), 200);
            prop_assert!(times.windows(2).all(|two| two[0] <= two[1]));
        }
    }
}
