//! Latencies as HDR percentile distributions (`.hgrm`), which HdrHistogram's plotter reads.

use std::fmt::Write;

use crate::record::Latencies;

/// Steps per halving of the distance to 100 %, as in HdrHistogram's own output.
const TICKS_PER_HALF_DISTANCE: u32 = 5;

/// Microseconds in the unit of the file.
const MICROS_PER_MS: f64 = 1000.0;

/// The distribution in milliseconds.
pub(super) fn hgrm(latencies: &Latencies) -> String {
    let micros = latencies.micros();
    let mut text = format!(
        "{:>12} {:>14} {:>10} {:>14}\n\n",
        "Value", "Percentile", "TotalCount", "1/(1-Percentile)"
    );
    let mut total = 0;
    for step in micros.iter_quantiles(TICKS_PER_HALF_DISTANCE) {
        total += step.count_since_last_iteration();
        let value = step.value_iterated_to() as f64 / MICROS_PER_MS;
        let quantile = step.quantile_iterated_to();
        let inverse = if quantile < 1.0 {
            format!("{:>14.2}", 1.0 / (1.0 - quantile))
        } else {
            format!("{:>14}", "inf")
        };
        line(
            &mut text,
            format_args!("{value:>12.3} {quantile:>14.12} {total:>10} {inverse}"),
        );
    }
    let (mean, deviation) = (
        micros.mean() / MICROS_PER_MS,
        micros.stdev() / MICROS_PER_MS,
    );
    line(
        &mut text,
        format_args!("#[Mean    = {mean:>12.3}, StdDeviation   = {deviation:>12.3}]"),
    );
    line(
        &mut text,
        format_args!(
            "#[Max     = {:>12.3}, Total count    = {:>12}]",
            micros.max() as f64 / MICROS_PER_MS,
            micros.len()
        ),
    );
    let buckets = 64 - micros.high().max(1).leading_zeros();
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
