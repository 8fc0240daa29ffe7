//! One mode beside another of the same scenario.

use super::RunSummary;

/// What `other` did differently from `baseline`. A ratio is absent where the baseline has nothing
/// to divide by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contrast {
    /// Makespan of the other over the baseline's; below 1 the other is faster.
    pub time: Option<f64>,
    /// Cost of the other over the baseline's; below 1 the other is cheaper.
    pub cost: Option<f64>,
    /// Makespan of the baseline over the other's; above 1 the other is faster.
    pub pace: Option<f64>,
    /// Rupees that the other did not spend; negative when it spent more.
    pub saved_inr: f64,
    /// Share of the failures that the other does not have; absent where the baseline has none or fewer.
    pub fewer_failures: Option<f64>,
}

impl Contrast {
    /// Divides and subtracts `other` by `baseline`.
    #[must_use]
    pub fn between(baseline: &RunSummary, other: &RunSummary) -> Self {
        Self {
            time: over(other.makespan_s, baseline.makespan_s),
            cost: over(other.cost.usd, baseline.cost.usd),
            pace: over(baseline.makespan_s, other.makespan_s),
            saved_inr: baseline.cost.inr - other.cost.inr,
            fewer_failures: over(rate(other), rate(baseline))
                .map(|left| 1.0 - left)
                .filter(|fewer| *fewer > 0.0),
        }
    }
}

/// Requests of several pairs of runs, added up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Losses {
    /// Requests that the baselines were offered.
    pub offered: u64,
    /// Of these, lost by the baselines.
    pub before: u64,
    /// Lost by the others.
    pub after: u64,
}

impl Losses {
    /// Over all pairs of a baseline and another run.
    #[must_use]
    pub fn of<'a>(pairs: impl IntoIterator<Item = (&'a RunSummary, &'a RunSummary)>) -> Self {
        let mut losses = Self::default();
        for (baseline, other) in pairs {
            losses.offered += baseline.requests.offered;
            losses.before += baseline.requests.lost();
            losses.after += other.requests.lost();
        }
        losses
    }
}

fn over(value: f64, baseline: f64) -> Option<f64> {
    Some(value / baseline).filter(|ratio| ratio.is_finite())
}

fn rate(run: &RunSummary) -> f64 {
    run.failure_rate.unwrap_or(0.0)
}
