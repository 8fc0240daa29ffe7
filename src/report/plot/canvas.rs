//! A sheet to draw on, in CSS pixels: plotters' SVG backend without its charts, whose axes have
//! too much ink for small pictures.

use std::collections::BTreeSet;

use plotters::backend::DrawingBackend;
use plotters::prelude::SVGBackend;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontFamily, FontStyle, RGBAColor, ShapeStyle, TextStyle};

use crate::report::ReportError;

use super::compact::compact;
use super::ink::Ink;

/// The backend draws on whole units; four of them in a CSS pixel keep curves smooth.
const UNITS: f64 = 4.0;

/// Fonts that every system has under some name.
const FONT: &str = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif";

/// plotters divides font sizes by this to compensate for font metrics that it does not have here.
const FONT_DIVISOR: f64 = 1.24;

/// Which side of a text its position is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// How a line is drawn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pen {
    pub(super) ink: Ink,
    pub(super) width: f64,
    pub(super) dash: Dash,
}

impl Pen {
    /// An unbroken line.
    pub(super) fn solid(ink: Ink, width: f64) -> Self {
        Self {
            ink,
            width,
            dash: Dash::Solid,
        }
    }
}

/// How a line is broken, so that lines differ without colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Dash {
    Solid,
    Long,
    Short,
    Dots,
}

impl Dash {
    /// The dash of the mode at `slot`: the compared mode is the unbroken one.
    pub(super) fn of_mode(slot: usize) -> Self {
        [Self::Long, Self::Solid, Self::Short, Self::Dots][slot % MARKERS]
    }

    /// A width no undashed line has, unique for each dash.
    fn coded(self, width: u32) -> u32 {
        (self as u32) * 1000 + width
    }

    /// Lengths of strokes and gaps in CSS pixels.
    fn lengths(self) -> &'static [f64] {
        match self {
            Self::Solid => &[],
            Self::Long => &[7.0, 4.0],
            Self::Short => &[4.0, 3.0],
            Self::Dots => &[1.5, 2.5],
        }
    }
}

/// Markers and dashes, one a mode.
const MARKERS: usize = 4;

/// Corners of a square.
pub(super) const SQUARE: [(f64, f64); 4] = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)];

/// Corners of a diamond.
pub(super) const DIAMOND: [(f64, f64); 4] = [(0.0, -1.0), (1.0, 0.0), (0.0, 1.0), (-1.0, 0.0)];

/// The sheet. The first error is kept and reported at the end.
pub(super) struct Canvas<'a> {
    backend: SVGBackend<'a>,
    failure: Option<String>,
    dashes: BTreeSet<(Dash, u32)>,
}

