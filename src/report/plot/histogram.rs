//! Latency histogram: one panel a mode on one logarithmic axis, answers filled, failures hollow.

use crate::record::Latencies;
use crate::report::ReportError;
use crate::text;
use crate::text::figures::{count, seconds};

use super::axis::Axis;
use super::canvas::{Canvas, Frame, Pen, draw};
use super::palette::Role;
use super::{MARGIN, NARROW, Plot, Side, WIDE, Words, answered, head};

const PANEL: f64 = 84.0;
const GAP: f64 = 30.0;
const AXIS: f64 = 34.0;

/// Counts of one panel, by bin.
struct Panel<'a> {
    side: Side<'a>,
    answers: Vec<u64>,
    failures: Vec<u64>,
}

/// Fewest requests of a mode of which a picture says more than the table.
const FEWEST: u64 = 3;

/// Latencies of all modes of one scenario; `None` when hardly a request ended.
pub(in crate::report) fn histogram(
    scenario: &str,
    sides: &[Side<'_>],
) -> Result<Option<Plot>, ReportError> {
    let Some(span) = span(sides) else {
        return Ok(None);
    };
    let alternative: Vec<String> = sides.iter().map(words).collect();
    let text = Words {
        name: format!("{scenario}-latency"),
        title: "Latency".to_owned(),
        caption: "How long requests took, from the moment at which they were due. Filled bars are answers, hollow \
                  bars are failures; the axis is logarithmic, the same for every mode."
            .to_owned(),
        alternative: alternative.join(" "),
    };
    text.drawn(|width| {
        let height = sides.len() as f64 * (PANEL + GAP) + AXIS;
        draw(width, height.ceil() as i32, |canvas| {
            paint(canvas, f64::from(width), span, sides)
        })
    })
    .map(Some)
}

fn words(Side { run, numbers, .. }: &Side<'_>) -> String {
    let requests = numbers.requests;
    let mut text = format!(
        "{}: {} answers",
        text::line(&run.subject.to_string()),
        count(requests.ok + requests.degraded)
    );
    if let (Some(p50), Some(max)) = (numbers.latency_ms.p50, numbers.latency_ms.max) {
        text += &format!(
            ", median {}, slowest {}",
            seconds(p50 / 1000.0),
            seconds(max / 1000.0)
        );
    }
    if let Some(p50) = numbers.failed_latency_ms.p50 {
        text += &format!(
            "; {} failures, median {}",
            count(requests.failed),
            seconds(p50 / 1000.0)
        );
    }
    text + "."
}

/// Smallest and largest latency in seconds, and a little more at both ends.
fn span(sides: &[Side<'_>]) -> Option<(f64, f64)> {
    let ended = |side: &Side<'_>| {
        side.run
            .latency
            .values()
            .map(|each| each.micros().len())
            .sum::<u64>()
    };
    if sides.iter().all(|side| ended(side) < FEWEST) {
        return None;
    }
    let all = || {
        sides
            .iter()
            .flat_map(|side| side.run.latency.values())
            .filter(|each| !each.micros().is_empty())
    };
    let low = all().map(|each| each.micros().min()).min()?;
    let high = all().map(|each| each.micros().max()).max()?;
    let low = low.max(1000) as f64 / 1e6;
    let high = (high as f64 / 1e6).max(low * 2.0);
    Some((low / 1.3, high * 1.3))
}

fn paint(canvas: &mut Canvas, width: f64, span: (f64, f64), sides: &[Side<'_>]) {
    let narrow = width <= f64::from(NARROW);
    let (bins, lines) = if narrow { (36, 5) } else { (96, 10) };
    let axis = Axis::log(span.0, span.1);
    for (index, &side) in sides.iter().enumerate() {
        let panel = panel(side, &axis, bins);
        let latency = axis.clone().lines(lines);
        let latency = if index + 1 == sides.len() {
            latency.figures(seconds)
        } else {
            latency
        };
        paint_panel(
            canvas,
            latency,
            (index + 1) as f64 * (PANEL + GAP),
            &panel,
            width,
        );
    }
}

fn paint_panel(canvas: &mut Canvas, latency: Axis, base: f64, panel: &Panel<'_>, width: f64) {
    let role = Role::Mode(panel.side.slot);
    let bins = || {
        panel
            .answers
            .iter()
            .copied()
            .zip(panel.failures.iter().copied())
    };
    let tallest = bins()
        .map(|(answers, failures)| answers + failures)
        .max()
        .unwrap_or(0);
    let edges = latency.edges(panel.answers.len());
    let frame = Frame {
        left: MARGIN,
        top: base - PANEL + 14.0,
        right: width - MARGIN,
        bottom: base,
    };
    let chart = canvas.chart(frame, latency, Axis::linear(0.0, tallest as f64));
    for ((answers, failures), edges) in bins().zip(edges.windows(2)) {
        let (left, top) = chart.at(edges[0], answers as f64);
        let (right, above) = chart.at(edges[1], (answers + failures) as f64);
        let (left, right) = (left + 0.5, right - 0.5);
        if answers > 0 {
            canvas.rect((left, top), (right, base), role);
        }
        if failures > 0 {
            let pen = Pen::solid(role, 1.5);
            canvas.frame((left + 0.75, above), (right - 0.75, top - 0.75), pen);
        }
        if answers + failures > 0 {
            let title = said(edges, answers, failures);
            canvas.hover((left, frame.top), (right, base), &title);
        }
    }
    let ends = ((MARGIN, base), (width - MARGIN, base));
    canvas.line(ends.0, ends.1, Pen::solid(Role::Quiet, 1.0));
    legend(canvas, base - PANEL - 12.0, panel, width);
}

fn said(edges: &[f64], answers: u64, failures: u64) -> String {
    let counts = [(answers, "answered"), (failures, "failed")];
    let counts = counts.iter().filter(|(held, _)| *held > 0);
    let counts: Vec<String> = counts
        .map(|(held, word)| format!("{} {word}", count(*held)))
        .collect();
    format!(
        "{} to {}: {}",
        seconds(edges[0]),
        seconds(edges[1]),
        counts.join(", ")
    )
}

fn legend(canvas: &mut Canvas, y: f64, panel: &Panel<'_>, width: f64) {
    let requests = panel.side.numbers.requests;
    let answers = requests.ok + requests.degraded;
    let mut text = format!("{} answered", count(answers));
    if requests.failed > 0 {
        text += &format!(", {} failed", count(requests.failed));
    }
    if let (Some(p50), true) = (panel.side.numbers.latency_ms.p50, width >= f64::from(WIDE)) {
        text += &format!(", median {}", seconds(p50 / 1000.0));
    }
    head(
        canvas,
        panel.side.slot,
        &panel.side.numbers.mode,
        &text,
        (y, width),
    );
}

fn panel<'a>(side: Side<'a>, latency: &Axis, bins: usize) -> Panel<'a> {
    let mut panel = Panel {
        side,
        answers: vec![0; bins],
        failures: vec![0; bins],
    };
    let edges = latency.edges(bins);
    for (&ending, latencies) in &side.run.latency {
        let into = if answered(ending) {
            &mut panel.answers
        } else {
            &mut panel.failures
        };
        bin(latencies, &edges, into);
    }
    panel
}

