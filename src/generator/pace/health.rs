//! How well the API fares, by how the last calls ended: fewer calls at once while it struggles,
//! a pause and a single probe while it is down.

use std::time::Duration;

/// Share of recent calls that failed above which fewer are sent at once. Lower shares are faults
/// that come whether one sends much or little.
const STRUGGLING: f64 = 0.25;
/// Weight of the latest call in that share.
const WEIGHT: f64 = 0.1;
/// Failures in a row that mean it is down.
const DOWN_AFTER: u32 = 5;
/// The pause doubles from the first to the longest, so that an outage of hours costs one probe every
/// half minute and its end is noticed soon.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What is believed about the API.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Health {
    bound: f64,
    at_once: f64,
    failing: f64,
    in_a_row: u32,
    /// The pause before the next probe while it is down.
    down: Option<Duration>,
}

impl Health {
    pub(super) fn new(bound: usize) -> Self {
        let bound = bound as f64;
        Self {
            bound,
            at_once: bound,
            failing: 0.0,
            in_a_row: 0,
            down: None,
        }
    }

    /// How many calls may be in flight.
    pub(super) fn at_once(&self) -> usize {
        if self.is_down() {
            1
        } else {
            self.at_once as usize
        }
    }

    pub(super) fn is_down(&self) -> bool {
        self.down.is_some()
    }

    /// A call was answered.
    pub(super) fn succeeded(&mut self) {
        self.in_a_row = 0;
        self.down = None;
        self.failing *= 1.0 - WEIGHT;
        let step = if self.failing < STRUGGLING / 2.0 {
            1.0
        } else {
            1.0 / self.at_once
        };
        self.at_once = (self.at_once + step).min(self.bound);
    }

    /// A call failed for a reason that lies with the API. Returns how long to send nothing.
    pub(super) fn failed(&mut self, was_probe: bool) -> Option<Duration> {
        self.in_a_row += 1;
        self.failing += WEIGHT * (1.0 - self.failing);
        match self.down {
            Some(pause) if was_probe => {
                let pause = (pause * 2).min(LONGEST_PAUSE);
                self.down = Some(pause);
                return Some(pause);
            }
            // It was sent before it was known.
            Some(_) => return None,
            None => {}
        }
        if self.failing > STRUGGLING {
            self.at_once = (self.at_once / 2.0).max(1.0);
            self.failing = STRUGGLING / 2.0;
        }
        if self.in_a_row >= DOWN_AFTER {
            self.down = Some(FIRST_PAUSE);
            return self.down;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failure_in_twenty_five_slows_nothing_down() {
        let mut health = Health::new(200);
        for call in 0..10_000 {
            if call % 25 == 0 {
                assert_eq!(health.failed(false), None);
            } else {
                health.succeeded();
            }
        }
        assert_eq!(health.at_once(), 200);
    }

    #[test]
    fn every_second_failure_leaves_few_calls_at_once_and_recovery_brings_them_back() {
        let mut health = Health::new(200);
        for _ in 0..100 {
            health.failed(false);
            health.succeeded();
        }
        assert!(health.at_once() < 20, "{}", health.at_once());
        (0..300).for_each(|_| health.succeeded());
        assert_eq!(health.at_once(), 200);
    }

    #[test]
    fn when_it_is_down_single_probes_go_after_growing_pauses() {
        let mut health = Health::new(200);
        let pauses: Vec<_> = (0..5).filter_map(|_| health.failed(false)).collect();
        assert_eq!(pauses, [FIRST_PAUSE]);
        assert_eq!((health.at_once(), health.failed(false)), (1, None));
        assert_eq!(health.failed(true), Some(Duration::from_secs(2)));
        for _ in 0..9 {
            health.failed(true);
        }
        assert_eq!(health.failed(true), Some(LONGEST_PAUSE));
        health.succeeded();
        assert!(!health.is_down() && health.at_once() > 1);
    }
}
