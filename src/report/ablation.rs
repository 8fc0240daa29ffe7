//! What each protection does, in words: one line for each protection that changes something.

use crate::summary::{Ablation, Effect, Summary};

use crate::text::figures::{count, number, percent};
use crate::text::{self, COLUMNS, wrapped};

/// Ratios nearer to 1 than this are the noise of another order of calls.
const NOTABLE: f64 = 0.05;

/// One line of the matrix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) protection: String,
    removed: String,
    alone: String,
}

impl Line {
    /// What changes when hardened has to do without it.
    pub(super) fn removed(&self) -> &str {
        or_same(&self.removed)
    }

    /// What changes when naive gets it and nothing else.
    pub(super) fn alone(&self) -> &str {
        or_same(&self.alone)
    }
}

/// Where no run took a protection away, or gave it alone.
const NOT_TRIED: &str = "not tried";

fn says_nothing(words: &str) -> bool {
    words.is_empty() || words == NOT_TRIED
}

fn or_same(words: &str) -> &str {
    if words.is_empty() {
        "no difference"
    } else {
        words
    }
}

/// The matrix of one scenario: the protections that change something, and the names of those
/// that do not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Matrix {
    pub(super) scenario: String,
    /// The matrix in one or two sentences.
    pub(super) lesson: String,
    pub(super) lines: Vec<Line>,
    pub(super) idle: Vec<String>,
}

/// The matrices of all scenarios, in the order of the runs.
pub(super) fn matrices(summary: &Summary) -> Vec<Matrix> {
    let of_one = summary.ablation.chunk_by(|a, b| a.scenario == b.scenario);
    of_one.map(matrix).collect()
}

fn matrix(ablations: &[Ablation]) -> Matrix {
    let lines = ablations.iter().map(line);
    let (idle, lines): (Vec<_>, Vec<_>) = lines.partition(|line| {
        [&line.removed, &line.alone]
            .into_iter()
            .all(|words| says_nothing(words))
    });
    Matrix {
        scenario: ablations[0].scenario.clone(),
        lesson: lesson(ablations),
        lines,
        idle: idle.into_iter().map(|line| line.protection).collect(),
    }
}

/// Which protections hardened needs and for what, and which of them would do alone.
fn lesson(ablations: &[Ablation]) -> String {
    let named = |wanted: &dyn Fn(&Ablation) -> bool| {
        let found = ablations.iter().filter(|ablation| wanted(ablation));
        let names: Vec<String> = found.map(|found| found.protection.to_string()).collect();
        (!names.is_empty()).then(|| names.join(" or "))
    };
    let needed = |does: &'static str, wanted: fn(&Effect) -> bool| {
        named(&|ablation| ablation.removed.as_ref().is_some_and(wanted))
            .map(|names| format!("{does} without {names}"))
    };
    let needs = [
        needed("loses work", Effect::loses),
        needed("pays more", |effect| {
            !effect.loses() && notable(effect.cost_ratio)
        }),
        needed("takes longer", |effect| {
            !effect.loses() && notable(effect.time_ratio)
        }),
    ];
    let needs: Vec<String> = needs.into_iter().flatten().collect();
    let needs = if needs.is_empty() {
        "needs none of them here".to_owned()
    } else {
        needs.join("; it ")
    };
    let enough = named(&|ablation| ablation.alone.as_ref().is_some_and(Effect::mends));
    let enough = enough.map(|names| format!(" Alone, {names} keeps naive from losing any."));
    format!("hardened {needs}.{}", enough.unwrap_or_default())
}

/// True for a ratio that is more than noise above 1.
fn notable(ratio: Option<f64>) -> bool {
    ratio.is_some_and(|ratio| ratio >= 1.0 + NOTABLE)
}

/// The runs of `summary` without those that only serve the matrix.
#[must_use]
pub fn main_runs(summary: &Summary) -> Summary {
    let mut main = summary.clone();
    main.runs.retain(|run| !summary.is_trial(run));
    main
}

/// The matrix as text for a terminal of at least 80 columns.
#[must_use]
pub fn ablation_table(summary: &Summary) -> String {
    let mut text = String::new();
    for matrix in matrices(summary) {
        text += &format!(
            "{:<22} {:<28} naive with only it\n",
            text::line(&matrix.scenario),
            "hardened without it"
        );
        for line in &matrix.lines {
            text += &format!(
                "  {:<20} {:<28} {}\n",
                line.protection,
                line.removed(),
                line.alone()
            );
        }
        if !matrix.idle.is_empty() {
            let idle = format!("no difference: {}", matrix.idle.join(", "));
            text += &wrapped(&idle, "  ", "  ", COLUMNS);
        }
        text += &(wrapped(&matrix.lesson, "  ", "  ", COLUMNS) + "\n");
    }
    text
}

