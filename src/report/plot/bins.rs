//! Many requests in one picture: squares of a grid of moment × latency, one mark an ending.

use std::collections::{BTreeMap, BTreeSet};

use crate::record::{Ending, Request, Run};
use crate::text::figures::{count, seconds};

use super::axis::Axis;
use super::canvas::{Anchor, Canvas, Pen};
use super::marks::{mark, word};
use super::palette::Role;

/// Cells across and down.
pub(super) const CELLS: (usize, usize) = (72, 16);

/// The same on a telephone.
pub(super) const CELLS_NARROW: (usize, usize) = (36, 12);

/// Height of a cell.
pub(super) const CELL_HEIGHT: f64 = 10.0;

/// Room for the latencies beside the grid.
pub(super) const GUTTER: f64 = 58.0;

/// Requests of one mode in a grid.
pub(super) struct Grid {
    /// Left and right border.
    pub(super) sides: (f64, f64),
    pub(super) top: f64,
    /// Across and down.
    pub(super) cells: (usize, usize),
}

/// Requests of one cell, by ending.
type Cell = BTreeMap<Ending, u64>;

impl Grid {
    /// Draws the requests of `run` on a clock of `span` seconds: larger marks hold more, failures lie on top.
    pub(super) fn paint(&self, canvas: &mut Canvas, run: &Run, slot: usize, span: f64) {
        let requests = &run.requests;
        let high = requests.iter().map(latency_s).fold(0.002, f64::max);
        let low = requests.iter().map(latency_s).fold(high, f64::min);
        let time = Axis::linear(0.0, span);
        let latency = Axis::log(low / 1.1, high * 1.1);
        let cells = self.filled(requests, &time, &latency);
        let counts = || cells.values().flat_map(BTreeMap::values);
        let most = counts().copied().max().unwrap_or(1) as f64;
        let endings: BTreeSet<Ending> = cells.values().flat_map(BTreeMap::keys).copied().collect();
        for ending in endings {
            for (&place, cell) in &cells {
                let held = cell.get(&ending).copied().unwrap_or(0);
                if held > 0 {
                    let share = (held as f64 / most).sqrt().max(0.35);
                    self.mark(canvas, ending, place, share, slot);
                }
            }
        }
        for (&place, cell) in &cells {
            self.say(canvas, place, cell, [&time, &latency]);
        }
        self.frame(canvas, (low, high));
    }

    /// Draws the mark of `ending` in its cell, as large as `share` says.
    fn mark(
        &self,
        canvas: &mut Canvas,
        ending: Ending,
        place: (usize, usize),
        share: f64,
        slot: usize,
    ) {
        let width = self.cell_width();
        let r = width.min(CELL_HEIGHT) * 0.48 * share;
        let (x, y) = (
            self.sides.0 + (place.0 as f64 + 0.5) * width,
            self.top + (place.1 as f64 + 0.5) * CELL_HEIGHT,
        );
        match ending {
            Ending::Ok => canvas.rect((x - r, y - r), (x + r, y + r), Role::Mode(slot)),
            other => mark(canvas, other, (x, y), r.max(1.5), slot),
        }
    }

    /// What is in a cell, for those who point at it.
    fn say(
        &self,
        canvas: &mut Canvas,
        (column, row): (usize, usize),
        cell: &Cell,
        axes: [&Axis; 2],
    ) {
        let (across, down) = self.cells;
        let [moments, latencies] = [axes[0].edges(across), axes[1].edges(down)];
        let held = cell
            .iter()
            .map(|(ending, held)| format!("{} {}", count(*held), word(*ending)));
        let title = format!(
            "{}; at {}, latency {} to {}",
            held.collect::<Vec<_>>().join(", "),
            seconds(moments[column]),
            seconds(latencies[down - row - 1]),
            seconds(latencies[down - row]),
        );
        let width = self.cell_width();
        let corner = (
            self.sides.0 + column as f64 * width,
            self.top + row as f64 * CELL_HEIGHT,
        );
        canvas.hover(corner, (corner.0 + width, corner.1 + CELL_HEIGHT), &title);
    }

    fn cell_width(&self) -> f64 {
        (self.sides.1 - self.sides.0) / self.cells.0 as f64
    }

    fn bottom(&self) -> f64 {
        self.top + self.cells.1 as f64 * CELL_HEIGHT
    }

    /// What is in each cell, by column and row.
    fn filled(
        &self,
        requests: &[Request],
        time: &Axis,
        latency: &Axis,
    ) -> BTreeMap<(usize, usize), Cell> {
        let (across, down) = self.cells;
        let mut cells: BTreeMap<(usize, usize), Cell> = BTreeMap::new();
        for request in requests {
            let x = time.at(request.ended_ms as f64 / 1000.0, self.sides) - self.sides.0;
            let y = latency.at(latency_s(request), (self.bottom(), self.top)) - self.top;
            let (column, row) = ((x / self.cell_width()) as usize, (y / CELL_HEIGHT) as usize);
            let cell = cells
                .entry((column.min(across - 1), row.min(down - 1)))
                .or_default();
            *cell.entry(request.ending).or_insert(0) += 1;
        }
        cells
    }

    /// The line below and the latencies beside the grid.
    fn frame(&self, canvas: &mut Canvas, (low, high): (f64, f64)) {
        let bottom = self.bottom();
        let ends = ((self.sides.0, bottom), (self.sides.1, bottom));
        canvas.line(ends.0, ends.1, Pen::solid(Role::Quiet, 1.0));
        for (value, y) in [(high, self.top + 5.0), (low, bottom - 7.0)] {
            let at = (self.sides.0 - 7.0, y);
            canvas.text(&seconds(value), at, 11.0, Role::Quiet, Anchor::End);
        }
    }
}

fn latency_s(request: &Request) -> f64 {
    request.ended_ms.saturating_sub(request.scheduled_ms).max(1) as f64 / 1000.0
}
