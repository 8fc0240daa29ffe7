//! A record's facts, run by run, into numbers.

use super::bill::Bill;
use super::check::violations;
use super::claims::ClaimList;
use super::confidence::Confidence;
use super::latency::{answers, of_histogram, together};
use super::parts::{CostParts, usd};
use super::{
    Cost, Counts, DocsSummary, RunSummary, SCHEMA, Summary, Upstream, ablation, saturation,
};
use crate::limit::{self, Workload};
use crate::record::{Docs, Ending, Record, Run};

/// Computes all numbers. `walls` are the wall times of the runs in seconds, where known.
#[must_use]
pub fn summarize(record: &Record, claims: &ClaimList, walls: &[f64]) -> Summary {
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
    let requests = counts(run);
    let service = run.setting.service.as_ref();
    let inr_per_usd = service.map_or(0.0, |service| service.inr_per_usd);
    let spent = usd(run.ledger.totals.cost_pico);
    let answers = answers(run);
    RunSummary {
        scenario: run.scenario.clone(),
        title: run.title.clone(),
        digest: run.digest.clone(),
        mode: run.subject.to_string(),
        subject: run.subject.clone(),
        requests,
        endings: run.endings.clone(),
        failure_rate: ratio(requests.lost(), requests.offered),
        latency_ms: of_histogram(&answers),
        failed_latency_ms: of_histogram(&together(run, |ending| !ending.is_answered())),
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
            usd: spent,
            inr: spent * inr_per_usd,
            wasted_usd: usd(run.ledger.totals.wasted_pico),
            parts: service
                .and_then(|service| service.price)
                .map(|price| CostParts::of(price, run.ledger.totals.usage)),
        },
        platform: Bill::of(run, inr_per_usd),
        docs: docs(run.docs),
        top_error: run
            .errors
            .iter()
            .max_by_key(|&(text, &count)| (count, std::cmp::Reverse(text)))
            .map(|(text, &count)| (text.clone(), count)),
        lag_ms: of_histogram(&run.lag),
        confidence: Confidence::of(requests.lost(), requests.offered, &answers),
        saturated: saturation::saturation(run, interrupted),
        violations: violations(run),
    }
}

/// The makespan's lower bound, where every request was answered whole and every attempt has a row:
/// a service that drops work would otherwise look fast, and missing rows would make the bound low.
fn limit_s(run: &Run, requests: Counts) -> Option<f64> {
    let rows = &run.ledger.rows;
    let whole = requests.offered > 0 && requests.ok == requests.offered;
    let complete = rows.len() as u64 == run.ledger.totals.attempts;
    (whole && complete && !rows.is_empty()).then(|| {
        let workload = Workload {
            calls: limit::calls(rows),
            limits: run
                .setting
                .service
                .as_ref()
                .and_then(|service| service.limits),
            concurrency: None,
        };
        limit::makespan(&workload).as_secs_f64()
    })
}

fn counts(run: &Run) -> Counts {
    let mut counts = Counts {
        offered: run.offered,
        ..Counts::default()
    };
    for (ending, &count) in &run.endings {
        match ending {
            Ending::Ok => counts.ok += count,
            Ending::Degraded => counts.degraded += count,
            Ending::Dropped => counts.dropped += count,
            Ending::RateLimited
            | Ending::TimeLimit
            | Ending::GatewayTimeout
            | Ending::Throttled
            | Ending::UpstreamFailed
            | Ending::Rejected
            | Ending::Unreachable => counts.failed += count,
        }
    }
    counts
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

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
