//! The comparison of a scenario's modes as rows of text, shared by terminal, Markdown and page.

use crate::summary::{Bounds, Contrast, RunSummary};

use super::headline::factor;
use super::scenarios::Scenario;
use crate::text::figures::{ABSENT, count, millis, percent, rupees, seconds, times};

/// Fewest requests of which the bounds of a share are shown.
const SAMPLES_FOR_RATE: u64 = 10;

/// Fewest samples of which a 95th percentile is shown.
const SAMPLES_FOR_P95: u64 = 20;

/// Fewest samples of which a 99th percentile is shown.
const SAMPLES_FOR_P99: u64 = 100;

/// One measure over all modes.
pub(super) struct Row {
    /// What is measured.
    pub(super) label: &'static str,
    /// One figure a mode.
    pub(super) values: Vec<String>,
    /// 95 % bounds of each figure; empty where it has none.
    pub(super) bounds: Vec<String>,
    /// Baseline to compared mode, in words; empty where it says nothing.
    pub(super) change: String,
}

/// All measures of which at least one mode has something to say.
pub(super) fn rows(scenario: &Scenario<'_>) -> Vec<Row> {
    let contrast = scenario
        .compared()
        .map(|run| Contrast::between(scenario.baseline(), run));
    let time = contrast.and_then(|contrast| contrast.time);
    let cost = contrast.and_then(|contrast| contrast.cost);
    let any = |wanted: fn(&RunSummary) -> bool| scenario.runs.iter().any(|run| wanted(run));
    let said = |ratio: Option<f64>, less, more| {
        ratio.map_or_else(String::new, |ratio| factor(ratio, less, more))
    };
    let row = |label, value: fn(&RunSummary) -> String, change| Row {
        label,
        values: scenario.runs.iter().map(|run| value(run)).collect(),
        bounds: vec![String::new(); scenario.runs.len()],
        change,
    };
    let bounded = |row: Row, bounds: fn(&RunSummary) -> String| Row {
        bounds: scenario.runs.iter().map(|run| bounds(run)).collect(),
        ..row
    };
    let none = String::new;
    let mut rows = vec![bounded(row("requests failed", lost, none()), |run| {
        if run.requests.offered < SAMPLES_FOR_RATE {
            return String::new();
        }
        shares(run.confidence.failure_rate)
    })];
    if any(|run| run.requests.degraded > 0) {
        rows.push(row(
            "answers with gaps",
            |run| count(run.requests.degraded),
            none(),
        ));
    }
    // Until something has been answered the last ending is no measure of speed.
    let pace = if scenario.baseline().requests.ok == 0 {
        none()
    } else {
        said(time, "faster", "slower")
    };
    rows.push(row(
        "last ending after",
        |run| seconds(run.makespan_s),
        pace,
    ));
    if any(|run| run.limit_s.is_some()) {
        rows.push(row("× shortest possible", over_limit, none()));
    }
    rows.push(bounded(
        row("median latency", |run| millis(run.latency_ms.p50), none()),
        |run| times_between(run, run.confidence.p50_ms, 1),
    ));
    if any(|run| answered(run) >= SAMPLES_FOR_P95) {
        rows.push(bounded(
            row(
                "p95 latency",
                |run| quantile(run, run.latency_ms.p95, SAMPLES_FOR_P95),
                none(),
            ),
            |run| times_between(run, run.confidence.p95_ms, SAMPLES_FOR_P95),
        ));
    }
    if any(|run| answered(run) >= SAMPLES_FOR_P99) {
        rows.push(bounded(
            row(
                "p99 latency",
                |run| quantile(run, run.latency_ms.p99, SAMPLES_FOR_P99),
                none(),
            ),
            |run| times_between(run, run.confidence.p99_ms, SAMPLES_FOR_P99),
        ));
    }
    if scenario.upstream_seen() {
        rows.extend([
            row(
                "attempts upstream",
                |run| count(run.upstream.attempts),
                none(),
            ),
            row("tokens in", |run| count(run.upstream.input_tokens), none()),
            row(
                "tokens out",
                |run| count(run.upstream.output_tokens),
                none(),
            ),
            row(
                "cost",
                |run| rupees(run.cost.inr),
                said(cost, "cheaper", "dearer"),
            ),
        ]);
    }
    if any(|run| run.cost.wasted_usd > 0.0) {
        rows.push(row("of it for nothing", wasted, none()));
    }
    if any(|run| run.docs.symbols > 0) {
        rows.push(row(
            "symbols documented",
            |run| percent(run.docs.coverage),
            none(),
        ));
    }
    if any(|run| run.docs.duplicates + run.docs.out_of_order + run.docs.foreign > 0) {
        rows.push(row("wrong entries", wrong, none()));
    }
    rows
}

/// `43 of 100`.
pub(super) fn lost(run: &RunSummary) -> String {
    format!(
        "{} of {}",
        count(run.requests.failed + run.requests.dropped),
        count(run.requests.offered)
    )
}

/// Bounds of a share, e.g. `34 % – 54 %`.
fn shares(bounds: Bounds) -> String {
    match (bounds.low, bounds.high) {
        (Some(low), Some(high)) => format!("{} – {}", rounded(low), rounded(high)),
        _ => String::new(),
    }
}

fn rounded(share: f64) -> String {
    percent(Some((share * 100.0).round() / 100.0))
}

/// Bounds of a quantile that so many answers are needed for.
fn times_between(run: &RunSummary, bounds: Bounds, samples: u64) -> String {
    match (bounds.low, bounds.high) {
        _ if answered(run) < samples => String::new(),
        (Some(low), Some(high)) => format!("{} – {}", millis(Some(low)), millis(Some(high))),
        (Some(low), None) => format!("{} or more", millis(Some(low))),
        (None, Some(high)) => format!("{} or less", millis(Some(high))),
        (None, None) => String::new(),
    }
}

fn answered(run: &RunSummary) -> u64 {
    run.requests.ok + run.requests.degraded
}

fn quantile(run: &RunSummary, value: Option<f64>, samples: u64) -> String {
    if answered(run) >= samples {
        millis(value)
    } else {
        ABSENT.to_owned()
    }
}

fn over_limit(run: &RunSummary) -> String {
    run.limit_s
        .filter(|limit| *limit > 0.0)
        .map_or_else(|| ABSENT.to_owned(), |limit| times(run.makespan_s / limit))
}

fn wasted(run: &RunSummary) -> String {
    if run.cost.usd > 0.0 {
        percent(Some(run.cost.wasted_usd / run.cost.usd))
    } else {
        ABSENT.to_owned()
    }
}

fn wrong(run: &RunSummary) -> String {
    count(run.docs.duplicates + run.docs.out_of_order + run.docs.foreign)
}
