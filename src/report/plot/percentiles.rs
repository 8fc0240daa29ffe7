//! Percentile curves of all modes on one axis, stretched towards 100 % as far as there are samples.

use crate::report::ReportError;
use crate::summary::{Bounds, Percentiles};
use crate::text;
use crate::text::figures::{count, number, seconds};

use super::axis::Axis;
use super::canvas::{Anchor, Canvas, Chart, Frame, Pen, Point, draw};
use super::dash::Dash;
use super::palette::Role;
use super::{NARROW, Plot, Side, Words};

/// Fewest answers of which a curve says more than the table.
const FEWEST: u64 = 10;

/// Most answers that are drawn one by one.
const MOST_DOTS: u64 = 200;

/// Percentiles that may be marked on the axis.
const MARKS: [f64; 7] = [0.0, 50.0, 90.0, 99.0, 99.9, 99.99, 99.999];

const HEIGHT: f64 = 240.0;
const TOP: f64 = 14.0;
const TOP_NARROW: f64 = 28.0;
const LEFT: f64 = 58.0;
const RIGHT: f64 = 84.0;
const RIGHT_NARROW: f64 = 14.0;
const BOTTOM: f64 = 40.0;

struct Curve {
    slot: usize,
    mode: String,
    answers: Percentiles,
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
    let answers = Percentiles::of(run);
    let mode = text::line(&run.subject.to_string());
    (answers.count() >= FEWEST).then_some(Curve {
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

/// A percentile of [`MARKS`] by its place on the axis.
fn marked(place: f64) -> String {
    let mut marks = MARKS.into_iter();
    let mark = marks.find(|percent| stretch(*percent) == place);
    mark.map_or_else(String::new, |percent| format!("{percent} %"))
}

fn words(curve: &Curve) -> String {
    let at: Vec<String> = MARKS[1..]
        .iter()
        .filter(|percent| stretch(**percent) <= curve.depth())
        .map(|percent| format!("{percent} % within {}", seconds(curve.at(*percent))))
        .collect();
    format!("{}: {}.", curve.mode, at.join(", "))
}

/// Where a percentile lies: its distance from 100 % in powers of ten.
fn stretch(percent: f64) -> f64 {
    -(1.0 - percent / 100.0).max(1e-9).log10()
}

/// Milliseconds from a lower to an upper bound, which may be missing.
fn range(low: f64, high: Option<f64>) -> String {
    let low = seconds(low / 1000.0);
    match high {
        Some(high) => format!("{low} to {}", seconds(high / 1000.0)),
        None => format!("{low} or more, without an upper bound"),
    }
}

/// The percentile at a place, see [`stretch`].
fn unstretched(place: f64) -> f64 {
    100.0 * (1.0 - 10f64.powf(-place))
}

impl Curve {
    /// The figure at a percentile with its bounds.
    fn said(&self, percent: f64) -> String {
        let mut said = format!("{}, {percent} %: {}", self.mode, seconds(self.at(percent)));
        let mut bounds = self.bounds.iter();
        let bounds = bounds.find(|(bounded, _)| *bounded == percent);
        if let Some(low) = bounds.and_then(|(_, bounds)| bounds.low) {
            let high = bounds.and_then(|(_, bounds)| bounds.high);
            said += &format!(", 95 % bounds {}", range(low, high));
        }
        said
    }

    /// How far the samples reach, see [`stretch`].
    fn depth(&self) -> f64 {
        (self.answers.count() as f64).log10()
    }

    /// True where the answers are few enough to be seen one by one.
    fn has_dots(&self) -> bool {
        self.answers.count() <= MOST_DOTS
    }

    /// The highest percentile that the axis marks has few samples above it: what it is worth.
    fn worth(&self) -> Option<String> {
        let &(percent, bounds) = self
            .bounds
            .iter()
            .rfind(|(percent, _)| stretch(*percent) <= self.depth() + 1e-9)?;
        let (n, above) = (self.answers.count(), self.answers.above(percent));
        if above > 10 {
            return None;
        }
        let range = range(bounds.low?, bounds.high);
        Some(format!(
            " {}: the {} % of {n} answers rests on the slowest {}; it says {range}.",
            self.mode,
            number(percent),
            if above <= 1 {
                "one".to_owned()
            } else {
                count(above)
            }
        ))
    }

    /// Seconds at a percentile.
    fn at(&self, percent: f64) -> f64 {
        self.answers.seconds_at(percent)
    }

    /// A point for every distinct latency at most; `steps` at most.
    fn points(&self, steps: usize) -> Vec<(f64, f64)> {
        let depth = self.depth();
        let mut points: Vec<(f64, f64)> = (0..=steps)
            .map(|step| depth * step as f64 / steps as f64)
            .map(|place| (place, self.at(unstretched(place))))
            .collect();
        points.dedup_by(|next, last| next.1 == last.1 && next.0 < depth);
        points
    }
}

fn paint(canvas: &mut Canvas, width: f64, curves: &[Curve]) {
    let narrow = width <= f64::from(NARROW);
    let depth = curves.iter().map(Curve::depth).fold(0.0, f64::max);
    let slowest = curves.iter().map(|curve| curve.answers.slowest_s());
    let slowest = slowest.fold(0.0, f64::max);
    let frame = Frame {
        left: LEFT,
        top: if narrow { TOP_NARROW } else { TOP },
        right: width - if narrow { RIGHT_NARROW } else { RIGHT },
        bottom: HEIGHT - BOTTOM,
    };
    let marks = MARKS
        .map(stretch)
        .into_iter()
        .filter(|place| *place <= depth + 1e-9);
    let across = Axis::linear(0.0, depth)
        .lines_at(marks.collect())
        .figures(marked);
    let up = Axis::linear(0.0, slowest * 1.05).lines(4).figures(seconds);
    let chart = canvas.chart(frame, across, up);
    say_all(canvas, curves, frame, depth);
    for curve in curves {
        paint_curve(canvas, curve, &chart, narrow);
    }
    if narrow {
        names_above(canvas, curves, width);
    } else {
        names_beside(canvas, curves, &chart, frame.right + 9.0);
    }
}

/// What each curve says at a stretch of the axis, for those who point at it.
fn say_all(canvas: &mut Canvas, curves: &[Curve], frame: Frame, depth: f64) {
    // Wide enough to be met by a finger, at 360 pixels too.
    const STRETCHES: usize = 24;
    let step = (frame.right - frame.left) / STRETCHES as f64;
    for index in 0..STRETCHES {
        let place = depth * (index as f64 + 0.5) / STRETCHES as f64;
        let percent = unstretched(place);
        let reaching = curves.iter().filter(|curve| place <= curve.depth());
        let said: Vec<String> = reaching
            .map(|curve| format!("{} within {}", curve.mode, seconds(curve.at(percent))))
            .collect();
        let title = format!("{} %: {}", number(percent), said.join(", "));
        let left = frame.left + index as f64 * step;
        canvas.hover((left, frame.top), (left + step, frame.bottom), &title);
    }
}

/// Names beside the chart, where no line crosses them, as high as the curves end; pushed apart where they would cover
/// each other.
fn names_beside(canvas: &mut Canvas, curves: &[Curve], chart: &Chart, x: f64) {
    const LINE: f64 = 14.0;
    let end = |curve: &Curve| {
        let value = curve.at(unstretched(curve.depth()));
        chart.at(curve.depth(), value).1
    };
    let mut ends: Vec<(f64, &Curve)> = curves.iter().map(|curve| (end(curve), curve)).collect();
    ends.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut free = 0.0_f64;
    for (y, curve) in ends {
        let y = y.max(free);
        free = y + LINE;
        let role = Role::Mode(curve.slot);
        canvas.strong(&curve.mode, (x, y), 12.0, role, Anchor::Start);
    }
}

/// Names in a line above narrow pictures, which have no room beside the curves.
fn names_above(canvas: &mut Canvas, curves: &[Curve], width: f64) {
    let mut x = width - RIGHT_NARROW;
    for curve in curves.iter().rev() {
        let role = Role::Mode(curve.slot);
        canvas.strong(&curve.mode, (x, 10.0), 12.0, role, Anchor::End);
        x -= curve.mode.chars().count() as f64 * 8.0 + 8.0;
        canvas.marker((x, 10.0), 4.0, curve.slot);
        x -= 14.0;
    }
}

fn paint_curve(canvas: &mut Canvas, curve: &Curve, chart: &Chart, narrow: bool) {
    let points = curve.points(if narrow { 80 } else { 200 });
    let line: Vec<Point> = points
        .iter()
        .map(|(place, value)| chart.at(*place, *value))
        .collect();
    let pen = Pen {
        role: Role::Mode(curve.slot),
        width: 2.0,
        dash: Dash::of_mode(curve.slot),
    };
    canvas.path(&line, pen);
    if curve.has_dots() {
        paint_dots(canvas, curve, chart);
    }
    paint_bounds(canvas, curve, chart);
    let reached = MARKS
        .into_iter()
        .filter(|percent| stretch(*percent) <= curve.depth() + 1e-9);
    for percent in reached {
        let at = chart.at(stretch(percent), curve.at(percent));
        let title = curve.said(percent);
        canvas.titled(&title, |canvas| canvas.marker(at, 4.0, curve.slot));
    }
}

/// Strokes from lower to upper bound; where there is no upper one, to the border of the picture.
fn paint_bounds(canvas: &mut Canvas, curve: &Curve, chart: &Chart) {
    let pen = Pen::solid(Role::Mode(curve.slot), 1.0);
    for (percent, bounds) in &curve.bounds {
        let reached = stretch(*percent) <= curve.depth() + 1e-9;
        let Some(low) = bounds.low.filter(|_| reached) else {
            continue;
        };
        let at = |ms: f64| chart.at(stretch(*percent), ms / 1000.0);
        for end in [Some(low), bounds.high].into_iter().flatten() {
            let (x, y) = at(end);
            canvas.line((x - 3.0, y), (x + 3.0, y), pen);
        }
        let dash = match bounds.high {
            Some(_) => Dash::Solid,
            None => Dash::Dots,
        };
        let high = bounds.high.unwrap_or(f64::INFINITY);
        canvas.line(at(low), at(high), Pen { dash, ..pen });
    }
}

/// Every answer at its own percentile.
fn paint_dots(canvas: &mut Canvas, curve: &Curve, chart: &Chart) {
    const R: f64 = 1.25;
    let n = curve.answers.count() as f64;
    for (faster, seconds) in curve.answers.each_s().enumerate() {
        let place = stretch(100.0 * faster as f64 / n);
        let (x, y) = chart.at(place, seconds);
        canvas.rect((x - R, y - R), (x + R, y + R), Role::Mode(curve.slot));
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
