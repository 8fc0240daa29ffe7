//! Flaws: text that does not come from the API, and text that is kept under the wrong key.

use super::evidence::{Evidence, seqs, shown};
use crate::grade::measure::isolation::mixes_options;
use crate::grade::measure::read::{is_valid, unit_cost};
use crate::record::exam::{Case, CaseRecord, Exam, Outcome};

pub(super) fn canned(exam: &Exam, record: &CaseRecord) -> Option<Evidence> {
    let first = record.exchanges.first()?;
    let canned = first.outcome == Outcome::Whole
        && record.attempts.is_empty()
        && exam.unattributed == 0
        && first.found.documented == 0;
    canned.then(|| Evidence {
        case: None,
        seen: "a file that nobody can have seen before was documented without a call".to_owned(),
        exchanges: vec![0],
        attempts: Vec::new(),
    })
}

pub(super) fn own_text(_: &Exam, record: &CaseRecord) -> Option<Evidence> {
    let first = record.exchanges.first()?;
    let delivered = record.attempts.iter().any(|attempt| attempt.worked());
    let lost = first.outcome == Outcome::Whole && first.found.documented + first.found.forged == 0;
    (lost && delivered).then(|| Evidence {
        case: None,
        seen: "the API documented the file, but none of its reference codes are in the answer"
            .to_owned(),
        exchanges: vec![0],
        attempts: seqs(&record.attempts),
    })
}

pub(super) fn worked(record: &CaseRecord) -> usize {
    record
        .attempts
        .iter()
        .filter(|attempt| attempt.worked())
        .count()
}

pub(super) fn no_cache(_: &Exam, record: &CaseRecord) -> Option<Evidence> {
    let again = record.exchanges.get(1)?.at_ms;
    let later: Vec<_> = record
        .attempts
        .iter()
        .filter(|attempt| attempt.worked() && attempt.at_ms >= again)
        .collect();
    (!later.is_empty()).then_some(())?;
    shown(
        format!(
            "{} equal requests followed the first, one after the other, and cost {} further calls",
            record.exchanges.len() - 1,
            later.len()
        ),
        Vec::new(),
        seqs(later),
    )
}

pub(super) fn stale(_: &Exam, record: &CaseRecord) -> Option<Evidence> {
    let stale = record.exchanges.get(1)?.found.stale;
    (stale > 0).then_some(())?;
    shown(
        format!("{stale} entries belong to the earlier content of the path"),
        vec![1],
        Vec::new(),
    )
}

pub(super) fn lossy_key(_: &Exam, record: &CaseRecord) -> Option<Evidence> {
    let foreign = record.exchanges.get(1)?.found.foreign;
    (foreign > 0).then_some(())?;
    shown(
        format!("{foreign} entries belong to another file of equal length, beginning and end"),
        vec![1],
        Vec::new(),
    )
}

pub(super) fn stampede(exam: &Exam, record: &CaseRecord) -> Option<Evidence> {
    let repeat = exam.cases.get(&Case::Repeat);
    let cached = repeat.is_none_or(|repeat| no_cache(exam, repeat).is_none());
    let (attempts, one) = (worked(record), unit_cost(exam)?);
    (cached && attempts > one).then_some(())?;
    shown(
        format!(
            "{} equal requests at once cost {attempts} calls; one alone costs {one}",
            record.exchanges.len()
        ),
        Vec::new(),
        seqs(&record.attempts),
    )
}

pub(super) fn cached_failure(exam: &Exam, _: &CaseRecord) -> Option<Evidence> {
    [Case::Outage, Case::Rejected].iter().find_map(|case| {
        let record = exam.cases.get(case)?;
        let [first, again] = record.exchanges.as_slice() else { return None };
        let called = record.attempts.iter().any(|attempt| attempt.at_ms >= again.at_ms);
        // A service that hangs in its own retries has not cached anything.
        let cached = !is_valid(record, again) && !called && again.outcome != Outcome::TimedOut && first.outcome != Outcome::TimedOut;
        cached.then(|| Evidence {
            case: Some(*case),
            seen: "the API was well again, but the second request caused no call and got no documentation".to_owned(),
            exchanges: vec![0, 1],
            attempts: seqs(&record.attempts),
        })
    })
}

pub(super) fn ignores_options(_: &Exam, record: &CaseRecord) -> Option<Evidence> {
    (mixes_options(record)?).then_some(())?;
    shown(
        "style, language and model change what the API is asked; yet the same file with others got the first answer, \
         without a call"
            .to_owned(),
        vec![0, 3],
        seqs(&record.attempts),
    )
}
