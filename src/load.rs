//! When requests are sent. The moment of each request follows from the plan, not from how the
//! service feels, and latency is counted from that moment.

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use check::LoadError;
pub use drive::drive;
pub use share::Share;
pub use stop::Stop;

mod check;
mod drive;
mod schedule;
mod share;
mod stop;

/// The most requests of one plan: numbers beyond it are slips of the hand.
pub const MAX_REQUESTS: u64 = 100_000_000;

/// The latest moment of a plan, in seconds: some thirty years.
const MAX_SECONDS: f64 = 1e9;

/// The `[load]` table of a scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Load {
    /// Requests in one round.
    pub requests: u64,
    /// How they arrive.
    pub arrivals: Arrivals,
    /// `spread`: the time over which a round is spread evenly; `ramp`: how long the rate takes to
    /// get from `from_per_s` to `rate_per_s`. In seconds.
    pub over_s: Option<f64>,
    /// `closed`: clients that each wait for their answer before they ask again.
    pub workers: Option<usize>,
    /// `constant`, `poisson`, `ramp` (at its end) and `spike` (around it): requests per second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_per_s: Option<f64>,
    /// `ramp`: requests per second at its beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_per_s: Option<f64>,
    /// `spike`: requests per second within it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_per_s: Option<f64>,
    /// `spike`: when it begins, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_at_s: Option<f64>,
    /// `spike`: how long it lasts, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_for_s: Option<f64>,
    /// `replay`: recorded moments in seconds from the start, in order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times_s: Option<Vec<f64>>,
    /// `closed`: nobody asks again after this many seconds; `requests` is then the most that are sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_s: Option<f64>,
    /// Rounds, one after the other.
    #[serde(default = "one")]
    pub rounds: u64,
    /// Pause between rounds, in seconds.
    #[serde(default)]
    pub rest_s: f64,
    /// Seed of random arrivals: the run's, not the story's.
    #[serde(skip)]
    pub seed: u64,
    /// The part of the requests that this process sends.
    #[serde(skip)]
    pub share: Share,
}

fn one() -> u64 {
    1
}

/// How the requests of a round arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Arrivals {
    /// All in the same moment.
    Burst,
    /// Evenly over `over_s`.
    Spread,
    /// At `rate_per_s`.
    Constant,
    /// At random, independently of each other, `rate_per_s` on average.
    Poisson,
    /// At a rate that rises (or falls) from `from_per_s` to `rate_per_s` within `over_s`.
    Ramp,
    /// At `rate_per_s`, but at `peak_per_s` for `peak_for_s` from `peak_at_s` on.
    Spike,
    /// At the moments `times_s`.
    Replay,
    /// From `workers` clients, each of which asks again when it was answered.
    Closed,
    /// As one bulk job: the mode itself decides how many files it works on at once.
    Job,
}

/// One request to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// Position in the schedule, from 0.
    pub index: u64,
    /// When it should start.
    pub scheduled: Duration,
}

impl Load {
    /// One request with these arrivals, all other settings absent.
    #[must_use]
    pub fn new(arrivals: Arrivals) -> Self {
        Self {
            requests: 1,
            arrivals,
            over_s: None,
            workers: None,
            rate_per_s: None,
            from_per_s: None,
            peak_per_s: None,
            peak_at_s: None,
            peak_for_s: None,
            times_s: None,
            duration_s: None,
            rounds: 1,
            rest_s: 0.0,
            seed: 0,
            share: Share::default(),
        }
    }

    /// The same plan with random arrivals drawn from `seed`.
    #[must_use]
    pub fn seeded(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// The same plan for `duration`: with as many requests as arrive within it (or one more than
    /// [`MAX_REQUESTS`], which [`Load::check`] refuses), or with clients who then stop asking.
    #[must_use]
    pub fn lasting(self, duration: Duration) -> Self {
        if self.is_closed() {
            return Self {
                requests: MAX_REQUESTS,
                duration_s: Some(duration.as_secs_f64()),
                ..self
            };
        }
        let endless = Self {
            requests: MAX_REQUESTS + 1,
            ..self
        };
        let within = schedule::Moments::of(&endless, 0).take_while(|moment| *moment < duration);
        let requests = within.count() as u64;
        Self {
            requests,
            ..endless
        }
    }

    /// Whether a client waits for its answer before it asks again. Such a plan has no moments of
    /// its own, so that the driver cannot be late, and slow answers mean fewer requests.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(self.arrivals, Arrivals::Closed | Arrivals::Job)
    }

