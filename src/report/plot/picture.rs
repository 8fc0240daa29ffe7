//! A finished drawing, inside a page or as a file of its own.

use super::label::FONT_SIZE;
use super::palette::style_alone;
use super::units::UNITS;
use crate::text::markup;

/// A finished drawing.
pub(in crate::report) struct Picture {
    /// Width and height in units.
    pub(super) size: (u32, u32),
    /// Elements of the drawing.
    pub(super) body: String,
}

impl Picture {
    /// The element inside a page, whose style sheet holds [`style`](super::style).
    pub(in crate::report) fn inline(&self) -> String {
        format!("<svg {}>\n{}</svg>\n", self.attributes(), self.body)
    }

    /// A file of its own, which follows the reader's colour scheme where its viewer does.
    pub(super) fn file(&self, title: &str, description: &str) -> String {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" {}>\n<title>{}</title>\n<desc>{}</desc>\n<style>{}</style>\n{}</svg>\n",
            self.attributes(),
            markup(title),
            markup(description),
            style_alone(),
            self.body
        )
    }

    fn attributes(&self) -> String {
        let (width, height) = self.size;
        format!(
            "width=\"{}\" height=\"{}\" viewBox=\"0 0 {width} {height}\" font-size=\"{}\"",
            f64::from(width) / UNITS,
            f64::from(height) / UNITS,
            FONT_SIZE * UNITS
        )
    }
}
