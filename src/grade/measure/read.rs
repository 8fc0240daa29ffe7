//! How each measure is read from a case, and what flaws are recognised by.

use std::collections::BTreeSet;

use crate::contract::limits::{ON_ITS_WAY, RETRY_AFTER_SLACK};
use crate::record::exam::{Attempt, CaseRecord, Exchange, Outcome};

/// Whether a request got whole documentation of its file, and of nothing else.
pub(in crate::grade) fn is_valid(record: &CaseRecord, exchange: &Exchange) -> bool {
    let symbols = exchange.file.map_or(0, |file| record.files[file].symbols);
    let found = &exchange.found;
    exchange.outcome == Outcome::Whole
        && symbols > 0
        && found.documented == symbols
        && found.foreign + found.stale + found.forged == 0
}

/// Calls that carried anything of `file`, in the order of arrival.
pub(in crate::grade) fn attempts_of(record: &CaseRecord, file: usize) -> Vec<&Attempt> {
    record
        .attempts
        .iter()
        .filter(|attempt| attempt.files.contains(&file))
        .collect()
}

fn share(part: usize, all: usize) -> Option<f64> {
    (all > 0).then(|| part as f64 / all as f64)
}

fn flag(yes: bool) -> Option<f64> {
    Some(f64::from(u8::from(yes)))
}

pub(super) fn valid(record: &CaseRecord) -> Option<f64> {
    let valid = record
        .exchanges
        .iter()
        .filter(|exchange| is_valid(record, exchange))
        .count();
    share(valid, record.exchanges.len())
}

pub(super) fn coverage(record: &CaseRecord) -> Option<f64> {
    let all: usize = record
        .exchanges
        .iter()
        .filter_map(|exchange| exchange.file)
        .map(|file| record.files[file].symbols)
        .sum();
    share(
        record
            .exchanges
            .iter()
            .map(|exchange| exchange.found.documented)
            .sum(),
        all,
    )
}

pub(super) fn calls_per_content(record: &CaseRecord) -> Option<f64> {
    share(
        record
            .attempts
            .iter()
            .filter(|attempt| attempt.worked())
            .count(),
        record.files.len(),
    )
}

pub(super) fn leaks(record: &CaseRecord) -> Option<f64> {
    let leaking = record
        .exchanges
        .iter()
        .filter(|exchange| exchange.leaks_key);
    Some(leaking.count() as f64)
}

pub(super) fn second_right(record: &CaseRecord) -> Option<f64> {
    flag(is_valid(record, record.exchanges.get(1)?))
}

pub(super) fn duplicates(record: &CaseRecord) -> Option<f64> {
    let all = record.files.iter().map(|file| file.symbols).sum();
    share(
        record
            .exchanges
            .iter()
            .map(|exchange| exchange.found.duplicates)
            .sum(),
        all,
    )
}

pub(super) fn disorder(record: &CaseRecord) -> Option<f64> {
    let all = record
        .exchanges
        .iter()
        .map(|exchange| exchange.found.documented)
        .sum();
    share(
        record
            .exchanges
            .iter()
            .map(|exchange| exchange.found.out_of_order)
            .sum(),
        all,
    )
}

pub(in crate::grade) fn prompt_ratio(record: &CaseRecord) -> Option<f64> {
    let sent = record
        .attempts
        .iter()
        .filter(|attempt| attempt.worked())
        .map(|attempt| attempt.prompt_bytes)
        .sum();
    share(sent, record.files.iter().map(|file| file.bytes).sum())
}

pub(super) fn honest(record: &CaseRecord) -> Option<f64> {
    let first = record.exchanges.first()?;
    flag(matches!(first.outcome, Outcome::Failed | Outcome::Partial) || is_valid(record, first))
}

pub(in crate::grade) fn attempts(record: &CaseRecord) -> Option<f64> {
    Some(
        record
            .attempts
            .iter()
            .filter(|attempt| attempt.broken)
            .count() as f64,
    )
}

