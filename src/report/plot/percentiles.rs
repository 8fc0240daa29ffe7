//! Percentile curves of all modes on one axis, stretched towards 100 % as far as there are samples.

use crate::record::Latencies;
use crate::report::ReportError;
use crate::report::figures::{number, seconds};
use crate::report::plain::plain;

use super::axis::Scale;
use super::canvas::{Anchor, Canvas, Dash, Pen, draw};
use super::ink::Ink;
use super::{NARROW, Plot, Side, Words, answered, below};

/// Fewest answers of which a curve says more than the table.
const FEWEST: u64 = 10;

/// Percentiles that may be marked on the axis.
const MARKS: [f64; 7] = [0.0, 50.0, 90.0, 99.0, 99.9, 99.99, 99.999];

const HEIGHT: f64 = 240.0;
const TOP: f64 = 14.0;
const LEFT: f64 = 58.0;
const RIGHT: f64 = 84.0;
const RIGHT_NARROW: f64 = 14.0;
const BOTTOM: f64 = 40.0;

struct Curve {
    slot: usize,
    mode: String,
    answers: Latencies,
}

/// Curves of the modes with enough answers; `None` when there is none.
pub(in crate::report) fn percentiles(
    scenario: &str,
    sides: &[Side<'_>],
) -> Result<Option<Plot>, ReportError> {
    let curves: Vec<Curve> = sides.iter().filter_map(curve).collect();
    if curves.is_empty() {
        return Ok(None);
    }
    let text = Words {
        name: format!("{scenario}-percentiles"),
        title: "Percentiles".to_owned(),
        caption: "How many of the answers took at most how long; failures are left out, since a quick refusal is no \
                  quick answer. A curve ends where its samples do."
            .to_owned(),
        alternative: curves.iter().map(words).collect::<Vec<_>>().join(" "),
    };
    text.drawn(|width| {
        draw(width, HEIGHT as i32, |canvas| {
            paint(canvas, f64::from(width), &curves)
        })
    })
    .map(Some)
}

fn curve(&Side { run, slot, .. }: &Side<'_>) -> Option<Curve> {
    let mut answers = Latencies::default();
    for (_, latencies) in run.latency.iter().filter(|(ending, _)| answered(**ending)) {
        answers.merge(latencies);
    }
    let mode = plain(&run.mode);
    (answers.micros().len() >= FEWEST).then_some(Curve {
        slot,
        mode,
        answers,
    })
}

fn words(curve: &Curve) -> String {
    let at: Vec<String> = MARKS[1..]
        .iter()
        .filter(|percent| stretch(**percent) <= curve.depth())
        .map(|percent| {
            format!(
                "{} % within {}",
                number(*percent),
                seconds(curve.at(*percent))
            )
        })
        .collect();
    format!("{}: {}.", curve.mode, at.join(", "))
}

/// Where a percentile lies: its distance from 100 % in powers of ten.
fn stretch(percent: f64) -> f64 {
    -(1.0 - percent / 100.0).max(1e-9).log10()
}

impl Curve {
    /// How far the samples reach, see [`stretch`].
    fn depth(&self) -> f64 {
        (self.answers.micros().len() as f64).log10()
    }

    /// Seconds at a percentile.
    fn at(&self, percent: f64) -> f64 {
        self.answers.micros().value_at_quantile(percent / 100.0) as f64 / 1e6
    }

    /// A point for every distinct latency at most; `steps` at most.
    fn points(&self, steps: usize) -> Vec<(f64, f64)> {
        let depth = self.depth();
        let mut points: Vec<(f64, f64)> = (0..=steps)
            .map(|step| depth * step as f64 / steps as f64)
            .map(|place| (place, self.at(100.0 * (1.0 - 10f64.powf(-place)))))
            .collect();
        points.dedup_by(|next, last| next.1 == last.1 && next.0 < depth);
        points
    }
}

fn paint(canvas: &mut Canvas<'_>, width: f64, curves: &[Curve]) {
    let narrow = width <= f64::from(NARROW);
    let right = width - if narrow { RIGHT_NARROW } else { RIGHT };
    let depth = curves.iter().map(Curve::depth).fold(0.0, f64::max);
    let slowest = curves
        .iter()
        .map(|curve| curve.answers.micros().max())
        .max()
        .unwrap_or(1) as f64
        / 1e6;
    let across = Scale::linear((0.0, depth), (LEFT, right));
    let up = Scale::linear((0.0, slowest * 1.05), (HEIGHT - BOTTOM, TOP));
    for tick in up.ticks(4) {
        let y = up.at(tick);
        canvas.line((LEFT, y), (right, y), Pen::solid(Ink::Grid, 1.0));
        canvas.text(
            &seconds(tick),
            (LEFT - 8.0, y),
            12.0,
            Ink::Muted,
            Anchor::End,
        );
    }
    for percent in MARKS
        .into_iter()
        .filter(|percent| stretch(*percent) <= depth + 1e-9)
    {
        let label = format!("{} %", number(percent));
        below(
            canvas,
            &label,
            (across.at(stretch(percent)), HEIGHT - BOTTOM + 15.0),
            width,
        );
    }
    for curve in curves {
        paint_curve(canvas, curve, &across, &up, narrow);
    }
}

fn paint_curve(canvas: &mut Canvas<'_>, curve: &Curve, across: &Scale, up: &Scale, narrow: bool) {
    let ink = Ink::Mode(curve.slot);
    let points = curve.points(if narrow { 80 } else { 200 });
    let line: Vec<(f64, f64)> = points
        .iter()
        .map(|(place, value)| (across.at(*place), up.at(*value)))
        .collect();
    canvas.path(
        &line,
        Pen {
            ink,
            width: 2.0,
            dash: Dash::of_mode(curve.slot),
        },
    );
    for percent in MARKS
        .into_iter()
        .filter(|percent| stretch(*percent) <= curve.depth() + 1e-9)
    {
        canvas.marker(
            (across.at(stretch(percent)), up.at(curve.at(percent))),
            4.0,
            curve.slot,
        );
    }
    let Some(&(x, y)) = line.last() else { return };
    if narrow {
        canvas.strong(&curve.mode, (x - 4.0, y - 11.0), 12.0, ink, Anchor::End);
    } else {
        canvas.strong(&curve.mode, (x + 9.0, y), 12.0, ink, Anchor::Start);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn a_curve_rises_and_reaches_no_further_than_its_samples() {
        let record = fixture::record();
        let summary = fixture::summary(&record);
        let curve = curve(&fixture::sides(&record, &summary)[1]).unwrap();
        let points = curve.points(200);
        assert!(
            points
                .windows(2)
                .all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1)
        );
        assert!(
            (points.last().unwrap().0 - 2.0).abs() < 1e-9,
            "100 samples reach 99 %"
        );
    }

    #[test]
    fn too_few_answers_make_no_curve() {
        let mut record = fixture::record();
        record.runs[0].latency.clear();
        let summary = fixture::summary(&record);
        assert!(
            percentiles("s", &fixture::sides(&record, &summary)[..1])
                .unwrap()
                .is_none()
        );
    }
}
