//! The measures that claims, gates and reports may name, each with its unit.

use serde::{Deserialize, Serialize};

use super::RunSummary;

/// One number of a run, by the name that TOML files use.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Metric {
    /// Requests that brought whole documentation.
    Ok,
    /// Requests with named gaps.
    Degraded,
    /// Requests without documentation.
    Failed,
    /// Failed and dropped over offered, 0 to 1.
    FailureRate,
    /// Median latency of documentation, milliseconds.
    P50Ms,
    /// 90th percentile, milliseconds.
    P90Ms,
    /// 95th percentile, milliseconds.
    P95Ms,
    /// 99th percentile, milliseconds.
    P99Ms,
    /// Slowest failure, seconds.
    FailedMaxS,
    /// From first to last, seconds.
    MakespanS,
    /// From first to last, minutes.
    MakespanMin,
    /// Makespan over its lower bound.
    MakespanOverLimit,
    /// Attempts sent to the provider.
    Attempts,
    /// Billed input tokens.
    InputTokens,
    /// Billed output tokens.
    OutputTokens,
    /// Dollars.
    CostUsd,
    /// Rupees.
    CostInr,
    /// Dollars paid for nothing.
    WastedUsd,
    /// Dollars that the platform bills beside.
    PlatformUsd,
    /// Billed gigabytes times seconds.
    GbSeconds,
    /// Share of the billed time that waits for the provider, 0 to 1.
    WaitingShare,
    /// Requests that the gateway gave up while their work went on.
    GatewayTimeouts,
    /// Requests for which no instance was to be had.
    Throttled,
    /// Instances that were started.
    ColdStarts,
    /// Documented over symbols, 0 to 1.
    Coverage,
    /// Repeated entries.
    Duplicates,
    /// Entries against the order.
    OutOfOrder,
    /// Entries from elsewhere.
    Foreign,
}

/// Which way a number gets better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// Less is better.
    Lower,
    /// More is better.
    Higher,
}

impl Better {
    /// By how much `after` is worse than `before`; below 0 it is better.
    #[must_use]
    pub fn worse_by(self, before: f64, after: f64) -> f64 {
        match self {
            Self::Lower => after - before,
            Self::Higher => -(after - before),
        }
    }

    /// The number that is worse than `value` by `distance`.
    #[must_use]
    pub fn worse(self, value: f64, distance: f64) -> f64 {
        match self {
            Self::Lower => value + distance,
            Self::Higher => value - distance,
        }
    }
}

impl Metric {
    /// Which way it gets better.
    #[must_use]
    pub fn better(self) -> Better {
        match self {
            Self::Ok | Self::Coverage | Self::WaitingShare => Better::Higher,
            _ => Better::Lower,
        }
    }

    /// Its name in TOML and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The unit in which [`RunSummary::value`] gives it.
    #[must_use]
    pub fn unit(self) -> &'static str {
        match self {
            Self::P50Ms | Self::P90Ms | Self::P95Ms | Self::P99Ms => "ms",
            Self::FailedMaxS | Self::MakespanS => "s",
            Self::MakespanMin => "min",
            Self::CostUsd | Self::WastedUsd | Self::PlatformUsd => "USD",
            Self::GbSeconds => "GB-s",
            Self::ColdStarts => "instances",
            Self::CostInr => "INR",
            Self::InputTokens | Self::OutputTokens => "tokens",
            Self::Ok | Self::Degraded | Self::Failed | Self::GatewayTimeouts | Self::Throttled => {
                "requests"
            }
            Self::Attempts => "attempts",
            Self::Duplicates | Self::OutOfOrder | Self::Foreign => "entries",
            Self::FailureRate | Self::Coverage | Self::WaitingShare | Self::MakespanOverLimit => "",
        }
    }
}

impl RunSummary {
    /// The number, or `None` where it was not measured.
    #[must_use]
    pub fn value(&self, metric: Metric) -> Option<f64> {
        let upstream = matches!(
            metric,
            Metric::Attempts
                | Metric::InputTokens
                | Metric::OutputTokens
                | Metric::CostUsd
                | Metric::CostInr
                | Metric::WastedUsd
                | Metric::Duplicates
                | Metric::OutOfOrder
                | Metric::Foreign
        );
        if upstream && self.subject.is_outside() {
            return None;
        }
        let platform = self.platform.as_ref();
        let value = match metric {
            Metric::PlatformUsd => platform.map(|bill| bill.usd),
            Metric::GbSeconds => platform.map(|bill| bill.gb_seconds),
            Metric::WaitingShare => platform.and_then(|bill| bill.waiting),
            Metric::GatewayTimeouts => platform.map(|bill| bill.counts.gateway_timeouts as f64),
            Metric::Throttled => platform.map(|bill| bill.counts.throttled as f64),
            Metric::ColdStarts => platform.map(|bill| bill.counts.cold_starts as f64),
            Metric::Ok => Some(self.requests.ok as f64),
            Metric::Degraded => Some(self.requests.degraded as f64),
            Metric::Failed => Some(self.requests.failed as f64),
            Metric::FailureRate => self.failure_rate,
            Metric::P50Ms => self.latency_ms.p50,
            Metric::P90Ms => self.latency_ms.p90,
            Metric::P95Ms => self.latency_ms.p95,
            Metric::P99Ms => self.latency_ms.p99,
            Metric::FailedMaxS => self.failed_latency_ms.max.map(|ms| ms / 1000.0),
            Metric::MakespanS => Some(self.makespan_s),
            Metric::MakespanMin => Some(self.makespan_s / 60.0),
            Metric::MakespanOverLimit => self.times_limit(),
            Metric::Attempts => Some(self.upstream.attempts as f64),
            Metric::InputTokens => Some(self.upstream.input_tokens as f64),
            Metric::OutputTokens => Some(self.upstream.output_tokens as f64),
            Metric::CostUsd => Some(self.cost.usd),
            Metric::CostInr => Some(self.cost.inr),
            Metric::WastedUsd => Some(self.cost.wasted_usd),
            Metric::Coverage => self.docs.coverage,
            Metric::Duplicates => Some(self.docs.duplicates as f64),
            Metric::OutOfOrder => Some(self.docs.out_of_order as f64),
            Metric::Foreign => Some(self.docs.foreign as f64),
        };
        value.filter(|value| value.is_finite())
    }
}

#[cfg(test)]
mod tests {
    use strum::VariantArray;

    use super::*;

    #[test]
    fn a_metric_is_named_as_files_spell_it() {
        for metric in Metric::VARIANTS {
            assert_eq!(serde_json::to_value(metric).unwrap(), metric.name());
        }
    }
}
