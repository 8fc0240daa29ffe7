//! Which instance takes a request: an idle one, a new one, or none.

use std::time::Duration;

use super::settings::Platform;

/// Instances of the service, one request each. Each keeps a `Memory` from one request to the next.
#[derive(Debug)]
pub struct Fleet<Memory> {
    provisioned: u64,
    max: u64,
    keep_warm: Duration,
    new: Allowance,
    busy: u64,
    /// Since when each idle instance has been idle, the longest first.
    idle: Vec<(Duration, Memory)>,
}

/// What a request meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission<Memory> {
    /// An instance that is up, with what it remembers; nothing if this is its first request.
    Warm(Option<Memory>),
    /// A new one, which has to start first.
    Cold,
    /// The platform's limit of instances, or of new ones.
    Refused,
}

/// How many instances may still be started, filled up continuously.
#[derive(Debug)]
struct Allowance {
    per_10_s: u64,
    left: f64,
    since: Duration,
}

impl<Memory> Fleet<Memory> {
    /// No request yet.
    #[must_use]
    pub fn new(platform: &Platform) -> Self {
        Self {
            provisioned: platform.provisioned,
            max: platform.max_instances,
            keep_warm: platform.keep_warm,
            new: Allowance {
                per_10_s: platform.new_instances_per_10_s,
                left: platform.new_instances_per_10_s as f64,
                since: Duration::ZERO,
            },
            busy: 0,
            idle: Vec::new(),
        }
    }

    /// Gives an instance to a request that arrives at `now`. The most recently used one is
    /// taken, as Lambda seems to, so that the others can be reclaimed.
    pub fn admit(&mut self, now: Duration) -> Admission<Memory> {
        let keep_warm = self.keep_warm;
        self.idle
            .retain(|(since, _)| now.saturating_sub(*since) < keep_warm);
        if self.busy >= self.max {
            return Admission::Refused;
        }
        let admission = match self.idle.pop() {
            Some((_, memory)) => Admission::Warm(Some(memory)),
            None if self.busy < self.provisioned => Admission::Warm(None),
            None if self.new.take(now) => Admission::Cold,
            None => return Admission::Refused,
        };
        self.busy += 1;
        admission
    }

    /// Takes an instance back, with what it remembers.
    pub fn release(&mut self, now: Duration, memory: Memory) {
        self.busy -= 1;
        // With endless provisioning every instance is warm, so none needs to be remembered.
        if self.provisioned < u64::MAX {
            self.idle.push((now, memory));
        }
    }
}

impl Allowance {
    fn take(&mut self, now: Duration) -> bool {
        let most = self.per_10_s as f64;
        let refilled = now.saturating_sub(self.since).as_secs_f64() / 10.0 * most;
        self.left = (self.left + refilled).min(most);
        self.since = now;
        let is_there = self.left >= 1.0;
        if is_there {
            self.left -= 1.0;
        }
        is_there
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::settings::Settings;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn fleet(settings: Settings) -> Fleet<u8> {
        Fleet::new(&settings.resolve())
    }

    #[test]
    fn the_first_request_is_cold_and_the_next_warm_until_it_is_reclaimed() {
        let mut fleet = fleet(Settings::default());
        assert_eq!(fleet.admit(s(0)), Admission::Cold);
        fleet.release(s(5), 7);
        assert_eq!(fleet.admit(s(10)), Admission::Warm(Some(7)));
        fleet.release(s(15), 8);
        assert_eq!(fleet.admit(s(615)), Admission::Cold);
    }

    #[test]
    fn requests_at_once_each_need_an_instance_up_to_the_limit() {
        let mut fleet = fleet(Settings {
            provisioned: Some(1),
            max_instances: Some(2),
            ..Settings::default()
        });
        let admissions = [fleet.admit(s(0)), fleet.admit(s(0)), fleet.admit(s(0))];
        assert_eq!(
            admissions,
            [Admission::Warm(None), Admission::Cold, Admission::Refused]
        );
    }

    #[test]
    fn only_so_many_new_instances_are_started_in_ten_seconds() {
        let mut fleet = fleet(Settings {
            new_instances_per_10_s: Some(20),
            ..Settings::default()
        });
        let mut started = |now| {
            (0..50)
                .filter(|_| fleet.admit(now) == Admission::Cold)
                .count()
        };
        assert_eq!([s(0), s(1), s(100)].map(&mut started), [20, 2, 20]);
    }
}
