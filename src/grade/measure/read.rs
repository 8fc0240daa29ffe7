//! How each measure is read from a play, and what flaws are recognised by.

use std::collections::BTreeSet;

use crate::record::exam::{Asked, Call, Fate, Played};

/// Whether a request got whole documentation of its file, and of nothing else.
pub(in crate::grade) fn is_valid(played: &Played, asked: &Asked) -> bool {
    let symbols = asked.paper.map_or(0, |paper| played.papers[paper].symbols);
    let found = &asked.found;
    asked.fate == Fate::Whole
        && symbols > 0
        && found.documented == symbols
        && found.foreign + found.stale + found.forged == 0
}

/// Calls that carried anything of `paper`, in the order of arrival.
pub(in crate::grade) fn calls_of(played: &Played, paper: usize) -> Vec<&Call> {
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

pub(super) fn valid(played: &Played) -> Option<f64> {
    let valid = played
        .requests
        .iter()
        .filter(|asked| is_valid(played, asked))
        .count();
    share(valid, played.requests.len())
}

pub(super) fn coverage(played: &Played) -> Option<f64> {
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

pub(super) fn calls_per_content(played: &Played) -> Option<f64> {
    share(
        played.calls.iter().filter(|call| call.worked()).count(),
        played.papers.len(),
    )
}

pub(super) fn second_right(played: &Played) -> Option<f64> {
    flag(is_valid(played, played.requests.get(1)?))
}

pub(super) fn duplicates(played: &Played) -> Option<f64> {
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

pub(super) fn disorder(played: &Played) -> Option<f64> {
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

pub(in crate::grade) fn prompt_ratio(played: &Played) -> Option<f64> {
    let sent = played
        .calls
        .iter()
        .filter(|call| call.worked())
        .map(|call| call.prompt_bytes)
        .sum();
    share(sent, played.papers.iter().map(|paper| paper.bytes).sum())
}

pub(super) fn honest(played: &Played) -> Option<f64> {
    let first = played.requests.first()?;
    flag(matches!(first.fate, Fate::Failed | Fate::Partial) || is_valid(played, first))
}

pub(in crate::grade) fn attempts(played: &Played) -> Option<f64> {
    Some(played.calls.iter().filter(|call| call.broken).count() as f64)
}

/// Waits from a refusal to the next attempt for the same file: the first of each file.
pub(in crate::grade) fn first_delays(played: &Played) -> Vec<f64> {
    let papers = 0..played.papers.len();
    papers
        .filter_map(|paper| match calls_of(played, paper).as_slice() {
            [first, second, ..] => Some(second.at_ms.saturating_sub(first.ended_ms?) as f64),
            _ => None,
        })
        .collect()
}

pub(in crate::grade) fn delay_cv(played: &Played) -> Option<f64> {
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
pub(in crate::grade) fn waits(played: &Played) -> Vec<bool> {
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

pub(super) fn waited(played: &Played) -> Option<f64> {
    let waits = waits(played);
    share(waits.iter().filter(|waited| **waited).count(), waits.len())
}

pub(super) fn refused(played: &Played) -> Option<f64> {
    let refused = played
        .requests
        .iter()
        .filter(|asked| matches!(asked.status, Some(400..=499)));
    share(refused.count(), played.requests.len())
}

pub(super) fn alive(played: &Played) -> Option<f64> {
    flag(played.alive_after)
}

pub(super) fn max_in_flight(played: &Played) -> Option<f64> {
    Some(played.max_in_flight as f64)
}

pub(super) fn makespan_ratio(played: &Played) -> Option<f64> {
    Some(played.makespan_ms as f64 / played.reference_ms.filter(|ms| *ms > 0)? as f64)
}

/// A call may have been on its way when its client left, in milliseconds.
const ON_ITS_WAY_MS: u64 = 500;

pub(in crate::grade) fn late_calls(played: &Played) -> Option<f64> {
    let left = played.requests.iter().map(|asked| asked.ended_ms).max()?;
    let late = played
        .calls
        .iter()
        .filter(|call| call.at_ms > left + ON_ITS_WAY_MS);
    Some(late.count() as f64)
}

pub(super) fn answered(played: &Played) -> Option<f64> {
    let answered = played
        .requests
        .iter()
        .filter(|asked| !matches!(asked.fate, Fate::TimedOut | Fate::Closed));
    share(answered.count(), played.requests.len())
}

/// The file of a batch that the API refuses.
const BATCH_REFUSED: usize = 3;

pub(super) fn items_right(played: &Played) -> Option<f64> {
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

pub(in crate::grade) fn foreign(played: &Played) -> Option<f64> {
    let found = played.requests.iter().map(|asked| &asked.found);
    Some(
        found
            .map(|found| found.foreign + found.stale + found.forged)
            .sum::<usize>() as f64,
    )
}

/// Indices of requests whose answers satisfy `what`.
pub(in crate::grade) fn requests_where(
    played: &Played,
    what: impl Fn(&Asked) -> bool,
) -> Vec<usize> {
    let all = played.requests.iter().enumerate();
    all.filter(|(_, asked)| what(asked))
        .map(|(index, _)| index)
        .collect()
}

/// Files whose calls were refused with 429 by the API itself.
pub(in crate::grade) fn throttled_papers(played: &Played) -> BTreeSet<usize> {
    let throttled = played.calls.iter().filter(|call| call.status == Some(429));
    throttled
        .flat_map(|call| call.papers.iter().copied())
        .collect()
}
