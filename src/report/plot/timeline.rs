//! The timeline of requests: when each was due, when it worked upstream, how it ended.
//!
//! Few requests get a lane each. Many are binned by moment and latency; the caption says which.

use std::collections::BTreeMap;

use crate::record::{Attempt, AttemptEnding, Ending, Request, Run};
use crate::report::ReportError;
use crate::report::figures::{count, seconds};
use crate::report::plain::plain;

use super::axis::Scale;
use super::canvas::{Anchor, Canvas, Pen, draw};
use super::ink::Ink;
use super::lanes::{Lane, lanes};
use super::marks::{MARKED, mark};
use super::{MARGIN, NARROW, Plot, Side, Words, head, time_axis};

/// Most lanes that can still be told apart.
const MOST_LANES: usize = 160;

/// Height that the lanes of one mode share.
const LANES_HEIGHT: f64 = 300.0;

const THINNEST: f64 = 2.5;
const THICKEST: f64 = 11.0;
const HEAD: f64 = 34.0;
const FOOT: f64 = 34.0;
const LEGEND: f64 = 22.0;

/// Cells of the binned picture, across and down.
const CELLS: (usize, usize) = (72, 16);
const CELLS_NARROW: (usize, usize) = (36, 12);
const CELL_HEIGHT: f64 = 10.0;

/// Room for the latencies beside the binned picture.
const GUTTER: f64 = 58.0;

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
    let binned = panels.iter().any(|panel| panel.lanes.len() > MOST_LANES);
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
        let sheet = Sheet::of(width, span, binned);
        let height = panels.iter().map(|panel| sheet.height(panel)).sum::<f64>() + FOOT + LEGEND;
        draw(width, height.ceil() as i32, |canvas| {
            sheet.paint(canvas, &panels, height)
        })
    })
    .map(Some)
}

fn caption(sides: &[Side<'_>], binned: bool) -> String {
    let mut text = match binned {
        false => "One lane a request: the thin line is waiting, the thick bar is work at the provider. The clock is \
                  the same for every mode."
            .to_owned(),
        true => "Too many requests for a lane each: they are binned by the moment at which they ended and by their \
                 latency; larger squares hold more. The clock is the same for every mode."
            .to_owned(),
    };
    for run in sides
        .iter()
        .map(|side| side.run)
        .filter(|run| (run.requests.len() as u64) < run.offered)
    {
        let (kept, offered) = (count(run.requests.len() as u64), count(run.offered));
        text += &format!(
            " {}: the first {kept} of {offered} requests.",
            plain(&run.mode)
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
        plain(&run.mode),
        endings.join(", "),
        seconds(last as f64 / 1000.0)
    )
}

fn word(ending: Ending) -> &'static str {
    MARKED
        .iter()
        .find(|(marked, _)| *marked == ending)
        .map_or("answered", |(_, word)| word)
}

struct Panel<'a> {
    run: &'a Run,
    slot: usize,
    lanes: Vec<Lane<'a>>,
}

impl<'a> Panel<'a> {
    fn of(&Side { run, slot, .. }: &Side<'a>) -> Self {
        Self {
            run,
            slot,
            lanes: lanes(run),
        }
    }
}

struct Sheet {
    width: f64,
    left: f64,
    narrow: bool,
    time: Scale,
    binned: bool,
}

impl Sheet {
    fn of(width: i32, span: f64, binned: bool) -> Self {
        let (narrow, width) = (width <= NARROW, f64::from(width));
        let left = if binned { GUTTER } else { MARGIN };
        Self {
            width,
            left,
            narrow,
            time: Scale::linear((0.0, span), (left, width - MARGIN)),
            binned,
        }
    }

    fn cells(&self) -> (usize, usize) {
        if self.narrow { CELLS_NARROW } else { CELLS }
    }

    fn lane(panel: &Panel<'_>) -> f64 {
        (LANES_HEIGHT / panel.lanes.len().max(1) as f64).clamp(THINNEST, THICKEST)
    }

    fn height(&self, panel: &Panel<'_>) -> f64 {
        let body = match self.binned {
            true => self.cells().1 as f64 * CELL_HEIGHT,
            false => panel.lanes.len() as f64 * Self::lane(panel),
        };
        HEAD + body + 8.0
    }

