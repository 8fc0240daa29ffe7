//! Figures of the course chapter, held against what was measured.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Metric, RunSummary};
use crate::record::{Mode, by_name};

/// The claims file (`scenarios/claims.toml`).
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimList {
    /// Its claims, in the order in which they are shown.
    #[serde(default)]
    pub claim: Vec<ClaimRule>,
    /// Digest of each scenario as it ships. A run of other settings is not what the chapter tells,
    /// so no claim is held against it. Scenarios without a digest are taken as they are.
    #[serde(skip)]
    pub digests: BTreeMap<String, String>,
}

/// One figure of the chapter and how we measure it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimRule {
    /// Short name, unique.
    pub id: String,
    /// What the chapter says, in our words.
    pub says: String,
    /// Where it says so.
    pub section: String,
    /// Its figure.
    pub claimed: f64,
    /// Smallest measured value that reproduces it.
    pub at_least: Option<f64>,
    /// Largest measured value that reproduces it.
    pub at_most: Option<f64>,
    /// The measured figure; absent when only arithmetic can answer.
    pub measure: Option<Measure>,
    /// What is taken from it, for claims about a rest.
    pub less: Option<Measure>,
    /// A divisor, for claims about ratios.
    pub per: Option<Measure>,
    /// A figure that follows from the chapter's own others, for its inner contradictions.
    pub arithmetic: Option<f64>,
    /// Unit of the figures.
    pub unit: String,
    /// The arithmetic in one line, or why it differs.
    pub why: String,
}

/// One number of one run.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    /// Scenario id.
    pub scenario: String,
    /// Mode, by its name in the file.
    #[serde(deserialize_with = "by_name")]
    pub mode: Mode,
    /// Which number.
    pub metric: Metric,
}

/// A claim with its verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    /// Short name.
    pub id: String,
    /// What the chapter says.
    pub says: String,
    /// Where.
    pub section: String,
    /// Its figure.
    pub claimed: f64,
    /// Ours; absent when not measured in this run.
    pub measured: Option<f64>,
    /// Unit of both.
    pub unit: String,
    /// True when the chapter's own other figures give the answer, and no run.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_arithmetic: bool,
    /// Whether ours is within the claim's tolerance.
    pub verdict: ClaimVerdict,
    /// The arithmetic in one line.
    pub why: String,
}

/// What became of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClaimVerdict {
    /// Measured within the tolerance.
    Reproduced,
    /// Measured, or computed from the chapter's own figures, outside it.
    Contradicted,
    /// The run that would measure it did not take place.
    NotMeasured,
}

impl ClaimList {
    /// Judges every claim by `runs`.
    #[must_use]
    pub fn judge(&self, runs: &[RunSummary]) -> Vec<Claim> {
        let as_told: Vec<&RunSummary> = runs
            .iter()
            .filter(|run| {
                let digest = self.digests.get(&run.scenario);
                digest.is_none_or(|digest| *digest == run.digest)
            })
            .collect();
        self.claim.iter().map(|rule| rule.judge(&as_told)).collect()
    }
}

impl ClaimRule {
    fn judge(&self, runs: &[&RunSummary]) -> Claim {
        let measured = self.measured(runs);
        Claim {
            id: self.id.clone(),
            says: self.says.clone(),
            section: self.section.clone(),
            claimed: self.claimed,
            measured,
            unit: self.unit.clone(),
            by_arithmetic: self.measure.is_none(),
            verdict: self.verdict(measured),
            why: self.why.clone(),
        }
    }

    fn measured(&self, runs: &[&RunSummary]) -> Option<f64> {
        let Some(measure) = &self.measure else {
            return self.arithmetic;
        };
        let less = match &self.less {
            Some(less) => less.value(runs)?,
            None => 0.0,
        };
        let value = measure.value(runs)? - less;
        let Some(per) = &self.per else {
            return Some(value);
        };
        Some(value / per.value(runs)?).filter(|ratio| ratio.is_finite())
    }

    fn verdict(&self, measured: Option<f64>) -> ClaimVerdict {
        let Some(value) = measured else {
            return ClaimVerdict::NotMeasured;
        };
        let above = self.at_least.is_none_or(|floor| value >= floor);
        let below = self.at_most.is_none_or(|ceiling| value <= ceiling);
        match (self.at_least.or(self.at_most), above && below) {
            (None, _) => ClaimVerdict::NotMeasured,
            (Some(_), true) => ClaimVerdict::Reproduced,
            (Some(_), false) => ClaimVerdict::Contradicted,
        }
    }
}

impl Measure {
    fn value(&self, runs: &[&RunSummary]) -> Option<f64> {
        runs.iter()
            .find(|run| run.scenario == self.scenario && run.subject.mode() == Some(&self.mode))
            .and_then(|run| run.value(self.metric))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_arithmetic_can_answer_needs_no_run() {
        let list: ClaimList = toml::from_str(
            r#"
            [[claim]]
            id = "inner"
            section = "s"
            says = "at 5 seconds each, 100 files take 50 minutes"
            claimed = 50
            unit = "min"
            at_least = 45
            arithmetic = 8.3
            why = "100 x 5 s"
            "#,
        )
        .unwrap();
        assert_eq!(list.judge(&[])[0].verdict, ClaimVerdict::Contradicted);
    }

    #[test]
    fn a_rest_is_not_measured_unless_both_of_its_runs_took_place() {
        let list: ClaimList = toml::from_str(
            r#"
            [[claim]]
            id = "rest"
            section = "s"
            says = "nine more runs cost 1,800 rupees"
            claimed = 1800
            unit = "INR"
            at_most = 1900
            measure = { scenario = "monthly", mode = "hardened", metric = "cost_inr" }
            less = { scenario = "slow-processing", mode = "naive", metric = "cost_inr" }
            why = "9 x 200"
            "#,
        )
        .unwrap();
        assert_eq!(list.judge(&[])[0].measured, None);
    }
}
