//! What each protection does, in words: one line for each protection that changes something.

use crate::summary::{Ablation, Change, Effect, RunSummary, Summary};

use super::figures::{count, number, percent};

/// Ratios nearer to 1 than this are the noise of another order of calls.
const NOTABLE: f64 = 0.05;

/// One line of the matrix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) protection: String,
    pub(super) removed: String,
    pub(super) alone: String,
}

/// The matrix of one scenario: the protections that change something, and the names of those
/// that do not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Matrix {
    pub(super) scenario: String,
    pub(super) lines: Vec<Line>,
    pub(super) idle: Vec<String>,
}

/// The matrices of all scenarios, in the order of the runs.
pub(super) fn matrices(summary: &Summary) -> Vec<Matrix> {
    let mut matrices: Vec<Matrix> = Vec::new();
    for ablation in &summary.ablation {
        if matrices
            .last()
            .is_none_or(|last| last.scenario != ablation.scenario)
        {
            matrices.push(Matrix {
                scenario: ablation.scenario.clone(),
                lines: vec![],
                idle: vec![],
            });
        }
        if let Some(matrix) = matrices.last_mut() {
            let line = line(ablation);
            if line.removed.is_empty() && line.alone.is_empty() {
                matrix.idle.push(line.protection);
            } else {
                matrix.lines.push(line);
            }
        }
    }
    matrices
}

/// True for a run that only serves the matrix.
pub(super) fn serves_matrix(summary: &Summary, run: &RunSummary) -> bool {
    summary.ablation.iter().any(|ablation| {
        let protection = &ablation.protection;
        ablation.scenario == run.scenario
            && (run.mode == format!("hardened-without-{protection}")
                || run.mode == format!("naive-with-{protection}"))
    })
}

/// The runs of `summary` without those that only serve the matrix.
#[must_use]
pub fn main_runs(summary: &Summary) -> Summary {
    let mut main = summary.clone();
    main.runs.retain(|run| !serves_matrix(summary, run));
    main
}

/// The matrix as text for a terminal of at least 80 columns.
#[must_use]
pub fn ablation_table(summary: &Summary) -> String {
    let mut text = String::new();
    for matrix in matrices(summary) {
        text += &format!(
            "{:<26} {:<26} naive with only it\n",
            matrix.scenario, "hardened without it"
        );
        for Line {
            protection,
            removed,
            alone,
        } in &matrix.lines
        {
            let [removed, alone] =
                [removed, alone].map(|cell| if cell.is_empty() { "·" } else { cell });
            text += &format!("  {protection:<24} {removed:<26} {alone}\n");
        }
        if !matrix.idle.is_empty() {
            text += &format!("  no difference: {}\n", matrix.idle.join(", "));
        }
        text.push('\n');
    }
    text
}

fn line(ablation: &Ablation) -> Line {
    let words = |effect: Option<Effect>| effect.map_or_else(String::new, |effect| words(&effect));
    Line {
        protection: ablation.protection.clone(),
        removed: words(ablation.removed),
        alone: words(ablation.alone),
    }
}

/// The one or two changes that matter most: failures or gaps, then money, time, refusals.
fn words(effect: &Effect) -> String {
    let failed = changed(effect.failure_rate).map(|after| format!("{} fail", percent(Some(after))));
    let gaps =
        || changed(effect.coverage).map(|after| format!("{} documented", percent(Some(after))));
    let cost = effect
        .cost_ratio
        .and_then(|ratio| factor(ratio, "dearer", "cheaper"));
    let time = effect
        .time_ratio
        .and_then(|ratio| factor(ratio, "slower", "faster"));
    let refused = changed(effect.refused).map(|after| format!("{} × 429", count(after as u64)));
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

/// The value after, where it differs.
fn changed(change: Change) -> Option<f64> {
    let (before, after) = (change.before?, change.after?);
    ((before - after).abs() > 1e-9).then_some(after)
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
