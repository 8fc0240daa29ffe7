//! The `[load]` table as it is written: one flat table of keys, of which the arrivals take some. Reading
//! it makes a [`Load`], or says which key is missing and which does not belong.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ArrivalKind, Arrivals, Load, Share};

/// The `[load]` table of a scenario. Which of the figures it holds follows from `arrivals`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Load")]
pub struct Table {
    /// Requests in one round.
    requests: u64,
    /// How they arrive.
    arrivals: ArrivalKind,
    /// `spread`: the time over which a round is spread evenly; `ramp`: how long the rate takes to
    /// get from `from_per_s` to `rate_per_s`. In seconds.
    over_s: Option<f64>,
    /// `closed`: clients that each wait for their answer before they ask again.
    workers: Option<usize>,
    /// `constant`, `poisson`, `ramp` (at its end) and `spike` (around it): requests per second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rate_per_s: Option<f64>,
    /// `ramp`: requests per second at its beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from_per_s: Option<f64>,
    /// `spike`: requests per second within it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    peak_per_s: Option<f64>,
    /// `spike`: when it begins, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    peak_at_s: Option<f64>,
    /// `spike`: how long it lasts, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    peak_for_s: Option<f64>,
    /// `replay`: recorded moments in seconds from the start, in order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    times_s: Option<Vec<f64>>,
    /// `closed`: nobody asks again after this many seconds; `requests` is then the most that are sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    duration_s: Option<f64>,
    /// Rounds, one after the other.
    #[serde(default = "one")]
    rounds: u64,
    /// Pause between rounds, in seconds.
    #[serde(default)]
    rest_s: f64,
    /// How often a client asks again, at once, when the service or its gateway fails (5xx).
    #[serde(default, skip_serializing_if = "is_zero")]
    retries: u64,
}

fn is_zero(value: &u64) -> bool {
    *value == 0
}

fn one() -> u64 {
    1
}

/// Keys that do not make a plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// A figure that the arrivals need.
    #[error("`load.{key}` is missing: {}", takes(*kind))]
    Missing {
        /// The key.
        key: &'static str,
        /// The arrivals.
        kind: ArrivalKind,
    },
    /// A figure of other arrivals.
    #[error("`load.{key}` does not belong here: {}", takes(*kind))]
    Foreign {
        /// The key.
        key: &'static str,
        /// The arrivals.
        kind: ArrivalKind,
    },
}

/// Which keys the arrivals take, in words.
fn takes(kind: ArrivalKind) -> String {
    let name: &str = kind.into();
    let keys = match kind {
        ArrivalKind::Burst | ArrivalKind::Job => "no figure of its own",
        ArrivalKind::Spread => "`over_s`, the seconds over which the requests are spread",
        ArrivalKind::Constant => "`rate_per_s`, requests per second",
        ArrivalKind::Poisson => "`rate_per_s`, requests per second on average",
        ArrivalKind::Ramp => {
            "`from_per_s` and `rate_per_s`, requests per second at its beginning and end, and `over_s`, its seconds"
        }
        ArrivalKind::Spike => {
            "`rate_per_s` and `peak_per_s`, requests per second around and within it, and `peak_at_s` and `peak_for_s`, when it begins and its seconds"
        }
        ArrivalKind::Replay => "`times_s`, the moments in seconds from the start",
        ArrivalKind::Closed => {
            "`workers`, the number of clients, and, if it is to end by time, `duration_s`"
        }
    };
    format!("arrivals = \"{name}\" takes {keys}")
}

impl TryFrom<Table> for Load {
    type Error = TableError;

    fn try_from(mut table: Table) -> Result<Self, TableError> {
        let arrivals = table.arrivals()?;
        if let Some(key) = table.left() {
            let kind = table.arrivals;
            return Err(TableError::Foreign { key, kind });
        }
        Ok(Self {
            requests: table.requests,
            arrivals,
            rounds: table.rounds,
            rest_s: table.rest_s,
            retries: table.retries,
            seed: 0,
            share: Share::default(),
        })
    }
}

impl Table {
    /// Takes out what the arrivals need.
    fn arrivals(&mut self) -> Result<Arrivals, TableError> {
        let kind = self.arrivals;
        let missing = |key| TableError::Missing { key, kind };
        macro_rules! take {
            ($key:ident) => {
                self.$key.take().ok_or_else(|| missing(stringify!($key)))?
            };
        }
        Ok(match kind {
            ArrivalKind::Burst => Arrivals::Burst,
            ArrivalKind::Spread => Arrivals::Spread {
                over_s: take!(over_s),
            },
            ArrivalKind::Constant => Arrivals::Constant {
                rate_per_s: take!(rate_per_s),
            },
            ArrivalKind::Poisson => Arrivals::Poisson {
                rate_per_s: take!(rate_per_s),
            },
            ArrivalKind::Ramp => Arrivals::Ramp {
                from_per_s: take!(from_per_s),
                rate_per_s: take!(rate_per_s),
                over_s: take!(over_s),
            },
            ArrivalKind::Spike => Arrivals::Spike {
                rate_per_s: take!(rate_per_s),
                peak_per_s: take!(peak_per_s),
                peak_at_s: take!(peak_at_s),
                peak_for_s: take!(peak_for_s),
            },
            ArrivalKind::Replay => Arrivals::Replay {
                times_s: take!(times_s),
            },
            ArrivalKind::Closed => Arrivals::Closed {
                workers: take!(workers),
                duration_s: self.duration_s.take(),
            },
            ArrivalKind::Job => Arrivals::Job,
        })
    }

