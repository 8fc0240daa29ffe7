//! Whether a plan can be carried out, and what it lacks if not. Pure.

use super::{Arrivals, Load, MAX_REQUESTS, MAX_SECONDS};

/// A plan that cannot be carried out.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum LoadError {
    /// Nothing to do.
    #[error("`load.requests` and `load.rounds` must be at least 1")]
    Nothing,
    /// More than any run can play.
    #[error(
        "`load.requests` times `load.rounds` is more than {MAX_REQUESTS} requests; ask for fewer"
    )]
    TooMany,
    /// An end that only clients in turn can have.
    #[error(
        "`load.duration_s` is for `load.arrivals = \"closed\"`, in seconds above 0; other arrivals last as long as their `requests`"
    )]
    Duration,
    /// Nobody knows before the run how many requests such clients send.
    #[error("clients who ask for a time cannot be shared by shards; give the number of requests")]
    DurationShare,
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

impl Load {
    /// Checks that the plan can be carried out.
    ///
    /// # Errors
    /// Names the missing or impossible setting.
    pub fn check(&self) -> Result<(), LoadError> {
        let usable = |seconds: f64| (0.0..=MAX_SECONDS).contains(&seconds);
        let workers = self.workers.unwrap_or(0) as u64;
        match self.arrivals {
            _ if self.requests == 0 || self.rounds == 0 => Err(LoadError::Nothing),
            _ if self.too_many() => Err(LoadError::TooMany),
            _ if !usable(self.rest_s) => Err(LoadError::Rest),
            _ if !self.duration_fits() => Err(LoadError::Duration),
            _ if self.duration_s.is_some() && self.share.of > 1 => Err(LoadError::DurationShare),
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

    fn too_many(&self) -> bool {
        let total = self.requests.checked_mul(self.rounds);
        total.is_none_or(|total| total > MAX_REQUESTS)
    }

    fn duration_fits(&self) -> bool {
        self.duration_s.is_none_or(|seconds| {
            let possible = seconds > 0.0 && seconds <= MAX_SECONDS;
            self.arrivals == Arrivals::Closed && possible
        })
    }

    fn check_figures(&self) -> Result<(), LoadError> {
        // No number of a plan has a use beyond this, whether it is seconds or requests per second.
        let zero_or_more = |value: f64| (0.0..=MAX_SECONDS).contains(&value);
        // A lower rate is one request in twelve days or more: nobody waits for that.
        let positive = |value: f64| value >= 1e-6 && zero_or_more(value);
        let rate = (
            "rate_per_s",
            self.rate_per_s.is_some_and(positive),
            "requests per second (0.000001 or more)",
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
                    "requests per second within it (0.000001 or more)",
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_without_its_figure_says_which_is_missing() {
        let plan = Load {
            over_s: None,
            ..Load::new(Arrivals::Spread)
        };
        assert_eq!(plan.check(), Err(LoadError::SpreadWithoutTime));
        let plan = Load {
            workers: None,
            ..Load::new(Arrivals::Closed)
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

    #[test]
    fn a_duration_is_for_clients_in_turn_and_for_one_process() {
        let timed = |arrivals| Load {
            duration_s: Some(3.0),
            workers: Some(4),
            rate_per_s: Some(1.0),
            ..Load::new(arrivals)
        };
        assert_eq!(timed(Arrivals::Closed).check(), Ok(()));
        assert_eq!(timed(Arrivals::Poisson).check(), Err(LoadError::Duration));
        let half = Load {
            share: super::super::Share { index: 0, of: 2 },
            ..timed(Arrivals::Closed)
        };
        assert_eq!(half.check(), Err(LoadError::DurationShare));
    }

    #[test]
    fn seconds_beyond_any_run_are_refused_and_no_plan_overflows() {
        for plan in [
            Load {
                over_s: Some(1e300),
                ..Load::new(Arrivals::Spread)
            },
            Load {
                rest_s: f64::INFINITY,
                ..Load::new(Arrivals::Burst)
            },
            Load {
                times_s: Some(vec![f64::MAX]),
                ..Load::new(Arrivals::Replay)
            },
        ] {
            assert!(plan.check().is_err(), "{plan:?}");
        }
        let rare = Load {
            requests: 3,
            rate_per_s: Some(f64::MIN_POSITIVE),
            ..Load::new(Arrivals::Poisson)
        };
        assert!(rare.check().is_err());
        let moments = super::super::schedule::Moments::of(&rare, 0);
        assert_eq!(moments.last().map(|at| at.as_secs_f64()), Some(MAX_SECONDS));
    }

    #[test]
    fn a_number_that_no_run_can_play_is_refused() {
        let plan = Load {
            requests: u64::MAX,
            rounds: 3,
            ..Load::new(Arrivals::Burst)
        };
        assert_eq!(plan.check(), Err(LoadError::TooMany));
    }
}
