//! Flaws: what gets lost, doubled or mixed up when a large file is cut.

use super::cache::worked;
use super::evidence::{Evidence, seqs, shown};
use crate::contract::limits::PROMPT_RATIO;
use crate::grade::measure::read;
use crate::record::exam::{CaseRecord, Exam, Gap, Outcome};

/// The gap at the end of the file that no prompt ever held, as a share of the file.
pub(super) fn unsent_tail(record: &CaseRecord) -> Option<f64> {
    let symbols = record.files.first()?.symbols;
    let last = record.exchanges.first()?.found.gaps.last()?;
    (last.to + 1 == symbols && !last.prompted)
        .then(|| (last.to - last.from + 1) as f64 / symbols as f64)
}

/// Share of the file from which a lost end is a cut and not a forgotten chunk.
const CUT_OFF: f64 = 0.35;

pub(super) fn truncated(_: &Exam, record: &CaseRecord) -> Option<Evidence> {
    let symbols = record.files.first()?.symbols;
    let whole = !record.attempts.is_empty()
        && record
            .attempts
            .iter()
            .all(|attempt| attempt.span == (0, symbols - 1))
        && worked(record) == 0;
    if whole {
        return shown(
            "the whole file went into one prompt, which the API refused as too long".to_owned(),
            vec![0],
            seqs(&record.attempts),
        );
    }
    let tail = unsent_tail(record).filter(|tail| *tail >= CUT_OFF)?;
    shown(
        format!(
            "the last {:.0} % of the definitions were in no prompt",
            tail * 100.0
        ),
        vec![0],
        Vec::new(),
    )
}

pub(super) fn gaps(record: &CaseRecord, what: impl Fn(&Gap) -> bool) -> Vec<Gap> {
    let found = record
        .exchanges
        .first()
        .map(|exchange| exchange.found.gaps.clone());
    found.unwrap_or_default().into_iter().filter(what).collect()
}

pub(super) fn told(gaps: &[Gap]) -> String {
    let list: Vec<String> = gaps
        .iter()
        .take(5)
        .map(|gap| format!("{}-{}", gap.from + 1, gap.to + 1))
        .collect();
    list.join(", ")
}

pub(super) fn lost_chunk(exam: &Exam, record: &CaseRecord) -> Option<Evidence> {
    if truncated(exam, record).is_some() || record.exchanges.first()?.outcome != Outcome::Whole {
        return None;
    }
    let lost = gaps(record, |gap| {
        gap.delivered || (!gap.prompted && gap.to > gap.from)
    });
    (!lost.is_empty()).then_some(())?;
    shown(
        format!(
            "definitions {} are missing, although nothing went wrong",
            told(&lost)
        ),
        vec![0],
        Vec::new(),
    )
}

/// Torn definitions that are listed one by one.
const LISTED: usize = 5;

pub(super) fn cut_inside(_: &Exam, record: &CaseRecord) -> Option<Evidence> {
    let unsent = gaps(record, |gap| !gap.prompted && gap.from == gap.to);
    let unsent = unsent.into_iter().map(|gap| gap.from);
    let mut cut: Vec<usize> = record.torn.iter().copied().chain(unsent).collect();
    cut.sort_unstable();
    cut.dedup();
    (!cut.is_empty()).then_some(())?;
    let listed: Vec<String> = cut
        .iter()
        .take(LISTED)
        .map(|at| (at + 1).to_string())
        .collect();
    shown(
        format!(
            "{} definitions stood whole in no prompt, e.g. {}: a chunk ends inside them",
            cut.len(),
            listed.join(", ")
        ),
        vec![0],
        Vec::new(),
    )
}

pub(super) fn twice(_: &Exam, record: &CaseRecord) -> Option<Evidence> {
    let duplicates = record.exchanges.first()?.found.duplicates;
    (duplicates > 0).then_some(())?;
    shown(
        format!("{duplicates} entries repeat a definition"),
        vec![0],
        Vec::new(),
    )
}

pub(super) fn disordered(_: &Exam, record: &CaseRecord) -> Option<Evidence> {
    let out = record.exchanges.first()?.found.out_of_order;
    (out > 0).then_some(())?;
    shown(
        format!("{out} entries break the order of the source; later chunks were answered first"),
        vec![0],
        Vec::new(),
    )
}

pub(super) fn silent_hole(_: &Exam, record: &CaseRecord) -> Option<Evidence> {
    let exchange = record.exchanges.first()?;
    let broken: Vec<_> = record
        .attempts
        .iter()
        .filter(|attempt| attempt.is_broken())
        .collect();
    let hole = gaps(record, |gap| gap.prompted && !gap.delivered);
    (exchange.outcome == Outcome::Whole
        && !broken.is_empty()
        && !hole.is_empty()
        && exchange.found.documented > 0)
        .then_some(())?;
    shown(
        format!(
            "the API refused a chunk, and definitions {} are missing without a word",
            told(&hole)
        ),
        vec![0],
        seqs(broken),
    )
}

pub(super) fn ignores_stop_reason(_: &Exam, record: &CaseRecord) -> Option<Evidence> {
    let exchange = record.exchanges.first()?;
    let cut: Vec<_> = record
        .attempts
        .iter()
        .filter(|attempt| attempt.cut)
        .collect();
    let short = exchange.found.documented < record.files.first()?.symbols;
    (exchange.outcome == Outcome::Whole && short && !cut.is_empty()).then_some(())?;
    shown(
        format!(
            "answers cut at max_tokens: {}; {} of {} definitions are documented, and the service calls that whole",
            cut.len(),
            exchange.found.documented,
            record.files[0].symbols
        ),
        vec![0],
        seqs(cut),
    )
}

pub(super) fn wasteful(exam: &Exam, record: &CaseRecord) -> Option<Evidence> {
    let ratio = read::prompt_ratio(exam, record)?;
    (ratio > PROMPT_RATIO).then_some(())?;
    shown(
        format!("the prompts for one file were together {ratio:.1} times as long as the file"),
        Vec::new(),
        seqs(&record.attempts),
    )
}
