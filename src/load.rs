//! When requests are sent. The moment of each request follows from the plan, not from how the
//! service feels, and latency is counted from that moment.
//!
//! ```
//! use breaklab::load::Load;
//!
//! let load: Load = toml::from_str("requests = 100\narrivals = \"spread\"\nover_s = 60")?;
//! assert_eq!(load.describe(), "100 requests over 60 s");
//!
//! let wrong = toml::from_str::<Load>("requests = 100\narrivals = \"spread\"");
//! assert!(wrong.unwrap_err().to_string().contains("`load.over_s` is missing"));
//! # Ok::<(), toml::de::Error>(())
//! ```

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use check::LoadError;
pub use drive::drive;
pub use share::Share;
pub use stop::Stop;
pub use table::{Table, TableError};

mod check;
mod drive;
mod schedule;
mod share;
mod stop;
mod table;

/// The most requests of one plan: numbers beyond it are slips of the hand.
pub const MAX_REQUESTS: u64 = 100_000_000;

/// The latest moment of a plan, in seconds: some thirty years.
const MAX_SECONDS: f64 = 1e9;

/// A plan: the `[load]` table of a scenario, or what the command line says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Table", into = "Table")]
pub struct Load {
    /// Requests in one round.
    pub requests: u64,
    /// How they arrive.
    pub arrivals: Arrivals,
    /// Rounds, one after the other.
    pub rounds: u64,
    /// Pause between rounds, in seconds.
    pub rest_s: f64,
    /// How often a client asks again, at once, when the service or its gateway fails (5xx).
    pub retries: u64,
    /// Seed of random arrivals: the run's, not the story's.
    pub seed: u64,
    /// The part of the requests that this process sends.
    pub share: Share,
}

/// How the requests of a round arrive, with the figures that this takes: seconds, and requests per second.
#[derive(Debug, Clone, PartialEq, strum::EnumDiscriminants)]
#[strum_discriminants(
    name(ArrivalKind),
    vis(pub),
    doc = "The name of arrivals, without their figures.",
    derive(Serialize, Deserialize, schemars::JsonSchema, strum::IntoStaticStr),
    serde(rename_all = "snake_case"),
    strum(serialize_all = "snake_case")
)]
pub enum Arrivals {
    /// All in the same moment.
    Burst,
    /// Evenly over a time.
    Spread {
        /// The time over which a round is spread.
        over_s: f64,
    },
    /// At a rate.
    Constant {
        /// The rate.
        rate_per_s: f64,
    },
    /// At random, independently of each other.
    Poisson {
        /// The rate on average.
        rate_per_s: f64,
    },
    /// At a rate that rises or falls.
    Ramp {
        /// The rate at its beginning.
        from_per_s: f64,
        /// The rate at its end, which stays.
        rate_per_s: f64,
        /// How long it takes from the one to the other.
        over_s: f64,
    },
    /// At a rate, but at another one for a while.
    Spike {
        /// The rate around it.
        rate_per_s: f64,
        /// The rate within it.
        peak_per_s: f64,
        /// When it begins.
        peak_at_s: f64,
        /// How long it lasts.
        peak_for_s: f64,
    },
    /// At recorded moments.
    Replay {
        /// The moments from the start, in order.
        times_s: Vec<f64>,
    },
    /// From clients that each wait for their answer before they ask again.
    Closed {
        /// How many clients.
        workers: usize,
        /// Nobody asks again after this many seconds; `requests` is then the most that are sent.
        duration_s: Option<f64>,
    },
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
    /// One request with these arrivals, in one round.
    #[must_use]
    pub fn new(arrivals: Arrivals) -> Self {
        Self {
            requests: 1,
            arrivals,
            rounds: 1,
            rest_s: 0.0,
            retries: 0,
            seed: 0,
            share: Share::default(),
        }
    }

    /// The same plan with random arrivals drawn from `seed`.
    #[must_use]
    pub fn seeded(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Whether a client waits for its answer before it asks again. Such a plan has no moments of
    /// its own, so that the driver cannot be late, and slow answers mean fewer requests.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(self.arrivals, Arrivals::Closed { .. } | Arrivals::Job)
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
        match self.lasts() {
            Some(_) => sent,
            None => self.offered(),
        }
    }

    /// How long clients go on asking, if they ask for a time.
    #[must_use]
    pub fn lasts(&self) -> Option<Duration> {
        match self.arrivals {
            Arrivals::Closed { duration_s, .. } => duration_s.map(Duration::from_secs_f64),
            _ => None,
        }
    }

    /// The same story with `requests` requests in all: fewer in the one round, or more rounds.
    #[must_use]
    pub fn scaled_to(&self, requests: u64) -> Self {
        let per_round = self.requests.min(requests).max(1);
        let mut arrivals = self.arrivals.clone();
        if let Arrivals::Replay { times_s } = &mut arrivals {
            times_s.truncate(usize::try_from(per_round).unwrap_or(usize::MAX));
        }
        Self {
            arrivals,
            requests: per_round,
            rounds: requests.div_ceil(per_round),
            ..self.clone()
        }
    }

    /// The plan in words.
    #[must_use]
    pub fn describe(&self) -> String {
        let requests = self.requests;
        let how = match &self.arrivals {
            Arrivals::Burst => "at once".to_owned(),
            Arrivals::Spread { over_s } => format!("over {over_s} s"),
            Arrivals::Constant { rate_per_s } => format!("at {rate_per_s} a second"),
            Arrivals::Poisson { rate_per_s } => {
                format!("at random, {rate_per_s} a second on average")
            }
            Arrivals::Ramp {
                from_per_s,
                rate_per_s,
                over_s,
            } => format!("at a rate from {from_per_s} to {rate_per_s} a second within {over_s} s"),
            Arrivals::Spike {
                rate_per_s,
                peak_per_s,
                peak_at_s,
                peak_for_s,
            } => format!(
                "at {rate_per_s} a second, but {peak_per_s} from second {peak_at_s} on for {peak_for_s} s"
            ),
            Arrivals::Replay { .. } => "at recorded moments".to_owned(),
            Arrivals::Closed {
                workers,
                duration_s: Some(seconds),
            } => return format!("{workers} clients in turn for {seconds} s"),
            Arrivals::Closed { workers, .. } => format!("from {workers} clients in turn"),
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
            ..Load::new(Arrivals::Spread { over_s: 60.0 })
        };
        assert_eq!(plan.scaled_to(1000).rounds, 10);
        assert_eq!(plan.scaled_to(1000).offered(), 1000);
        assert_eq!(plan.scaled_to(7).offered(), 7);
    }

    #[test]
    fn clients_who_ask_for_a_time_offer_what_they_sent() {
        let closed = Load::new(Arrivals::Closed {
            workers: 4,
            duration_s: None,
        });
        let timed = closed.clone().lasting(Duration::from_secs(3));
        assert_eq!((timed.offered_after(17), closed.offered_after(0)), (17, 1));
        assert_eq!(timed.describe(), "4 clients in turn for 3 s");
    }
}
