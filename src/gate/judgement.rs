//! All findings together, and the verdict that follows from them.

use serde::Serialize;

use super::evidence::Evidence;
use super::finding::Finding;
use super::obstacle::Obstacle;
use super::verdict::Verdict;
use crate::record::ClockKind;

/// Version of the layout of [`Judgement`] in JSON; `docs/gate.schema.json` describes it.
pub const SCHEMA: &str = "breaklab/gate/v1";

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
