//! The plots of a report, drawn by plotters on a backend of our own.
//!
//! Each plot is a pure function of record and summary and of a width, because a picture that is
//! merely scaled down to a telephone cannot be read.

use crate::record::{Ending, Record, Run};
use crate::text;

use crate::summary::RunSummary;

use super::ReportError;
use super::scenarios::Scenario;
use crate::text::figures::seconds;
use axis::Axis;
use canvas::{Anchor, Canvas};
use palette::Role;
use picture::Picture;

mod agreement;
mod axis;
mod bars;
mod bins;
mod canvas;
mod coverage;
mod dash;
mod histogram;
mod label;
mod legend;
mod marks;
mod money;
mod outline;
mod palette;
mod percentiles;
mod picture;
mod rows;
mod svg;
mod timeline;
mod units;
mod upstream;

pub(super) use agreement::agreement;
pub(super) use bars::bars;
pub(super) use coverage::coverage;
pub(super) use histogram::histogram;
pub(super) use money::money;
pub(super) use palette::style;
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
    pub(super) wide: Picture,
    /// For [`NARROW`].
    pub(super) narrow: Picture,
}

impl Plot {
    /// A file of its own.
    pub(super) fn file(&self) -> String {
        self.wide.file(&self.title, &self.alternative)
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
    fn drawn(
        self,
        draw: impl Fn(i32) -> Result<Picture, ReportError>,
    ) -> Result<Plot, ReportError> {
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
    let facts = |numbers: &RunSummary| {
        let mut runs = record.runs.iter();
        runs.find(|run| run.scenario == scenario.id && run.subject == numbers.subject)
    };
    let styled = scenario.runs.iter().zip(scenario.slots());
    styled
        .filter_map(|(&numbers, slot)| {
            Some(Side {
                run: facts(numbers)?,
                numbers,
                slot,
            })
        })
        .collect()
}

/// The line above a mode's panel: its marker and name at the left, a remark at the right.
fn head(canvas: &mut Canvas, slot: usize, mode: &str, remark: &str, (y, width): (f64, f64)) {
    canvas.marker((MARGIN + 5.0, y), 4.5, slot);
    canvas.strong(
        &text::line(mode),
        (MARGIN + 16.0, y),
        13.0,
        Role::Mode(slot),
        Anchor::Start,
    );
    canvas.text(remark, (width - MARGIN, y), 12.0, Role::Quiet, Anchor::End);
}

/// Seconds from 0 to `span`. Of several charts on one clock the lowest has the figures.
fn time(span: f64, width: f64, is_lowest: bool) -> Axis {
    let wanted = if width <= f64::from(NARROW) { 3 } else { 8 };
    let axis = Axis::time(span, wanted);
    if is_lowest {
        axis.figures(seconds)
    } else {
        axis
    }
}

/// True for requests that brought documentation.
fn answered(ending: Ending) -> bool {
    matches!(ending, Ending::Ok | Ending::Degraded)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use roxmltree::{Document, Node};

    use super::*;
    use crate::report::{fixture, html};

    /// Every file of a report whose names all try to break out of it.
    fn files() -> Vec<String> {
        let mut record = fixture::record();
        for run in &mut record.runs {
            run.scenario += "</title><script>&amp;\"'\u{1b}\u{0}";
        }
        record.runs[0].subject = crate::record::Subject::Compared {
            name: "<naive & \"co\">".to_owned(),
            subject: Box::new(record.runs[0].subject.clone()),
        };
        let summary = fixture::summary(&record);
        let chapters = html::chapters(&record, &summary, &[]).unwrap();
        let files: Vec<String> = chapters.plots().map(Plot::file).collect();
        assert!(files.len() >= 6, "{}", files.len());
        files
    }

    fn elements<'a>(document: &'a Document<'_>) -> impl Iterator<Item = Node<'a, 'a>> {
        document.descendants().filter(Node::is_element)
    }

    #[test]
    fn every_drawing_is_well_formed_xml_whatever_the_names() {
        const KNOWN: [&str; 7] = ["svg", "title", "desc", "style", "g", "path", "text"];
        for file in files() {
            let document = Document::parse(&file).unwrap();
            for element in elements(&document) {
                let name = element.tag_name().name();
                assert!(KNOWN.contains(&name), "{name}");
            }
            let root = document.root_element();
            let title = root.first_element_child().unwrap();
            assert_eq!(title.tag_name().name(), "title");
        }
    }

    #[test]
    fn a_drawing_has_classes_that_its_style_sheet_knows_and_no_colours() {
        for file in files() {
            let document = Document::parse(&file).unwrap();
            let mut classes = BTreeSet::new();
            for element in elements(&document) {
                for attribute in element.attributes() {
                    let name = attribute.name();
                    assert!(!["fill", "stroke", "style"].contains(&name), "{name}");
                }
                let class = element.attribute("class").unwrap_or_default();
                classes.extend(class.split(' ').filter(|class| !class.is_empty()));
            }
            assert!(!classes.is_empty());
            for class in classes {
                let rule = format!("svg .{class}");
                assert!(style().contains(&rule), "{rule}");
            }
        }
    }

    #[test]
    fn the_marks_of_every_drawing_say_their_values() {
        for file in files() {
            let document = Document::parse(&file).unwrap();
            let paths = elements(&document).filter(|element| element.has_tag_name("path"));
            let titled = paths.filter_map(|path| path.first_element_child()?.text());
            let values: Vec<&str> = titled.collect();
            assert!(!values.is_empty());
            for value in values {
                assert!(value.contains(|c: char| c.is_ascii_digit()), "{value}");
            }
        }
    }

    #[test]
    fn nothing_is_drawn_outside_of_the_canvas() {
        for file in files() {
            let document = Document::parse(&file).unwrap();
            let view: Vec<f64> = document
                .root_element()
                .attribute("viewBox")
                .unwrap()
                .split(' ')
                .map(|number| number.parse().unwrap())
                .collect();
            for text in elements(&document).filter(|element| element.has_tag_name("text")) {
                let place = |name| text.attribute(name).unwrap().parse::<f64>().unwrap();
                let (x, y) = (place("x"), place("y"));
                assert!((0.0..=view[2]).contains(&x) && (0.0..=view[3]).contains(&y));
            }
        }
    }
}
