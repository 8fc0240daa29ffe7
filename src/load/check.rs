//! Whether a plan can be carried out: the ranges of its figures. Pure.

use super::{ArrivalKind, Arrivals, Load, MAX_REQUESTS, MAX_SECONDS};

/// A plan that cannot be carried out.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum LoadError {
    /// Nothing to do.
    #[error("`load.requests` and `load.rounds` must be at least 1")]
    Nothing,
    /// More than any run can carry out.
    #[error(
        "`load.requests` times `load.rounds` is more than {MAX_REQUESTS} requests; ask for fewer"
    )]
    TooMany,
    /// Nobody knows before the run how many requests such clients send.
    #[error("clients who ask for a time cannot be shared by shards; give the number of requests")]
    DurationShare,
    /// A pause is a length of time.
    #[error("`load.rest_s` must be 0 or more")]
    Rest,
    /// A figure of the arrivals is impossible.
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

/// One figure: its key, whether it is possible, and what would be.
type Figure = (&'static str, bool, &'static str);

impl Load {
    /// Checks that the plan can be carried out.
    ///
    /// # Errors
    /// Names the impossible setting.
    pub fn check(&self) -> Result<(), LoadError> {
        let total = self.requests.checked_mul(self.rounds);
        if total == Some(0) {
            return Err(LoadError::Nothing);
        }
        if total.is_none_or(|total| total > MAX_REQUESTS) {
            return Err(LoadError::TooMany);
        }
        if !zero_or_more(self.rest_s) {
            return Err(LoadError::Rest);
        }
        let wrong = figures(&self.arrivals)
            .into_iter()
            .find(|(_, possible, _)| !possible);
        if let Some((key, _, what)) = wrong {
            let arrivals = ArrivalKind::from(&self.arrivals).into();
            return Err(LoadError::Figure {
                arrivals,
                key,
                what,
            });
        }
        self.check_clients()?;
        self.check_replay()
    }

    fn check_clients(&self) -> Result<(), LoadError> {
        let Arrivals::Closed {
            workers,
            duration_s,
        } = self.arrivals
        else {
            return Ok(());
        };
        let (workers, of) = (workers as u64, self.share.of);
        if duration_s.is_some() && of > 1 {
            return Err(LoadError::DurationShare);
        }
        if workers.is_multiple_of(of) {
            Ok(())
        } else {
            Err(LoadError::ClosedShare { workers, of })
        }
    }

    fn check_replay(&self) -> Result<(), LoadError> {
        let Arrivals::Replay { times_s } = &self.arrivals else {
            return Ok(());
        };
        let (requests, times) = (self.requests, times_s.len() as u64);
        if times == requests {
            Ok(())
        } else {
            Err(LoadError::ReplayLength { requests, times })
        }
    }
}

/// No number of a plan has a use beyond this, whether it is seconds or requests per second.
fn zero_or_more(value: f64) -> bool {
    (0.0..=MAX_SECONDS).contains(&value)
}

/// A lower rate is one request in twelve days or more: nobody waits for that.
fn positive(value: f64) -> bool {
    value >= 1e-6 && zero_or_more(value)
}