    /// Requests of the whole plan, or of this process's share of it.
    #[must_use]
    pub fn offered(&self) -> u64 {
        self.share.count(self.requests * self.rounds)
    }

    /// Requests that were offered, once `sent` have been sent: clients who ask for a time offer what
    /// they send, all other plans what they planned.
    #[must_use]
    pub fn offered_after(&self, sent: u64) -> u64 {
        if self.duration_s.is_some() {
            sent
        } else {
            self.offered()
        }
    }

    /// The same story with `requests` requests in all: fewer in the one round, or more rounds.
    #[must_use]
    pub fn scaled_to(&self, requests: u64) -> Self {
        let per_round = self.requests.min(requests).max(1);
        let mut times_s = self.times_s.clone();
        if let Some(times) = &mut times_s {
            times.truncate(usize::try_from(per_round).unwrap_or(usize::MAX));
        }
        Self {
            times_s,
            requests: per_round,
            rounds: requests.div_ceil(per_round),
            ..self.clone()
        }
    }

    /// The plan in words.
    #[must_use]
    pub fn describe(&self) -> String {
        let requests = self.requests;
        let how = match self.arrivals {
            Arrivals::Burst => "at once".to_owned(),
            Arrivals::Spread => format!("over {} s", self.over_s.unwrap_or(0.0)),
            Arrivals::Constant => format!("at {} a second", self.rate_per_s.unwrap_or(0.0)),
            Arrivals::Poisson => {
                format!(
                    "at random, {} a second on average",
                    self.rate_per_s.unwrap_or(0.0)
                )
            }
            Arrivals::Ramp => format!(
                "at a rate from {} to {} a second within {} s",
                self.from_per_s.unwrap_or(0.0),
                self.rate_per_s.unwrap_or(0.0),
                self.over_s.unwrap_or(0.0)
            ),
            Arrivals::Spike => format!(
                "at {} a second, but {} from second {} on for {} s",
                self.rate_per_s.unwrap_or(0.0),
                self.peak_per_s.unwrap_or(0.0),
                self.peak_at_s.unwrap_or(0.0),
                self.peak_for_s.unwrap_or(0.0)
            ),
            Arrivals::Replay => "at recorded moments".to_owned(),
            Arrivals::Closed => {
                let clients = self.workers.unwrap_or(1);
                if let Some(seconds) = self.duration_s {
                    return format!("{clients} clients in turn for {seconds} s");
                }
                format!("from {clients} clients in turn")
            }
            Arrivals::Job => "as one job".to_owned(),
        };
        let rounds = if self.rounds > 1 {
            format!(", {} rounds", self.rounds)
        } else {
            String::new()
        };
        format!("{requests} requests {how}{rounds}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scaling_keeps_the_round_and_adds_rounds() {
        let plan = Load {
            requests: 100,
            over_s: Some(60.0),
            ..Load::new(Arrivals::Spread)
        };
        assert_eq!(plan.scaled_to(1000).rounds, 10);
        assert_eq!(plan.scaled_to(1000).offered(), 1000);
        assert_eq!(plan.scaled_to(7).offered(), 7);
    }

    #[test]
    fn clients_who_ask_for_a_time_offer_what_they_sent() {
        let closed = Load {
            workers: Some(4),
            ..Load::new(Arrivals::Closed)
        };
        let timed = closed.clone().lasting(Duration::from_secs(3));
        assert_eq!((timed.offered_after(17), closed.offered_after(0)), (17, 1));
        assert_eq!(timed.describe(), "4 clients in turn for 3 s");
    }
}
