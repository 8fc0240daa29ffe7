//! What each protection does: the hardened service without it, the naive service with nothing else.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::RunSummary;

/// One protection in one scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ablation {
    /// Scenario id.
    pub scenario: String,
    /// Protection, e.g. `cache`.
    pub protection: String,
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

/// All protections of all scenarios that were taken away or given alone in `runs`, in the order
/// of the runs; empty when none was.
#[must_use]
pub(super) fn ablations(runs: &[RunSummary]) -> Vec<Ablation> {
    let modes: BTreeMap<(&str, &str), &RunSummary> = runs
        .iter()
        .map(|run| ((run.scenario.as_str(), run.mode.as_str()), run))
        .collect();
    let mut found: Vec<Ablation> = Vec::new();
    for run in runs {
        let scenario = run.scenario.as_str();
        let effect_on = |base: &str| {
            modes
                .get(&(scenario, base))
                .map(|base| Effect::between(base, run))
        };
        let (protection, removed, alone) = match run.mode.split_once('-') {
            Some(("hardened", rest)) if rest.starts_with("without-") => {
                (&rest["without-".len()..], effect_on("hardened"), None)
            }
            Some(("naive", rest)) if rest.starts_with("with-") => {
                (&rest["with-".len()..], None, effect_on("naive"))
            }
            _ => continue,
        };
        if removed.is_none() && alone.is_none() {
            continue;
        }
        match found
            .iter_mut()
            .find(|known| known.scenario == scenario && known.protection == protection)
        {
            Some(known) => {
                known.removed = known.removed.or(removed);
                known.alone = known.alone.or(alone);
            }
            None => found.push(Ablation {
                scenario: scenario.to_owned(),
                protection: protection.to_owned(),
                removed,
                alone,
            }),
        }
    }
    found
}

impl Effect {
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