/// An SVG of `width` × `height` CSS pixels with what `paint` draws.
pub(super) fn draw(
    width: i32,
    height: i32,
    paint: impl FnOnce(&mut Canvas<'_>),
) -> Result<String, ReportError> {
    let mut svg = String::new();
    let units = |pixels: i32| pixels.unsigned_abs() * UNITS as u32;
    let mut canvas = Canvas {
        backend: SVGBackend::with_string(&mut svg, (units(width), units(height))),
        failure: None,
        dashes: BTreeSet::new(),
    };
    paint(&mut canvas);
    let presented = canvas.backend.present();
    canvas.note(presented);
    let (failure, dashes) = (canvas.failure.take(), std::mem::take(&mut canvas.dashes));
    drop(canvas);
    match failure {
        Some(failure) => Err(ReportError::Draw(failure)),
        None => Ok(in_pixels(&svg, width, height, &dashes)),
    }
}

/// The picture with its size in CSS pixels, and without the attributes that say nothing.
fn in_pixels(svg: &str, width: i32, height: i32, dashes: &BTreeSet<(Dash, u32)>) -> String {
    let (_, rest) = svg
        .split_once("viewBox")
        .expect("the backend writes a view box");
    let font = format!(" font-family=\"{}\"", FONT.replace('\'', "&apos;"));
    let mut rest = rest
        .replace(" opacity=\"1\"", "")
        .replace(" stroke=\"none\"", "")
        .replace(&font, "");
    for &(dash, width) in dashes {
        let lengths: Vec<String> = dash
            .lengths()
            .iter()
            .map(|length| (length * UNITS).to_string())
            .collect();
        let coded = format!("stroke-width=\"{}\"", dash.coded(width));
        let plain = format!(
            "stroke-width=\"{width}\" stroke-dasharray=\"{}\"",
            lengths.join(" ")
        );
        rest = rest.replace(&coded, &plain);
    }
    format!(
        "<svg width=\"{width}\" height=\"{height}\"{font} viewBox{}",
        compact(&rest)
    )
}

impl Canvas<'_> {
    /// A straight line.
    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), pen: Pen) {
        self.path(&[from, to], pen);
    }

    /// A line through many points.
    pub(super) fn path(&mut self, points: &[(f64, f64)], pen: Pen) {
        let stroke = self.stroke(pen);
        let result = self
            .backend
            .draw_path(points.iter().map(|&p| point(p)), &stroke);
        self.note(result);
    }

    /// A filled rectangle; `opacity` from 0 to 1.
    pub(super) fn rect(&mut self, from: (f64, f64), to: (f64, f64), ink: Ink, opacity: f64) {
        let result = self.backend.draw_rect(
            point(from),
            point(to),
            &fill(ink.colour().mix(opacity)),
            true,
        );
        self.note(result);
    }

    /// The outline of a rectangle.
    pub(super) fn frame(&mut self, (left, top): (f64, f64), (right, bottom): (f64, f64), pen: Pen) {
        self.path(
            &[
                (left, top),
                (right, top),
                (right, bottom),
                (left, bottom),
                (left, top),
            ],
            pen,
        );
    }

    /// The marker of the mode at `slot`: triangle, circle, square, diamond.
    pub(super) fn marker(&mut self, at: (f64, f64), r: f64, slot: usize) {
        let ink = Ink::Mode(slot);
        match slot % MARKERS {
            0 => self.polygon(at, r, &[(0.0, -1.1), (1.0, 0.8), (-1.0, 0.8)], ink),
            1 => self.disc(at, r, ink),
            2 => self.polygon(at, r * 0.85, &SQUARE, ink),
            _ => self.polygon(at, r * 1.2, &DIAMOND, ink),
        }
    }

    /// Two strokes across each other.
    pub(super) fn cross(&mut self, (x, y): (f64, f64), r: f64, ink: Ink) {
        let pen = Pen::solid(ink, 1.5);
        self.line((x - r, y - r), (x + r, y + r), pen);
        self.line((x - r, y + r), (x + r, y - r), pen);
    }

    /// A polygon around (`x`, `y`), whose corners are in multiples of `r`.
    pub(super) fn polygon(&mut self, (x, y): (f64, f64), r: f64, corners: &[(f64, f64)], ink: Ink) {
        let style = fill(ink.colour().mix(1.0));
        let corners = corners
            .iter()
            .map(|(dx, dy)| point((x + dx * r, y + dy * r)));
        let result = self.backend.fill_polygon(corners, &style);
        self.note(result);
    }

    /// A disc.
    pub(super) fn disc(&mut self, at: (f64, f64), r: f64, ink: Ink) {
        let result = self.backend.draw_circle(
            point(at),
            (r * UNITS) as u32,
            &fill(ink.colour().mix(1.0)),
            true,
        );
        self.note(result);
    }

    /// One line of text whose vertical centre is at `y`.
    pub(super) fn text(
        &mut self,
        text: &str,
        (x, y): (f64, f64),
        size: f64,
        ink: Ink,
        anchor: Anchor,
    ) {
        self.write(text, (x, y), size, ink, anchor, FontStyle::Normal);
    }

    /// The same in bold.
    pub(super) fn strong(
        &mut self,
        text: &str,
        (x, y): (f64, f64),
        size: f64,
        ink: Ink,
        anchor: Anchor,
    ) {
        self.write(text, (x, y), size, ink, anchor, FontStyle::Bold);
    }

    fn write(
        &mut self,
        text: &str,
        at: (f64, f64),
        size: f64,
        ink: Ink,
        anchor: Anchor,
        weight: FontStyle,
    ) {
        let horizontal = match anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        let colour = ink.colour();
        let style = TextStyle::from((FontFamily::Name(FONT), size * UNITS * FONT_DIVISOR, weight))
            .color(&colour)
            .pos(Pos::new(horizontal, VPos::Center));
        let result = self.backend.draw_text(text, &style, point(at));
        self.note(result);
    }

    /// The backend knows no dashes; a dashed line gets a width that [`in_pixels`] recognises.
    fn stroke(&mut self, pen: Pen) -> ShapeStyle {
        let width = (pen.width * UNITS).round() as u32;
        let stroke_width = match pen.dash {
            Dash::Solid => width,
            dash => {
                self.dashes.insert((dash, width));
                dash.coded(width)
            }
        };
        ShapeStyle {
            color: pen.ink.colour().mix(1.0),
            filled: false,
            stroke_width,
        }
    }

    fn note(&mut self, result: Result<(), impl std::error::Error>) {
        if let (Err(error), None) = (result, &self.failure) {
            self.failure = Some(error.to_string());
        }
    }
}

fn point((x, y): (f64, f64)) -> (i32, i32) {
    ((x * UNITS).round() as i32, (y * UNITS).round() as i32)
}

fn fill(color: RGBAColor) -> ShapeStyle {
    ShapeStyle {
        color,
        filled: true,
        stroke_width: 0,
    }
}
