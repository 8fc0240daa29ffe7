//! Outlines of shapes, as the `d` of an SVG path.

use std::fmt::Write;

use plotters_backend::BackendCoord;

/// The outline as it grows. Every step is told from where the pen is, because that takes fewer digits.
#[derive(Default)]
pub(super) struct Outline {
    text: String,
    pen: BackendCoord,
}

impl Outline {
    fn move_to(&mut self, (x, y): BackendCoord) {
        let (dx, dy) = (x - self.pen.0, y - self.pen.1);
        self.pen = (x, y);
        self.write(format_args!("m{dx} {dy}"));
    }

    fn line_to(&mut self, (x, y): BackendCoord) {
        let (dx, dy) = (x - self.pen.0, y - self.pen.1);
        self.pen = (x, y);
        match (dx, dy) {
            (0, 0) => {}
            (0, dy) => self.write(format_args!("v{dy}")),
            (dx, 0) => self.write(format_args!("h{dx}")),
            (dx, dy) => self.write(format_args!("l{dx} {dy}")),
        }
    }

    /// A line through `points`, back to the first of them when it is `closed`.
    pub(super) fn points(&mut self, points: impl IntoIterator<Item = BackendCoord>, closed: bool) {
        let mut points = points.into_iter();
        let Some(first) = points.next() else {
            return;
        };
        self.move_to(first);
        points.for_each(|point| self.line_to(point));
        if closed {
            self.pen = first;
            self.text.push('z');
        }
    }

    /// A whole circle, as two halves: an arc cannot end where it begins.
    pub(super) fn circle(&mut self, (x, y): BackendCoord, radius: u32) {
        let across = radius * 2;
        self.move_to((x - radius.cast_signed(), y));
        self.write(format_args!(
            "a{radius} {radius} 0 1 0 {across} 0a{radius} {radius} 0 1 0 -{across} 0z"
        ));
    }

    /// What the `d` of a path says.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    fn write(&mut self, step: std::fmt::Arguments<'_>) {
        self.text.write_fmt(step).expect("a String takes any text");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_told_from_where_the_pen_is() {
        let mut outline = Outline::default();
        outline.points([(10, 20), (10, 25), (12, 25), (15, 20)], false);
        outline.points([(0, 0), (3, 0), (3, 4)], true);
        outline.points([(1, 1), (1, 1)], false);
        assert_eq!(outline.text(), "m10 20v5h2l3 -5m-15 -20h3v4zm1 1");
    }

    #[test]
    fn a_circle_begins_and_ends_at_its_left() {
        let mut outline = Outline::default();
        outline.circle((10, 10), 4);
        outline.points([(6, 10), (7, 10)], false);
        assert_eq!(outline.text(), "m6 10a4 4 0 1 0 8 0a4 4 0 1 0 -8 0zm0 0h1");
    }

    #[test]
    fn nothing_has_no_outline() {
        let mut outline = Outline::default();
        outline.points([], true);
        assert_eq!(outline.text(), "");
    }
}
