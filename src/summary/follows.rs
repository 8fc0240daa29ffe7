//! Numbers of a run that follow from its own others: what a reader would work out in the head.

use super::{Counts, RunSummary};
use crate::record::{Ending, Request};

/// Fewest samples beyond a quantile for it to be more than the slowest of few.
const BEYOND: f64 = 0.999;

impl Counts {
    /// Requests that brought no documentation: failed and never sent.
    #[must_use]
    pub fn lost(self) -> u64 {
        self.failed + self.dropped
    }

    /// Requests that brought documentation, whole or with gaps.
    #[must_use]
    pub fn answered(self) -> u64 {
        self.ok + self.degraded
    }

    /// Requests that were sent.
    #[must_use]
    pub fn sent(self) -> u64 {
        self.answered() + self.failed
    }

    /// Share that did not bring whole documentation, 0 to 1.
    #[must_use]
    pub fn undone(self) -> f64 {
        1.0 - self.ok as f64 / self.offered.max(1) as f64
    }
}

impl RunSummary {
    /// True when the service did all that was asked: every request brought its whole
    /// documentation, each symbol once, in order, and the run itself is valid.
    #[must_use]
    pub fn holds(&self) -> bool {
        let requests = self.requests;
        requests.offered > 0
            && requests.ok == requests.offered
            && self.docs.documented == self.docs.symbols
            && self.wrong_entries() == 0
            && self.violations.is_empty()
    }

    /// Why no number of the run can be trusted, if so.
    #[must_use]
    pub fn untrusted(&self) -> Option<String> {
        if self.requests.offered == 0 {
            return Some("no request was offered".to_owned());
        }
        if let Some(violation) = self.violations.first() {
            return Some(format!("the accounts do not balance: {violation}"));
        }
        self.saturated.clone()
    }

    /// False for a service that was only seen from outside: what it asked upstream and paid is unknown, not
    /// zero.
    #[must_use]
    pub fn upstream_seen(&self) -> bool {
        !self.subject.is_outside()
    }

    /// Makespan over its lower bound.
    #[must_use]
    pub fn times_limit(&self) -> Option<f64> {
        let limit = self.limit_s.filter(|limit| *limit > 0.0)?;
        Some(self.makespan_s / limit)
    }

    /// Share of the cost that was paid for answers that nobody got; absent where nothing was paid.
    #[must_use]
    pub fn wasted_share(&self) -> Option<f64> {
        (self.cost.usd > 0.0).then(|| self.cost.wasted_usd / self.cost.usd)
    }

    /// Entries that are repeated, against the order, or from elsewhere.
    #[must_use]
    pub fn wrong_entries(&self) -> u64 {
        self.docs.duplicates + self.docs.out_of_order + self.docs.foreign
    }

    /// Share of the requests that was not done, and of the symbols that is missing, together.
    #[must_use]
    pub fn shortfall(&self) -> f64 {
        self.requests.undone() + (1.0 - self.docs.coverage.unwrap_or(1.0))
    }

    /// How most of the lost requests ended.
    #[must_use]
    pub fn main_loss(&self) -> Option<Ending> {
        let lost = self
            .endings
            .iter()
            .filter(|(ending, _)| !ending.is_answered());
        lost.max_by_key(|&(ending, &count)| (count, std::cmp::Reverse(ending)))
            .map(|(ending, _)| *ending)
    }
}

/// Whether `samples` are enough for the quantile of `share` to be more than the slowest of few: of
/// fewer than 100, the slowest is no 99th percentile.
#[must_use]
pub fn enough(samples: u64, share: f64) -> bool {
    samples as f64 * (1.0 - share) >= BEYOND
}

impl Request {
    /// From the moment at which it was due to its end, in milliseconds.
    #[must_use]
    pub fn latency_ms(&self) -> u64 {
        self.ended_ms.saturating_sub(self.scheduled_ms)
    }
}
