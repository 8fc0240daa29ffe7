//! The timeline of requests: when each was due, when it worked upstream, how it ended.
//!
//! Few requests get a lane each. Many are binned by moment and latency; the caption says which.

use crate::record::{Ending, Run};
use crate::report::ReportError;
use crate::report::figures::{count, seconds};
use crate::report::plain::plain;

use super::axis::Scale;
use super::canvas::{Anchor, Canvas, Dash, Pen, draw};
use super::ink::Ink;
use super::lanes::{Lane, lanes};
use super::legend::{Legend, Sign};
use super::marks::{MARKED, good, mark, work};
use super::{MARGIN, NARROW, Plot, Side, Words, bins, head, time_axis};

/// Most lanes that can still be told apart.
const MOST_LANES: usize = 160;

/// Height that the lanes of one mode share.
const LANES_HEIGHT: f64 = 300.0;

const THINNEST: f64 = 2.5;
const THICKEST: f64 = 11.0;
const HEAD: f64 = 34.0;
const FOOT: f64 = 34.0;

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
        let legend = Legend::of(signs(&panels, binned), f64::from(width));
        let body = panels.iter().map(|panel| sheet.height(panel)).sum::<f64>() + FOOT;
        draw(width, (body + legend.height()).ceil() as i32, |canvas| {
            sheet.paint(canvas, &panels, body);
            legend.paint(canvas, body);
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
            plain(&run.subject.to_string())
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
        plain(&run.subject.to_string()),
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

impl Panel<'_> {
    /// True when an attempt is drawn that brought an answer, or one that did not.
    fn has_work(&self, wanted: bool) -> bool {
        let mut attempts = self.lanes.iter().flat_map(|lane| &lane.attempts);
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
fn signs(panels: &[Panel<'_>], binned: bool) -> Vec<Sign> {
    let slot = panels.last().map_or(0, |panel| panel.slot);
    let met = |ending| {
        let mut requests = panels.iter().flat_map(|panel| &panel.run.requests);
        requests.any(|request| request.ending == ending)
    };
    let mut signs = Vec::new();
    if !binned {
        let mut lanes = panels.iter().flat_map(|panel| &panel.lanes);
        let work = [true, false]
            .into_iter()
            .filter(|good| panels.iter().any(|panel| panel.has_work(*good)));
        signs.extend(work.map(|good| Sign::Work { good, slot }));
        if lanes.any(Lane::is_free) {
            signs.push(Sign::Ending("answered without a call", Ending::Ok, slot));
        }
    }
    let marked = MARKED.into_iter().filter(|(ending, _)| met(*ending));
    signs.extend(marked.map(|(ending, word)| Sign::Ending(word, ending, slot)));
    signs
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
        let left = if binned { bins::GUTTER } else { MARGIN };
        Self {
            width,
            left,
            narrow,
            time: Scale::linear((0.0, span), (left, width - MARGIN)),
            binned,
        }
    }

    fn cells(&self) -> (usize, usize) {
        if self.narrow {
            bins::CELLS_NARROW
        } else {
            bins::CELLS
        }
    }

    fn lane(panel: &Panel<'_>) -> f64 {
        (LANES_HEIGHT / panel.lanes.len().max(1) as f64).clamp(THINNEST, THICKEST)
    }

    fn height(&self, panel: &Panel<'_>) -> f64 {
        let body = match self.binned {
            true => self.cells().1 as f64 * bins::CELL_HEIGHT,
            false => panel.lanes.len() as f64 * Self::lane(panel),
        };
        HEAD + body + 8.0
    }

    fn paint(&self, canvas: &mut Canvas<'_>, panels: &[Panel<'_>], height: f64) {
        let bottom = height - FOOT;
        time_axis(canvas, &self.time, (HEAD - 10.0, bottom), self.width);
        let mut top = 0.0;
        for panel in panels {
            head(
                canvas,
                panel.slot,
                &panel.run.subject.to_string(),
                &ended(panel.run),
                (top + 14.0, self.width),
            );
            if self.binned {
                let grid = bins::Grid {
                    time: &self.time,
                    sides: (self.left, self.width - MARGIN),
                    top: top + HEAD,
                    cells: self.cells(),
                };
                grid.paint(canvas, panel.run, panel.slot);
            } else {
                self.lanes(canvas, panel, top)
            }
            top += self.height(panel);
        }
        if let Some(killed) = killed(panels) {
            self.time_limit(canvas, killed, (HEAD - 10.0, bottom));
        }
    }

    /// Where the platform's time limit struck, for those that outlived it as well.
    fn time_limit(&self, canvas: &mut Canvas<'_>, ended_ms: u64, (top, bottom): (f64, f64)) {
        let x = self.time.at(ended_ms as f64 / 1000.0);
        let pen = Pen {
            ink: Ink::Text,
            width: 1.25,
            dash: Dash::Long,
        };
        canvas.line((x, top), (x, bottom), pen);
        canvas.text(
            "time limit",
            (x - 6.0, bottom - 8.0),
            12.0,
            Ink::Text,
            Anchor::End,
        );
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
            work(
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
    use crate::record::Request;
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
