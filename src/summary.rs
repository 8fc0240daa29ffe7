//! Numbers from facts: the only room that computes one.
//!
//! `record` → [`Summary`]; report, gate and grade are functions of it. A number that was not
//! measured is absent, never zero.
//!
//! ```
//! use breaklab::summary::Metric;
//!
//! assert_eq!((Metric::P95Ms.name(), Metric::P95Ms.unit()), ("p95_ms", "ms"));
//! // Less coverage is worse, and so is more latency.
//! assert!(Metric::Coverage.better().worse_by(1.0, 0.9) > 0.0);
//! assert!(Metric::P95Ms.better().worse_by(1_000.0, 2_000.0) > 0.0);
//! ```

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::record::{ClockKind, Ending, Subject};

pub use ablation::{Ablation, Change, Effect};
pub use agreement::{Agreement, Difference, Pair, agreements};
pub use bill::Bill;
pub use check::violations;
pub use claims::{Claim, ClaimList, ClaimVerdict};
pub use confidence::{Bounds, Confidence};
pub use contrast::{Contrast, Losses};
pub use distribution::{Distribution, Step};
pub use follows::enough;
pub use latency::answers;
pub use levels::{Levels, levels};
pub use metric::{Better, Metric};
pub use parts::CostParts;
pub use percentiles::Percentiles;
pub use summarize::summarize;

mod ablation;
mod agreement;
mod bill;
mod check;
mod claims;
mod confidence;
mod contrast;
mod distribution;
mod follows;
mod latency;
mod levels;
mod metric;
mod parts;
mod percentiles;
mod saturation;
pub mod signed_rank;
mod summarize;

/// Version of the layout below.
pub const SCHEMA: &str = "breaklab/summary/v1";

/// The numbers of one record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// [`SCHEMA`].
    pub schema: String,
    /// Version of breaklab that made the record.
    pub version: String,
    /// Which clock.
    pub clock: ClockKind,
    /// Simulated seconds per wall second.
    pub speed: f64,
    /// Seed.
    pub seed: u64,
    /// True when the run was stopped early.
    pub interrupted: bool,
    /// One per scenario and mode.
    pub runs: Vec<RunSummary>,
    /// Figures of the course chapter, held against ours.
    pub claims: Vec<Claim>,
    /// What each protection does, where a run took it away or gave it alone.
    #[serde(default)]
    pub ablation: Vec<Ablation>,
    /// Virtual time beside real sockets, where both were compared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub agreement: Vec<Agreement>,
}

impl Summary {
    /// The run of `scenario` about `subject`, if it took place.
    #[must_use]
    pub fn find(&self, scenario: &str, subject: &Subject) -> Option<&RunSummary> {
        let fits = |run: &&RunSummary| run.scenario == scenario && run.subject == *subject;
        self.runs.iter().find(fits)
    }
}

/// The numbers of one scenario in one mode.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunSummary {
    /// Scenario id.
    pub scenario: String,
    /// Scenario title.
    pub title: String,
    /// Digest of the scenario's settings.
    pub digest: String,
    /// What `subject` is called, for scripts and tables; nothing here is asked of the name.
    pub mode: String,
    /// The service that the run is about.
    pub subject: Subject,
    /// Counts by what came back.
    pub requests: Counts,
    /// The same by the way in which they ended.
    pub endings: BTreeMap<Ending, u64>,
    /// Failed and dropped over offered.
    pub failure_rate: Option<f64>,
    /// Latency of answered documentation (ok and degraded), from the scheduled moment.
    pub latency_ms: Quantiles,
    /// Latency of failures.
    pub failed_latency_ms: Quantiles,
    /// From the first scheduled request to the last ending.
    pub makespan_s: f64,
    /// Lower bound of the makespan, where it could be computed.
    pub limit_s: Option<f64>,
    /// Wall time that the run took; the only field that differs between equal virtual runs.
    pub wall_s: Option<f64>,
    /// What was sent to the provider.
    pub upstream: Upstream,
    /// What it cost.
    pub cost: Cost,
    /// What the platform bills beside; absent where it does not bill by the invocation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Bill>,
    /// What the documentation contained.
    pub docs: DocsSummary,
    /// Most frequent error text of the service, and its count.
    pub top_error: Option<(String, u64)>,
    /// How late the load driver sent.
    pub lag_ms: Quantiles,
    /// How far the rate and the quantiles can be trusted.
    #[serde(default)]
    pub confidence: Confidence,
    /// Why the load driver's own lag spoils the latencies, if it does; such a run proves nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saturated: Option<String>,
    /// Conservation laws that do not hold; any makes the run invalid.
    pub violations: Vec<String>,
}

/// Requests by what came back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Scheduled.
    pub offered: u64,
    /// Whole documentation.
    pub ok: u64,
    /// Documentation with named gaps.
    pub degraded: u64,
    /// No documentation.
    pub failed: u64,
    /// Never sent.
    pub dropped: u64,
}

/// Quantiles in milliseconds; absent without samples.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Quantiles {
    /// Median.
    pub p50: Option<f64>,
    /// 90 % are no slower.
    pub p90: Option<f64>,
    /// 95 %.
    pub p95: Option<f64>,
    /// 99 %.
    pub p99: Option<f64>,
    /// Slowest.
    pub max: Option<f64>,
}

/// What was sent to the provider.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Upstream {
    /// Attempts, abandoned ones too.
    pub attempts: u64,
    /// Statuses received.
    pub by_status: BTreeMap<u16, u64>,
    /// Billed input tokens.
    pub input_tokens: u64,
    /// Billed output tokens.
    pub output_tokens: u64,
}

/// Money.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// US dollars.
    pub usd: f64,
    /// Rupees at the price book's rate.
    pub inr: f64,
    /// Dollars billed for answers that nobody received whole.
    pub wasted_usd: f64,
    /// `usd` by kind of token; absent when the record does not tell the prices.
    pub parts: Option<CostParts>,
}

/// What the documentation contained.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DocsSummary {
    /// Symbols in the sources.
    pub symbols: u64,
    /// Documented ones.
    pub documented: u64,
    /// Documented over symbols; absent where there are no symbols.
    pub coverage: Option<f64>,
    /// Entries beyond the first of their symbol.
    pub duplicates: u64,
    /// Entries against the order of the source.
    pub out_of_order: u64,
    /// Entries that are not from this source and this run.
    pub foreign: u64,
}
