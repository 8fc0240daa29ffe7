//! What the platform bills beside the provider: instances by the gigabyte and second, invocations, the gateway,
//! the cache's table.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::record::{Attempt, FunctionSetting, Invocations, Run};

/// The platform's own bill. Dollars at the prices of the record, without any free tier.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bill {
    /// Dollars in all.
    pub usd: f64,
    /// Rupees at the price book's rate.
    pub inr: f64,
    /// Billed seconds times gigabytes.
    pub gb_seconds: f64,
    /// Dollars for these.
    pub compute_usd: f64,
    /// Dollars of `compute_usd` for the start of instances.
    pub init_usd: f64,
    /// Dollars for invocations.
    pub invocations_usd: f64,
    /// Dollars for requests to the gateway.
    pub gateway_usd: f64,
    /// Dollars for reading and writing the cache's table.
    pub cache_usd: f64,
    /// Share of the billed time in which a call to the provider was in flight, 0 to 1: at least this, where one request
    /// was worked on several times at once. Absent where not every attempt is recorded.
    pub waiting: Option<f64>,
    /// The counts that it comes from.
    pub counts: Invocations,
}

impl Bill {
    /// The bill of `run`; none where its platform does not bill by the invocation.
    pub(super) fn of(run: &Run, inr_per_usd: f64) -> Option<Self> {
        let counts = run.invocations?;
        let setting = run.setting.service.as_ref()?.functions.as_ref()?;
        let rows = &run.attempts.rows;
        let is_complete = rows.len() as u64 == run.attempts.sent && counts.billed_ms > 0;
        let waiting = is_complete.then(|| waited_ms(rows) as f64 / counts.billed_ms as f64);
        Some(Self {
            waiting,
            ..Self::price(counts, setting, inr_per_usd)
        })
    }

    /// How long an invocation took on average, without the start of its instance, in milliseconds.
    #[must_use]
    pub fn mean_duration_ms(&self) -> Option<f64> {
        let Invocations {
            invocations,
            billed_ms,
            init_ms,
            ..
        } = self.counts;
        (invocations > 0).then(|| billed_ms.saturating_sub(init_ms) as f64 / invocations as f64)
    }

    fn price(counts: Invocations, setting: &FunctionSetting, inr_per_usd: f64) -> Self {
        let per_million = |count: u64, usd: f64| count as f64 / 1e6 * usd;
        let gb_seconds = |ms: u64| ms as f64 / 1000.0 * setting.memory_mb as f64 / 1024.0;
        let compute_usd = gb_seconds(counts.billed_ms) * setting.gb_second_usd;
        let invocations_usd = per_million(counts.invocations, setting.million_invocations_usd);
        let gateway_usd = per_million(
            counts.gateway_requests,
            setting.million_gateway_requests_usd,
        );
        let cache_usd = per_million(counts.cache_read_units, setting.million_read_units_usd)
            + per_million(counts.cache_write_units, setting.million_write_units_usd);
        let usd = compute_usd + invocations_usd + gateway_usd + cache_usd;
        Self {
            usd,
            inr: usd * inr_per_usd,
            gb_seconds: gb_seconds(counts.billed_ms),
            compute_usd,
            init_usd: gb_seconds(counts.init_ms) * setting.gb_second_usd,
            invocations_usd,
            gateway_usd,
            cache_usd,
            waiting: None,
            counts,
        }
    }
}

/// Milliseconds, request by request, in which at least one attempt was in flight.
fn waited_ms(attempts: &[Attempt]) -> u64 {
    let mut of_request: BTreeMap<u64, Vec<(u64, u64)>> = BTreeMap::new();
    for attempt in attempts {
        let span = (attempt.started_ms, attempt.ended_ms);
        of_request.entry(attempt.request).or_default().push(span);
    }
    of_request.into_values().map(covered).sum()
}

/// How much of the time line `spans` cover together.
fn covered(mut spans: Vec<(u64, u64)>) -> u64 {
    spans.sort_unstable();
    let mut until = 0;
    let mut sum = 0;
    for (from, to) in spans {
        sum += to.saturating_sub(from.max(until));
        until = until.max(to);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting() -> FunctionSetting {
        FunctionSetting {
            gateway: "rest".to_owned(),
            gateway_limit_ms: Some(29_000),
            memory_mb: 512,
            prices: "p".to_owned(),
            prices_source: "s".to_owned(),
            prices_as_of: "2026-09-20".to_owned(),
            gb_second_usd: 0.0000166667,
            million_invocations_usd: 0.2,
            million_gateway_requests_usd: 3.5,
            million_read_units_usd: 0.125,
            million_write_units_usd: 0.625,
        }
    }

    #[test]
    fn a_hundred_files_of_38_seconds_in_half_a_gigabyte_cost_three_cents() {
        let counts = Invocations {
            gateway_requests: 100,
            invocations: 100,
            billed_ms: 3_840_000,
            init_ms: 100,
            ..Invocations::default()
        };
        let bill = Bill::price(counts, &setting(), 80.0);
        assert!((bill.gb_seconds - 1920.0).abs() < 1e-9);
        assert!(
            (bill.compute_usd - 0.032).abs() < 1e-6,
            "{}",
            bill.compute_usd
        );
        assert!((bill.gateway_usd - 0.00035).abs() < 1e-12);
        assert!((bill.invocations_usd - 0.00002).abs() < 1e-12);
        let parts = bill.compute_usd + bill.gateway_usd + bill.invocations_usd;
        assert_eq!((bill.usd, bill.inr), (parts, parts * 80.0));
    }

    #[test]
    fn a_table_is_billed_by_units() {
        let counts = Invocations {
            cache_read_units: 2_000_000,
            cache_write_units: 1_000_000,
            ..Invocations::default()
        };
        assert_eq!(Bill::price(counts, &setting(), 0.0).cache_usd, 0.25 + 0.625);
    }

    #[test]
    fn time_in_which_several_calls_are_in_flight_counts_once() {
        assert_eq!(covered(vec![(10, 20), (15, 30), (0, 5), (12, 13)]), 25);
        assert_eq!(covered(vec![]), 0);
    }
}
