//! The timeline of requests: when each was due, when it worked upstream, how it ended.
//!
//! Few requests get a row each. Many are binned by moment and latency; the caption says which.

use crate::record::{Ending, Request, Run};
use crate::report::ReportError;
use crate::text;
use crate::text::figures::{count, seconds};

use super::axis::Axis;
use super::canvas::{Canvas, Frame, Pen, draw};
use super::legend::{Legend, Sign, TIME_LIMIT};
use super::marks::{MARKED, good, mark, word, work};
use super::palette::Role;
use super::rows::{TimeRow, rows};
use super::{MARGIN, NARROW, Plot, Side, Words, bins, head, time};

/// Most rows that can still be told apart.
const MOST_ROWS: usize = 160;

/// Height that the rows of one mode share.
const ROWS_HEIGHT: f64 = 300.0;

const THINNEST: f64 = 2.5;
const THICKEST: f64 = 11.0;
const HEAD: f64 = 30.0;
const GAP: f64 = 12.0;
const FOOT: f64 = 22.0;

/// Timeline of all modes of one scenario on one clock; `None` when nothing was sent.
pub(in crate::report) fn timeline(
    scenario: &str,
    sides: &[Side<'_>],
) -> Result<Option<Plot>, ReportError> {
    let requests = sides.iter().flat_map(|side| &side.run.requests);
    let end = requests.map(|request| request.ended_ms).max();
    let Some(end) = end.filter(|end| *end > 0) else {
        return Ok(None);
    };
    let panels: Vec<Panel<'_>> = sides.iter().map(Panel::of).collect();
    let binned = panels.iter().any(|panel| panel.rows.len() > MOST_ROWS);
    let text = Words {
        name: format!("{scenario}-timeline"),
        title: "Every request".to_owned(),
        caption: caption(sides, binned),
        alternative: sides
            .iter()
            .map(|side| words(side.run))
            .collect::<Vec<_>>()
            .join(" "),
    };
    let span = end as f64 / 1000.0;
    text.drawn(|width| {
        let layout = Layout {
            width: f64::from(width),
            span,
            binned,
            killed: killed(&panels),
        };
        let legend = Legend::of(signs(&panels, &layout), f64::from(width));
        let body = panels.iter().map(|panel| layout.height(panel)).sum::<f64>() + FOOT;
        draw(width, (body + legend.height()).ceil() as i32, |canvas| {
            layout.paint(canvas, &panels);
            legend.paint(canvas, body);
        })
    })
    .map(Some)
}

fn caption(sides: &[Side<'_>], binned: bool) -> String {
    let mut text = if binned {
        "Too many requests for a row each: they are binned by the moment at which they ended and by their latency; \
         larger squares hold more. The clock is the same for every mode."
            .to_owned()
    } else {
        "One row a request: the thin line is waiting, the thick bar is work at the provider. The clock is the same \
         for every mode."
            .to_owned()
    };
    for run in sides
        .iter()
        .map(|side| side.run)
        .filter(|run| (run.requests.len() as u64) < run.offered)
    {
        let (kept, offered) = (count(run.requests.len() as u64), count(run.offered));
        text += &format!(
            " {}: the first {kept} of {offered} requests.",
            text::line(&run.subject.to_string())
        );
    }
    text
}

fn words(run: &Run) -> String {
    let endings: Vec<String> = run
        .endings
        .iter()
        .map(|(ending, requests)| format!("{} {}", count(*requests), word(*ending)))
        .collect();
    let last = run
        .requests
        .iter()
        .map(|request| request.ended_ms)
        .max()
        .unwrap_or(0);
    let attempts = count(run.attempts.sent);
    format!(
        "{}: {}, the last ended after {}, with {attempts} attempts at the provider.",
        text::line(&run.subject.to_string()),
        endings.join(", "),
        seconds(last as f64 / 1000.0)
    )
}

struct Panel<'a> {
    run: &'a Run,
    slot: usize,
    rows: Vec<TimeRow<'a>>,
}

impl<'a> Panel<'a> {
    fn of(&Side { run, slot, .. }: &Side<'a>) -> Self {
        Self {
            run,
            slot,
            rows: rows(run),
        }
    }
}

impl Panel<'_> {
    /// True when an attempt is drawn that brought an answer, or one that did not.
    fn has_work(&self, wanted: bool) -> bool {
        let mut attempts = self.rows.iter().flat_map(|row| &row.attempts);
        attempts.any(|attempt| good(attempt) == wanted)
    }
}