/// Waits from a refusal to the next attempt for the same file: the first of each file.
pub(in crate::grade) fn first_delays(record: &CaseRecord) -> Vec<f64> {
    let files = 0..record.files.len();
    files
        .filter_map(|file| match attempts_of(record, file).as_slice() {
            [first, second, ..] => Some(second.at_ms.saturating_sub(first.ended_ms?) as f64),
            _ => None,
        })
        .collect()
}

pub(in crate::grade) fn delay_cv(record: &CaseRecord) -> Option<f64> {
    let delays = first_delays(record);
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

/// For each file that was refused with `retry-after` and retried: whether it waited.
pub(in crate::grade) fn waits(record: &CaseRecord) -> Vec<bool> {
    let files = 0..record.files.len();
    files
        .filter_map(|file| match attempts_of(record, file).as_slice() {
            [first, second, ..] => Some(
                second.at_ms + RETRY_AFTER_SLACK.as_millis() as u64
                    >= first.ended_ms? + first.retry_after_ms?,
            ),
            _ => None,
        })
        .collect()
}

pub(super) fn waited(record: &CaseRecord) -> Option<f64> {
    let waits = waits(record);
    share(waits.iter().filter(|waited| **waited).count(), waits.len())
}

pub(super) fn refused(record: &CaseRecord) -> Option<f64> {
    let refused = record
        .exchanges
        .iter()
        .filter(|exchange| matches!(exchange.status, Some(400..=499)));
    share(refused.count(), record.exchanges.len())
}

pub(super) fn alive(record: &CaseRecord) -> Option<f64> {
    flag(record.alive_after)
}

pub(super) fn max_in_flight(record: &CaseRecord) -> Option<f64> {
    Some(record.max_in_flight as f64)
}

pub(super) fn makespan_ratio(record: &CaseRecord) -> Option<f64> {
    Some(record.makespan_ms as f64 / record.reference_ms.filter(|ms| *ms > 0)? as f64)
}

pub(in crate::grade) fn late_calls(record: &CaseRecord) -> Option<f64> {
    let left = record
        .exchanges
        .iter()
        .map(|exchange| exchange.ended_ms)
        .max()?;
    let late = record
        .attempts
        .iter()
        .filter(|attempt| attempt.at_ms > left + ON_ITS_WAY.as_millis() as u64);
    Some(late.count() as f64)
}

pub(super) fn answered(record: &CaseRecord) -> Option<f64> {
    let answered = record
        .exchanges
        .iter()
        .filter(|exchange| !matches!(exchange.outcome, Outcome::TimedOut | Outcome::Closed));
    share(answered.count(), record.exchanges.len())
}

/// The file of a batch that the API refuses.
const BATCH_REFUSED: usize = 3;

pub(super) fn items_right(record: &CaseRecord) -> Option<f64> {
    let right = |place: usize| {
        let exchange = record
            .exchanges
            .get(place)
            .filter(|exchange| exchange.file == Some(place));
        exchange.is_some_and(|exchange| match place {
            BATCH_REFUSED => matches!(exchange.outcome, Outcome::Failed | Outcome::Partial),
            _ => is_valid(record, exchange),
        })
    };
    share(
        (0..record.files.len())
            .filter(|place| right(*place))
            .count(),
        record.files.len(),
    )
}

pub(in crate::grade) fn foreign(record: &CaseRecord) -> Option<f64> {
    let found = record.exchanges.iter().map(|exchange| &exchange.found);
    Some(
        found
            .map(|found| found.foreign + found.stale + found.forged)
            .sum::<usize>() as f64,
    )
}

/// Indices of requests whose answers satisfy `what`.
pub(in crate::grade) fn exchanges_where(
    record: &CaseRecord,
    what: impl Fn(&Exchange) -> bool,
) -> Vec<usize> {
    let all = record.exchanges.iter().enumerate();
    all.filter(|(_, exchange)| what(exchange))
        .map(|(index, _)| index)
        .collect()
}

/// Files whose calls were refused with 429 by the API itself.
pub(in crate::grade) fn throttled_files(record: &CaseRecord) -> BTreeSet<usize> {
    let throttled = record
        .attempts
        .iter()
        .filter(|attempt| attempt.status == Some(429));
    throttled
        .flat_map(|attempt| attempt.files.iter().copied())
        .collect()
}
