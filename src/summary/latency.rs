//! Latencies of a run, put together over its endings, and their quantiles.

use super::Quantiles;
use crate::record::{Ending, Latencies, Run};

/// Latencies of all requests that brought documentation.
#[must_use]
pub fn answers(run: &Run) -> Latencies {
    together(run, Ending::is_answered)
}

/// Latencies of all requests whose ending is wanted.
pub(super) fn together(run: &Run, wanted: impl Fn(Ending) -> bool) -> Latencies {
    let mut all = Latencies::default();
    for (&ending, latencies) in &run.latency {
        if wanted(ending) {
            all.merge(latencies);
        }
    }
    all
}

/// Their quantiles; absent where there are none.
pub(super) fn of_histogram(latencies: &Latencies) -> Quantiles {
    let micros = latencies.micros();
    if micros.is_empty() {
        return Quantiles::default();
    }
    let at = |quantile: f64| Some(micros.value_at_quantile(quantile) as f64 / 1000.0);
    Quantiles {
        p50: at(0.5),
        p90: at(0.9),
        p95: at(0.95),
        p99: at(0.99),
        max: at(1.0),
    }
}
