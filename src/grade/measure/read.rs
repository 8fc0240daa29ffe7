//! How each measure is read from a case, and what flaws are recognised by.

use std::collections::BTreeSet;

use crate::contract::limits::{EQUAL_WAITS, ON_ITS_WAY, RETRY_AFTER_SLACK};
use crate::record::exam::{Attempt, Case, CaseRecord, Exam, Exchange, MAY_BE_A_FILE, Outcome};

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

pub(super) fn valid(_: &Exam, record: &CaseRecord) -> Option<f64> {
    // Whom the trouble of a file never met has not survived it.
    let survived = |exchange: &&Exchange| is_valid(record, exchange) && !avoided(record, exchange);
    let valid = record.exchanges.iter().filter(survived).count();
    share(valid, record.exchanges.len())
}

/// Whether trouble waited for the calls about this file and met none.
fn avoided(record: &CaseRecord, exchange: &Exchange) -> bool {
    exchange
        .file
        .is_some_and(|file| record.is_unmet(Some(file)))
}

pub(super) fn coverage(_: &Exam, record: &CaseRecord) -> Option<f64> {
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

/// Answered calls that began before the second request did: what one request costs.
fn first_cost(record: &CaseRecord) -> usize {
    let again = record
        .exchanges
        .get(1)
        .map_or(u64::MAX, |second| second.at_ms);
    let first = record
        .attempts
        .iter()
        .filter(|one| one.worked() && one.at_ms < again);
    first.count()
}

/// What one request about a small file costs this service in calls, in the case `repeat` or at first.
pub(in crate::grade) fn unit_cost(exam: &Exam) -> Option<usize> {
    let of = |case| {
        exam.cases
            .get(&case)
            .map(first_cost)
            .filter(|cost| *cost > 0)
    };
    of(Case::Repeat).or_else(|| of(Case::Single))
}

pub(super) fn cost_ratio(exam: &Exam, record: &CaseRecord) -> Option<f64> {
    let all = record
        .attempts
        .iter()
        .filter(|attempt| attempt.worked())
        .count();
    let cost = all as f64 / unit_cost(exam)? as f64;
    // Fewer calls than one request needs are no better than as many.
    Some(cost.max(1.0))
}

pub(super) fn cut_noticed(_: &Exam, record: &CaseRecord) -> Option<f64> {
    let first = record.exchanges.first()?;
    let coverage = share(first.found.documented, record.files.first()?.symbols)?;
    Some(match first.outcome {
        Outcome::Whole if is_valid(record, first) => 1.0,
        Outcome::Partial | Outcome::Failed => coverage.max(0.5),
        _ => 0.0,
    })
}

pub(super) fn leaks(_: &Exam, record: &CaseRecord) -> Option<f64> {
    let leaking = record
        .exchanges
        .iter()
        .filter(|exchange| exchange.leaks_key);
    Some(leaking.count() as f64)
}

pub(super) fn second_right(_: &Exam, record: &CaseRecord) -> Option<f64> {
    flag(is_valid(record, record.exchanges.get(1)?))
}

pub(super) fn duplicates(_: &Exam, record: &CaseRecord) -> Option<f64> {
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

pub(super) fn disorder(_: &Exam, record: &CaseRecord) -> Option<f64> {
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

pub(in crate::grade) fn prompt_ratio(_: &Exam, record: &CaseRecord) -> Option<f64> {
    let sent = record
        .attempts
        .iter()
        // What was cut and is asked for again in parts is no waste.
        .filter(|attempt| attempt.worked() && !attempt.cut)
        .map(|attempt| attempt.prompt_bytes)
        .sum();
    share(sent, record.files.iter().map(|file| file.bytes).sum())
}

pub(super) fn honest(_: &Exam, record: &CaseRecord) -> Option<f64> {
    let first = record.exchanges.first()?;
    flag(matches!(first.outcome, Outcome::Failed | Outcome::Partial) || is_valid(record, first))
}

/// Attempts that met the trouble one after the other: parts of a file that are asked for side by side
/// are no retries.
pub(in crate::grade) fn attempts(_: &Exam, record: &CaseRecord) -> Option<f64> {
    let broken: Vec<&Attempt> = record
        .attempts
        .iter()
        .filter(|one| one.is_broken())
        .collect();
    let chain = |first: &Attempt| {
        let alike = broken.iter().filter(|other| other.carried == first.carried);
        let (mut count, mut free_at) = (0_u32, 0);
        for attempt in alike.filter(|other| other.at_ms >= first.at_ms) {
            if attempt.at_ms >= free_at {
                count += 1;
                free_at = attempt.ended_ms.unwrap_or(attempt.at_ms);
            }
        }
        count
    };
    let longest = broken.iter().map(|first| chain(first)).max();
    Some(f64::from(longest.unwrap_or(0)))
}

/// The attempt that repeats `attempt` after its failure: the same question, or at least one about
/// the same definitions.
pub(in crate::grade) fn retry_of<'r>(
    record: &'r CaseRecord,
    attempt: &Attempt,
) -> Option<&'r Attempt> {
    let ended = attempt.ended_ms?;
    let later = || {
        record
            .attempts
            .iter()
            .filter(|other| other.at_ms >= ended && other.seq != attempt.seq)
    };
    let same = later().find(|other| other.question == attempt.question);
    same.or_else(|| later().find(|other| other.carried == attempt.carried))
}

/// The first attempt of each file that met trouble.
fn first_broken(record: &CaseRecord) -> impl Iterator<Item = &Attempt> {
    (0..record.files.len()).filter_map(|file| {
        let mut attempts = attempts_of(record, file).into_iter();
        attempts.find(|attempt| attempt.is_broken())
    })
}

/// Waits from a refusal to the retry: the first of each file.
pub(in crate::grade) fn first_delays(record: &CaseRecord) -> Vec<f64> {
    let delay = |first: &Attempt| {
        let retry = retry_of(record, first)?;
        Some(retry.at_ms.saturating_sub(first.ended_ms?) as f64)
    };
    first_broken(record).filter_map(delay).collect()
}

/// So much wider than this machine's lateness must waits spread to be told from equal ones.
const TELLING_SPREAD: f64 = 3.0;

pub(in crate::grade) fn delay_cv(_: &Exam, record: &CaseRecord) -> Option<f64> {
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
    let cv = variance.sqrt() / mean;
    let is_noise = variance.sqrt() < TELLING_SPREAD * record.late_ms.unwrap_or(0.0);
    (cv < EQUAL_WAITS || !is_noise).then_some(cv)
}

/// For each file that was refused with `retry-after` and retried: whether it waited.
pub(in crate::grade) fn waits(record: &CaseRecord) -> Vec<bool> {
    let waited = |first: &Attempt| {
        let retry = retry_of(record, first)?;
        let allowed = first.ended_ms? + first.retry_after_ms?;
        Some(retry.at_ms + RETRY_AFTER_SLACK.as_millis() as u64 >= allowed)
    };
    first_broken(record).filter_map(waited).collect()
}

pub(super) fn waited(_: &Exam, record: &CaseRecord) -> Option<f64> {
    let waits = waits(record);
    share(waits.iter().filter(|waited| **waited).count(), waits.len())
}

pub(super) fn refused(_: &Exam, record: &CaseRecord) -> Option<f64> {
    // What is no JSON may also be read as the file itself.
    let is_right = |exchange: &&Exchange| match exchange.status {
        Some(400..=499) => true,
        Some(200..=299) => MAY_BE_A_FILE.contains(&exchange.what.as_str()),
        _ => false,
    };
    let right = record.exchanges.iter().filter(is_right).count();
    share(right, record.exchanges.len())
}

pub(super) fn alive(_: &Exam, record: &CaseRecord) -> Option<f64> {
    flag(record.alive_after)
}

pub(super) fn max_in_flight(_: &Exam, record: &CaseRecord) -> Option<f64> {
    Some(record.max_in_flight as f64)
}

pub(super) fn makespan_ratio(exam: &Exam, record: &CaseRecord) -> Option<f64> {
    let ours = record.reference_ms.filter(|ms| *ms > 0)? as f64;
    // Our service makes one call for such a file; whoever makes more is not less parallel for it.
    let calls = unit_cost(exam).unwrap_or(1) as f64;
    Some(record.makespan_ms as f64 / (ours * calls))
}

pub(in crate::grade) fn late_calls(_: &Exam, record: &CaseRecord) -> Option<f64> {
    (!record.exchanges.is_empty()).then(|| late_attempts(record).count() as f64)
}

/// Calls that began after the last client had left.
pub(super) fn late_attempts(record: &CaseRecord) -> impl Iterator<Item = &Attempt> {
    let ended = record.exchanges.iter().map(|exchange| exchange.ended_ms);
    let left = ended
        .max()
        .unwrap_or(u64::MAX - ON_ITS_WAY.as_millis() as u64);
    let mut exchanges = record.exchanges.iter();
    // Whoever got a job may fetch its result later.
    let is_job = exchanges.all(|exchange| exchange.status == Some(202));
    let attempts = record.attempts.iter().filter(move |_| !is_job);
    attempts.filter(move |attempt| attempt.at_ms > left + ON_ITS_WAY.as_millis() as u64)
}

pub(super) fn answered(_: &Exam, record: &CaseRecord) -> Option<f64> {
    let answered = record
        .exchanges
        .iter()
        .filter(|exchange| !matches!(exchange.outcome, Outcome::TimedOut | Outcome::Closed));
    share(answered.count(), record.exchanges.len())
}

/// The file of a batch that the API refuses.
const BATCH_REFUSED: usize = 3;

pub(super) fn items_right(_: &Exam, record: &CaseRecord) -> Option<f64> {
    let right = |place: usize| {
        let exchange = record
            .exchanges
            .get(place)
            .filter(|exchange| exchange.file == Some(place));
        exchange.is_some_and(|exchange| match place {
            BATCH_REFUSED => {
                matches!(exchange.outcome, Outcome::Failed | Outcome::Partial)
                    && !avoided(record, exchange)
            }
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

pub(in crate::grade) fn foreign(_: &Exam, record: &CaseRecord) -> Option<f64> {
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

/// Files of whose calls one was not answered well.
pub(in crate::grade) fn failed_files(record: &CaseRecord) -> BTreeSet<usize> {
    let failed = record.attempts.iter().filter(|attempt| !attempt.worked());
    failed
        .flat_map(|attempt| attempt.files.iter().copied())
        .collect()
}
