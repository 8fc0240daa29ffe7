//! Simulated figures beside the same figures measured over real sockets, with the noise to expect.

use serde::{Deserialize, Serialize};

use super::confidence::Bounds;
use super::{RunSummary, Summary};
use crate::record::{ClockKind, Subject};

/// Timed waits of the platform around the calls of a request: gateway, cold start, analysis, response.
const PLATFORM_WAITS: f64 = 4.0;

/// One scenario in one mode on both clocks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Agreement {
    /// Scenario id.
    pub scenario: String,
    /// What `subject` is called.
    pub mode: String,
    /// The service that both runs are about.
    pub subject: Subject,
    /// Simulated seconds per wall second over real sockets.
    pub speed: f64,
    /// Failed and dropped over offered. Bounds: 95 %, of a share in so many requests.
    pub failure_rate: Pair,
    /// Median latency. Bounds: what late timers can add to one request.
    pub p50_ms: Pair,
    /// 95th percentile.
    pub p95_ms: Pair,
    /// From the first request to the last ending. Bounds: the same for all requests that follow each other.
    pub makespan_ms: Pair,
    /// Rupees; depends on no clock, so it has no bounds.
    pub cost_inr: Pair,
}

/// One figure on both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    /// In virtual time.
    pub simulated: Option<f64>,
    /// Over real sockets.
    pub measured: Option<f64>,
    /// Where the measured one is to be expected.
    pub noise: Bounds,
}

impl Pair {
    /// Whether the measured figure is where it is to be expected; nothing where a figure or its bounds are absent.
    #[must_use]
    pub fn agrees(&self) -> Option<bool> {
        let (measured, low, high) = (self.measured?, self.noise.low?, self.noise.high?);
        Some((low..=high).contains(&measured))
    }

    /// How far the measured figure and its bounds are from the simulated one, in percent of it.
    #[must_use]
    pub fn in_percent(&self) -> Difference {
        self.differences(|base, value| (value - base) / base * 100.0)
    }

    /// The same for shares, in percentage points.
    #[must_use]
    pub fn in_points(&self) -> Difference {
        self.differences(|base, value| (value - base) * 100.0)
    }

    fn differences(&self, between: impl Fn(f64, f64) -> f64) -> Difference {
        let from = |value: Option<f64>| {
            Some(between(self.simulated?, value?)).filter(|difference| difference.is_finite())
        };
        Difference {
            measured: from(self.measured),
            noise: Bounds {
                low: from(self.noise.low),
                high: from(self.noise.high),
            },
        }
    }
}

/// How far figures are from a simulated one; absent where there is nothing to compare.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    /// The measured figure.
    pub measured: Option<f64>,
    /// The bounds of what is to be expected.
    pub noise: Bounds,
}

/// The runs that both took place, where one summary is virtual and the other real, with one seed; else none.
#[must_use]
pub fn agreements(simulated: &Summary, measured: &Summary) -> Vec<Agreement> {
    let clocks = (simulated.clock, measured.clock) == (ClockKind::Virtual, ClockKind::Real);
    if !clocks || simulated.seed != measured.seed {
        return vec![];
    }
    let same = |run: &RunSummary| measured.find(&run.scenario, &run.subject);
    let pairs = simulated
        .runs
        .iter()
        .filter_map(|run| Some((run, same(run)?)));
    pairs
        .map(|(run, other)| agreement(run, other, measured.speed))
        .collect()
}

fn agreement(simulated: &RunSummary, measured: &RunSummary, speed: f64) -> Agreement {
    let noise_ms = noise_ms(simulated, measured, speed);
    let makespan_ms = simulated.makespan_s * 1000.0;
    let chain = simulated
        .latency_ms
        .p50
        .filter(|p50| *p50 > 0.0)
        .map_or(1.0, |p50| (makespan_ms / p50).max(1.0));
    let time = |value: fn(&RunSummary) -> Option<f64>, noise: f64| {
        let expected = value(simulated);
        Pair {
            simulated: expected,
            measured: value(measured),
            noise: Bounds {
                low: expected.map(|value| value - noise),
                high: expected.map(|value| value + noise),
            },
        }
    };
    Agreement {
        scenario: simulated.scenario.clone(),
        mode: simulated.mode.clone(),
        subject: simulated.subject.clone(),
        speed,
        failure_rate: Pair {
            simulated: simulated.failure_rate,
            measured: measured.failure_rate,
            noise: simulated.confidence.failure_rate,
        },
        p50_ms: time(|run| run.latency_ms.p50, noise_ms),
        p95_ms: time(|run| run.latency_ms.p95, noise_ms),
        makespan_ms: time(|run| Some(run.makespan_s * 1000.0), noise_ms * chain),
        cost_inr: Pair {
            simulated: Some(simulated.cost.inr),
            measured: Some(measured.cost.inr),
            noise: Bounds::default(),
        },
    }
}

/// What late timers can add to one request, in simulated milliseconds: each wait ends up to a tick of wall time
/// late, or as late as the load driver's own timers did in this very run.
fn noise_ms(simulated: &RunSummary, measured: &RunSummary, speed: f64) -> f64 {
    let late_ms = measured.lag_ms.p99.unwrap_or(0.0).max(speed);
    let calls = simulated.upstream.attempts as f64 / simulated.requests.offered.max(1) as f64;
    late_ms * (PLATFORM_WAITS + calls.max(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_agrees_only_inside_its_bounds() {
        let pair = |measured| Pair {
            simulated: Some(100.0),
            measured,
            noise: Bounds {
                low: Some(95.0),
                high: Some(105.0),
            },
        };
        assert_eq!(pair(Some(104.0)).agrees(), Some(true));
        assert_eq!(pair(Some(106.0)).agrees(), Some(false));
        assert_eq!(pair(None).agrees(), None);
    }
}
