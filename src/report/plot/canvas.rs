//! The canvas of a plot, measured in CSS pixels: plotters' elements on our own backend.

use std::cell::RefCell;
use std::rc::Rc;

use plotters::chart::ChartBuilder;
use plotters::coord::Shift;
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::types::RangedCoordf64;
use plotters::drawing::DrawingArea;
use plotters::element::{Circle, Drawable, PathElement, PointCollection, Polygon, Rectangle, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontDesc, FontFamily, FontStyle, TRANSPARENT, TextStyle};

use crate::report::ReportError;

use super::NARROW;
use super::axis::Axis;
use super::dash::Dash;
use super::palette::Role;
use super::picture::Picture;
use super::svg::Svg;
use super::units::{UNITS, pixels, units};

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
    pub(super) role: Role,
    pub(super) width: f64,
    pub(super) dash: Dash,
}

impl Pen {
    /// An unbroken line.
    pub(super) fn solid(role: Role, width: f64) -> Self {
        Self {
            role,
            width,
            dash: Dash::Solid,
        }
    }
}

/// A place, in CSS pixels from the upper left corner.
pub(super) type Point = (f64, f64);

/// Corners of a square.
pub(super) const SQUARE: [Point; 4] = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)];

/// Corners of a diamond.
pub(super) const DIAMOND: [Point; 4] = [(0.0, -1.0), (1.0, 0.0), (0.0, 1.0), (-1.0, 0.0)];

/// Room for the figures below a chart.
const FIGURES_BELOW: f64 = 28.0;

/// Distance of a figure from the line that it belongs to, as plotters wants it: halved.
const TICK: f64 = 3.5;

/// What is smaller cannot be met by a finger, so that it would only make a telephone's picture larger in bytes.
const FINGER: f64 = 6.0;

/// A rectangle of the canvas.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

/// The canvas. The first error is kept and reported at the end.
pub(super) struct Canvas {
    backend: Rc<RefCell<Svg>>,
    root: DrawingArea<Svg, Shift>,
    pixels: DrawingArea<Svg, Cartesian2d<RangedCoordf64, RangedCoordf64>>,
    is_narrow: bool,
    failure: Option<String>,
}

/// A picture of `width` × `height` CSS pixels with what `paint` draws.
pub(super) fn draw(
    width: i32,
    height: i32,
    paint: impl FnOnce(&mut Canvas),
) -> Result<Picture, ReportError> {
    let (right, bottom) = (units(width.into()), units(height.into()));
    let size = (right.unsigned_abs(), bottom.unsigned_abs());
    let backend = Rc::new(RefCell::new(Svg::new(size)));
    let root = DrawingArea::from(&backend);
    let pixels = root.apply_coord_spec(Cartesian2d::new(
        0.0..width.into(),
        0.0..height.into(),
        (0..right, 0..bottom),
    ));
    let mut canvas = Canvas {
        backend,
        root,
        pixels,
        is_narrow: width <= NARROW,
        failure: None,
    };
    paint(&mut canvas);
    match canvas.failure {
        Some(failure) => Err(ReportError::Draw(failure)),
        None => Ok(canvas.backend.borrow_mut().take()),
    }
}

impl Canvas {
    /// What `paint` draws says `title` when it is pointed at.
    pub(super) fn titled(&mut self, title: &str, paint: impl FnOnce(&mut Self)) {
        self.backend.borrow_mut().set_title(Some(title));
        paint(self);
        self.backend.borrow_mut().set_title(None);
    }

    /// A place that shows nothing and says `title` when it is pointed at: marks may be too thin to be hit.
    pub(super) fn hover(&mut self, from: Point, to: Point, title: &str) {
        let smallest = (to.0 - from.0).min(to.1 - from.1);
        if self.is_narrow && smallest < FINGER {
            return;
        }
        self.titled(title, |canvas| {
            canvas.element(&Rectangle::new([from, to], TRANSPARENT.filled()));
        });
    }

