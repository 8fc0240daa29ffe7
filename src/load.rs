//! When requests are sent. The moment of each request follows from the plan, not from how the
//! service feels, and latency is counted from that moment.

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use drive::{Stop, drive};

mod drive;
mod schedule;

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

/// Every `of`-th request from the `index`-th on (from 0): parts that are disjoint and complete
/// without anybody telling the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// Which part, from 0.
    pub index: u64,
    /// How many parts there are.
    pub of: u64,
}

impl Default for Share {
    fn default() -> Self {
        Self { index: 0, of: 1 }
    }
}

impl Share {
    /// Whether request (or run) `index` belongs to it.
    #[must_use]
    pub fn holds(self, index: u64) -> bool {
        index % self.of == self.index
    }

    /// How many of `total` belong to it.
    #[must_use]
    pub fn count(self, total: u64) -> u64 {
        (total + self.of - 1 - self.index) / self.of
    }
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

/// A plan that cannot be carried out.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum LoadError {
    /// Nothing to do.
    #[error("`load.requests` and `load.rounds` must be at least 1")]
    Nothing,
    /// `spread` needs its time.
    #[error(
        "`load.arrivals = \"spread\"` needs `over_s`, the seconds over which the requests are spread (0 or more)"
    )]
    SpreadWithoutTime,
    /// `closed` needs its clients.
    #[error("`load.arrivals = \"closed\"` needs `workers`, the number of clients (at least 1)")]
    ClosedWithoutWorkers,
    /// A pause is a length of time.
    #[error("`load.rest_s` must be 0 or more")]
    Rest,
    /// A figure of the arrivals is missing or impossible.
    #[error("`load.arrivals = \"{arrivals}\"` needs `{key}`, {what}")]
    Figure {
        /// The arrivals.
        arrivals: &'static str,
        /// The setting.
        key: &'static str,
        /// What it is.
        what: &'static str,
    },
    /// A replay has as many moments as requests.
    #[error("`load.requests` is {requests}, but `times_s` has {times} moments; make them equal")]
    ReplayLength {
        /// Requests of a round.
        requests: u64,
        /// Moments given.
        times: u64,
    },
    /// Clients cannot be split.
    #[error(
        "{workers} clients cannot be shared evenly by {of} shards; take a multiple of {of} clients, or other arrivals"
    )]
    ClosedShare {
        /// Clients.
        workers: u64,
        /// Shards.
        of: u64,
    },
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

    /// The same plan with as many requests as arrive within `duration`.
    #[must_use]
    pub fn lasting(self, duration: Duration) -> Self {
        let endless = Self {
            requests: u64::MAX,
            ..self
        };
        let within = schedule::Moments::of(&endless, 0).take_while(|moment| *moment < duration);
        let requests = within.count() as u64;
        Self {
            requests,
            ..endless
        }
    }

    /// Checks that the plan can be carried out.
    ///
    /// # Errors
    /// Names the missing or impossible setting.
    pub fn check(&self) -> Result<(), LoadError> {
        let usable = |seconds: f64| seconds.is_finite() && seconds >= 0.0;
        let workers = self.workers.unwrap_or(0) as u64;
        match self.arrivals {
            _ if self.requests == 0 || self.rounds == 0 => Err(LoadError::Nothing),
            _ if !usable(self.rest_s) => Err(LoadError::Rest),
            Arrivals::Spread if !self.over_s.is_some_and(usable) => {
                Err(LoadError::SpreadWithoutTime)
            }
            Arrivals::Closed if workers == 0 => Err(LoadError::ClosedWithoutWorkers),
            Arrivals::Closed if !workers.is_multiple_of(self.share.of) => {
                Err(LoadError::ClosedShare {
                    workers,
                    of: self.share.of,
                })
            }
            _ => self.check_figures(),
        }
    }

    fn check_figures(&self) -> Result<(), LoadError> {
        let zero_or_more = |value: f64| value.is_finite() && value >= 0.0;
        let positive = |value: f64| value.is_finite() && value > 0.0;
        let rate = (
            "rate_per_s",
            self.rate_per_s.is_some_and(positive),
            "requests per second (above 0)",
        );
        let (arrivals, needs) = match self.arrivals {
            Arrivals::Constant => ("constant", vec![rate]),
            Arrivals::Poisson => ("poisson", vec![rate]),
            Arrivals::Ramp => {
                let from = self.from_per_s.is_some_and(zero_or_more);
                let over = self.over_s.is_some_and(zero_or_more);
                let from = (
                    "from_per_s",
                    from,
                    "requests per second at the beginning (0 or more)",
                );
                (
                    "ramp",
                    vec![
                        rate,
                        from,
                        ("over_s", over, "its length in seconds (0 or more)"),
                    ],
                )
            }
            Arrivals::Spike => {
                let peak = self.peak_per_s.is_some_and(positive);
                let at = self.peak_at_s.is_some_and(zero_or_more);
                let length = self.peak_for_s.is_some_and(zero_or_more);
                let peak = (
                    "peak_per_s",
                    peak,
                    "requests per second within it (above 0)",
                );
                let at = ("peak_at_s", at, "the second at which it begins (0 or more)");
                (
                    "spike",
                    vec![
                        rate,
                        peak,
                        at,
                        ("peak_for_s", length, "its seconds (0 or more)"),
                    ],
                )
            }
            Arrivals::Replay => {
                let times = self.times_s.as_deref().unwrap_or_default();
                let ordered = times.windows(2).all(|two| two[0] <= two[1]);
                let sound = !times.is_empty() && ordered && times.iter().all(|&t| zero_or_more(t));
                if sound && times.len() as u64 != self.requests {
                    return Err(LoadError::ReplayLength {
                        requests: self.requests,
                        times: times.len() as u64,
                    });
                }
                (
                    "replay",
                    vec![("times_s", sound, "moments in seconds from 0 on, in order")],
                )
            }
            Arrivals::Burst | Arrivals::Spread | Arrivals::Closed | Arrivals::Job => return Ok(()),
        };
        match needs.into_iter().find(|(_, given, _)| !given) {
            None => Ok(()),
            Some((key, _, what)) => Err(LoadError::Figure {
                arrivals,
                key,
                what,
            }),
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
            Arrivals::Closed => format!("from {} clients in turn", self.workers.unwrap_or(1)),
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
    use mock_claude::timeline::Timeline;

    use super::*;

    fn load(arrivals: Arrivals) -> Load {
        Load {
            requests: 100,
            over_s: Some(60.0),
            workers: Some(4),
            ..Load::new(arrivals)
        }
    }

    /// Runs `load` against a service that takes one second; returns (scheduled, ended) in ms.
    async fn moments(load: Load, files_at_once: usize) -> Vec<(u64, u64)> {
        let timeline = Timeline::start_virtual();
        let mut seen = Vec::new();
        let send = move |slot: Slot| async move {
            timeline.sleep(Duration::from_secs(1)).await;
            (
                slot.scheduled.as_millis() as u64,
                timeline.now().as_millis() as u64,
            )
        };
        drive(
            &load,
            files_at_once,
            timeline,
            &Stop::default(),
            send,
            |moment| seen.push(moment),
        )
        .await;
        seen
    }

    #[tokio::test(start_paused = true)]
    async fn a_spread_round_is_even_and_does_not_wait_for_answers() {
        let seen = moments(load(Arrivals::Spread), 1).await;
        assert_eq!(seen.len(), 100);
        assert!(
            seen.iter()
                .enumerate()
                .all(|(n, &(scheduled, _))| scheduled == n as u64 * 600)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_one_moment() {
        let seen = moments(load(Arrivals::Burst), 1).await;
        assert!(
            seen.iter()
                .all(|&(scheduled, ended)| scheduled == 0 && ended == 1000)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn closed_clients_wait_for_their_answers() {
        let seen = moments(load(Arrivals::Closed), 1).await;
        assert_eq!(seen.last(), Some(&(24_000, 25_000)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_job_is_as_wide_as_the_mode_makes_it() {
        assert_eq!(
            moments(load(Arrivals::Job), 10).await.last(),
            Some(&(9_000, 10_000))
        );
        assert_eq!(
            moments(load(Arrivals::Job), 1).await.last(),
            Some(&(99_000, 100_000))
        );
    }

    #[tokio::test(start_paused = true)]
    async fn rounds_follow_each_other_after_their_rest() {
        let plan = Load {
            rounds: 2,
            rest_s: 30.0,
            ..load(Arrivals::Burst)
        };
        let seen = moments(plan, 1).await;
        assert_eq!((seen[99].0, seen[100].0, seen.len()), (0, 31_000, 200));
    }

    #[test]
    fn scaling_keeps_the_round_and_adds_rounds() {
        let plan = load(Arrivals::Spread);
        assert_eq!(plan.scaled_to(1000).rounds, 10);
        assert_eq!(plan.scaled_to(1000).offered(), 1000);
        assert_eq!(plan.scaled_to(7).offered(), 7);
    }

    #[test]
    fn a_plan_without_its_figure_says_which_is_missing() {
        let plan = Load {
            over_s: None,
            ..load(Arrivals::Spread)
        };
        assert_eq!(plan.check(), Err(LoadError::SpreadWithoutTime));
        let plan = Load {
            workers: None,
            ..load(Arrivals::Closed)
        };
        assert_eq!(plan.check(), Err(LoadError::ClosedWithoutWorkers));
    }

    #[test]
    fn every_arrival_names_the_figure_that_it_lacks() {
        for (arrivals, key) in [
            (Arrivals::Constant, "rate_per_s"),
            (Arrivals::Poisson, "rate_per_s"),
            (Arrivals::Ramp, "rate_per_s"),
            (Arrivals::Spike, "rate_per_s"),
            (Arrivals::Replay, "times_s"),
        ] {
            let why = Load::new(arrivals).check().unwrap_err().to_string();
            assert!(why.contains(key), "{why}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn shares_are_disjoint_and_together_the_whole_schedule() {
        for arrivals in [Arrivals::Poisson, Arrivals::Closed] {
            let whole = Load {
                rate_per_s: Some(5.0),
                workers: Some(6),
                seed: 3,
                ..load(arrivals)
            };
            let mut parts = Vec::new();
            for index in 0..3 {
                let part = Load {
                    share: Share { index, of: 3 },
                    ..whole.clone()
                };
                assert_eq!(part.check(), Ok(()));
                let seen = indices(part.clone()).await;
                assert_eq!(seen.len() as u64, part.offered());
                parts.extend(seen);
            }
            parts.sort_unstable();
            let mut all = indices(whole).await;
            all.sort_unstable();
            if arrivals == Arrivals::Poisson {
                assert_eq!(parts, all);
            } else {
                assert!(
                    parts
                        .iter()
                        .map(|(index, _)| index)
                        .eq(all.iter().map(|(index, _)| index))
                );
            }
        }
    }

    async fn indices(load: Load) -> Vec<(u64, Duration)> {
        let timeline = Timeline::start_virtual();
        let mut seen = Vec::new();
        let send = move |slot: Slot| async move { (slot.index, slot.scheduled) };
        drive(&load, 1, timeline, &Stop::default(), send, |slot| {
            seen.push(slot)
        })
        .await;
        seen
    }
}
