//! The judgement in the formats that people and CI systems read. Pure.
//!
//! Names of scenarios and reasons may come from hostile files: [`crate::text`] makes them harmless.

use serde_json::json;

use super::{Judgement, Verdict};
use crate::gate::Evidence;

pub use annotations::annotations;
pub use junit::junit;
pub use markdown::markdown;
pub use table::table;

mod annotations;
mod junit;
mod markdown;
mod table;

/// The judgement as JSON of layout [`super::SCHEMA`].
#[must_use]
pub fn json(judgement: &Judgement) -> String {
    let mut text = serde_json::to_string_pretty(judgement)
        .expect("the judgement has only string keys and finite numbers or null");
    text.push('\n');
    text
}

/// `gate: passed; 120 passed, 0 failed, 0 cannot tell, 14 not applicable`.
#[must_use]
pub fn counts(judgement: &Judgement) -> String {
    let count = |verdict| judgement.count(verdict);
    format!(
        "gate: {}; {} passed, {} failed, {} cannot tell, {} not applicable",
        judgement.verdict.word(),
        count(Verdict::Passed),
        count(Verdict::Failed),
        count(Verdict::CannotTell) + judgement.obstacles.len(),
        count(Verdict::NotApplicable)
    )
}

/// The current numbers for `github-action-benchmark` (`customSmallerIsBetter`): makespan, p95, cost and
/// failures of every run.
#[must_use]
pub fn benchmark(current: &Evidence) -> String {
    use crate::summary::Metric::{Attempts, CostUsd, FailureRate, MakespanS, P95Ms};
    let mut entries = Vec::new();
    for run in &current.summary.runs {
        for metric in [FailureRate, P95Ms, MakespanS, CostUsd, Attempts] {
            if let Some(value) = run.value(metric) {
                let unit = match metric.unit() {
                    "" => "share",
                    unit => unit,
                };
                entries.push(json!({
                    "name": format!("{} {} {}", run.scenario, run.mode, metric.name()),
                    "unit": unit,
                    "value": value,
                }));
            }
        }
    }
    serde_json::Value::from(entries).to_string() + "\n"
}

#[cfg(test)]
mod tests {
    use super::super::{Finding, Obstacle};
    use super::*;

    pub(super) fn finding(index: usize, verdict: Verdict) -> Finding {
        Finding {
            rule: "p95_ms at most 1".to_owned(),
            scenario: format!("s{index}"),
            mode: "naive|<b>\n::error::".to_owned(),
            metric: Some(crate::summary::Metric::P95Ms),
            unit: "ms",
            baseline: None,
            current: Some(index as f64),
            bound: Some(1.0),
            verdict,
            why: String::new(),
        }
    }

    pub(super) fn many() -> Judgement {
        let findings = (0..30)
            .map(|index| finding(index, Verdict::Failed))
            .collect();
        Judgement::of(None, Vec::new(), findings, Vec::new())
    }

    #[test]
    fn a_junit_case_that_cannot_be_told_is_an_error_and_not_a_skip() {
        let findings = vec![
            finding(1, Verdict::Passed),
            finding(2, Verdict::Failed),
            finding(3, Verdict::CannotTell),
            finding(4, Verdict::NotApplicable),
        ];
        let obstacle = Obstacle::new("no baseline", "make one");
        let text = junit(&Judgement::of(None, vec![obstacle], findings, Vec::new()));
        assert!(
            text.contains("tests=\"5\" skipped=\"1\" errors=\"2\" failures=\"1\""),
            "{text}"
        );
        assert!(!text.contains("<b>") && !text.contains("naive|<"));
    }

    #[test]
    fn nothing_shown_to_hold_is_not_a_pass() {
        assert_eq!(
            Judgement::of(None, Vec::new(), Vec::new(), Vec::new()).verdict,
            Verdict::CannotTell
        );
    }
}
