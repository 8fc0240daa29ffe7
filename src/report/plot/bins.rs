//! Many requests in one picture: squares of a grid of moment × latency, one mark an ending.

use std::collections::BTreeMap;

use crate::record::{Ending, Request, Run};
use crate::report::figures::seconds;

use super::axis::Scale;
use super::canvas::{Anchor, Canvas, Pen};
use super::ink::Ink;
use super::marks::mark;

/// Cells across and down.
pub(super) const CELLS: (usize, usize) = (72, 16);

/// The same on a telephone.
pub(super) const CELLS_NARROW: (usize, usize) = (36, 12);

/// Height of a cell.
pub(super) const CELL_HEIGHT: f64 = 10.0;

/// Room for the latencies beside the grid.
pub(super) const GUTTER: f64 = 58.0;

/// Where the cells are.
pub(super) struct Grid<'a> {
    pub(super) time: &'a Scale,
    /// Left and right border.
    pub(super) sides: (f64, f64),
    pub(super) top: f64,
    /// Across and down.
    pub(super) cells: (usize, usize),
}

impl Grid<'_> {
    /// Draws the requests of `run`: larger marks hold more, failures lie on top.
    pub(super) fn paint(&self, canvas: &mut Canvas<'_>, run: &Run, slot: usize) {
        let requests = &run.requests;
        let high = requests.iter().map(latency_s).fold(0.002, f64::max);
        let low = requests.iter().map(latency_s).fold(high, f64::min);
        let cells = self.filled(requests, (low, high));
        let width = self.cell_width();
        let most = cells.values().copied().max().unwrap_or(1) as f64;
        for (&(ending, column, row), &held) in &cells {
            let r = (width.min(CELL_HEIGHT) * 0.48) * (held as f64 / most).sqrt().max(0.35);
            let at = (
                self.sides.0 + (column as f64 + 0.5) * width,
                self.top + (row as f64 + 0.5) * CELL_HEIGHT,
            );
            match ending {
                Ending::Ok => canvas.rect(
                    (at.0 - r, at.1 - r),
                    (at.0 + r, at.1 + r),
                    Ink::Mode(slot),
                    1.0,
                ),
                other => mark(canvas, other, at, r.max(1.5), slot),
            }
        }
        self.frame(canvas, (low, high));
    }

    fn cell_width(&self) -> f64 {
        (self.sides.1 - self.sides.0) / self.cells.0 as f64
    }

    /// Requests by ending, column and row.
    fn filled(
        &self,
        requests: &[Request],
        (low, high): (f64, f64),
    ) -> BTreeMap<(Ending, usize, usize), u64> {
        let (across, down) = self.cells;
        let rows = Scale::log((low / 1.1, high * 1.1), (down as f64, 0.0));
        let mut cells = BTreeMap::new();
        for request in requests {
            let x = self.time.at(request.ended_ms as f64 / 1000.0);
            let column = ((x - self.sides.0) / self.cell_width()) as usize;
            let row = rows.at(latency_s(request)) as usize;
            let cell = (request.ending, column.min(across - 1), row.min(down - 1));
            *cells.entry(cell).or_insert(0) += 1;
        }
        cells
    }

    /// The line below and the latencies beside the grid.
    fn frame(&self, canvas: &mut Canvas<'_>, (low, high): (f64, f64)) {
        let bottom = self.top + self.cells.1 as f64 * CELL_HEIGHT;
        let ends = ((self.sides.0, bottom), (self.sides.1, bottom));
        canvas.line(ends.0, ends.1, Pen::solid(Ink::Muted, 1.0));
        for (value, y) in [(high, self.top + 5.0), (low, bottom - 7.0)] {
            let at = (self.sides.0 - 7.0, y);
            canvas.text(&seconds(value), at, 11.0, Ink::Muted, Anchor::End);
        }
    }
}

fn latency_s(request: &Request) -> f64 {
    request.ended_ms.saturating_sub(request.scheduled_ms).max(1) as f64 / 1000.0
}
