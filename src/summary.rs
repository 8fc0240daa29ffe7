//! Numbers from facts: the only room that computes one.
//!
//! `record` → [`Summary`]; report, gate and grade are functions of it. A number that was not
//! measured is absent, never zero.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::limit::{self, Workload};
use crate::record::{ClockKind, Docs, Ending, Latencies, Record, Run};

pub use ablation::{Ablation, Change, Effect};
pub use agreement::{Agreement, Pair, agreements};
pub use check::violations;
pub use claims::{Claim, ClaimBook, ClaimVerdict};
pub use confidence::{Bounds, Confidence};
pub use contrast::Contrast;
pub use levels::{Levels, levels};
pub use metric::{Better, Metric};
pub use parts::CostParts;

mod ablation;
mod agreement;
mod check;
mod claims;
mod confidence;
mod contrast;
mod levels;
mod metric;
mod parts;
mod saturation;

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
    /// The run of `scenario` in `mode`, if it was played.
    #[must_use]
    pub fn find(&self, scenario: &str, mode: &str) -> Option<&RunSummary> {
        let fits = |run: &&RunSummary| run.scenario == scenario && run.mode == mode;
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
    /// Mode, with the protections taken away.
    pub mode: String,
    /// Counts by outcome.
    pub requests: Outcomes,
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

/// Requests by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcomes {
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

/// Computes all numbers. `walls` are the wall times of the runs in seconds, where known.
#[must_use]
pub fn summarize(record: &Record, claims: &ClaimBook, walls: &[f64]) -> Summary {
    let runs: Vec<RunSummary> = record
        .runs
        .iter()
        .enumerate()
        .map(|(index, run)| summarize_run(run, record.interrupted, walls.get(index).copied()))
        .collect();
    Summary {
        schema: SCHEMA.to_owned(),
        version: record.version.clone(),
        clock: record.clock,
        speed: record.speed,
        seed: record.seed,
        interrupted: record.interrupted,
        claims: claims.judge(&runs),
        ablation: ablation::ablations(&runs),
        agreement: vec![],
        runs,
    }
}

fn summarize_run(run: &Run, interrupted: bool, wall_s: Option<f64>) -> RunSummary {
    let requests = outcomes(run);
    let rate = run.setting.inr_per_usd;
    let usd = usd(run.ledger.totals.cost_pico);
    RunSummary {
        scenario: run.scenario.clone(),
        title: run.title.clone(),
        digest: run.digest.clone(),
        mode: run.mode.clone(),
        requests,
        endings: run.endings.clone(),
        failure_rate: ratio(requests.failed + requests.dropped, requests.offered),
        latency_ms: of_histogram(&together(run, answered)),
        failed_latency_ms: of_histogram(&together(run, |ending| !answered(ending))),
        makespan_s: run.makespan_ms as f64 / 1000.0,
        limit_s: limit_s(run, requests),
        wall_s,
        upstream: Upstream {
            attempts: run.attempts.sent,
            by_status: run.attempts.by_status.clone(),
            input_tokens: run.ledger.totals.usage.input_tokens,
            output_tokens: run.ledger.totals.usage.output_tokens,
        },
        cost: Cost {
            usd,
            inr: usd * rate,
            wasted_usd: self::usd(run.ledger.totals.wasted_pico),
            parts: run
                .setting
                .price
                .map(|price| CostParts::of(price, run.ledger.totals.usage)),
        },
        docs: docs(run.docs),
        top_error: run
            .errors
            .iter()
            .max_by_key(|&(text, &count)| (count, std::cmp::Reverse(text)))
            .map(|(text, &count)| (text.clone(), count)),
        lag_ms: of_histogram(&run.lag),
        confidence: Confidence::of(
            requests.failed + requests.dropped,
            requests.offered,
            &together(run, answered),
        ),
        saturated: saturation::saturation(run, interrupted),
        violations: violations(run),
    }
}

/// The makespan's lower bound, where every request was answered whole and every attempt has a row:
/// a service that drops work would otherwise look fast, and missing rows would make the bound low.
fn limit_s(run: &Run, requests: Outcomes) -> Option<f64> {
    let rows = &run.ledger.rows;
    let whole = requests.offered > 0 && requests.ok == requests.offered;
    let complete = rows.len() as u64 == run.ledger.totals.attempts;
    (whole && complete && !rows.is_empty()).then(|| {
        let workload = Workload {
            jobs: limit::jobs(rows),
            limits: run.setting.limits,
            concurrency: None,
        };
        limit::makespan(&workload).as_secs_f64()
    })
}

fn outcomes(run: &Run) -> Outcomes {
    let mut outcomes = Outcomes {
        offered: run.offered,
        ..Outcomes::default()
    };
    for (ending, &count) in &run.endings {
        match ending {
            Ending::Ok => outcomes.ok += count,
            Ending::Degraded => outcomes.degraded += count,
            Ending::Dropped => outcomes.dropped += count,
            Ending::RateLimited
            | Ending::TimeLimit
            | Ending::UpstreamFailed
            | Ending::Rejected
            | Ending::Unreachable => outcomes.failed += count,
        }
    }
    outcomes
}

fn docs(docs: Docs) -> DocsSummary {
    DocsSummary {
        symbols: docs.symbols,
        documented: docs.documented,
        coverage: ratio(docs.documented, docs.symbols),
        duplicates: docs.duplicates,
        out_of_order: docs.out_of_order,
        foreign: docs.foreign,
    }
}

fn answered(ending: Ending) -> bool {
    matches!(ending, Ending::Ok | Ending::Degraded)
}

fn together(run: &Run, wanted: impl Fn(Ending) -> bool) -> Latencies {
    let mut all = Latencies::default();
    for (&ending, latencies) in &run.latency {
        if wanted(ending) {
            all.merge(latencies);
        }
    }
    all
}

fn of_histogram(latencies: &Latencies) -> Quantiles {
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

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn usd(pico: u64) -> f64 {
    pico as f64 / ground::prices::PICO_PER_USD
}
