//! One rule on one run: what was compared, and what the gate says of it.

use serde::Serialize;

use super::modes::Modes;
use super::rules::Rule;
use super::verdict::Verdict;
use crate::summary::{Metric, RunSummary};

/// One rule on one run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// The rule in words, e.g. `p95_ms not above the baseline's`.
    pub rule: String,
    /// Scenario id; empty when the rule met no run.
    pub scenario: String,
    /// Mode; empty when the rule met no run.
    pub mode: String,
    /// What was compared; absent for rules on several numbers.
    pub metric: Option<Metric>,
    /// Unit of the three numbers.
    pub unit: &'static str,
    /// The baseline's number.
    pub baseline: Option<f64>,
    /// The current number.
    pub current: Option<f64>,
    /// The number that the current one must not pass.
    pub bound: Option<f64>,
    /// What the gate says.
    pub verdict: Verdict,
    /// Why, where the numbers do not say it themselves.
    pub why: String,
}

impl Finding {
    /// How far beyond its bound the number is, as a share of the bound; for putting the worst first.
    #[must_use]
    pub fn excess(&self) -> f64 {
        match (self.current, self.bound) {
            (Some(current), Some(bound)) if bound != 0.0 => ((current - bound) / bound).abs(),
            (Some(_), Some(_)) => f64::MAX,
            _ => 0.0,
        }
    }

    /// Of `rule` on `run`, with nothing compared yet.
    pub(super) fn of_run(rule: String, run: &RunSummary) -> Self {
        Self::blank(rule, run.scenario.clone(), run.mode.clone())
    }

    /// Of a rule that met no run.
    pub(super) fn unmet(rule: &Rule) -> Self {
        let scenario = rule.scenario.clone().unwrap_or_default();
        let mode = rule.mode.as_ref().map(Modes::to_string).unwrap_or_default();
        let why = "no run fits the rule's scenario and mode".to_owned();
        Self::blank(rule.words(), scenario, mode).cannot_tell(why)
    }

    fn blank(rule: String, scenario: String, mode: String) -> Self {
        Self {
            rule,
            scenario,
            mode,
            metric: None,
            unit: "",
            baseline: None,
            current: None,
            bound: None,
            verdict: Verdict::CannotTell,
            why: String::new(),
        }
    }

    pub(super) fn show(&mut self, metric: Metric) {
        self.metric = Some(metric);
        self.unit = metric.unit();
    }

    pub(super) fn with(mut self, verdict: Verdict, why: String) -> Self {
        self.verdict = verdict;
        self.why = why;
        self
    }

    pub(super) fn cannot_tell(self, why: String) -> Self {
        self.with(Verdict::CannotTell, why)
    }

    pub(super) fn decided(self, holds: bool) -> Self {
        let verdict = if holds {
            Verdict::Passed
        } else {
            Verdict::Failed
        };
        self.with(verdict, String::new())
    }
}
