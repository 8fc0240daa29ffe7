//! Latency histogram: one panel a mode on one logarithmic axis, answers filled, failures hollow.

use crate::record::Latencies;
use crate::report::ReportError;
use crate::report::figures::{count, seconds};
use crate::report::plain::plain;

use super::axis::Scale;
use super::canvas::{Canvas, Pen, draw};
use super::ink::Ink;
use super::{MARGIN, NARROW, Plot, Side, WIDE, Words, answered, below, head};

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
        plain(&run.subject.to_string()),
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

fn paint(canvas: &mut Canvas<'_>, width: f64, span: (f64, f64), sides: &[Side<'_>]) {
    let narrow = width <= f64::from(NARROW);
    let scale = Scale::log(span, (MARGIN, width - MARGIN));
    let bins = if narrow { 36 } else { 96 };
    let panels: Vec<Panel<'_>> = sides
        .iter()
        .map(|&side| panel(side, &scale, bins))
        .collect();
    let bottom = sides.len() as f64 * (PANEL + GAP);
    for tick in scale.ticks(if narrow { 5 } else { 10 }) {
        let x = scale.at(tick);
        canvas.line((x, GAP * 0.7), (x, bottom), Pen::solid(Ink::Grid, 1.0));
        below(canvas, &seconds(tick), (x, bottom + 15.0), width);
    }
    for (index, panel) in panels.iter().enumerate() {
        let base = (index + 1) as f64 * (PANEL + GAP);
        paint_panel(canvas, &scale, base, panel, width);
    }
}

fn paint_panel(canvas: &mut Canvas<'_>, scale: &Scale, base: f64, panel: &Panel<'_>, width: f64) {
    let ink = Ink::Mode(panel.side.slot);
    let tallest = panel
        .answers
        .iter()
        .zip(&panel.failures)
        .map(|(a, f)| a + f)
        .max()
        .unwrap_or(0);
    let height = Scale::linear((0.0, tallest as f64), (0.0, PANEL - 14.0));
    let edges = scale.edges(panel.answers.len());
    for (index, (&answers, &failures)) in panel.answers.iter().zip(&panel.failures).enumerate() {
        let (left, right) = (
            scale.at(edges[index]) + 0.5,
            scale.at(edges[index + 1]) - 0.5,
        );
        let top = base - height.at(answers as f64);
        if answers > 0 {
            canvas.rect((left, top), (right, base), ink, 1.0);
        }
        if failures > 0 {
            let above = top - height.at(failures as f64);
            canvas.frame(
                (left + 0.75, above),
                (right - 0.75, top - 0.75),
                Pen::solid(ink, 1.5),
            );
        }
    }
    canvas.line(
        (MARGIN, base),
        (width - MARGIN, base),
        Pen::solid(Ink::Muted, 1.0),
    );
    legend(canvas, base - PANEL - 12.0, panel, width);
}

fn legend(canvas: &mut Canvas<'_>, y: f64, panel: &Panel<'_>, width: f64) {
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

fn panel<'a>(side: Side<'a>, scale: &Scale, bins: usize) -> Panel<'a> {
    let mut panel = Panel {
        side,
        answers: vec![0; bins],
        failures: vec![0; bins],
    };
    let edges = scale.edges(bins);
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
        for svg in [&plot.wide, &plot.narrow] {
            assert!(
                svg.contains("\nnaive\n") && svg.contains("\nhardened\n"),
                "{svg}"
            );
            assert!(svg.contains("font-family=\"system-ui"));
        }
        assert!(plot.alternative.contains("naive: "));
    }
}
