//! A sheet to draw on, in CSS pixels: plotters' SVG backend without its charts, whose axes have
//! too much ink for small pictures.

use plotters::backend::DrawingBackend;
use plotters::prelude::SVGBackend;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontFamily, FontStyle, RGBAColor, ShapeStyle, TextStyle};

use crate::report::ReportError;

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
}

/// Markers, one a mode.
const MARKERS: usize = 4;

/// The sheet. The first error is kept and reported at the end.
pub(super) struct Canvas<'a> {
    backend: SVGBackend<'a>,
    failure: Option<String>,
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
    };
    paint(&mut canvas);
    let presented = canvas.backend.present();
    canvas.note(presented);
    let failure = canvas.failure.take();
    drop(canvas);
    match failure {
        Some(failure) => Err(ReportError::Draw(failure)),
        None => Ok(in_pixels(&svg, width, height)),
    }
}

/// The picture with its size in CSS pixels, and without the attributes that say nothing.
fn in_pixels(svg: &str, width: i32, height: i32) -> String {
    let (_, rest) = svg
        .split_once("viewBox")
        .expect("the backend writes a view box");
    let rest = rest
        .replace(" opacity=\"1\"", "")
        .replace(" stroke=\"none\"", "");
    format!("<svg width=\"{width}\" height=\"{height}\" viewBox{rest}")
}

impl Canvas<'_> {
    /// A straight line.
    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), pen: Pen) {
        let result = self.backend.draw_line(point(from), point(to), &stroke(pen));
        self.note(result);
    }

    /// A line through many points.
    pub(super) fn path(&mut self, points: &[(f64, f64)], pen: Pen) {
        let result = self
            .backend
            .draw_path(points.iter().map(|&p| point(p)), &stroke(pen));
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

    /// The marker of the mode at `position`: triangle, circle, square, diamond.
    pub(super) fn marker(&mut self, (x, y): (f64, f64), radius: f64, position: usize) {
        let style = fill(Ink::Mode(position).colour().mix(1.0));
        let r = radius;
        let corners: &[(f64, f64)] = match position % MARKERS {
            0 => &[(0.0, -1.1), (1.0, 0.8), (-1.0, 0.8)],
            2 => &[(-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85)],
            3 => &[(0.0, -1.2), (1.2, 0.0), (0.0, 1.2), (-1.2, 0.0)],
            _ => {
                let result =
                    self.backend
                        .draw_circle(point((x, y)), (r * UNITS) as u32, &style, true);
                return self.note(result);
            }
        };
        let result = self.backend.fill_polygon(
            corners
                .iter()
                .map(|(dx, dy)| point((x + dx * r, y + dy * r))),
            &style,
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

    fn note(&mut self, result: Result<(), impl std::error::Error>) {
        if let (Err(error), None) = (result, &self.failure) {
            self.failure = Some(error.to_string());
        }
    }
}

fn point((x, y): (f64, f64)) -> (i32, i32) {
    ((x * UNITS).round() as i32, (y * UNITS).round() as i32)
}

fn stroke(pen: Pen) -> ShapeStyle {
    ShapeStyle {
        color: pen.ink.colour().mix(1.0),
        filled: false,
        stroke_width: (pen.width * UNITS).round() as u32,
    }
}

fn fill(color: RGBAColor) -> ShapeStyle {
    ShapeStyle {
        color,
        filled: true,
        stroke_width: 0,
    }
}