/// When the time limit killed the work, in scenarios of one request: of many, each has a moment of its own.
fn killed(panels: &[Panel<'_>]) -> Option<u64> {
    let killed = panels.iter().flat_map(|panel| &panel.run.requests);
    killed
        .filter(|request| request.ending == Ending::TimeLimit)
        .map(|request| request.ended_ms)
        .max()
        .filter(|_| panels.iter().all(|panel| panel.run.offered == 1))
}

/// Only what is drawn needs to be explained.
fn signs(panels: &[Panel<'_>], layout: &Layout) -> Vec<Sign> {
    let slot = panels.last().map_or(0, |panel| panel.slot);
    let met = |ending| {
        let mut requests = panels.iter().flat_map(|panel| &panel.run.requests);
        requests.any(|request| request.ending == ending)
    };
    let mut signs = Vec::new();
    if !layout.binned {
        let mut rows = panels.iter().flat_map(|panel| &panel.rows);
        let work = [true, false]
            .into_iter()
            .filter(|good| panels.iter().any(|panel| panel.has_work(*good)));
        signs.extend(work.map(|good| Sign::Work { good, slot }));
        if rows.any(TimeRow::is_free) {
            signs.push(Sign::Ending("answered without a call", Ending::Ok, slot));
        }
    }
    let marked = MARKED.into_iter().filter(|(ending, _)| met(*ending));
    signs.extend(marked.map(|(ending, word)| Sign::Ending(word, ending, slot)));
    if layout.killed.is_some() {
        signs.push(Sign::TimeLimit);
    }
    signs
}

struct Layout {
    width: f64,
    /// Seconds on the clock of all panels.
    span: f64,
    binned: bool,
    /// When the time limit struck, see [`killed`].
    killed: Option<u64>,
}

impl Layout {
    fn cells(&self) -> (usize, usize) {
        if self.width <= f64::from(NARROW) {
            bins::CELLS_NARROW
        } else {
            bins::CELLS
        }
    }

    /// Height of what is below a panel's head.
    fn body(&self, panel: &Panel<'_>) -> f64 {
        let rows = panel.rows.len() as f64;
        if self.binned {
            self.cells().1 as f64 * bins::CELL_HEIGHT
        } else {
            rows * (ROWS_HEIGHT / rows.max(1.0)).clamp(THINNEST, THICKEST)
        }
    }

    fn height(&self, panel: &Panel<'_>) -> f64 {
        HEAD + self.body(panel) + GAP
    }

    fn paint(&self, canvas: &mut Canvas, panels: &[Panel<'_>]) {
        let mut top = 0.0;
        for (index, panel) in panels.iter().enumerate() {
            let remark = ended(panel.run);
            let place = (top + 14.0, self.width);
            head(
                canvas,
                panel.slot,
                &panel.run.subject.to_string(),
                &remark,
                place,
            );
            self.panel(canvas, panel, top + HEAD, index + 1 == panels.len());
            top += self.height(panel);
        }
    }

    fn panel(&self, canvas: &mut Canvas, panel: &Panel<'_>, top: f64, is_lowest: bool) {
        let frame = Frame {
            left: if self.binned { bins::GUTTER } else { MARGIN },
            top: top - 4.0,
            right: self.width - MARGIN,
            bottom: top + self.body(panel) + 4.0,
        };
        let (upper, lower) = (frame.top, frame.bottom);
        let height = lower - upper;
        let time = time(self.span, self.width, is_lowest);
        let chart = canvas.chart(frame, time, Axis::linear(0.0, height));
        let at = |ms: u64| chart.at(ms as f64 / 1000.0, 0.0).0;
        if self.binned {
            let grid = bins::Grid {
                sides: (frame.left, frame.right),
                top,
                cells: self.cells(),
            };
            grid.paint(canvas, panel.run, panel.slot, self.span);
        } else {
            let step = self.body(panel) / panel.rows.len().max(1) as f64;
            paint_rows(canvas, panel, &at, (top, step));
            say_rows(canvas, panel, (frame.left, frame.right), (top, step));
        }
        if let Some(killed) = self.killed {
            let x = at(killed);
            canvas.line((x, upper), (x, lower), TIME_LIMIT);
        }
    }
}

/// Waiting below, work above it, marks on top of all.
fn paint_rows(
    canvas: &mut Canvas,
    panel: &Panel<'_>,
    at: &dyn Fn(u64) -> f64,
    (top, step): (f64, f64),
) {
    let rows = || {
        let y = |index: usize| top + (index as f64 + 0.5) * step;
        panel
            .rows
            .iter()
            .enumerate()
            .map(move |(index, row)| (y(index), row))
    };
    for (y, request) in rows().filter_map(|(y, row)| Some((y, row.request?))) {
        let ends = ((at(request.scheduled_ms), y), (at(request.ended_ms), y));
        canvas.line(ends.0, ends.1, Pen::solid(Role::Quiet, 0.5));
    }
    for (y, row) in rows() {
        for attempt in &row.attempts {
            let ends = (at(attempt.started_ms), at(attempt.ended_ms));
            work(canvas, panel.slot, good(attempt), ends, (y, step * 0.34));
        }
    }
    for (y, row) in rows() {
        let marked = |request: &&Request| request.ending != Ending::Ok || row.is_free();
        if let Some(request) = row.request.filter(marked) {
            let r = (step * 0.5).clamp(2.2, 4.0);
            mark(
                canvas,
                request.ending,
                (at(request.ended_ms), y),
                r,
                panel.slot,
            );
        }
    }
}

/// What each request was, for those who point at one of its rows.
fn say_rows(
    canvas: &mut Canvas,
    panel: &Panel<'_>,
    (left, right): (f64, f64),
    (top, step): (f64, f64),
) {
    let mut first = 0;
    for rows in panel.rows.chunk_by(|_, next| next.request.is_none()) {
        let y = |row: usize| top + row as f64 * step;
        if let Some(request) = rows[0].request {
            let attempts = rows.iter().map(|row| row.attempts.len()).sum();
            let title = said(request, attempts);
            canvas.hover((left, y(first)), (right, y(first + rows.len())), &title);
        }
        first += rows.len();
    }
}

fn said(request: &Request, attempts: usize) -> String {
    let latency = request.ended_ms.saturating_sub(request.scheduled_ms);
    let attempts = match attempts {
        0 => "no call".to_owned(),
        1 => "1 call".to_owned(),
        more => format!("{more} calls"),
    };
    format!(
        "request {}: {} after {}, {attempts}",
        request.index,
        word(request.ending),
        seconds(latency as f64 / 1000.0)
    )
}

fn ended(run: &Run) -> String {
    let last = run
        .requests
        .iter()
        .map(|request| request.ended_ms)
        .max()
        .unwrap_or(0);
    format!("last ending {}", seconds(last as f64 / 1000.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn each_failed_request_is_a_mark_and_the_legend_names_its_kind() {
        let record = fixture::record();
        let summary = fixture::summary(&record);
        let plot = timeline("rate-limits", &fixture::sides(&record, &summary))
            .unwrap()
            .unwrap();
        assert!(plot.wide.inline().contains(">429</text>"));
        assert!(!plot.wide.inline().contains("killed"));
        assert!(
            plot.alternative
                .starts_with("naive: 56 answered, 44 429, the last"),
            "{}",
            plot.alternative
        );
    }

    #[test]
    fn many_requests_are_binned_and_the_caption_says_so() {
        let mut record = fixture::record();
        let run = &mut record.runs[0];
        let many: Vec<Request> = (0..5000)
            .map(|n| Request {
                index: n,
                ..run.requests[(n % 100) as usize].clone()
            })
            .collect();
        run.requests = many;
        run.offered = 100_000;
        let summary = fixture::summary(&record);
        let plot = timeline("rate-limits", &fixture::sides(&record, &summary))
            .unwrap()
            .unwrap();
        assert!(
            plot.caption.contains("binned") && plot.caption.contains("first 5,000 of 100,000"),
            "{}",
            plot.caption
        );
        assert!(plot.wide.inline().len() < 200_000);
    }
}
