//! What can be measured about a play: one number each, from observations alone.

use std::collections::BTreeSet;

use crate::record::exam::{Asked, Call, Exam, Fate, Play, Played};

/// A measure: how it is read, and which values it can have.
pub(super) struct Metric {
    pub(super) name: &'static str,
    /// What the number is, with its unit.
    pub(super) what: &'static str,
    pub(super) least: f64,
    pub(super) most: f64,
    read: fn(&Played) -> Option<f64>,
}

const ENDLESS: f64 = f64::INFINITY;

const METRICS: [Metric; 20] = [
    Metric {
        name: "valid",
        what: "share of requests answered with whole, correct documentation",
        least: 0.0,
        most: 1.0,
        read: valid,
    },
    Metric {
        name: "coverage",
        what: "share of definitions that are documented",
        least: 0.0,
        most: 1.0,
        read: coverage,
    },
    Metric {
        name: "calls_per_content",
        what: "answered upstream calls for each distinct file",
        least: 0.0,
        most: ENDLESS,
        read: calls_per_content,
    },
    Metric {
        name: "second_right",
        what: "1 if the second file got its own documentation",
        least: 0.0,
        most: 1.0,
        read: second_right,
    },
    Metric {
        name: "duplicates",
        what: "entries beyond the first of a definition, per definition",
        least: 0.0,
        most: ENDLESS,
        read: duplicates,
    },
    Metric {
        name: "disorder",
        what: "share of entries that break the order of the source",
        least: 0.0,
        most: 1.0,
        read: disorder,
    },
    Metric {
        name: "prompt_ratio",
        what: "bytes of answered prompts per byte of the file",
        least: 0.0,
        most: ENDLESS,
        read: prompt_ratio,
    },
    Metric {
        name: "honest",
        what: "1 if what could not be documented was said to be missing or failed",
        least: 0.0,
        most: 1.0,
        read: honest,
    },
    Metric {
        name: "recovered",
        what: "1 if the same request worked once the API was well again",
        least: 0.0,
        most: 1.0,
        read: second_right,
    },
    Metric {
        name: "attempts",
        what: "attempts that met the refusal",
        least: 0.0,
        most: ENDLESS,
        read: attempts,
    },
    Metric {
        name: "delay_cv",
        what: "coefficient of variation of the waits before the first retry",
        least: 0.0,
        most: ENDLESS,
        read: delay_cv,
    },
    Metric {
        name: "waited",
        what: "share of retries that came no sooner than retry-after",
        least: 0.0,
        most: 1.0,
        read: waited,
    },
    Metric {
        name: "refused",
        what: "share of bad bodies that were answered with 4xx",
        least: 0.0,
        most: 1.0,
        read: refused,
    },
    Metric {
        name: "alive",
        what: "1 if the service answered an ordinary request afterwards",
        least: 0.0,
        most: 1.0,
        read: alive,
    },
    Metric {
        name: "max_in_flight",
        what: "most upstream calls at once",
        least: 0.0,
        most: ENDLESS,
        read: max_in_flight,
    },
    Metric {
        name: "makespan_ratio",
        what: "time to the last answer, as a multiple of our hardened service's on this machine",
        least: 0.0,
        most: ENDLESS,
        read: makespan_ratio,
    },
    Metric {
        name: "late_calls",
        what: "upstream calls that began after all clients had left",
        least: 0.0,
        most: ENDLESS,
        read: late_calls,
    },
    Metric {
        name: "answered",
        what: "share of requests that got any answer in time",
        least: 0.0,
        most: 1.0,
        read: answered,
    },
    Metric {
        name: "items_right",
        what: "share of files of the batch with the right answer in the right place",
        least: 0.0,
        most: 1.0,
        read: items_right,
    },
    Metric {
        name: "foreign",
        what: "entries of other files, of earlier contents, or that no reply of this examination carried",
        least: 0.0,
        most: ENDLESS,
        read: foreign,
    },
];

/// A measure of a play, e.g. `repeat.calls_per_content`.
#[derive(Clone, Copy)]
pub(super) struct Measure {
    pub(super) play: Play,
    pub(super) metric: &'static Metric,
}

