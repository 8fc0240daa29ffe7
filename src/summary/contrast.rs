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
    /// Dollars that the other did not spend; negative when it spent more.
    pub saved_usd: f64,
    /// The same in rupees.
    pub saved_inr: f64,
}

impl Contrast {
    /// Divides and subtracts `other` by `baseline`.
    #[must_use]
    pub fn between(baseline: &RunSummary, other: &RunSummary) -> Self {
        Self {
            time: over(other.makespan_s, baseline.makespan_s),
            cost: over(other.cost.usd, baseline.cost.usd),
            saved_usd: baseline.cost.usd - other.cost.usd,
            saved_inr: baseline.cost.inr - other.cost.inr,
        }
    }
}

impl RunSummary {
    /// True when the service did all that was asked: every request brought its whole
    /// documentation, each symbol once, in order, and the run itself is valid.
    #[must_use]
    pub fn holds(&self) -> bool {
        let requests = self.requests;
        let docs = self.docs;
        requests.offered > 0
            && requests.ok == requests.offered
            && docs.documented == docs.symbols
            && docs.duplicates + docs.out_of_order + docs.foreign == 0
            && self.violations.is_empty()
    }
}

fn over(value: f64, baseline: f64) -> Option<f64> {
    Some(value / baseline).filter(|ratio| ratio.is_finite())
}
