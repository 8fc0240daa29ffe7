//! Which instance takes a request: an idle one, a new one, or none.

use std::time::Duration;

/// Instances of the service, one request each.
#[derive(Debug)]
pub struct Fleet {
    provisioned: u64,
    max: u64,
    keep_warm: Duration,
    busy: u64,
    /// Since when each idle instance has been idle, the longest first.
    idle: Vec<Duration>,
}

/// What a request meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// An instance that is up.
    Warm,
    /// A new one, which has to start first.
    Cold,
    /// The platform's limit of instances.
    Refused,
}

impl Fleet {
    /// No request yet.
    #[must_use]
    pub fn new(provisioned: u64, max: u64, keep_warm: Duration) -> Self {
        Self {
            provisioned,
            max,
            keep_warm,
            busy: 0,
            idle: Vec::new(),
        }
    }

    /// Gives an instance to a request that arrives at `now`. The most recently used one is
    /// taken, as Lambda seems to, so that the others can be reclaimed.
    pub fn admit(&mut self, now: Duration) -> Admission {
        let keep_warm = self.keep_warm;
        self.idle
            .retain(|&since| now.saturating_sub(since) < keep_warm);
        if self.busy >= self.max {
            return Admission::Refused;
        }
        let warm = self.idle.pop().is_some() || self.busy < self.provisioned;
        self.busy += 1;
        if warm {
            Admission::Warm
        } else {
            Admission::Cold
        }
    }

    /// Takes an instance back.
    pub fn release(&mut self, now: Duration) {
        self.busy -= 1;
        // With endless provisioning every instance is warm, so none needs to be remembered.
        if self.provisioned < u64::MAX {
            self.idle.push(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_first_request_is_cold_and_the_next_warm_until_it_is_reclaimed() {
        let mut fleet = Fleet::new(0, 10, s(600));
        assert_eq!(fleet.admit(s(0)), Admission::Cold);
        fleet.release(s(5));
        assert_eq!(fleet.admit(s(10)), Admission::Warm);
        fleet.release(s(15));
        assert_eq!(fleet.admit(s(615)), Admission::Cold);
    }

    #[test]
    fn requests_at_once_each_need_an_instance_up_to_the_limit() {
        let mut fleet = Fleet::new(1, 2, s(600));
        let admissions = [fleet.admit(s(0)), fleet.admit(s(0)), fleet.admit(s(0))];
        assert_eq!(
            admissions,
            [Admission::Warm, Admission::Cold, Admission::Refused]
        );
    }
}
