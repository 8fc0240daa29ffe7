//! Percentile curves of all modes on one axis, stretched towards 100 % as far as there are samples.

use crate::record::Latencies;
use crate::report::ReportError;
use crate::report::figures::{number, seconds};
use crate::report::plain::plain;
use crate::summary::{Bounds, answers};

use super::axis::Scale;
use super::canvas::{Anchor, Canvas, Dash, Pen, draw};
use super::ink::Ink;
use super::{NARROW, Plot, Side, Words, below};

/// Fewest answers of which a curve says more than the table.
const FEWEST: u64 = 10;

/// Most answers that are drawn one by one.
const MOST_DOTS: u64 = 200;

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
    /// 95 % bounds in seconds of the percentiles that have them.
    bounds: Vec<(f64, Bounds)>,
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
        caption: caption(&curves),
        alternative: curves.iter().map(words).collect::<Vec<_>>().join(" "),
    };
    text.drawn(|width| {
        draw(width, HEIGHT as i32, |canvas| {
            paint(canvas, f64::from(width), &curves)
        })
    })
    .map(Some)
}

fn caption(curves: &[Curve]) -> String {
    let mut text = "How many of the answers took at most how long; failures are left out, since a quick refusal is no \
                    quick answer. A curve ends where its samples do."
        .to_owned();
    if curves.iter().any(Curve::has_dots) {
        text += " Each dot is one answer.";
    }
    text += " Upright strokes are 95 % bounds: where another seed may put \
             the figure; dotted ones have no upper end.";
    for curve in curves {
        text += &curve.worth().unwrap_or_default();
    }
    text
}

fn curve(
    &Side {
        run, numbers, slot, ..
    }: &Side<'_>,
) -> Option<Curve> {
    let answers = answers(run);
    let mode = plain(&run.subject.to_string());
    (answers.micros().len() >= FEWEST).then_some(Curve {
        slot,
        mode,
        bounds: vec![
            (50.0, numbers.confidence.p50_ms),
            (90.0, numbers.confidence.p90_ms),
            (99.0, numbers.confidence.p99_ms),
        ],
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

    /// True where the answers are few enough to be seen one by one.
    fn has_dots(&self) -> bool {
        self.answers.micros().len() <= MOST_DOTS
    }

    /// The highest percentile that the axis marks has few samples above it: what it is worth.
    fn worth(&self) -> Option<String> {
        let &(percent, bounds) = self
            .bounds
            .iter()
            .rfind(|(percent, _)| stretch(*percent) <= self.depth() + 1e-9)?;
        let n = self.answers.micros().len();
        let above = (n as f64 * (1.0 - percent / 100.0)).round();
        if above > 10.0 {
            return None;
        }
        let range = match (bounds.low, bounds.high) {
            (Some(low), Some(high)) => {
                format!("{} to {}", seconds(low / 1000.0), seconds(high / 1000.0))
            }
            (Some(low), None) => {
                format!("{} or more, without an upper bound", seconds(low / 1000.0))
            }
            _ => return None,
        };
        Some(format!(
            " {}: the {} % of {n} answers rests on the slowest {}; it says {range}.",
            self.mode,
            number(percent),
            if above <= 1.0 {
                "one".to_owned()
            } else {
                number(above)
            }
        ))
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
    names(canvas, curves, &across, &up, narrow);
}

/// Names at the ends of the curves, pushed apart where they would cover each other.
fn names(canvas: &mut Canvas<'_>, curves: &[Curve], across: &Scale, up: &Scale, narrow: bool) {
    const LINE: f64 = 14.0;
    let mut ends: Vec<(f64, f64, &Curve)> = curves
        .iter()
        .map(|curve| {
            let end = 100.0 * (1.0 - 10f64.powf(-curve.depth()));
            (across.at(curve.depth()), up.at(curve.at(end)), curve)
        })
        .collect();
    ends.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut free = 0.0_f64;
    for (x, y, curve) in ends {
        // Narrow pictures have no room beside the curve, so the name stands above its end.
        let wanted = if narrow { y - 11.0 } else { y };
        let y = wanted.max(free);
        free = y + if narrow { LINE + 12.0 } else { LINE };
        let (x, anchor) = match narrow {
            true => (x - 4.0, Anchor::End),
            false => (x + 9.0, Anchor::Start),
        };
        canvas.strong(&curve.mode, (x, y), 12.0, Ink::Mode(curve.slot), anchor);
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
    if curve.has_dots() {
        paint_dots(canvas, curve, across, up);
    }
    paint_bounds(canvas, curve, across, up);
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
}

/// Strokes from lower to upper bound; where there is no upper one, to the border of the picture.
fn paint_bounds(canvas: &mut Canvas<'_>, curve: &Curve, across: &Scale, up: &Scale) {
    let pen = Pen::solid(Ink::Mode(curve.slot), 1.0);
    for (percent, bounds) in &curve.bounds {
        let Some(low) = bounds
            .low
            .filter(|_| stretch(*percent) <= curve.depth() + 1e-9)
        else {
            continue;
        };
        let x = across.at(stretch(*percent));
        let high = bounds.high.unwrap_or(f64::INFINITY);
        for end in [Some(low), bounds.high].into_iter().flatten() {
            let y = up.at(end / 1000.0);
            canvas.line((x - 3.0, y), (x + 3.0, y), pen);
        }
        let dash = match bounds.high {
            Some(_) => Dash::Solid,
            None => Dash::Dots,
        };
        let ends = ((x, up.at(low / 1000.0)), (x, up.at(high / 1000.0)));
        canvas.line(ends.0, ends.1, Pen { dash, ..pen });
    }
}

/// Every answer at its own percentile.
fn paint_dots(canvas: &mut Canvas<'_>, curve: &Curve, across: &Scale, up: &Scale) {
    const R: f64 = 1.25;
    let n = curve.answers.micros().len();
    for rank in 1..=n {
        let place = -(1.0 - (rank - 1) as f64 / n as f64).log10();
        let percent = (rank as f64 - 0.5) / n as f64 * 100.0;
        let (x, y) = (across.at(place), up.at(curve.at(percent)));
        canvas.rect((x - R, y - R), (x + R, y + R), Ink::Mode(curve.slot), 1.0);
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
    fn the_99_of_a_hundred_answers_says_what_it_is_worth() {
        let record = fixture::record();
        let summary = fixture::summary(&record);
        let worth = curve(&fixture::sides(&record, &summary)[1])
            .unwrap()
            .worth();
        let worth = worth.unwrap();
        assert!(
            worth.contains("the 99 % of 100 answers rests on the slowest one")
                && worth.contains("without an upper bound"),
            "{worth}"
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
