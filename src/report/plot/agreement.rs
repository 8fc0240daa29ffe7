//! By how much real sockets differ from virtual time, against the noise to expect.

use crate::record::{Base, Subject};
use crate::report::ReportError;
use crate::report::agreement::{Line, lines, verdict};
use crate::report::plain::plain;
use crate::report::scenarios::slots;
use crate::summary::Agreement;

use super::axis::Scale;
use super::canvas::{Anchor, Canvas, Pen, draw};
use super::ink::Ink;
use super::{MARGIN, NARROW, Plot, Words, below};

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
            paint(canvas, f64::from(width), height, &panels)
        })
    })
    .map(Some)
}

/// What has a difference and bounds to be seen against.
fn drawn(lines: Vec<Line>) -> Vec<Line> {
    let both = |line: &Line| line.difference.is_some() && line.noise.is_some();
    lines.into_iter().filter(both).collect()
}

fn paint(canvas: &mut Canvas<'_>, width: f64, height: f64, panels: &[(&Agreement, Vec<Line>)]) {
    let all = || panels.iter().flat_map(|(_, lines)| lines);
    let far = all()
        .flat_map(|line| {
            let (low, high) = line.noise.unwrap_or_default();
            [low, high, line.difference.unwrap_or_default()]
        })
        .fold(0.1, |far, value| value.abs().max(far))
        .min(WIDEST);
    let across = Scale::linear(
        (-far * 1.1, far * 1.1),
        (MARGIN + LABELS, width - MARGIN - FIGURES),
    );
    let bottom = height - FOOT;
    for tick in across.ticks(if width <= f64::from(NARROW) { 3 } else { 8 }) {
        let ink = if tick == 0.0 { Ink::Muted } else { Ink::Grid };
        let x = across.at(tick);
        canvas.line((x, HEAD - 6.0), (x, bottom), Pen::solid(ink, 1.0));
        below(
            canvas,
            &format!("{tick:+} %").replace("+0 %", "same"),
            (x, bottom + 15.0),
            width,
        );
    }
    let mut top = 0.0;
    for (run, lines) in panels {
        let own = [Base::Naive, Base::Hardened].map(Subject::from);
        let slot = slots(&[&own[0], &own[1], &run.subject])[2];
        let name = format!("{}, {}", plain(&run.scenario), plain(&run.mode));
        canvas.strong(
            &name,
            (MARGIN, top + HEAD * 0.55),
            13.0,
            Ink::Mode(slot),
            Anchor::Start,
        );
        for (index, line) in lines.iter().enumerate() {
            let y = top + HEAD + (index as f64 + 0.5) * ROW;
            paint_row(canvas, line, slot, &across, (y, width));
        }
        top += HEAD + lines.len() as f64 * ROW;
    }
}

fn paint_row(
    canvas: &mut Canvas<'_>,
    line: &Line,
    slot: usize,
    across: &Scale,
    (y, width): (f64, f64),
) {
    let (low, high) = line.noise.unwrap_or_default();
    let ends = ((across.at(low), y - 6.0), (across.at(high), y + 6.0));
    canvas.text(
        line.name,
        (MARGIN + LABELS - 8.0, y),
        12.0,
        Ink::Muted,
        Anchor::End,
    );
    canvas.rect(
        ends.0,
        (ends.1.0.max(ends.0.0 + 1.0), ends.1.1),
        Ink::Mode(slot),
        0.25,
    );
    let x = across.at(line.difference.unwrap_or_default());
    canvas.marker((x, y), 4.0, slot);
    let outside = line.agrees == Some(false);
    let (text, ink) = match outside {
        true => (format!("✗ {}", line.difference()), Ink::Failed),
        false => (line.difference(), Ink::Text),
    };
    canvas.text(&text, (width - MARGIN, y), 12.0, ink, Anchor::End);
}