    /// A chart in `frame`, with the lines of its axes behind the data and their figures outside the frame.
    pub(super) fn chart(&mut self, frame: Frame, x: Axis, y: Axis) -> Chart {
        let left = if y.has_figures() { frame.left } else { 0.0 };
        let below = if x.has_figures() { FIGURES_BELOW } else { 0.0 };
        let corner = (units(frame.left - left), units(frame.top));
        let size = (
            units(frame.right - frame.left + left) + 1,
            units(frame.bottom - frame.top + below) + 1,
        );
        let quiet = text_style(12.0, Role::Quiet, Anchor::Middle, FontStyle::Normal);
        let mut chart = ChartBuilder::on(&self.root.clone().shrink(corner, size))
            .x_label_area_size(units(below))
            .y_label_area_size(units(left))
            .build_cartesian_2d(x, y)
            .expect("a chart without a caption only divides its area");
        let drawn = chart
            .configure_mesh()
            .max_light_lines(0)
            .bold_line_style(Role::Rule.stroke_width(units(1.0).unsigned_abs()))
            .axis_style(TRANSPARENT)
            .set_all_tick_mark_size(units(TICK))
            .label_style(quiet)
            .draw();
        self.note(drawn);
        Chart(chart.plotting_area().clone())
    }

    /// A straight line.
    pub(super) fn line(&mut self, from: Point, to: Point, pen: Pen) {
        self.path(&[from, to], pen);
    }

    /// A line through many points.
    pub(super) fn path(&mut self, points: &[Point], pen: Pen) {
        let width = units(pen.width).unsigned_abs();
        self.backend.borrow_mut().set_dash(pen.dash);
        self.element(&PathElement::new(points, pen.role.stroke_width(width)));
        self.backend.borrow_mut().set_dash(Dash::Solid);
    }

    /// A filled rectangle.
    pub(super) fn rect(&mut self, from: Point, to: Point, role: Role) {
        self.shade(from, to, role, 1.0);
    }

    /// A rectangle through which one sees; `opacity` from 0 to 1.
    pub(super) fn shade(&mut self, from: Point, to: Point, role: Role, opacity: f64) {
        self.element(&Rectangle::new([from, to], role.mix(opacity).filled()));
    }

    /// The outline of a rectangle.
    pub(super) fn frame(&mut self, (left, top): Point, (right, bottom): Point, pen: Pen) {
        let corners = [
            (left, top),
            (right, top),
            (right, bottom),
            (left, bottom),
            (left, top),
        ];
        self.path(&corners, pen);
    }

    /// The marker of the mode at `slot`: triangle, circle, square, diamond.
    pub(super) fn marker(&mut self, at: Point, r: f64, slot: usize) {
        let role = Role::Mode(slot);
        match slot % 4 {
            0 => self.polygon(at, r, &[(0.0, -1.1), (1.0, 0.8), (-1.0, 0.8)], role),
            1 => self.disc(at, r, role),
            2 => self.polygon(at, r * 0.85, &SQUARE, role),
            _ => self.polygon(at, r * 1.2, &DIAMOND, role),
        }
    }

    /// Two strokes across each other.
    pub(super) fn cross(&mut self, (x, y): Point, r: f64, role: Role) {
        let pen = Pen::solid(role, 1.5);
        self.line((x - r, y - r), (x + r, y + r), pen);
        self.line((x - r, y + r), (x + r, y - r), pen);
    }

    /// A polygon around (`x`, `y`), whose corners are in multiples of `r`.
    pub(super) fn polygon(&mut self, (x, y): Point, r: f64, corners: &[Point], role: Role) {
        let corners = corners.iter().map(|(dx, dy)| (x + dx * r, y + dy * r));
        self.element(&Polygon::new(corners.collect::<Vec<_>>(), role.filled()));
    }

    /// A disc.
    pub(super) fn disc(&mut self, at: Point, r: f64, role: Role) {
        self.element(&Circle::new(at, units(r), role.filled()));
    }

    /// One line of text whose vertical centre is at `y`.
    pub(super) fn text(&mut self, text: &str, at: Point, size: f64, role: Role, anchor: Anchor) {
        let style = text_style(size, role, anchor, FontStyle::Normal);
        self.element(&Text::new(text, at, style));
    }

