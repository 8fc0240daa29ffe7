//! Calls to the provider against the level of its token buckets.

use ground::ledger::{Ending, Row};

use crate::record::Run;
use crate::report::ReportError;
use crate::report::figures::{count, percent};
use crate::report::plain::plain;
use crate::summary::{Levels, levels};

use super::axis::Scale;
use super::canvas::{Anchor, Canvas, Dash, Pen, draw};
use super::ink::Ink;
use super::{MARGIN, NARROW, Plot, Side, Words, head, time_axis};

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
        plain(&panel.run.mode),
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

fn paint(canvas: &mut Canvas<'_>, width: f64, height: f64, end: f64, panels: &[Panel<'_>]) {
    let time = Scale::linear((0.0, end), (LEFT, width - MARGIN));
    time_axis(canvas, &time, (HEAD - 8.0, height - FOOT), width);
    for (index, panel) in panels.iter().enumerate() {
        let top = index as f64 * (HEAD + BODY + CALLS);
        let remark = calls(panel);
        head(
            canvas,
            panel.slot,
            &panel.run.mode,
            &remark,
            (top + 14.0, width),
        );
        paint_levels(canvas, &time, panel, top + HEAD, width);
        paint_calls(canvas, &time, panel, top + HEAD + BODY + CALLS * 0.5);
    }
    legend(canvas, width, height - 12.0);
}

/// Name, points and pen of a bucket's curve.
type Curve<'a> = (&'static str, &'a [(f64, f64)], Pen);

/// What the three curves are, by dash and ink: the binding bucket must be seen apart from the others.
fn curves(levels: &Levels, slot: usize) -> [Curve<'_>; 3] {
    [
        (
            "requests",
            &levels.requests,
            Pen {
                ink: Ink::Muted,
                width: 1.25,
                dash: Dash::Dots,
            },
        ),
        (
            "output tokens",
            &levels.output,
            Pen {
                ink: Ink::Text,
                width: 1.25,
                dash: Dash::Long,
            },
        ),
        (
            "input tokens",
            &levels.input,
            Pen::solid(Ink::Mode(slot), 2.0),
        ),
    ]
}

fn paint_levels(canvas: &mut Canvas<'_>, time: &Scale, panel: &Panel<'_>, top: f64, width: f64) {
    let curves = curves(&panel.levels, panel.slot);
    let lowest = curves
        .iter()
        .flat_map(|(_, points, _)| points.iter())
        .map(|point| point.1)
        .fold(0.0, f64::min);
    let up = Scale::linear((lowest, 1.0), (top + BODY, top));
    for share in [0.0, 1.0] {
        canvas.line(
            (LEFT, up.at(share)),
            (width - MARGIN, up.at(share)),
            Pen::solid(Ink::Grid, 1.0),
        );
        canvas.text(
            &percent(Some(share)),
            (LEFT - 6.0, up.at(share)),
            11.0,
            Ink::Muted,
            Anchor::End,
        );
    }
    for (_, points, pen) in curves {
        let line: Vec<(f64, f64)> = points
            .iter()
            .map(|(ms, level)| (time.at(ms / 1000.0), up.at(*level)))
            .collect();
        canvas.path(&thinned(&line), pen);
    }
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

fn paint_calls(canvas: &mut Canvas<'_>, time: &Scale, panel: &Panel<'_>, y: f64) {
    let mut last = [f64::NEG_INFINITY; 2];
    for row in &panel.run.ledger.rows {
        let x = time.at(row.arrived_ms as f64 / 1000.0);
        let (kind, least) = if refused(row) { (1, 2.0) } else { (0, 1.0) };
        // Marks that would cover each other add ink and no news.
        if (x - last[kind]).abs() < least {
            continue;
        }
        last[kind] = x;
        match kind {
            0 => canvas.line(
                (x, y - 9.0),
                (x, y - 1.0),
                Pen::solid(Ink::Mode(panel.slot), 1.0),
            ),
            _ => canvas.cross((x, y + 6.0), 2.5, Ink::Refused),
        }
    }
}

fn legend(canvas: &mut Canvas<'_>, width: f64, y: f64) {
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
            Pen::solid(Ink::Muted, pen.width)
        } else {
            pen
        };
        canvas.line((x, y), (x + 18.0, y), pen);
        canvas.text(name, (x + 23.0, y), 12.0, Ink::Muted, Anchor::Start);
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
    fn without_limits_there_is_no_picture() {
        let mut record = crate::report::fixture::record();
        record.runs[0].setting.limits = None;
        let summary = crate::report::fixture::summary(&record);
        let sides = crate::report::fixture::sides(&record, &summary);
        assert!(upstream("s", &sides[..1]).unwrap().is_none());
    }
}
