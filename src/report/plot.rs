//! The plots of a report, as SVG drawn by plotters.
//!
//! Each plot is a pure function of record and summary and of a width, because a picture that is
//! merely scaled down to a telephone cannot be read.

use crate::record::{Ending, Record, Run};

use crate::summary::RunSummary;

use super::ReportError;
use super::figures::seconds;
use super::plain::plain;
use super::scenarios::Scenario;
use crate::text::markup;
use axis::Scale;
use canvas::{Anchor, Canvas, Pen};
use ink::Ink;

mod agreement;
mod axis;
mod bars;
mod bins;
mod canvas;
mod compact;
mod coverage;
mod histogram;
mod ink;
mod lanes;
mod legend;
mod marks;
mod money;
mod percentiles;
mod timeline;
mod upstream;

pub(super) use agreement::agreement;
pub(super) use bars::bars;
pub(super) use coverage::coverage;
pub(super) use histogram::histogram;
use ink::PAPER;
pub(super) use ink::STYLE;
pub(super) use money::money;
pub(super) use percentiles::percentiles;
pub(super) use timeline::timeline;
pub(super) use upstream::upstream;

/// Width of a plot on a desk, in CSS pixels.
pub(super) const WIDE: i32 = 992;

/// Width of a plot on a telephone.
pub(super) const NARROW: i32 = 324;

/// Empty border at the left and the right.
const MARGIN: f64 = 10.0;

/// One picture, in words and drawn.
pub(super) struct Plot {
    /// Part of the file name, unique within a report.
    pub(super) name: String,
    /// What it shows.
    pub(super) title: String,
    /// How to read it.
    pub(super) caption: String,
    /// What one would see, for those who do not see.
    pub(super) alternative: String,
    /// For [`WIDE`].
    pub(super) wide: String,
    /// For [`NARROW`].
    pub(super) narrow: String,
}

impl Plot {
    /// A file of its own. It follows the reader's colour scheme where its viewer does, and brings its own
    /// paper, because the page around it may have another scheme than the reader.
    pub(super) fn file(&self) -> String {
        let head = format!(
            "<title>{}</title>\n<desc>{}</desc>\n<style>{PAPER}{STYLE}</style>\n",
            markup(&self.title),
            markup(&self.alternative)
        );
        let body = self.wide.find('\n').map_or(0, |end| end + 1);
        format!("{}{head}{}", &self.wide[..body], &self.wide[body..])
    }
}

/// Words of a plot, before it is drawn.
pub(super) struct Words {
    /// See [`Plot::name`].
    pub(super) name: String,
    /// See [`Plot::title`].
    pub(super) title: String,
    /// See [`Plot::caption`].
    pub(super) caption: String,
    /// See [`Plot::alternative`].
    pub(super) alternative: String,
}

impl Words {
    /// Draws for both widths.
    fn drawn(self, draw: impl Fn(i32) -> Result<String, ReportError>) -> Result<Plot, ReportError> {
        Ok(Plot {
            name: self.name,
            title: self.title,
            caption: self.caption,
            alternative: self.alternative,
            wide: draw(WIDE)?,
            narrow: draw(NARROW)?,
        })
    }
}

/// One mode of a scenario: its facts, its numbers and its style.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    /// What was observed.
    pub(super) run: &'a Run,
    /// What was computed.
    pub(super) numbers: &'a RunSummary,
    /// See [`slots`](super::scenarios::slots).
    pub(super) slot: usize,
}

/// The modes of `scenario`, in their order.
pub(super) fn sides<'a>(record: &'a Record, scenario: &Scenario<'a>) -> Vec<Side<'a>> {
    let facts = |mode: &str| {
        let mut runs = record.runs.iter();
        runs.find(|run| run.scenario == scenario.id && run.mode == mode)
    };
    let styled = scenario.runs.iter().zip(scenario.slots());
    styled
        .filter_map(|(&numbers, slot)| {
            Some(Side {
                run: facts(&numbers.mode)?,
                numbers,
                slot,
            })
        })
        .collect()
}

/// The line above a mode's panel: its marker and name at the left, a remark at the right.
fn head(canvas: &mut Canvas<'_>, slot: usize, mode: &str, remark: &str, (y, width): (f64, f64)) {
    canvas.marker((MARGIN + 5.0, y), 4.5, slot);
    canvas.strong(
        &plain(mode),
        (MARGIN + 16.0, y),
        13.0,
        Ink::Mode(slot),
        Anchor::Start,
    );
    canvas.text(remark, (width - MARGIN, y), 12.0, Ink::Muted, Anchor::End);
}

/// Seconds below a panel that reaches from `top` to `bottom`, with lines behind the data.
fn time_axis(canvas: &mut Canvas<'_>, time: &Scale, (top, bottom): (f64, f64), width: f64) {
    let wanted = if width <= f64::from(NARROW) { 3 } else { 8 };
    for tick in time.time_ticks(wanted) {
        canvas.line(
            (time.at(tick), top),
            (time.at(tick), bottom),
            Pen::solid(Ink::Grid, 1.0),
        );
        below(
            canvas,
            &seconds(tick),
            (time.at(tick), bottom + 15.0),
            width,
        );
    }
}

/// A label centred below its tick, or pushed inwards at the borders.
fn below(canvas: &mut Canvas<'_>, text: &str, (x, y): (f64, f64), width: f64) {
    let half = text.chars().count() as f64 * 3.6;
    let x = x.clamp(half + 1.0, (width - half - 1.0).max(half + 1.0));
    canvas.text(text, (x, y), 12.0, Ink::Muted, Anchor::Middle);
}

/// True for requests that brought documentation.
fn answered(ending: Ending) -> bool {
    matches!(ending, Ending::Ok | Ending::Degraded)
}
