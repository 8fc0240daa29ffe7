//! By how much real sockets differ from virtual time, against the noise to expect.

use crate::record::{Base, Subject};
use crate::report::ReportError;
use crate::report::agreement::{Line, lines, verdict};
use crate::report::scenarios::slots;
use crate::summary::Agreement;
use crate::text;

use super::axis::Axis;
use super::canvas::{Anchor, Canvas, Chart, Frame, Pen, draw};
use super::palette::Role;
use super::{MARGIN, NARROW, Plot, Words};

const HEAD: f64 = 26.0;
const ROW: f64 = 19.0;
const FOOT: f64 = 34.0;
const LABELS: f64 = 88.0;
const FIGURES: f64 = 66.0;

/// Differences beyond this many percent lie on the border; their figures stand beside them.
const WIDEST: f64 = 25.0;

/// One row a figure; `None` where no run took place on both clocks.
pub(in crate::report) fn agreement(runs: &[Agreement]) -> Result<Option<Plot>, ReportError> {
    if runs.is_empty() {
        return Ok(None);
    }
    let panels: Vec<(&Agreement, Vec<Line>)> =
        runs.iter().map(|run| (run, drawn(lines(run)))).collect();
    let rows: usize = panels.iter().map(|(_, lines)| lines.len()).sum();
    let height = panels.len() as f64 * HEAD + rows as f64 * ROW + FOOT;
    let text = Words {
        name: "agreement".to_owned(),
        title: "How far the clocks agree".to_owned(),
        caption: "Each mark is a figure over real sockets, as a difference in percent from virtual time (failures: in \
                  percentage points). The band is the noise to expect."
            .to_owned(),
        alternative: verdict(runs),
    };
    text.drawn(|width| {
        draw(width, height.ceil() as i32, |canvas| {
            paint(canvas, f64::from(width), &panels)
        })
    })
    .map(Some)
}

/// What has a difference and bounds to be seen against.
fn drawn(lines: Vec<Line>) -> Vec<Line> {
    let both = |line: &Line| line.difference.is_some() && line.noise.is_some();
    lines.into_iter().filter(both).collect()
}

fn paint(canvas: &mut Canvas, width: f64, panels: &[(&Agreement, Vec<Line>)]) {
    let all = || panels.iter().flat_map(|(_, lines)| lines);
    let far = all()
        .flat_map(|line| {
            let (low, high) = line.noise.unwrap_or_default();
            [low, high, line.difference.unwrap_or_default()]
        })
        .fold(0.1, |far, value| value.abs().max(far))
        .min(WIDEST);
    let narrow = width <= f64::from(NARROW);
    let across = Axis::linear(-far * 1.1, far * 1.1).lines(if narrow { 3 } else { 8 });
    let mut top = 0.0;
    for (index, (run, lines)) in panels.iter().enumerate() {
        let own = [Base::Naive, Base::Hardened].map(Subject::from);
        let slot = slots(&[&own[0], &own[1], &run.subject])[2];
        let name = format!("{}, {}", text::line(&run.scenario), text::line(&run.mode));
        let at = (MARGIN, top + HEAD * 0.55);
        canvas.strong(&name, at, 13.0, Role::Mode(slot), Anchor::Start);
        let frame = Frame {
            left: MARGIN + LABELS,
            top: top + HEAD,
            right: width - MARGIN - FIGURES,
            bottom: top + HEAD + lines.len() as f64 * ROW,
        };
        let across = if index + 1 == panels.len() {
            across.clone().figures(difference)
        } else {
            across.clone()
        };
        let chart = canvas.chart(frame, across, Axis::linear(0.0, 1.0));
        let (same, _) = chart.at(0.0, 0.0);
        let pen = Pen::solid(Role::Quiet, 1.0);
        canvas.line((same, frame.top), (same, frame.bottom), pen);
        for (index, line) in lines.iter().enumerate() {
            let y = frame.top + (index as f64 + 0.5) * ROW;
            paint_row(canvas, line, slot, &chart, (y, width));
        }
        top = frame.bottom;
    }
}

/// Percent of difference, as the axis writes them.
fn difference(percent: f64) -> String {
    match percent {
        0.0 => "same".to_owned(),
        other => format!("{other:+} %"),
    }
}

fn paint_row(canvas: &mut Canvas, line: &Line, slot: usize, chart: &Chart, (y, width): (f64, f64)) {
    let (low, high) = line.noise.unwrap_or_default();
    let x = |percent: f64| chart.at(percent, 0.0).0;
    let at = (MARGIN + LABELS - 8.0, y);
    canvas.text(line.name, at, 12.0, Role::Quiet, Anchor::End);
    let title = format!(
        "{}: {}, noise to expect {}",
        line.name,
        line.difference(),
        line.noise()
    );
    let (left, right) = (x(low), x(high).max(x(low) + 1.0));
    canvas.titled(&title, |canvas| {
        canvas.shade((left, y - 6.0), (right, y + 6.0), Role::Mode(slot), 0.25);
        canvas.marker((x(line.difference.unwrap_or_default()), y), 4.0, slot);
    });
    let outside = line.agrees == Some(false);
    let (text, role) = if outside {
        (format!("✗ {}", line.difference()), Role::Failed)
    } else {
        (line.difference(), Role::Text)
    };
    canvas.text(&text, (width - MARGIN, y), 12.0, role, Anchor::End);
}