    /// The same in bold.
    pub(super) fn strong(&mut self, text: &str, at: Point, size: f64, role: Role, anchor: Anchor) {
        let style = text_style(size, role, anchor, FontStyle::Bold);
        self.element(&Text::new(text, at, style));
    }

    fn element<'e, E>(&mut self, element: &'e E)
    where
        E: Drawable<Svg>,
        &'e E: PointCollection<'e, Point>,
    {
        let drawn = self.pixels.draw(element);
        self.note(drawn);
    }

    fn note(&mut self, drawn: Result<(), impl std::error::Error>) {
        if let (Err(error), None) = (drawn, &self.failure) {
            self.failure = Some(error.to_string());
        }
    }
}

/// A part of the canvas that has coordinates of its own.
pub(super) struct Chart(DrawingArea<Svg, Cartesian2d<Axis, Axis>>);

impl Chart {
    /// Where on the canvas values lie; outside values lie on the border.
    pub(super) fn at(&self, x: f64, y: f64) -> Point {
        let (x, y) = self.0.map_coordinate(&(x, y));
        let (across, down) = self.0.get_pixel_range();
        (
            pixels(x.clamp(across.start, across.end - 1)),
            pixels(y.clamp(down.start, down.end - 1)),
        )
    }
}

fn text_style(size: f64, role: Role, anchor: Anchor, weight: FontStyle) -> TextStyle<'static> {
    let horizontal = match anchor {
        Anchor::Start => HPos::Left,
        Anchor::Middle => HPos::Center,
        Anchor::End => HPos::Right,
    };
    TextStyle {
        font: FontDesc::new(FontFamily::SansSerif, size * UNITS, weight),
        color: role.to_backend_color(),
        pos: Pos::new(horizontal, VPos::Center),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(width: i32, paint: impl FnOnce(&mut Canvas)) -> String {
        draw(width, 100, paint).unwrap().inline()
    }

    const FRAME: Frame = Frame {
        left: 50.0,
        top: 20.0,
        right: 450.0,
        bottom: 60.0,
    };

    #[test]
    fn a_dash_ends_with_its_line() {
        let svg = drawn(500, |canvas| {
            let pen = Pen {
                role: Role::Text,
                width: 1.0,
                dash: Dash::Short,
            };
            canvas.line((0.0, 1.0), (9.0, 1.0), pen);
            let across = Axis::linear(0.0, 4.0).lines_at(vec![2.0]);
            canvas.chart(FRAME, across, Axis::linear(0.0, 1.0));
        });
        assert!(svg.contains("<path class=\"text line short\" stroke-width=\"4\" d=\"m0 4h36\"/>"));
        assert!(svg.contains("<path class=\"rule line\" "), "{svg}");
    }

    #[test]
    fn a_telephone_is_spared_what_no_finger_meets() {
        let hover = |width| {
            drawn(width, |canvas| {
                canvas.hover((0.0, 0.0), (300.0, 3.0), "a thin row");
                canvas.hover((0.0, 10.0), (300.0, 20.0), "a thick row");
            })
        };
        let (wide, narrow) = (hover(NARROW + 1), hover(NARROW));
        assert!(wide.contains("a thin row") && wide.contains("a thick row"));
        assert!(!narrow.contains("a thin row") && narrow.contains("a thick row"));
    }

    #[test]
    fn the_lines_of_a_chart_end_with_it_and_its_figures_stand_outside() {
        let svg = drawn(500, |canvas| {
            let across = Axis::linear(0.0, 4.0).lines_at(vec![2.0]);
            let across = across.figures(|value| format!("{value} s"));
            let chart = canvas.chart(FRAME, across, Axis::linear(0.0, 1.0));
            assert_eq!(chart.at(0.0, 1.0), (50.0, 20.0));
            assert_eq!(chart.at(4.0, 0.0), (450.0, 60.0));
            assert_eq!(chart.at(9.0, f64::INFINITY), (450.0, 20.0));
        });
        assert!(svg.contains("d=\"m1000 240v-160\""), "{svg}");
        let (_, figure) = svg.split_once(" y=\"").unwrap();
        let (y, rest) = figure.split_once('"').unwrap();
        assert!(y.parse::<f64>().unwrap() > 260.0 && rest.contains(">2 s</text>"));
    }
}