fn figures(arrivals: &Arrivals) -> Vec<Figure> {
    let rate = |rate: f64| {
        let what = "requests per second (0.000001 or more)";
        ("rate_per_s", positive(rate), what)
    };
    match *arrivals {
        Arrivals::Burst | Arrivals::Job => vec![],
        Arrivals::Spread { over_s } => {
            let what = "the seconds over which the requests are spread (0 or more)";
            vec![("over_s", zero_or_more(over_s), what)]
        }
        Arrivals::Constant { rate_per_s } | Arrivals::Poisson { rate_per_s } => {
            vec![rate(rate_per_s)]
        }
        Arrivals::Ramp {
            from_per_s,
            rate_per_s,
            over_s,
        } => {
            let from = "requests per second at the beginning (0 or more)";
            let over = "its length in seconds (0 or more)";
            vec![
                rate(rate_per_s),
                ("from_per_s", zero_or_more(from_per_s), from),
                ("over_s", zero_or_more(over_s), over),
            ]
        }
        Arrivals::Spike {
            rate_per_s,
            peak_per_s,
            peak_at_s,
            peak_for_s,
        } => {
            let peak = "requests per second within it (0.000001 or more)";
            let at = "the second at which it begins (0 or more)";
            vec![
                rate(rate_per_s),
                ("peak_per_s", positive(peak_per_s), peak),
                ("peak_at_s", zero_or_more(peak_at_s), at),
                (
                    "peak_for_s",
                    zero_or_more(peak_for_s),
                    "its seconds (0 or more)",
                ),
            ]
        }
        Arrivals::Replay { ref times_s } => {
            let ordered = times_s.is_sorted();
            let sound = !times_s.is_empty() && ordered && times_s.iter().all(|&t| zero_or_more(t));
            vec![("times_s", sound, "moments in seconds from 0 on, in order")]
        }
        Arrivals::Closed {
            workers,
            duration_s,
        } => {
            let lasts = duration_s.is_none_or(|lasts| lasts > 0.0 && zero_or_more(lasts));
            vec![
                ("workers", workers > 0, "the number of clients (at least 1)"),
                ("duration_s", lasts, "its seconds (above 0)"),
            ]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Share;
    use super::*;

    fn closed(workers: usize, duration_s: Option<f64>) -> Load {
        Load::new(Arrivals::Closed {
            workers,
            duration_s,
        })
    }

    #[test]
    fn every_arrival_names_the_figure_that_is_impossible() {
        let (rate_per_s, over_s) = (f64::NAN, -1.0);
        for (arrivals, key) in [
            (Arrivals::Spread { over_s }, "over_s"),
            (Arrivals::Constant { rate_per_s }, "rate_per_s"),
            (Arrivals::Poisson { rate_per_s: 0.0 }, "rate_per_s"),
            (
                Arrivals::Ramp {
                    from_per_s: 0.0,
                    rate_per_s: 1.0,
                    over_s,
                },
                "over_s",
            ),
            (
                Arrivals::Spike {
                    rate_per_s: 1.0,
                    peak_per_s: 0.0,
                    peak_at_s: 0.0,
                    peak_for_s: 0.0,
                },
                "peak_per_s",
            ),
            (Arrivals::Replay { times_s: vec![] }, "times_s"),
            (
                Arrivals::Replay {
                    times_s: vec![2.0, 1.0],
                },
                "times_s",
            ),
            (closed(0, None).arrivals, "workers"),
            (closed(1, Some(0.0)).arrivals, "duration_s"),
        ] {
            let name: &str = ArrivalKind::from(&arrivals).into();
            let why = Load::new(arrivals).check().unwrap_err().to_string();
            assert!(why.contains(key) && why.contains(name), "{why}");
        }
    }

    #[test]
    fn clients_who_ask_for_a_time_are_for_one_process() {
        assert_eq!(closed(4, Some(3.0)).check(), Ok(()));
        let half = Load {
            share: Share { index: 0, of: 2 },
            ..closed(4, Some(3.0))
        };
        assert_eq!(half.check(), Err(LoadError::DurationShare));
    }

    #[test]
    fn seconds_beyond_any_run_are_refused_and_no_plan_overflows() {
        for plan in [
            Load::new(Arrivals::Spread { over_s: 1e300 }),
            Load {
                rest_s: f64::INFINITY,
                ..Load::new(Arrivals::Burst)
            },
            Load::new(Arrivals::Replay {
                times_s: vec![f64::MAX],
            }),
        ] {
            assert!(plan.check().is_err(), "{plan:?}");
        }
        let rare = Load {
            requests: 3,
            ..Load::new(Arrivals::Poisson {
                rate_per_s: f64::MIN_POSITIVE,
            })
        };
        assert!(rare.check().is_err());
        let moments = super::super::schedule::Moments::of(&rare, 0);
        assert_eq!(moments.last().map(|at| at.as_secs_f64()), Some(MAX_SECONDS));
    }

    #[test]
    fn a_number_that_no_run_can_carry_out_is_refused() {
        let plan = Load {
            requests: u64::MAX,
            rounds: 3,
            ..Load::new(Arrivals::Burst)
        };
        assert_eq!(plan.check(), Err(LoadError::TooMany));
    }
}