fn line(ablation: &Ablation) -> Line {
    let words = |effect: Option<Effect>| {
        effect.map_or_else(|| NOT_TRIED.to_owned(), |effect| words(&effect))
    };
    Line {
        protection: ablation.protection.to_string(),
        removed: words(ablation.removed),
        alone: words(ablation.alone),
    }
}

/// The one or two changes that matter most: failures or gaps, then money, time, refusals.
fn words(effect: &Effect) -> String {
    let failed = effect.failure_rate.changed();
    if failed.is_some_and(|after| after >= 1.0) {
        // What a run cost that answered nobody says nothing about the protection.
        return "all fail".to_owned();
    }
    let failed = failed.map(|after| match after {
        0.0 => "none fails".to_owned(),
        _ => format!("{} fail", percent(Some(after))),
    });
    let gaps = || {
        effect
            .coverage
            .changed()
            .map(|after| format!("{} documented", percent(Some(after))))
    };
    let cost = effect
        .cost_ratio
        .and_then(|ratio| factor(ratio, "dearer", "cheaper"));
    let time = effect
        .time_ratio
        .and_then(|ratio| factor(ratio, "slower", "faster"));
    let refused = effect
        .refused
        .changed()
        .map(|after| format!("{} × 429", count(after as u64)));
    let found = [failed.or_else(gaps), cost, time, refused];
    found
        .into_iter()
        .flatten()
        .take(2)
        .collect::<Vec<_>>()
        .join(", ")
}

/// A ratio as a factor above 1 and its direction; nothing when it is too near to 1 to matter.
fn factor(ratio: f64, more: &str, less: &str) -> Option<String> {
    let (factor, direction) = if ratio < 1.0 {
        (1.0 / ratio, less)
    } else {
        (ratio, more)
    };
    // A run that stopped at once cost and took nothing; its factor says nothing either.
    (factor >= 1.0 + NOTABLE && factor.is_finite())
        .then(|| format!("{}× {direction}", number(factor)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Protection;
    use crate::summary::Change;

    const SAME: Change = Change {
        before: Some(0.0),
        after: Some(0.0),
    };

    fn effect() -> Effect {
        Effect {
            failure_rate: SAME,
            coverage: SAME,
            refused: SAME,
            cost_ratio: Some(1.0),
            time_ratio: Some(1.01),
        }
    }

    #[test]
    fn a_protection_that_changes_nothing_has_no_words() {
        assert_eq!(words(&effect()), "");
    }

    #[test]
    fn failures_come_before_money_and_time() {
        let failure_rate = Change {
            before: Some(0.0),
            after: Some(0.44),
        };
        let effect = Effect {
            failure_rate,
            cost_ratio: Some(10.0),
            time_ratio: Some(2.0),
            ..effect()
        };
        assert_eq!(words(&effect), "44 % fail, 10× dearer");
    }

    #[test]
    fn the_cost_of_a_run_that_answered_nobody_is_not_told() {
        let failure_rate = Change {
            before: Some(0.0),
            after: Some(1.0),
        };
        let effect = Effect {
            failure_rate,
            cost_ratio: Some(0.2),
            ..effect()
        };
        assert_eq!(words(&effect), "all fail");
    }

    #[test]
    fn the_lesson_names_what_is_needed_for_what_and_what_is_enough() {
        let change = |before, after| Change {
            before: Some(before),
            after: Some(after),
        };
        let ablation = |protection, removed, alone| Ablation {
            scenario: "story".to_owned(),
            protection,
            removed: Some(removed),
            alone: Some(alone),
        };
        let lost = Effect {
            failure_rate: change(0.0, 1.0),
            cost_ratio: Some(9.0),
            ..effect()
        };
        let mended = Effect {
            failure_rate: change(1.0, 0.0),
            ..effect()
        };
        let dearer = Effect {
            cost_ratio: Some(10.0),
            ..effect()
        };
        let all = [
            ablation(Protection::Chunking, lost, mended),
            ablation(Protection::Parallelism, lost, effect()),
            ablation(Protection::Cache, dearer, effect()),
            ablation(Protection::Retry, effect(), effect()),
        ];
        assert_eq!(
            lesson(&all),
            "hardened loses work without chunking or parallelism; it pays more without cache. \
             Alone, chunking keeps naive from losing any."
        );
    }
}