    fn paint(&self, canvas: &mut Canvas<'_>, panels: &[Panel<'_>], height: f64) {
        let bottom = height - FOOT - LEGEND;
        time_axis(canvas, &self.time, (HEAD - 10.0, bottom), self.width);
        let mut top = 0.0;
        for panel in panels {
            head(
                canvas,
                panel.slot,
                &panel.run.mode,
                &ended(panel.run),
                (top + 14.0, self.width),
            );
            if self.binned {
                self.cells_of(canvas, panel, top)
            } else {
                self.lanes(canvas, panel, top)
            }
            top += self.height(panel);
        }
        self.legend(canvas, panels, height - LEGEND * 0.5);
    }

    /// Waiting below, work above it, marks on top of all.
    fn lanes(&self, canvas: &mut Canvas<'_>, panel: &Panel<'_>, top: f64) {
        let step = Self::lane(panel);
        let at = |ms: u64| self.time.at(ms as f64 / 1000.0);
        let lanes = || {
            let y = |index: usize| top + HEAD + (index as f64 + 0.5) * step;
            panel
                .lanes
                .iter()
                .enumerate()
                .map(move |(index, lane)| (y(index), lane))
        };
        let requests = || lanes().filter_map(|(y, lane)| Some((y, lane.request?)));
        for (y, request) in requests() {
            let ends = ((at(request.scheduled_ms), y), (at(request.ended_ms), y));
            canvas.line(ends.0, ends.1, Pen::solid(Ink::Muted, 0.5));
        }
        for (y, attempt) in
            lanes().flat_map(|(y, lane)| lane.attempts.iter().map(move |attempt| (y, attempt)))
        {
            let (from, to) = (at(attempt.started_ms), at(attempt.ended_ms));
            paint_attempt(
                canvas,
                panel.slot,
                good(attempt),
                (from, to),
                (y, step * 0.34),
            );
        }
        for (y, lane) in lanes() {
            let Some(request) = lane
                .request
                .filter(|request| request.ending != Ending::Ok || lane.is_free())
            else {
                continue;
            };
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

    /// Squares of a grid of moment × latency, one colour an ending, failures on top.
    fn cells_of(&self, canvas: &mut Canvas<'_>, panel: &Panel<'_>, top: f64) {
        let (across, down) = self.cells();
        let latency = |request: &Request| {
            request.ended_ms.saturating_sub(request.scheduled_ms).max(1) as f64 / 1000.0
        };
        let requests = &panel.run.requests;
        let high = requests.iter().map(latency).fold(0.002, f64::max);
        let low = requests.iter().map(latency).fold(high, f64::min);
        let bottom = top + HEAD + down as f64 * CELL_HEIGHT;
        let rows = Scale::log((low / 1.1, high * 1.1), (down as f64, 0.0));
        let columns = (self.width - MARGIN - self.left) / across as f64;
        let mut cells: BTreeMap<(Ending, usize, usize), u64> = BTreeMap::new();
        for request in requests {
            let column =
                ((self.time.at(request.ended_ms as f64 / 1000.0) - self.left) / columns) as usize;
            let row = rows.at(latency(request)) as usize;
            *cells
                .entry((request.ending, column.min(across - 1), row.min(down - 1)))
                .or_insert(0) += 1;
        }
        let most = cells.values().copied().max().unwrap_or(1) as f64;
        for (&(ending, column, row), &held) in &cells {
            let r = (columns.min(CELL_HEIGHT) * 0.48) * (held as f64 / most).sqrt().max(0.35);
            let at = (
                self.left + (column as f64 + 0.5) * columns,
                top + HEAD + (row as f64 + 0.5) * CELL_HEIGHT,
            );
            match ending {
                Ending::Ok => canvas.rect(
                    (at.0 - r, at.1 - r),
                    (at.0 + r, at.1 + r),
                    Ink::Mode(panel.slot),
                    1.0,
                ),
                other => mark(canvas, other, at, r.max(1.5), panel.slot),
            }
        }
        canvas.line(
            (self.left, bottom),
            (self.width - MARGIN, bottom),
            Pen::solid(Ink::Muted, 1.0),
        );
        for (value, y) in [(high, top + HEAD + 5.0), (low, bottom - 7.0)] {
            canvas.text(
                &seconds(value),
                (self.left - 7.0, y),
                11.0,
                Ink::Muted,
                Anchor::End,
            );
        }
    }

    /// Only the marks that are drawn.
    fn legend(&self, canvas: &mut Canvas<'_>, panels: &[Panel<'_>], y: f64) {
        let mut x = MARGIN + 4.0;
        let met = |ending| {
            panels.iter().any(|panel| {
                panel
                    .run
                    .requests
                    .iter()
                    .any(|request| request.ending == ending)
            })
        };
        let free = !self.binned
            && panels
                .iter()
                .any(|panel| panel.lanes.iter().any(Lane::is_free));
        let free = free.then_some((Ending::Ok, "without a call"));
        let slot = panels.last().map_or(0, |panel| panel.slot);
        for (ending, word) in MARKED
            .into_iter()
            .filter(|(ending, _)| met(*ending))
            .chain(free)
        {
            mark(canvas, ending, (x, y), 4.0, slot);
            canvas.text(word, (x + 10.0, y), 12.0, Ink::Muted, Anchor::Start);
            x += 30.0 + word.chars().count() as f64 * 6.6;
        }
    }
}

/// A bar for work that brought an answer, a hollow one for work that did not.
fn paint_attempt(
    canvas: &mut Canvas<'_>,
    slot: usize,
    good: bool,
    (from, to): (f64, f64),
    (y, half): (f64, f64),
) {
    const HOLLOW: f64 = 3.0;
    if good {
        canvas.rect(
            (from, y - half),
            (to.max(from + 1.0), y + half),
            Ink::Mode(slot),
            1.0,
        );
    } else if to - from > HOLLOW {
        canvas.frame(
            (from, y - half),
            (to, y + half),
            Pen::solid(Ink::Text, 0.75),
        );
    } else {
        canvas.line(
            (from, y - half),
            (from, y + half),
            Pen::solid(Ink::Text, 1.0),
        );
    }
}

fn good(attempt: &Attempt) -> bool {
    attempt.ending == AttemptEnding::Answered
        && attempt
            .status
            .is_some_and(|status| (200..300).contains(&status))
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
        assert!(plot.wide.contains("\n429\n"));
        assert!(!plot.wide.contains("killed"));
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
        assert!(plot.wide.len() < 200_000, "{}", plot.wide.len());
    }
}