/// Adds the counts of `latencies` to the bins between `edges` (in seconds).
fn bin(latencies: &Latencies, edges: &[f64], bins: &mut [u64]) {
    for step in latencies.micros().iter_recorded() {
        let value = step.value_iterated_to() as f64 / 1e6;
        let after = edges.partition_point(|edge| *edge <= value);
        bins[after.saturating_sub(1).min(bins.len() - 1)] += step.count_at_value();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::report::fixture;

    #[test]
    fn every_latency_falls_into_one_bin() {
        let mut latencies = Latencies::default();
        for ms in [1, 10, 50, 50, 99_000] {
            latencies.record(Duration::from_millis(ms));
        }
        let mut bins = [0; 3];
        bin(&latencies, &[0.005, 0.02, 0.1, 1.0], &mut bins);
        assert_eq!(bins, [2, 2, 1]);
    }

    #[test]
    fn the_picture_holds_both_modes_as_real_text() {
        let record = fixture::record();
        let summary = fixture::summary(&record);
        let plot = histogram("rate-limits", &fixture::sides(&record, &summary))
            .unwrap()
            .unwrap();
        for svg in [plot.wide.inline(), plot.narrow.inline()] {
            assert!(
                svg.contains(">naive</text>") && svg.contains(">hardened</text>"),
                "{svg}"
            );
        }
        assert!(plot.alternative.contains("naive: "));
    }
}
