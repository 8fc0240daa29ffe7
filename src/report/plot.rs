//! The plots of a report, as SVG drawn by plotters.
//!
//! Each plot is a pure function of record and summary and of a width, because a picture that is
//! merely scaled down to a telephone cannot be read.

use crate::record::{Ending, Record, Run};

use super::ReportError;
use super::plain::plain;

mod axis;
mod bars;
mod canvas;
mod histogram;
mod ink;

pub(super) use bars::bars;
pub(super) use histogram::histogram;
pub(super) use ink::STYLE;

/// Width of a plot on a desk, in CSS pixels.
pub(super) const WIDE: i32 = 860;

/// Width of a plot on a telephone.
pub(super) const NARROW: i32 = 324;

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
    /// A file of its own, which follows the reader's colour scheme where its viewer does.
    pub(super) fn file(&self) -> String {
        let head = format!(
            "<title>{}</title>\n<desc>{}</desc>\n<style>{STYLE}</style>\n",
            xml(&self.title),
            xml(&self.alternative)
        );
        let body = self.wide.find('\n').map_or(0, |end| end + 1);
        format!("{}{head}{}", &self.wide[..body], &self.wide[body..])
    }
}

fn xml(text: &str) -> String {
    plain(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
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

/// The runs of `scenario`, in their order.
pub(super) fn runs_of<'a>(record: &'a Record, scenario: &str) -> Vec<&'a Run> {
    record
        .runs
        .iter()
        .filter(|run| run.scenario == scenario)
        .collect()
}

/// True for requests that brought documentation.
fn answered(ending: Ending) -> bool {
    matches!(ending, Ending::Ok | Ending::Degraded)
}
