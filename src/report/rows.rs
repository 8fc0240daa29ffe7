//! The comparison of a scenario's modes as rows of text, shared by terminal, Markdown and page.

use crate::summary::{Bill, Bounds, Contrast, RunSummary, enough};

use super::headline::factor;
use super::scenarios::Scenario;
use crate::text::figures::{ABSENT, count, millis, percent, rupees, seconds, times};

/// Fewest requests of which the bounds of a share are shown.
const SAMPLES_FOR_RATE: u64 = 10;

/// Fewer starts of instances than this go without saying.
const MANY_COLD_STARTS: u64 = 100;

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
        |run| times_between(run, run.confidence.p50_ms, 0.5),
    ));
    if any(|run| tells(run, 0.95)) {
        rows.push(bounded(
            row(
                "p95 latency",
                |run| quantile(run, run.latency_ms.p95, 0.95),
                none(),
            ),
            |run| times_between(run, run.confidence.p95_ms, 0.95),
        ));
    }
    if any(|run| tells(run, 0.99)) {
        rows.push(bounded(
            row(
                "p99 latency",
                |run| quantile(run, run.latency_ms.p99, 0.99),
                none(),
            ),
            |run| times_between(run, run.confidence.p99_ms, 0.99),
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
    rows.extend(platform(scenario));
    if any(|run| run.docs.symbols > 0) {
        rows.push(row(
            "symbols documented",
            |run| percent(run.docs.coverage),
            none(),
        ));
    }
    if any(|run| run.wrong_entries() > 0) {
        rows.push(row("wrong entries", wrong, none()));
    }
    rows
}

/// What the platform did and bills beside, where it bills by the invocation.
fn platform(scenario: &Scenario<'_>) -> Vec<Row> {
    let any = |wanted: fn(&Bill) -> bool| {
        let mut bills = scenario.runs.iter().filter_map(|run| run.platform.as_ref());
        bills.any(wanted)
    };
    let row = |label, value: fn(&Bill) -> String| Row {
        label,
        values: scenario
            .runs
            .iter()
            .map(|run| {
                run.platform
                    .as_ref()
                    .map_or_else(|| ABSENT.to_owned(), value)
            })
            .collect(),
        bounds: vec![String::new(); scenario.runs.len()],
        change: String::new(),
    };
    let mut rows = Vec::new();
    if any(|_| true) {
        rows.push(row("platform’s own bill", |bill| rupees(bill.inr)));
        rows.push(row("of it, waiting", |bill| percent(bill.waiting)));
    }
    if any(|bill| bill.counts.gateway_timeouts > 0) {
        rows.push(row("gateway gave up", |bill| {
            count(bill.counts.gateway_timeouts)
        }));
    }
    if any(|bill| bill.counts.throttled > 0) {
        rows.push(row("found no instance", |bill| {
            count(bill.counts.throttled)
        }));
    }
    if any(|bill| bill.counts.cold_starts > MANY_COLD_STARTS) {
        rows.push(row("cold starts", |bill| count(bill.counts.cold_starts)));
    }
    rows
}

/// `43 of 100`.
pub(super) fn lost(run: &RunSummary) -> String {
    format!(
        "{} of {}",
        count(run.requests.lost()),
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

/// Bounds of the quantile of `share`.
fn times_between(run: &RunSummary, bounds: Bounds, share: f64) -> String {
    match (bounds.low, bounds.high) {
        _ if !tells(run, share) => String::new(),
        (Some(low), Some(high)) => format!("{} – {}", millis(Some(low)), millis(Some(high))),
        (Some(low), None) => format!("{} or more", millis(Some(low))),
        (None, Some(high)) => format!("{} or less", millis(Some(high))),
        (None, None) => String::new(),
    }
}

/// Whether a run has answers enough for the quantile of `share`.
fn tells(run: &RunSummary, share: f64) -> bool {
    enough(run.requests.answered(), share)
}

fn quantile(run: &RunSummary, value: Option<f64>, share: f64) -> String {
    if tells(run, share) {
        millis(value)
    } else {
        ABSENT.to_owned()
    }
}

fn over_limit(run: &RunSummary) -> String {
    run.times_limit().map_or_else(|| ABSENT.to_owned(), times)
}

fn wasted(run: &RunSummary) -> String {
    percent(run.wasted_share())
}

fn wrong(run: &RunSummary) -> String {
    count(run.wrong_entries())
}
