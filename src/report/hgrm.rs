//! Latencies as HDR percentile distributions: `.hgrm`, which HdrHistogram's plotter reads, and the same
//! steps as CSV.

use std::fmt::Write;

use crate::record::{Latencies, Run};
use crate::summary::Distribution;
use crate::text;

/// Where the latencies of `what`, an ending or the lag, of `run` are written, less the suffix.
pub(super) fn file(run: &Run, what: &str) -> String {
    let mode = run.subject.to_string();
    let [scenario, mode] = [&run.scenario, &mode].map(|name| text::file_name(name));
    format!("histograms/{scenario}.{mode}.{}", what.replace('_', "-"))
}

/// The distribution in milliseconds as CSV, with the columns of HdrHistogram's own.
pub(super) fn csv(latencies: &Latencies) -> String {
    let mut text = "\"Value\",\"Percentile\",\"TotalCount\",\"1/(1-Percentile)\"\n".to_owned();
    for step in Distribution::of(latencies).steps {
        let inverse = if step.inverse.is_finite() {
            format!("{:.2}", step.inverse)
        } else {
            "Infinity".to_owned()
        };
        line(
            &mut text,
            format_args!(
                "{:.3},{:.12},{},{inverse}",
                step.value_ms, step.quantile, step.total
            ),
        );
    }
    text
}

/// The distribution in milliseconds.
pub(super) fn hgrm(latencies: &Latencies) -> String {
    let distribution = Distribution::of(latencies);
    let mut text = format!(
        "{:>12} {:>14} {:>10} {:>14}\n\n",
        "Value", "Percentile", "TotalCount", "1/(1-Percentile)"
    );
    for step in &distribution.steps {
        let inverse = if step.inverse.is_finite() {
            format!("{:>14.2}", step.inverse)
        } else {
            format!("{:>14}", "inf")
        };
        line(
            &mut text,
            format_args!(
                "{:>12.3} {:>14.12} {:>10} {inverse}",
                step.value_ms, step.quantile, step.total
            ),
        );
    }
    let (mean, deviation) = (distribution.mean_ms, distribution.deviation_ms);
    line(
        &mut text,
        format_args!("#[Mean    = {mean:>12.3}, StdDeviation   = {deviation:>12.3}]"),
    );
    line(
        &mut text,
        format_args!(
            "#[Max     = {:>12.3}, Total count    = {:>12}]",
            distribution.max_ms, distribution.count
        ),
    );
    let buckets = 64 - latencies.micros().high().max(1).leading_zeros();
    line(
        &mut text,
        format_args!("#[Buckets = {buckets:>12}, SubBuckets     = {:>12}]", 2048),
    );
    text
}

fn line(text: &mut String, content: std::fmt::Arguments<'_>) {
    writeln!(text, "{content}").expect("a String takes any text");
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_csv_has_the_steps_of_the_hgrm_and_ends_at_all() {
        let mut latencies = Latencies::default();
        for ms in 1..=1000 {
            latencies.record(Duration::from_millis(ms));
        }
        let text = csv(&latencies);
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
        let comments = hgrm(&latencies)
            .lines()
            .filter(|line| line.starts_with('#'))
            .count();
        assert_eq!(lines.len(), hgrm(&latencies).lines().count() - comments - 1);
        assert!(lines.iter().all(|line| line.len() == 4));
        assert_eq!(
            lines[lines.len() - 1][1..],
            ["1.000000000000", "1000", "Infinity"]
        );
    }

    #[test]
    fn the_last_step_counts_everything_at_the_maximum() {
        let mut latencies = Latencies::default();
        for ms in 1..=1000 {
            latencies.record(Duration::from_millis(ms));
        }
        let text = hgrm(&latencies);
        let steps: Vec<Vec<&str>> = text
            .lines()
            .skip(2)
            .filter(|line| !line.starts_with('#'))
            .map(|line| line.split_whitespace().collect())
            .collect();
        let last = steps.last().unwrap();
        assert_eq!(
            (last[1], last[2], last[3]),
            ("1.000000000000", "1000", "inf")
        );
        assert!((last[0].parse::<f64>().unwrap() - 1000.0).abs() < 1.0);
        let median = steps
            .iter()
            .find(|step| step[1].parse::<f64>().unwrap() >= 0.5)
            .unwrap();
        assert!(
            (median[0].parse::<f64>().unwrap() - 500.0).abs() < 1.0,
            "{median:?}"
        );
    }
}
