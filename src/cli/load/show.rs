//! What a load says on the terminal: counts, quantiles, and what so many samples are worth.

use std::fmt::Write;

use crate::summary::{Bounds, Quantiles, RunSummary, enough};
use crate::text::figures::{ABSENT, aligned};
use crate::text::{COLUMNS, excerpt, wrapped};

/// Characters of an error that are repeated.
const LONGEST: usize = 400;

/// Shares of the quantiles in a [`Quantiles`] and a line of the table, without the largest.
const SHARES: [f64; 4] = [0.5, 0.9, 0.95, 0.99];

/// The run in lines of at most 80 columns.
pub(super) fn text(run: &RunSummary, closed: bool) -> String {
    let (requests, sure) = (run.requests, &run.confidence);
    let mut text = format!(
        "offered {}: ok {}, degraded {}, failed {}, dropped {}; all within {:.1} s\n",
        requests.offered,
        requests.ok,
        requests.degraded,
        requests.failed,
        requests.dropped,
        run.makespan_s
    );
    let mut line = |line: std::fmt::Arguments<'_>| {
        writeln!(text, "{line}").expect("a String takes any text");
    };
    if let Some(rate) = run.failure_rate {
        line(format_args!(
            "failure rate {}, 95 % interval {} to {}\n",
            percent(Some(rate)),
            percent(sure.failure_rate.low),
            percent(sure.failure_rate.high)
        ));
    }
    let heads = ["p50", "p90", "p95", "p99", "max"].map(str::to_owned);
    line(format_args!("{}", row("latency, ms", &heads)));
    let answered = requests.answered();
    let bounds = [sure.p50_ms, sure.p90_ms, sure.p95_ms, sure.p99_ms];
    let ends =
        |end: fn(&Bounds) -> Option<f64>| bounds.each_ref().map(|bounds| millis(end(bounds)));
    line(format_args!(
        "{}",
        row(
            &format!("{answered} answers"),
            &cells(run.latency_ms, answered)
        )
    ));
    if answered > 0 {
        line(format_args!(
            "{}",
            row("  95 % interval from", &ends(|bounds| bounds.low))
        ));
        line(format_args!("{}", row("  to", &ends(|bounds| bounds.high))));
    }
    if requests.failed > 0 {
        let failed = requests.failed;
        line(format_args!(
            "{}",
            row(
                &format!("{failed} failures"),
                &cells(run.failed_latency_ms, failed)
            )
        ));
    }
    if closed {
        line(format_args!(
            "\nClosed clients have no schedule: slow answers also slow the load down, and\nthese latencies do not show who would have waited. Use rate or poisson for that."
        ));
    } else {
        line(format_args!(
            "{}",
            row("the driver's own lag", &cells(run.lag_ms, requests.sent()))
        ));
    }
    if let Some((error, count)) = &run.top_error {
        let said = format!(
            "most frequent error, {count} times: {}",
            excerpt(error, LONGEST)
        );
        text += &format!("\n{}", wrapped(&said, "", "  ", COLUMNS));
    }
    text
}

fn row(label: &str, cells: &[String]) -> String {
    let mut row = format!("{label:<25}");
    for cell in cells {
        row += &format!("{cell:>11}");
    }
    row
}

/// The quantiles that `samples` are enough for.
fn cells(quantiles: Quantiles, samples: u64) -> [String; 5] {
    let Quantiles {
        p50,
        p90,
        p95,
        p99,
        max,
    } = quantiles;
    let mut cells = [p50, p90, p95, p99, max].map(millis);
    for (cell, share) in cells.iter_mut().zip(SHARES) {
        if !enough(samples, share) {
            *cell = ABSENT.to_owned();
        }
    }
    cells
}

fn millis(value: Option<f64>) -> String {
    aligned(value, 1)
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(
        || ABSENT.to_owned(),
        |share| format!("{} %", aligned(Some(share * 100.0), 2)),
    )
}
