//! The gate: rules over two summaries, and a verdict that a team can trust.
//!
//! A pass must be proven. Whatever is missing, not a number, from another story or not comparable
//! is [`Verdict::CannotTell`], never a pass. Everything here is pure except [`evidence`] and
//! [`baseline`], which read and write the files.

use serde::Serialize;

use crate::record::ClockKind;
use crate::summary::Metric;

pub use baseline::{Accepted, accept};
pub use evidence::{Evidence, Obstacle, read};
pub use judge::judge;
pub use rules::{Amount, Check, Margin, Rule, RuleBook, RulesError};

pub mod baseline;
pub mod evidence;
mod judge;
pub mod output;
pub mod pairs;
mod rules;

/// Version of the layout of [`Judgement`] in JSON; `docs/gate.schema.json` describes it.
pub const SCHEMA: &str = "breaklab/gate/v1";

/// What the gate says of a rule, or of all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Shown to hold.
    Passed,
    /// Nothing to judge here, e.g. a latency where nothing was answered in either run.
    NotApplicable,
    /// It cannot be told; the reason says what would mend that.
    CannotTell,
    /// Shown not to hold.
    Failed,
}

impl Verdict {
    /// The word that people read.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::NotApplicable => "not applicable",
            Self::CannotTell => "cannot tell",
            Self::Failed => "FAILED",
        }
    }
}

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
}

/// Everything that the gate says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Judgement {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// The whole.
    pub verdict: Verdict,
    /// The clock of the current run, when it could be read.
    pub clock: Option<ClockKind>,
    /// Its seed.
    pub seed: Option<u64>,
    /// What kept the two runs from being compared at all.
    pub obstacles: Vec<Obstacle>,
    /// One entry per rule and run, in the order of the rules.
    pub findings: Vec<Finding>,
    /// What is worth knowing and no verdict, e.g. a scenario without a baseline.
    pub notes: Vec<String>,
}

impl Judgement {
    /// The verdict over all findings: failed if one failed, else cannot tell if one cannot be told
    /// or nothing was shown to hold.
    #[must_use]
    pub fn of(
        evidence: Option<&Evidence>,
        obstacles: Vec<Obstacle>,
        findings: Vec<Finding>,
        notes: Vec<String>,
    ) -> Self {
        let any = |verdict| findings.iter().any(|finding| finding.verdict == verdict);
        let verdict = if any(Verdict::Failed) {
            Verdict::Failed
        } else if !obstacles.is_empty() || any(Verdict::CannotTell) || !any(Verdict::Passed) {
            Verdict::CannotTell
        } else {
            Verdict::Passed
        };
        Self {
            schema: SCHEMA,
            verdict,
            clock: evidence.map(|evidence| evidence.summary.clock),
            seed: evidence.map(|evidence| evidence.summary.seed),
            obstacles,
            findings,
            notes,
        }
    }

    /// A judgement that could not even begin.
    #[must_use]
    pub fn obstructed(obstacle: Obstacle) -> Self {
        Self::of(None, vec![obstacle], Vec::new(), Vec::new())
    }

    /// Findings with this verdict.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        self.findings
            .iter()
            .filter(|finding| finding.verdict == verdict)
            .count()
    }

    /// What a reader must see, worst first: failures by how far they are off, then the rest.
    #[must_use]
    pub fn worst_first(&self) -> Vec<&Finding> {
        let mut bad: Vec<&Finding> = self
            .findings
            .iter()
            .filter(|finding| finding.verdict >= Verdict::CannotTell)
            .collect();
        bad.sort_by(|a, b| {
            let failed = b.verdict.cmp(&a.verdict);
            failed.then(b.excess().total_cmp(&a.excess()))
        });
        bad
    }
}
