//! Faults whose probability changes with time or load.

use ground::fault::FaultKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A fault whose probability follows a curve over simulated time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    /// What goes wrong.
    pub kind: FaultKind,
    /// Begins at this second.
    pub from_s: f64,
    /// Ends before this second.
    pub to_s: f64,
    /// Probability at the beginning.
    pub from: f64,
    /// Probability at the end; it changes linearly in between. Equal to `from` if absent.
    #[serde(default)]
    pub to: Option<f64>,
    /// Seconds of a square wave: on in the first half of each period, off in the second.
    #[serde(default)]
    pub period_s: Option<f64>,
    /// Attempts in flight at which the probability applies in full; with fewer it falls in
    /// proportion. Without it load does not matter.
    #[serde(default)]
    pub full_at_in_flight: Option<u64>,
}

impl Phase {
    /// Probability at the simulated second `at` with `in_flight` attempts under way.
    pub(crate) fn probability(&self, at: f64, in_flight: u64) -> f64 {
        if at < self.from_s || at >= self.to_s {
            return 0.0;
        }
        let off = self
            .period_s
            .is_some_and(|p| (at - self.from_s) % p >= p / 2.0);
        if off {
            return 0.0;
        }
        let progress = (at - self.from_s) / (self.to_s - self.from_s);
        let level = self.from + (self.to.unwrap_or(self.from) - self.from) * progress;
        let load = self
            .full_at_in_flight
            .map_or(1.0, |full| in_flight as f64 / full.max(1) as f64);
        level * load.min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHASE: Phase = Phase {
        kind: FaultKind::Overloaded,
        from_s: 10.0,
        to_s: 20.0,
        from: 0.2,
        to: None,
        period_s: None,
        full_at_in_flight: None,
    };

    #[test]
    fn a_ramp_is_linear_and_ends_before_its_end() {
        let ramp = Phase {
            to: Some(0.6),
            ..PHASE
        };
        let at = |s| ramp.probability(s, 0);
        assert_eq!([9.9, 10.0, 15.0, 20.0].map(at), [0.0, 0.2, 0.4, 0.0]);
        assert!((at(19.999) - 0.6).abs() < 1e-3);
    }

    #[test]
    fn correlation_with_load_grows_to_the_full_probability_and_no_further() {
        let loaded = Phase {
            full_at_in_flight: Some(10),
            ..PHASE
        };
        let at = |load| loaded.probability(12.0, load);
        assert_eq!([0, 5, 10, 1000].map(at), [0.0, 0.1, 0.2, 0.2]);
    }
}