impl Measure {
    /// Finds a measure by its name.
    pub(super) fn named(name: &str) -> Result<Self, String> {
        let wrong = |what: &str| format!("there is no measure `{name}`: {what}");
        let (play, metric) = name
            .split_once('.')
            .ok_or_else(|| wrong("write PLAY.METRIC"))?;
        let play =
            serde_json::from_value(play.into()).map_err(|error| wrong(&error.to_string()))?;
        let metric = METRICS.iter().find(|one| one.name == metric);
        let names = || {
            METRICS
                .iter()
                .map(|one| one.name)
                .collect::<Vec<_>>()
                .join(", ")
        };
        Ok(Self {
            play,
            metric: metric.ok_or_else(|| wrong(&format!("the metrics are {}", names())))?,
        })
    }

    /// The number, if it can be told.
    pub(super) fn read(self, exam: &Exam) -> Option<f64> {
        let value = (self.metric.read)(exam.plays.get(&self.play)?)?;
        value.is_finite().then_some(value)
    }
}

/// Whether a request got whole documentation of its file, and of nothing else.
pub(super) fn is_valid(played: &Played, asked: &Asked) -> bool {
    let symbols = asked.paper.map_or(0, |paper| played.papers[paper].symbols);
    let found = &asked.found;
    asked.fate == Fate::Whole
        && symbols > 0
        && found.documented == symbols
        && found.foreign + found.stale + found.forged == 0
}

/// Calls that carried anything of `paper`, in the order of arrival.
pub(super) fn calls_of(played: &Played, paper: usize) -> Vec<&Call> {
    played
        .calls
        .iter()
        .filter(|call| call.papers.contains(&paper))
        .collect()
}

fn share(part: usize, all: usize) -> Option<f64> {
    (all > 0).then(|| part as f64 / all as f64)
}

fn flag(yes: bool) -> Option<f64> {
    Some(f64::from(u8::from(yes)))
}

fn valid(played: &Played) -> Option<f64> {
    let valid = played
        .requests
        .iter()
        .filter(|asked| is_valid(played, asked))
        .count();
    share(valid, played.requests.len())
}

fn coverage(played: &Played) -> Option<f64> {
    let all: usize = played
        .requests
        .iter()
        .filter_map(|asked| asked.paper)
        .map(|paper| played.papers[paper].symbols)
        .sum();
    share(
        played
            .requests
            .iter()
            .map(|asked| asked.found.documented)
            .sum(),
        all,
    )
}

fn calls_per_content(played: &Played) -> Option<f64> {
    share(
        played.calls.iter().filter(|call| call.worked()).count(),
        played.papers.len(),
    )
}

fn second_right(played: &Played) -> Option<f64> {
    flag(is_valid(played, played.requests.get(1)?))
}

fn duplicates(played: &Played) -> Option<f64> {
    let all = played.papers.iter().map(|paper| paper.symbols).sum();
    share(
        played
            .requests
            .iter()
            .map(|asked| asked.found.duplicates)
            .sum(),
        all,
    )
}

fn disorder(played: &Played) -> Option<f64> {
    let all = played
        .requests
        .iter()
        .map(|asked| asked.found.documented)
        .sum();
    share(
        played
            .requests
            .iter()
            .map(|asked| asked.found.out_of_order)
            .sum(),
        all,
    )
}

pub(super) fn prompt_ratio(played: &Played) -> Option<f64> {
    let sent = played
        .calls
        .iter()
        .filter(|call| call.worked())
        .map(|call| call.prompt_bytes)
        .sum();
    share(sent, played.papers.iter().map(|paper| paper.bytes).sum())
}

fn honest(played: &Played) -> Option<f64> {
    let first = played.requests.first()?;
    flag(matches!(first.fate, Fate::Failed | Fate::Partial) || is_valid(played, first))
}

pub(super) fn attempts(played: &Played) -> Option<f64> {
    Some(played.calls.iter().filter(|call| call.broken).count() as f64)
}

/// Waits from a refusal to the next attempt for the same file: the first of each file.
pub(super) fn first_delays(played: &Played) -> Vec<f64> {
    let papers = 0..played.papers.len();
    papers
        .filter_map(|paper| match calls_of(played, paper).as_slice() {
            [first, second, ..] => Some(second.at_ms.saturating_sub(first.ended_ms?) as f64),
            _ => None,
        })
        .collect()
}

