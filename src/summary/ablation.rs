//! What each protection does: the hardened service without it, the naive service with nothing else.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{RunSummary, Summary};
use crate::record::{Base, Protection, Subject};

/// One protection in one scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ablation {
    /// Scenario id.
    pub scenario: String,
    /// Protection.
    pub protection: Protection,
    /// What changes when hardened has to do without it.
    pub removed: Option<Effect>,
    /// What changes when naive gets it and nothing else.
    pub alone: Option<Effect>,
}

/// What a change of protections does to a run. Ratios are after over before.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// Failure rate before and after.
    pub failure_rate: Change,
    /// Documented share of the symbols before and after.
    pub coverage: Change,
    /// Refusals by the rate limits (429) before and after.
    pub refused: Change,
    /// Cost after over before; absent when nothing was paid before.
    pub cost_ratio: Option<f64>,
    /// Makespan after over before.
    pub time_ratio: Option<f64>,
}

/// A number before and after.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Before.
    pub before: Option<f64>,
    /// After.
    pub after: Option<f64>,
}

/// What a run that only serves to tell of one protection does with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trial {
    /// Hardened without it.
    Removed(Protection),
    /// Naive with nothing else.
    Alone(Protection),
}

impl Trial {
    fn of(subject: &Subject) -> Option<Self> {
        let mode = subject.mode()?;
        let only = |all: &BTreeSet<Protection>| all.first().copied().filter(|_| all.len() == 1);
        match mode.base() {
            Base::Hardened => only(mode.without()).map(Self::Removed),
            Base::Naive => only(mode.with()).map(Self::Alone),
            Base::Sdk => None,
        }
    }

    fn protection(self) -> Protection {
        match self {
            Self::Removed(protection) | Self::Alone(protection) => protection,
        }
    }
}

/// All protections of all scenarios that were taken away or given alone in `runs`, in the order
/// of the runs; empty when none was.
#[must_use]
pub(super) fn ablations(runs: &[RunSummary]) -> Vec<Ablation> {
    let modes: BTreeMap<(&str, &Subject), &RunSummary> = runs
        .iter()
        .map(|run| ((run.scenario.as_str(), &run.subject), run))
        .collect();
    let mut found: Vec<Ablation> = Vec::new();
    for run in runs {
        let Some(trial) = Trial::of(&run.subject) else {
            continue;
        };
        let effect_on = |base: Base| {
            let base = Subject::from(base);
            let base = modes.get(&(run.scenario.as_str(), &base))?;
            Some(Effect::between(base, run))
        };
        let (removed, alone) = match trial {
            Trial::Removed(_) => (effect_on(Base::Hardened), None),
            Trial::Alone(_) => (None, effect_on(Base::Naive)),
        };
        if removed.is_none() && alone.is_none() {
            continue;
        }
        let protection = trial.protection();
        match found
            .iter_mut()
            .find(|known| known.scenario == run.scenario && known.protection == protection)
        {
            Some(known) => {
                known.removed = known.removed.or(removed);
                known.alone = known.alone.or(alone);
            }
            None => found.push(Ablation {
                scenario: run.scenario.clone(),
                protection,
                removed,
                alone,
            }),
        }
    }
    found
}

impl Summary {
    /// True for a run that only serves to tell what one protection does.
    #[must_use]
    pub fn is_trial(&self, run: &RunSummary) -> bool {
        let Some(trial) = Trial::of(&run.subject) else {
            return false;
        };
        let told = |ablation: &Ablation| {
            ablation.scenario == run.scenario && ablation.protection == trial.protection()
        };
        self.ablation.iter().any(told)
    }
}

impl Change {
    /// After less before, where they differ.
    #[must_use]
    pub fn difference(self) -> Option<f64> {
        let difference = self.after? - self.before?;
        (difference.abs() > 1e-9).then_some(difference)
    }

    /// The value after, where it differs.
    #[must_use]
    pub fn changed(self) -> Option<f64> {
        self.difference().and(self.after)
    }
}

impl Effect {
    /// True when more requests fail or less is documented.
    #[must_use]
    pub fn loses(&self) -> bool {
        let (failed, covered) = (self.failure_rate.difference(), self.coverage.difference());
        failed.is_some_and(|more| more > 0.0) || covered.is_some_and(|more| more < 0.0)
    }

    /// True when some failed before and none does now.
    #[must_use]
    pub fn mends(&self) -> bool {
        self.failure_rate.changed() == Some(0.0)
    }

    fn between(before: &RunSummary, after: &RunSummary) -> Self {
        let change = |value: fn(&RunSummary) -> Option<f64>| Change {
            before: value(before),
            after: value(after),
        };
        let ratio = |value: fn(&RunSummary) -> f64| {
            let ratio = value(after) / value(before);
            Some(ratio).filter(|ratio| ratio.is_finite())
        };
        Self {
            failure_rate: change(|run| run.failure_rate),
            coverage: change(|run| run.docs.coverage),
            refused: change(|run| {
                Some(run.upstream.by_status.get(&429).copied().unwrap_or(0) as f64)
            }),
            cost_ratio: ratio(|run| run.cost.usd),
            time_ratio: ratio(|run| run.makespan_s),
        }
    }
}
