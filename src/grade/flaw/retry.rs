//! Flaws: what a service does when the API fails, refuses, or is silent.

use super::evidence::{Evidence, seqs, shown};
use crate::contract::limits::{EQUAL_WAITS, MOST_ATTEMPTS, NO_WAIT, SILENCE_WITHIN};
use crate::grade::measure::read::{self, attempts_of, exchanges_where, is_valid};
use crate::record::exam::{Case, CaseRecord, Exam, Exchange, Outcome};

pub(super) fn no_retry(_: &Exam, record: &CaseRecord) -> Option<Evidence> {
    let files = record.files.len();
    let once = (0..files)
        .filter(|file| attempts_of(record, *file).len() == 1)
        .count();
    (files > 0 && 2 * once > files).then_some(())?;
    let failed = exchanges_where(record, |exchange| !is_valid(record, exchange));
    shown(
        format!("the API was overloaded; {once} of {files} files were given up after one attempt"),
        failed,
        seqs(&record.attempts),
    )
}

pub(super) fn storm(exam: &Exam, record: &CaseRecord) -> Option<Evidence> {
    let attempts = read::attempts(record)?;
    let answered = record.exchanges.first()?.ended_ms;
    let after = record
        .attempts
        .iter()
        .filter(|attempt| attempt.broken && attempt.at_ms > answered + 100)
        .count();
    let multiplied = multiplied(exam, record).is_some();
    (!multiplied && (attempts > MOST_ATTEMPTS as f64 || after > 0)).then_some(())?;
    shown(
        format!(
            "one request during an outage cost {attempts} attempts, {after} of them after its client had been answered"
        ),
        vec![0],
        seqs(&record.attempts),
    )
}

pub(super) fn multiplied(_: &Exam, record: &CaseRecord) -> Option<Evidence> {
    let first = record
        .attempts
        .iter()
        .filter(|attempt| attempt.broken && attempt.sdk_retry == Some(0))
        .count();
    let again = record
        .attempts
        .iter()
        .any(|attempt| attempt.broken && attempt.sdk_retry.is_some_and(|count| count > 0));
    (first > 1 && again).then_some(())?;
    shown(
        format!(
            "the SDK's own count of retries began anew {first} times: a loop repeats what the SDK repeats already"
        ),
        vec![0],
        seqs(&record.attempts),
    )
}

pub(super) fn no_jitter(_: &Exam, record: &CaseRecord) -> Option<Evidence> {
    let delays = read::first_delays(record);
    let mean = delays.iter().sum::<f64>() / delays.len() as f64;
    let cv = read::delay_cv(record);
    let none = delays.len() >= 5 && mean < NO_WAIT.as_millis() as f64;
    (none || cv.is_some_and(|cv| cv < EQUAL_WAITS)).then_some(())?;
    shown(
        format!(
            "{} first retries came {mean:.0} ms after the failure, varying by {:.1} %",
            delays.len(),
            cv.unwrap_or(0.0) * 100.0
        ),
        Vec::new(),
        Vec::new(),
    )
}

pub(super) fn impatient(_: &Exam, record: &CaseRecord) -> Option<Evidence> {
    let waits = read::waits(record);
    let early = waits.iter().filter(|waited| !**waited).count();
    (early > 1 || (early == 1 && waits.len() == 1)).then_some(())?;
    shown(
        format!(
            "{early} of {} retries came before the time in retry-after was over",
            waits.len()
        ),
        Vec::new(),
        seqs(&record.attempts),
    )
}

pub(super) fn stubborn(_: &Exam, record: &CaseRecord) -> Option<Evidence> {
    let attempts = read::attempts(record)?;
    (attempts > 1.0).then_some(())?;
    shown(
        format!("the API answered 400, and was asked {attempts} times"),
        vec![0],
        seqs(&record.attempts),
    )
}

pub(super) fn swallowed(exam: &Exam, _: &CaseRecord) -> Option<Evidence> {
    [Case::Outage, Case::Rejected].iter().find_map(|case| {
        let first = exam.cases.get(case)?.exchanges.first()?;
        passes_as_success(first).then(|| Evidence {
            case: Some(*case),
            seen: format!(
                "the API refused the file, the client got 200: {}",
                first.said
            ),
            exchanges: vec![0],
            attempts: Vec::new(),
        })
    })
}

/// Whether an answer looks like a success, but documents nothing.
fn passes_as_success(exchange: &Exchange) -> bool {
    let claims = [Outcome::Whole, Outcome::Empty, Outcome::Unusable].contains(&exchange.outcome);
    claims && matches!(exchange.status, Some(200..=299)) && exchange.found.documented == 0
}

pub(super) fn no_timeout(_: &Exam, record: &CaseRecord) -> Option<Evidence> {
    let late = exchanges_where(record, |exchange| exchange.outcome == Outcome::TimedOut);
    let waits = late
        .iter()
        .any(|index| record.exchanges[*index].file == Some(0));
    // Whoever calls again has given the first call up: patience, not the lack of a time-out.
    (waits && attempts_of(record, 0).len() == 1).then_some(())?;
    shown(
        format!(
            "a call never answered, and its client was still waiting after {} s",
            SILENCE_WITHIN.as_secs()
        ),
        late,
        seqs(attempts_of(record, 0)),
    )
}