pub(super) fn delay_cv(played: &Played) -> Option<f64> {
    let delays = first_delays(played);
    let count = delays.len() as f64;
    let mean = delays.iter().sum::<f64>() / count;
    if count < 5.0 || mean <= 0.0 {
        return None;
    }
    let variance = delays
        .iter()
        .map(|delay| (delay - mean).powi(2))
        .sum::<f64>()
        / (count - 1.0);
    Some(variance.sqrt() / mean)
}

/// Timers and sockets may make a wait look this much shorter, in milliseconds.
const TIMER_SLACK_MS: u64 = 50;

/// For each file that was refused with `retry-after` and retried: whether it waited.
pub(super) fn waits(played: &Played) -> Vec<bool> {
    let papers = 0..played.papers.len();
    papers
        .filter_map(|paper| match calls_of(played, paper).as_slice() {
            [first, second, ..] => {
                Some(second.at_ms + TIMER_SLACK_MS >= first.ended_ms? + first.retry_after_ms?)
            }
            _ => None,
        })
        .collect()
}

fn waited(played: &Played) -> Option<f64> {
    let waits = waits(played);
    share(waits.iter().filter(|waited| **waited).count(), waits.len())
}

fn refused(played: &Played) -> Option<f64> {
    let refused = played
        .requests
        .iter()
        .filter(|asked| matches!(asked.status, Some(400..=499)));
    share(refused.count(), played.requests.len())
}

fn alive(played: &Played) -> Option<f64> {
    flag(played.alive_after)
}

fn max_in_flight(played: &Played) -> Option<f64> {
    Some(played.max_in_flight as f64)
}

fn makespan_ratio(played: &Played) -> Option<f64> {
    Some(played.makespan_ms as f64 / played.reference_ms.filter(|ms| *ms > 0)? as f64)
}

/// A call may have been on its way when its client left, in milliseconds.
const ON_ITS_WAY_MS: u64 = 500;

pub(super) fn late_calls(played: &Played) -> Option<f64> {
    let left = played.requests.iter().map(|asked| asked.ended_ms).max()?;
    let late = played
        .calls
        .iter()
        .filter(|call| call.at_ms > left + ON_ITS_WAY_MS);
    Some(late.count() as f64)
}

fn answered(played: &Played) -> Option<f64> {
    let answered = played
        .requests
        .iter()
        .filter(|asked| !matches!(asked.fate, Fate::TimedOut | Fate::Closed));
    share(answered.count(), played.requests.len())
}

/// The file of a batch that the API refuses.
pub(super) const BATCH_REFUSED: usize = 3;

fn items_right(played: &Played) -> Option<f64> {
    let right = |place: usize| {
        let asked = played
            .requests
            .get(place)
            .filter(|asked| asked.paper == Some(place));
        asked.is_some_and(|asked| match place {
            BATCH_REFUSED => matches!(asked.fate, Fate::Failed | Fate::Partial),
            _ => is_valid(played, asked),
        })
    };
    share(
        (0..played.papers.len())
            .filter(|place| right(*place))
            .count(),
        played.papers.len(),
    )
}

pub(super) fn foreign(played: &Played) -> Option<f64> {
    let found = played.requests.iter().map(|asked| &asked.found);
    Some(
        found
            .map(|found| found.foreign + found.stale + found.forged)
            .sum::<usize>() as f64,
    )
}

/// Indices of requests whose answers satisfy `what`.
pub(super) fn requests_where(played: &Played, what: impl Fn(&Asked) -> bool) -> Vec<usize> {
    let all = played.requests.iter().enumerate();
    all.filter(|(_, asked)| what(asked))
        .map(|(index, _)| index)
        .collect()
}

/// Files whose calls were refused with 429 by the API itself.
pub(super) fn throttled_papers(played: &Played) -> BTreeSet<usize> {
    let throttled = played.calls.iter().filter(|call| call.status == Some(429));
    throttled
        .flat_map(|call| call.papers.iter().copied())
        .collect()
}
