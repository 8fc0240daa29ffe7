//! Calls to the provider against the level of its token buckets.

use crate::text;
use ground::ledger::{Ending, Row};

use crate::record::Run;
use crate::report::ReportError;
use crate::summary::{Levels, levels};
use crate::text::figures::{count, percent, seconds};

use super::axis::Axis;
use super::canvas::{Anchor, Canvas, Chart, Frame, Pen, Point, draw};
use super::dash::Dash;
use super::palette::Role;
use super::{MARGIN, NARROW, Plot, Side, Words, head, time};

const HEAD: f64 = 30.0;
const BODY: f64 = 92.0;
const CALLS: f64 = 30.0;
const FOOT: f64 = 58.0;
const LEFT: f64 = 48.0;

struct Panel<'a> {
    run: &'a Run,
    slot: usize,
    levels: Levels,
}

impl<'a> Panel<'a> {
    fn of(&Side { run, slot, .. }: &Side<'a>) -> Option<Self> {
        Some(Self {
            run,
            slot,
            levels: levels(run)?,
        })
    }
}

/// Buckets and calls of all limited modes of one scenario; `None` where no limit was in force or
/// the ledger is too long to be kept whole.
pub(in crate::report) fn upstream(
    scenario: &str,
    sides: &[Side<'_>],
) -> Result<Option<Plot>, ReportError> {
    let panels: Vec<Panel<'_>> = sides.iter().filter_map(Panel::of).collect();
    let end = panels
        .iter()
        .flat_map(|panel| &panel.run.ledger.rows)
        .map(|row| row.ended_ms)
        .max();
    let Some(end) = end.filter(|end| *end > 0) else {
        return Ok(None);
    };
    let text = Words {
        name: format!("{scenario}-upstream"),
        title: "Calls and limits".to_owned(),
        caption: "How full the provider’s three buckets were, and the calls that drew on them: a stroke is a call that \
                  was let in, a cross one that was refused. Output is drawn as if it appeared evenly over its call."
            .to_owned(),
        alternative: panels.iter().map(words).collect::<Vec<_>>().join(" "),
    };
    let height = panels.len() as f64 * (HEAD + BODY + CALLS) + FOOT;
    text.drawn(|width| {
        draw(width, height.ceil() as i32, |canvas| {
            paint(
                canvas,
                f64::from(width),
                height,
                end as f64 / 1000.0,
                &panels,
            );
        })
    })
    .map(Some)
}

fn words(panel: &Panel<'_>) -> String {
    let lowest = |points: &[(f64, f64)]| {
        points
            .iter()
            .map(|point| point.1)
            .fold(1.0, f64::min)
            .max(0.0)
    };
    let rows = &panel.run.ledger.rows;
    format!(
        "{}: {}, {} refused; lowest level of the requests {}, of the input tokens {}, of the output tokens {}.",
        text::line(&panel.run.subject.to_string()),
        calls(panel),
        count(rows.iter().filter(|row| refused(row)).count() as u64),
        percent(Some(lowest(&panel.levels.requests))),
        percent(Some(lowest(&panel.levels.input))),
        percent(Some(lowest(&panel.levels.output))),
    )
}

fn calls(panel: &Panel<'_>) -> String {
    match panel.run.ledger.rows.len() {
        1 => "1 call".to_owned(),
        calls => format!("{} calls", count(calls as u64)),
    }
}

fn refused(row: &Row) -> bool {
    row.ending == Ending::Refused
}

fn paint(canvas: &mut Canvas, width: f64, height: f64, end: f64, panels: &[Panel<'_>]) {
    for (index, panel) in panels.iter().enumerate() {
        let top = index as f64 * (HEAD + BODY + CALLS);
        let remark = calls(panel);
        head(
            canvas,
            panel.slot,
            &panel.run.subject.to_string(),
            &remark,
            (top + 14.0, width),
        );
        let frame = Frame {
            left: LEFT,
            top: top + HEAD,
            right: width - MARGIN,
            bottom: top + HEAD + BODY + CALLS,
        };
        let time = time(end, width, index + 1 == panels.len());
        paint_panel(canvas, panel, frame, time);
        say_levels(canvas, panel, frame, end);
    }
    legend(canvas, width, height - 12.0);
}

/// Name, points and pen of a bucket's curve.
type Curve<'a> = (&'static str, &'a [(f64, f64)], Pen);

/// What the three curves are, by dash and colour: the binding bucket must be seen apart from the others.
fn curves(levels: &Levels, slot: usize) -> [Curve<'_>; 3] {
    [
        (
            "requests",
            &levels.requests,
            Pen {
                role: Role::Quiet,
                width: 1.25,
                dash: Dash::Dots,
            },
        ),
        (
            "output tokens",
            &levels.output,
            Pen {
                role: Role::Text,
                width: 1.25,
                dash: Dash::Long,
            },
        ),
        (
            "input tokens",
            &levels.input,
            Pen::solid(Role::Mode(slot), 2.0),
        ),
    ]
}

/// Levels above, calls below them, in the same chart: its lines pass through both.
fn paint_panel(canvas: &mut Canvas, panel: &Panel<'_>, frame: Frame, time: Axis) {
    let curves = curves(&panel.levels, panel.slot);
    let lowest = curves
        .iter()
        .flat_map(|(_, points, _)| points.iter())
        .map(|point| point.1)
        .fold(0.0, f64::min);
    let below = lowest - (1.0 - lowest) * CALLS / BODY;
    let levels = Axis::linear(below, 1.0).lines_at(vec![0.0, 1.0]);
    let chart = canvas.chart(frame, time, levels.figures(|share| percent(Some(share))));
    for (_, points, pen) in curves {
        let line: Vec<Point> = points
            .iter()
            .map(|(ms, level)| chart.at(ms / 1000.0, *level))
            .collect();
        canvas.path(&thinned(&line), pen);
    }
    paint_calls(canvas, panel, &chart, frame.bottom - CALLS * 0.5);
}

/// The same line with at most four points a pixel: first, lowest, highest and last.
fn thinned(line: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut kept: Vec<(f64, f64)> = vec![];
    for column in line.chunk_by(|a, b| a.0.floor() == b.0.floor()) {
        let by_height = |a: &&(f64, f64), b: &&(f64, f64)| a.1.total_cmp(&b.1);
        let ends = [
            column.first(),
            column.iter().min_by(by_height),
            column.iter().max_by(by_height),
            column.last(),
        ];
        if column.len() <= ends.len() {
            kept.extend(column);
        } else {
            kept.extend(ends.into_iter().flatten());
        }
    }
    kept
}

fn paint_calls(canvas: &mut Canvas, panel: &Panel<'_>, chart: &Chart, y: f64) {
    let places = |wanted: bool| {
        let rows = panel.run.ledger.rows.iter();
        let rows = rows.filter(move |row| refused(row) == wanted);
        rows.map(|row| chart.at(row.arrived_ms as f64 / 1000.0, 0.0).0)
    };
    let pen = Pen::solid(Role::Mode(panel.slot), 1.0);
    for x in apart(places(false), 1.0) {
        canvas.line((x, y - 9.0), (x, y - 1.0), pen);
    }
    for x in apart(places(true), 2.0) {
        canvas.cross((x, y + 6.0), 2.5, Role::Refused);
    }
}

/// The places without those that are less than `least` from the last one kept: marks that would cover each other add
/// colour and no news.
fn apart(places: impl Iterator<Item = f64>, least: f64) -> impl Iterator<Item = f64> {
    let mut last = f64::NEG_INFINITY;
    places.filter(move |x| {
        let is_apart = (x - last).abs() >= least;
        if is_apart {
            last = *x;
        }
        is_apart
    })
}

/// Levels and calls of each stretch of time, for those who point at it.
fn say_levels(canvas: &mut Canvas, panel: &Panel<'_>, frame: Frame, end: f64) {
    let stretches = if frame.right <= f64::from(NARROW) {
        18
    } else {
        48
    };
    let step = (frame.right - frame.left) / f64::from(stretches);
    for index in 0..stretches {
        let [from, to] =
            [index, index + 1].map(|edge| end * 1000.0 * f64::from(edge) / f64::from(stretches));
        let left = frame.left + f64::from(index) * step;
        if let Some(title) = said(panel, from, to) {
            canvas.hover((left, frame.top), (left + step, frame.bottom), &title);
        }
    }
}

/// Levels in the middle of a stretch and the calls within it; `None` after the last of both.
fn said(panel: &Panel<'_>, from_ms: f64, to_ms: f64) -> Option<String> {
    let middle = (from_ms + to_ms) / 2.0;
    let levels = curves(&panel.levels, panel.slot)
        .into_iter()
        .filter_map(|(name, points, _)| {
            let share = level(points, middle)?.max(0.0);
            Some(format!("{name} {}", percent(Some(share))))
        });
    let rows = panel.run.ledger.rows.iter();
    let here = rows.filter(|row| (from_ms..to_ms).contains(&(row.arrived_ms as f64)));
    let (turned_away, let_in): (Vec<&Row>, Vec<&Row>) = here.partition(|row| refused(row));
    let calls = [(let_in.len(), "let in"), (turned_away.len(), "refused")]
        .into_iter()
        .filter(|(calls, _)| *calls > 0)
        .map(|(calls, word)| format!("{} {word}", count(calls as u64)));
    let said: Vec<String> = levels.chain(calls).collect();
    (!said.is_empty()).then(|| format!("{}: {}", seconds(middle / 1000.0), said.join(", ")))
}

/// The height of a curve at `ms`, if it reaches so far.
fn level(points: &[Point], ms: f64) -> Option<f64> {
    let after = points.partition_point(|point| point.0 < ms);
    let (&(x0, y0), &(x1, y1)) = (points.get(after.saturating_sub(1))?, points.get(after)?);
    Some(if x1 > x0 {
        y0 + (y1 - y0) * (ms - x0) / (x1 - x0)
    } else {
        y1
    })
}

fn legend(canvas: &mut Canvas, width: f64, y: f64) {
    let empty = Levels {
        requests: vec![],
        input: vec![],
        output: vec![],
    };
    let step = if width <= f64::from(NARROW) {
        34.0
    } else {
        44.0
    };
    let mut x = MARGIN;
    for (name, _, pen) in curves(&empty, 0) {
        let pen = if pen.dash == Dash::Solid {
            Pen::solid(Role::Quiet, pen.width)
        } else {
            pen
        };
        canvas.line((x, y), (x + 18.0, y), pen);
        canvas.text(name, (x + 23.0, y), 12.0, Role::Quiet, Anchor::Start);
        x += step + name.len() as f64 * 6.4;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_the_extremes_of_each_pixel() {
        let line: Vec<(f64, f64)> = (0..100)
            .map(|n| (f64::from(n) / 100.0, f64::from((n * 37) % 100)))
            .collect();
        let kept = thinned(&line);
        assert_eq!(kept.len(), 4);
        assert!(
            kept.contains(&line[0])
                && kept.iter().any(|p| p.1 == 99.0)
                && kept.iter().any(|p| p.1 == 0.0)
        );
    }

    #[test]
    fn the_words_name_refusals_and_lowest_levels() {
        let record = crate::report::fixture::record();
        let summary = crate::report::fixture::summary(&record);
        let sides = crate::report::fixture::sides(&record, &summary);
        let plot = upstream("rate-limits", &sides).unwrap().unwrap();
        assert!(
            plot.alternative
                .starts_with("naive: 100 calls, 44 refused; lowest level"),
            "{}",
            plot.alternative
        );
    }

    #[test]
    fn a_level_is_known_between_points_and_not_after_the_last() {
        let points = [(0.0, 1.0), (10.0, 0.5), (10.0, 0.4), (20.0, 0.4)];
        let levels = [0.0, 5.0, 20.0, 21.0].map(|ms| level(&points, ms));
        assert_eq!(levels, [Some(1.0), Some(0.75), Some(0.4), None]);
    }

    #[test]
    fn without_limits_there_is_no_picture() {
        let mut record = crate::report::fixture::record();
        record.runs[0].setting.service = None;
        let summary = crate::report::fixture::summary(&record);
        let sides = crate::report::fixture::sides(&record, &summary);
        assert!(upstream("s", &sides[..1]).unwrap().is_none());
    }
}
