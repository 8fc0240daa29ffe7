//! The gate: rules over two summaries, and a verdict that a team can trust.
//!
//! A pass must be proven. Whatever is missing, not a number, from another story or not comparable
//! is [`Verdict::CannotTell`], never a pass. Everything here is pure except [`evidence`] and
//! [`baseline`], which read and write the files.

use serde::Serialize;

use crate::record::ClockKind;

pub use baseline::{Accepted, accept};
pub use evidence::{Evidence, Obstacle, read};
pub use finding::Finding;
pub use judge::judge;
pub use rules::{Amount, Check, Margin, Rule, RuleBook, RulesError};

pub mod baseline;
pub mod evidence;
mod finding;
mod judge;
pub mod output;
pub mod pairs;
mod rules;
pub mod signed_rank;

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
