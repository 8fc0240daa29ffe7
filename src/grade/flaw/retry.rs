//! Flaws: what a service does when the API fails, refuses, or is silent.

use std::collections::{BTreeMap, BTreeSet};

use super::evidence::{Evidence, seqs, shown};
use crate::contract::limits::{EQUAL_WAITS, MOST_ATTEMPTS, NO_WAIT, SILENCE_WITHIN};
use crate::grade::measure::read::{self, exchanges_where, retry_of};
use crate::record::exam::{Attempt, Case, CaseRecord, Exam, Exchange, Outcome, Trouble};

/// Trouble after which every client of the API is expected to ask again. An answer that breaks off is
/// not among it: the official SDKs do not, and it only costs points.
fn must_be_retried(trouble: Trouble) -> bool {
    matches!(trouble, Trouble::Status(_) | Trouble::LostBefore)
}

pub(super) fn no_retry(_: &Exam, record: &CaseRecord) -> Option<Evidence> {
    let broken = || record.attempts.iter().filter(|attempt| attempt.is_broken());
    let given_up = |file: usize| {
        let mut of_file = broken().filter(|one| one.files.contains(&file)).peekable();
        of_file.peek().is_some() && of_file.all(|one| retry_of(record, one).is_none())
    };
    let given_up: Vec<_> = record
        .troubles
        .iter()
        .filter(|planned| must_be_retried(planned.trouble) && given_up(planned.file))
        .collect();
    let kinds: BTreeSet<String> = given_up.iter().map(|one| one.trouble.to_string()).collect();
    let kinds: Vec<String> = kinds.into_iter().collect();
    let files: BTreeSet<usize> = given_up.iter().map(|one| one.file).collect();
    (!files.is_empty()).then_some(())?;
    let failed = exchanges_where(record, |exchange| {
        exchange.file.is_some_and(|file| files.contains(&file))
    });
    let attempts = broken().filter(|attempt| !attempt.files.is_disjoint(&files));
    shown(
        format!(
            "{} of {} files were given up after one attempt, which met {}",
            files.len(),
            record.files.len(),
            kinds.join(", or ")
        ),
        failed,
        seqs(attempts),
    )
}

pub(super) fn storm(exam: &Exam, record: &CaseRecord) -> Option<Evidence> {
    let broken = || record.attempts.iter().filter(|attempt| attempt.is_broken());
    let attempts = broken().count() as u64;
    let answered = record.exchanges.first()?.ended_ms;
    let after = broken()
        .filter(|attempt| attempt.at_ms > answered + 100)
        .count();
    let multiplied = multiplied(exam, record).is_some();
    (!multiplied && (attempts > MOST_ATTEMPTS || after > 0)).then_some(())?;
    shown(
        format!(
            "one request during an outage cost {attempts} attempts, {after} of them after its client had been answered"
        ),
        vec![0],
        seqs(&record.attempts),
    )
}

pub(super) fn multiplied(_: &Exam, record: &CaseRecord) -> Option<Evidence> {
    let mut questions: BTreeMap<u64, (usize, bool)> = BTreeMap::new();
    for attempt in record.attempts.iter().filter(|attempt| attempt.is_broken()) {
        let (firsts, again) = questions.entry(attempt.question).or_default();
        match attempt.sdk_retry {
            Some(0) => *firsts += 1,
            Some(_) => *again = true,
            None => {}
        }
    }
    let (first, _) = questions
        .into_values()
        .find(|(firsts, again)| *firsts > 1 && *again)?;
    shown(
        format!(
            "the SDK's own count of retries began anew {first} times: a loop repeats what the SDK repeats already"
        ),
        vec![0],
        seqs(&record.attempts),
    )
}

pub(super) fn no_jitter(exam: &Exam, record: &CaseRecord) -> Option<Evidence> {
    let delays = read::first_delays(record);
    let mean = delays.iter().sum::<f64>() / delays.len() as f64;
    let cv = read::delay_cv(exam, record);
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

pub(super) fn stubborn(exam: &Exam, record: &CaseRecord) -> Option<Evidence> {
    let attempts = read::attempts(exam, record)?;
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
    let given_up = |attempt: &Attempt| attempt.ended_ms.is_some();
    let silent = record.attempts.iter().find(|one| one.is_broken())?;
    let asked_again = record
        .attempts
        .iter()
        .any(|other| other.seq > silent.seq && other.question == silent.question);
    (waits && !given_up(silent) && !asked_again).then_some(())?;
    shown(
        format!(
            "a call never answered, and its client was still waiting after {} s",
            SILENCE_WITHIN.as_secs()
        ),
        late,
        seqs([silent]),
    )
}
