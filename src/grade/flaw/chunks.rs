//! Flaws: what gets lost, doubled or mixed up when a large file is cut.

use super::cache::worked;
use super::{Evidence, seqs, shown};
use crate::grade::measure::read;
use crate::record::exam::{Exam, Fate, Gap, Played};

/// The gap at the end of the file that no prompt ever held, as a share of the file.
pub(super) fn unsent_tail(played: &Played) -> Option<f64> {
    let symbols = played.papers.first()?.symbols;
    let last = played.requests.first()?.found.gaps.last()?;
    (last.to + 1 == symbols && !last.prompted)
        .then(|| (last.to - last.from + 1) as f64 / symbols as f64)
}

/// Share of the file from which a lost end is a cut and not a forgotten chunk.
const CUT_OFF: f64 = 0.35;

pub(super) fn truncated(_: &Exam, played: &Played) -> Option<Evidence> {
    let symbols = played.papers.first()?.symbols;
    let whole = !played.calls.is_empty()
        && played
            .calls
            .iter()
            .all(|call| call.span == (0, symbols - 1))
        && worked(played) == 0;
    if whole {
        return shown(
            "the whole file went into one prompt, which the API refused as too long".to_owned(),
            vec![0],
            seqs(&played.calls),
        );
    }
    let tail = unsent_tail(played).filter(|tail| *tail >= CUT_OFF)?;
    shown(
        format!(
            "the last {:.0} % of the definitions were in no prompt",
            tail * 100.0
        ),
        vec![0],
        Vec::new(),
    )
}

pub(super) fn gaps(played: &Played, what: impl Fn(&Gap) -> bool) -> Vec<Gap> {
    let found = played
        .requests
        .first()
        .map(|asked| asked.found.gaps.clone());
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

pub(super) fn lost_chunk(exam: &Exam, played: &Played) -> Option<Evidence> {
    if truncated(exam, played).is_some() || played.requests.first()?.fate != Fate::Whole {
        return None;
    }
    let lost = gaps(played, |gap| {
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

pub(super) fn cut_inside(_: &Exam, played: &Played) -> Option<Evidence> {
    let cut = gaps(played, |gap| !gap.prompted && gap.from == gap.to);
    (!cut.is_empty()).then_some(())?;
    shown(
        format!(
            "definitions {} stood whole in no prompt: a chunk ends inside them",
            told(&cut)
        ),
        vec![0],
        Vec::new(),
    )
}

pub(super) fn twice(_: &Exam, played: &Played) -> Option<Evidence> {
    let duplicates = played.requests.first()?.found.duplicates;
    (duplicates > 0).then_some(())?;
    shown(
        format!("{duplicates} entries repeat a definition"),
        vec![0],
        Vec::new(),
    )
}

pub(super) fn disordered(_: &Exam, played: &Played) -> Option<Evidence> {
    let out = played.requests.first()?.found.out_of_order;
    (out > 0).then_some(())?;
    shown(
        format!("{out} entries break the order of the source; later chunks were answered first"),
        vec![0],
        Vec::new(),
    )
}

pub(super) fn silent_hole(_: &Exam, played: &Played) -> Option<Evidence> {
    let asked = played.requests.first()?;
    let broken: Vec<_> = played.calls.iter().filter(|call| call.broken).collect();
    let hole = gaps(played, |gap| gap.prompted && !gap.delivered);
    (asked.fate == Fate::Whole
        && !broken.is_empty()
        && !hole.is_empty()
        && asked.found.documented > 0)
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

pub(super) fn ignores_stop_reason(_: &Exam, played: &Played) -> Option<Evidence> {
    let asked = played.requests.first()?;
    let cut: Vec<_> = played.calls.iter().filter(|call| call.cut).collect();
    let short = asked.found.documented < played.papers.first()?.symbols;
    (asked.fate == Fate::Whole && short && !cut.is_empty()).then_some(())?;
    shown(
        format!(
            "answers cut at max_tokens: {}; {} of {} definitions are documented, and the service calls that whole",
            cut.len(),
            asked.found.documented,
            played.papers[0].symbols
        ),
        vec![0],
        seqs(cut),
    )
}

/// Prompts may be this much longer than the file.
const FRUGAL: f64 = 1.6;

pub(super) fn wasteful(_: &Exam, played: &Played) -> Option<Evidence> {
    let ratio = read::prompt_ratio(played)?;
    (ratio > FRUGAL).then_some(())?;
    shown(
        format!("the prompts for one file were together {ratio:.1} times as long as the file"),
        Vec::new(),
        seqs(&played.calls),
    )
}