    /// A figure that nobody has taken.
    fn left(&self) -> Option<&'static str> {
        let figures = [
            ("over_s", self.over_s.is_some()),
            ("workers", self.workers.is_some()),
            ("rate_per_s", self.rate_per_s.is_some()),
            ("from_per_s", self.from_per_s.is_some()),
            ("peak_per_s", self.peak_per_s.is_some()),
            ("peak_at_s", self.peak_at_s.is_some()),
            ("peak_for_s", self.peak_for_s.is_some()),
            ("times_s", self.times_s.is_some()),
            ("duration_s", self.duration_s.is_some()),
        ];
        figures
            .into_iter()
            .find_map(|(key, left)| left.then_some(key))
    }
}

/// The keys keep their order, because scenarios are known by the digest of what is written here.
impl From<Load> for Table {
    fn from(load: Load) -> Self {
        let mut table = Self {
            requests: load.requests,
            arrivals: ArrivalKind::from(&load.arrivals),
            over_s: None,
            workers: None,
            rate_per_s: None,
            from_per_s: None,
            peak_per_s: None,
            peak_at_s: None,
            peak_for_s: None,
            times_s: None,
            duration_s: None,
            rounds: load.rounds,
            rest_s: load.rest_s,
            retries: load.retries,
        };
        match load.arrivals {
            Arrivals::Burst | Arrivals::Job => {}
            Arrivals::Spread { over_s } => table.over_s = Some(over_s),
            Arrivals::Constant { rate_per_s } | Arrivals::Poisson { rate_per_s } => {
                table.rate_per_s = Some(rate_per_s);
            }
            Arrivals::Ramp {
                from_per_s,
                rate_per_s,
                over_s,
            } => {
                table.from_per_s = Some(from_per_s);
                table.rate_per_s = Some(rate_per_s);
                table.over_s = Some(over_s);
            }
            Arrivals::Spike {
                rate_per_s,
                peak_per_s,
                peak_at_s,
                peak_for_s,
            } => {
                table.rate_per_s = Some(rate_per_s);
                table.peak_per_s = Some(peak_per_s);
                table.peak_at_s = Some(peak_at_s);
                table.peak_for_s = Some(peak_for_s);
            }
            Arrivals::Replay { times_s } => table.times_s = Some(times_s),
            Arrivals::Closed {
                workers,
                duration_s,
            } => {
                table.workers = Some(workers);
                table.duration_s = duration_s;
            }
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Every kind with all figures that it takes.
    const WHOLE: [(&str, &str); 9] = [
        ("burst", ""),
        ("spread", "over_s = 60"),
        ("constant", "rate_per_s = 2.5"),
        ("poisson", "rate_per_s = 2"),
        ("ramp", "from_per_s = 0\nrate_per_s = 9\nover_s = 10"),
        (
            "spike",
            "rate_per_s = 1\npeak_per_s = 9\npeak_at_s = 3\npeak_for_s = 2",
        ),
        ("replay", "times_s = [0.0, 0.5]"),
        ("closed", "workers = 4\nduration_s = 3"),
        ("job", ""),
    ];

    fn read(kind: &str, figures: &str) -> Result<Load, String> {
        let text = format!("[load]\nrequests = 2\narrivals = \"{kind}\"\n{figures}\n");
        let read = toml::from_str::<BTreeMap<String, Load>>(&text);
        let mut tables = read.map_err(|error| error.to_string())?;
        Ok(tables.remove("load").unwrap())
    }

    #[test]
    fn every_kind_is_read_with_its_figures_and_written_as_it_was_read() {
        for (kind, figures) in WHOLE {
            let load = read(kind, figures).unwrap();
            assert_eq!(<&str>::from(ArrivalKind::from(&load.arrivals)), kind);
            let written = toml::to_string(&load).unwrap();
            assert_eq!(toml::from_str::<Load>(&written).unwrap(), load, "{written}");
        }
    }

    #[test]
    fn a_missing_figure_is_named_with_all_that_the_arrivals_take() {
        for (kind, figures) in WHOLE {
            for missing in figures
                .lines()
                .filter(|line| !line.starts_with("duration_s"))
            {
                let rest = figures.replace(missing, "");
                let why = read(kind, &rest).unwrap_err();
                let key = missing.split(' ').next().unwrap();
                let told = format!("`load.{key}` is missing: arrivals = \"{kind}\" takes ");
                assert!(why.contains(&told) && why.contains("line"), "{why}");
            }
        }
    }

    #[test]
    fn a_figure_of_other_arrivals_is_refused_by_name() {
        let all: Vec<&str> = WHOLE
            .iter()
            .flat_map(|(_, figures)| figures.lines())
            .collect();
        for (kind, figures) in WHOLE {
            let key = |line: &str| line.split(' ').next().unwrap_or_default().to_owned();
            let own: Vec<String> = figures.lines().map(key).collect();
            for foreign in all.iter().filter(|line| !own.contains(&key(line))) {
                let why = read(kind, &format!("{figures}\n{foreign}")).unwrap_err();
                let told = format!(
                    "`load.{}` does not belong here: arrivals = \"{kind}\" takes ",
                    key(foreign)
                );
                assert!(why.contains(&told), "{why}");
            }
        }
    }
}
