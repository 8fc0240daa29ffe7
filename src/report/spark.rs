//! How latencies are spread, in one line of a terminal.

use crate::record::{Latencies, Record};
use crate::summary::{RunSummary, answers};

use super::rows::Row;
use super::scenarios::Scenario;
use crate::text::figures::{ABSENT, seconds};

/// From few to many.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Fewest answers of which a spread says more than the median.
const FEWEST: u64 = 10;

/// One sparkline a mode, all on one logarithmic axis from the quickest to the slowest answer; nothing where there are
/// hardly any answers.
pub(super) fn spread(record: &Record, scenario: &Scenario<'_>, cells: usize) -> Option<Row> {
    let all: Vec<Latencies> = scenario
        .runs
        .iter()
        .map(|run| of_run(record, run))
        .collect();
    let filled = || all.iter().filter(|each| each.micros().len() >= FEWEST);
    let low = filled().map(|each| each.micros().min().max(1)).min()?;
    let high = filled().map(|each| each.micros().max()).max()?;
    let line = |each: &Latencies| match each.micros().len() {
        few if few < FEWEST => ABSENT.to_owned(),
        _ => sparkline(&counts(each, (low, high), cells)),
    };
    let [from, to] = [low, high].map(|micros| seconds(micros as f64 / 1e6));
    Some(Row {
        label: "latency spread",
        values: all.iter().map(line).collect(),
        bounds: vec![],
        change: format!("{from} to {to}"),
    })
}

fn of_run(record: &Record, numbers: &RunSummary) -> Latencies {
    let mut runs = record.runs.iter();
    let run = runs.find(|run| run.scenario == numbers.scenario && run.subject == numbers.subject);
    run.map(answers).unwrap_or_default()
}

/// Answers by cell of the axis from `low` to `high` microseconds.
fn counts(latencies: &Latencies, (low, high): (u64, u64), cells: usize) -> Vec<u64> {
    let place = |micros: u64| (micros.max(1) as f64).ln();
    let span = (place(high) - place(low)).max(f64::MIN_POSITIVE);
    let mut counts = vec![0; cells];
    for bucket in latencies.micros().iter_recorded() {
        let share = (place(bucket.value_iterated_to()) - place(low)) / span;
        let cell = ((share * cells as f64) as usize).min(cells.saturating_sub(1));
        counts[cell] += bucket.count_at_value();
    }
    counts
}

/// One character a cell, the fullest one at full height; an empty cell is a dot.
fn sparkline(counts: &[u64]) -> String {
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    let bar = |count: u64| match count {
        0 => '·',
        _ => BARS[((count * BARS.len() as u64).div_ceil(most) as usize).clamp(1, BARS.len()) - 1],
    };
    counts.iter().map(|count| bar(*count)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;
    use crate::report::scenarios::scenarios;

    #[test]
    fn a_sparkline_rises_to_its_fullest_cell_and_shows_holes() {
        assert_eq!(sparkline(&[0, 1, 4, 8]), "·▁▄█");
        assert_eq!(sparkline(&[0, 0]), "··");
        assert_eq!(sparkline(&[1, 1_000_000]), "▁█");
    }

    #[test]
    fn all_modes_share_one_axis() {
        let record = fixture::record();
        let summary = fixture::summary(&record);
        let row = spread(&record, &scenarios(&summary)[0], 10).unwrap();
        assert!(row.values.iter().all(|line| line.chars().count() == 10));
        assert!(
            row.values[0].ends_with('·') && !row.values[1].ends_with('·'),
            "{:?}",
            row.values
        );
    }
}
