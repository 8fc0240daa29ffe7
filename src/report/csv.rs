//! CSV files: one line a request, one line a run (RFC 4180).

use crate::record::Record;
use crate::summary::{Bounds, Confidence, Metric, Summary};

use super::ReportError;
use crate::text::cell;

/// A mark that makes spreadsheet programs read UTF-8; only where there is something else than ASCII,
/// because plain readers take it for a part of the first column's name.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Every recorded request.
pub(super) fn requests(record: &Record) -> Result<String, ReportError> {
    let head = [
        "scenario",
        "mode",
        "index",
        "document",
        "scheduled_ms",
        "started_ms",
        "ended_ms",
        "latency_ms",
        "status",
        "ending",
        "symbols",
        "documented",
        "duplicates",
        "out_of_order",
        "foreign",
    ];
    let lines = record.runs.iter().flat_map(|run| {
        run.requests.iter().map(move |request| {
            let docs = request.docs;
            vec![
                cell(&run.scenario),
                cell(&run.subject.to_string()),
                request.index.to_string(),
                cell(&request.document),
                request.scheduled_ms.to_string(),
                request.started_ms.to_string(),
                request.ended_ms.to_string(),
                request.latency_ms().to_string(),
                request
                    .status
                    .map_or_else(String::new, |status| status.to_string()),
                request.ending.name().to_owned(),
                docs.symbols.to_string(),
                docs.documented.to_string(),
                docs.duplicates.to_string(),
                docs.out_of_order.to_string(),
                docs.foreign.to_string(),
            ]
        })
    });
    csv(&head, lines)
}

/// Every metric of every run with its 95 % bounds; empty where it was not measured.
pub(super) fn summary(summary: &Summary) -> Result<String, ReportError> {
    let bounds = BOUNDS.map(|(name, _)| [format!("{name}_low"), format!("{name}_high")]);
    let head: Vec<&str> = ["scenario", "mode", "offered"]
        .into_iter()
        .chain(METRICS.map(Metric::name))
        .chain(bounds.iter().flatten().map(String::as_str))
        .collect();
    let lines = summary.runs.iter().map(|run| {
        let figures = METRICS.map(|metric| cell_of(run.value(metric)));
        let bounds = BOUNDS.map(|(_, of)| of(&run.confidence));
        let mut line = vec![
            cell(&run.scenario),
            cell(&run.mode),
            run.requests.offered.to_string(),
        ];
        line.extend(figures);
        line.extend(bounds.iter().flat_map(|of| [of.low, of.high].map(cell_of)));
        line
    });
    csv(&head, lines)
}

const METRICS: [Metric; 20] = [
    Metric::Ok,
    Metric::Degraded,
    Metric::Failed,
    Metric::FailureRate,
    Metric::P50Ms,
    Metric::P95Ms,
    Metric::P99Ms,
    Metric::FailedMaxS,
    Metric::MakespanS,
    Metric::MakespanOverLimit,
    Metric::Attempts,
    Metric::InputTokens,
    Metric::OutputTokens,
    Metric::CostUsd,
    Metric::CostInr,
    Metric::WastedUsd,
    Metric::Coverage,
    Metric::Duplicates,
    Metric::OutOfOrder,
    Metric::Foreign,
];

/// A metric that has bounds, and where they are.
type Bounded = (&'static str, fn(&Confidence) -> Bounds);

const BOUNDS: [Bounded; 4] = [
    ("failure_rate", |of| of.failure_rate),
    ("p50_ms", |of| of.p50_ms),
    ("p95_ms", |of| of.p95_ms),
    ("p99_ms", |of| of.p99_ms),
];

fn cell_of(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn csv(head: &[&str], lines: impl Iterator<Item = Vec<String>>) -> Result<String, ReportError> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(vec![]);
    writer.write_record(head)?;
    for line in lines {
        writer.write_record(line)?;
    }
    let bytes = writer
        .into_inner()
        .map_err(|error| ReportError::Csv(error.into_error().into()))?;
    let text = String::from_utf8(bytes).expect("a CSV file is made of strings");
    Ok(if text.is_ascii() {
        text
    } else {
        format!("{BYTE_ORDER_MARK}{text}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn a_hostile_path_stays_one_cell_and_no_formula() {
        let mut record = fixture::record();
        record.runs[0].requests[0].document = "=cmd|'/c calc'!A1,\"x\"\r\nnext".to_owned();
        let text = requests(&record).unwrap();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let first = reader.records().next().unwrap().unwrap();
        assert_eq!(first.get(3), Some("'=cmd|'/c calc'!A1,\"x\" next"));
        assert_eq!(first.len(), 15);
    }

    #[test]
    fn each_run_is_a_line_and_what_was_not_measured_is_empty() {
        let all = fixture::summary(&fixture::record());
        let text = summary(&all).unwrap();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let head = reader.headers().unwrap().clone();
        let column = |wanted: &str| head.iter().position(|name| name == wanted).unwrap();
        let lines: Vec<_> = reader.records().collect::<Result<_, _>>().unwrap();
        assert_eq!(lines.len(), all.runs.len());
        assert_eq!(lines[0].get(column("makespan_over_limit")), Some(""));
    }

    #[test]
    fn a_bound_stands_in_a_column_of_its_own_and_one_that_too_few_samples_give_is_empty() {
        let mut all = fixture::summary(&fixture::record());
        all.runs[0].confidence.p99_ms = Bounds {
            low: Some(5_000.5),
            high: None,
        };
        let text = summary(&all).unwrap();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let head = reader.headers().unwrap().clone();
        let first = reader.records().next().unwrap().unwrap();
        let cell = |wanted: &str| first.get(head.iter().position(|name| name == wanted).unwrap());
        assert_eq!(cell("p99_ms_low"), Some("5000.5"));
        assert_eq!(cell("p99_ms_high"), Some(""));
        let rate = all.runs[0].confidence.failure_rate.high.unwrap();
        assert_eq!(cell("failure_rate_high"), Some(rate.to_string().as_str()));
    }
}
