//! Flaws: what a service does to many clients, bad ones, and those that leave.

use super::evidence::{Evidence, shown};
use crate::contract::limits::TURNED_AWAY;
use crate::grade::measure::read::{self, exchanges_where, failed_files};
use crate::record::exam::{Case, CaseRecord, Exam, Exchange, Outcome};

pub(super) fn leak(_: &Exam, record: &CaseRecord) -> Option<Evidence> {
    let wrong = exchanges_where(record, |exchange| exchange.found.foreign > 0);
    (!wrong.is_empty()).then_some(())?;
    shown(
        format!(
            "{} of {} clients got entries of another client's file",
            wrong.len(),
            record.exchanges.len()
        ),
        wrong,
        Vec::new(),
    )
}

pub(super) fn breaks_on_input(_: &Exam, record: &CaseRecord) -> Option<Evidence> {
    // A service that died answers nothing afterwards; that is a flaw of its own.
    let alive = record.alive_after;
    let broke = |exchange: &Exchange| {
        exchange.status.is_some_and(|status| status >= 500)
            || (alive && matches!(exchange.outcome, Outcome::Closed | Outcome::TimedOut))
    };
    let broken = exchanges_where(record, broke);
    (!broken.is_empty()).then_some(())?;
    let what: Vec<&str> = broken
        .iter()
        .map(|index| record.exchanges[*index].what.as_str())
        .collect();
    shown(
        format!("{} ended with 5xx or no answer", what.join(", ")),
        broken,
        Vec::new(),
    )
}

pub(super) fn unbounded(_: &Exam, record: &CaseRecord) -> Option<Evidence> {
    let most = record.max_in_flight;
    (most as f64 >= 0.75 * record.files.len() as f64).then_some(())?;
    shown(
        format!(
            "{} clients made {most} calls at once",
            record.exchanges.len()
        ),
        Vec::new(),
        Vec::new(),
    )
}

pub(super) fn serial(_: &Exam, record: &CaseRecord) -> Option<Evidence> {
    (record.max_in_flight == 1 && record.attempts.len() >= 10).then_some(())?;
    shown(
        format!(
            "{} clients came at once, but there was never more than one call under way",
            record.exchanges.len()
        ),
        Vec::new(),
        Vec::new(),
    )
}

/// Calls that may have slipped through when clients left.
const SLIPPED: f64 = 3.0;

pub(super) fn zombie(exam: &Exam, record: &CaseRecord) -> Option<Evidence> {
    let late = read::late_calls(exam, record)?;
    (late > SLIPPED).then_some(())?;
    shown(
        format!("{late} calls were begun after all clients had left"),
        Vec::new(),
        Vec::new(),
    )
}

pub(super) fn dies(exam: &Exam, _: &CaseRecord) -> Option<Evidence> {
    // While a call hangs a service may be slow; that is the time-out's flaw.
    let (case, record) = exam.cases.iter().find(|(case, record)| {
        record.death.is_some() || (!record.alive_after && **case != Case::Silence)
    })?;
    let seen = match &record.death {
        Some(death) => format!(
            "it ended in the case `{}` ({}); its last words: {}",
            case.name(),
            death.status,
            death.last_words
        ),
        None => format!(
            "an ordinary request got no answer after the case `{}`",
            case.name()
        ),
    };
    Some(Evidence {
        case: Some(*case),
        seen,
        exchanges: Vec::new(),
        attempts: Vec::new(),
    })
}

pub(super) fn all_or_nothing(_: &Exam, record: &CaseRecord) -> Option<Evidence> {
    let [only] = record.exchanges.as_slice() else {
        return None;
    };
    // A service that offers no batches lacks a feature; that is no wrong answer.
    let offered = only
        .status
        .is_some_and(|status| !matches!(status, 404 | 405 | 501));
    (offered && only.outcome == Outcome::Failed && !record.attempts.is_empty()).then_some(())?;
    shown(
        "one of five files was refused by the API, and none was delivered".to_owned(),
        vec![0],
        Vec::new(),
    )
}

pub(super) fn lost_files(exam: &Exam, record: &CaseRecord) -> Option<Evidence> {
    // Whose answers get mixed up everywhere mixes them up in a batch as well.
    if exam
        .cases
        .get(&Case::Burst)
        .is_some_and(|burst| leak(exam, burst).is_some())
    {
        return None;
    }
    (record.exchanges.len() > 1
        || record
            .exchanges
            .first()
            .is_some_and(|exchange| exchange.file.is_some()))
    .then_some(())?;
    let order: Vec<Option<usize>> = record
        .exchanges
        .iter()
        .map(|exchange| exchange.file)
        .collect();
    let expected: Vec<Option<usize>> = (0..record.files.len()).map(Some).collect();
    (order != expected).then_some(())?;
    shown(
        format!(
            "{} files were sent; the answers belong to files {:?}",
            expected.len(),
            order.iter().flatten().collect::<Vec<_>>()
        ),
        Vec::new(),
        Vec::new(),
    )
}

pub(super) fn turns_away(_: &Exam, record: &CaseRecord) -> Option<Evidence> {
    let failed = failed_files(record);
    let away = exchanges_where(record, |exchange| {
        let is_away = matches!(exchange.status, Some(429 | 503));
        is_away && exchange.file.is_some_and(|file| !failed.contains(&file))
    });
    (away.len() >= TURNED_AWAY).then_some(())?;
    shown(
        format!(
            "{} clients got 429 or 503 although the API had failed none of their calls",
            away.len()
        ),
        away,
        Vec::new(),
    )
}
