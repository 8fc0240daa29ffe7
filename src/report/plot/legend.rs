//! The line or lines below a plot that say what its signs mean.

use crate::record::Ending;

use super::MARGIN;
use super::canvas::{Anchor, Canvas, Pen};
use super::dash::Dash;
use super::marks::{mark, work};
use super::palette::Role;

const LINE: f64 = 20.0;

/// One sign of a plot.
#[derive(Debug, Clone, Copy)]
pub(super) enum Sign {
    /// The bar of an attempt that brought an answer, or the hollow one of an attempt that did not.
    Work { good: bool, slot: usize },
    /// The mark of an ending, with its word.
    Ending(&'static str, Ending, usize),
    /// The line at which the platform's time limit struck.
    TimeLimit,
}

/// The line of [`Sign::TimeLimit`].
pub(super) const TIME_LIMIT: Pen = Pen {
    role: Role::Text,
    width: 1.25,
    dash: Dash::Long,
};

impl Sign {
    fn word(self) -> &'static str {
        match self {
            Self::Work { good: true, .. } => "call answered",
            Self::Work { good: false, .. } => "call without an answer",
            Self::Ending(word, ..) => word,
            Self::TimeLimit => "time limit",
        }
    }
}

/// Signs with their places: as many lines as they need.
pub(super) struct Legend(Vec<(Sign, f64, usize)>);

impl Legend {
    /// Sets `signs` into `width` CSS pixels.
    pub(super) fn of(signs: Vec<Sign>, width: f64) -> Self {
        let (mut x, mut line) = (MARGIN, 0);
        let places = signs.into_iter().map(|sign| {
            let room = 36.0 + sign.word().chars().count() as f64 * 6.4;
            if x > MARGIN && x + room - 14.0 > width {
                (x, line) = (MARGIN, line + 1);
            }
            let place = (sign, x, line);
            x += room;
            place
        });
        Self(places.collect())
    }

    /// Height of its lines.
    pub(super) fn height(&self) -> f64 {
        let lines = self.0.last().map_or(0, |(_, _, line)| line + 1);
        lines as f64 * LINE
    }

    /// Draws it below `top`.
    pub(super) fn paint(&self, canvas: &mut Canvas, top: f64) {
        for &(sign, x, line) in &self.0 {
            let y = top + (line as f64 + 0.5) * LINE;
            match sign {
                Sign::Work { good, slot } => work(canvas, slot, good, (x, x + 13.0), (y, 3.5)),
                Sign::Ending(_, ending, slot) => mark(canvas, ending, (x + 6.0, y), 4.0, slot),
                Sign::TimeLimit => canvas.line((x, y), (x + 13.0, y), TIME_LIMIT),
            }
            canvas.text(sign.word(), (x + 18.0, y), 12.0, Role::Quiet, Anchor::Start);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_goes_to_the_next_line() {
        let sign = |good| Sign::Work { good, slot: 0 };
        let signs = || vec![sign(true), sign(false), sign(true)];
        assert_eq!(Legend::of(signs(), 900.0).height(), LINE);
        assert!(Legend::of(signs(), 200.0).height() > LINE);
        assert_eq!(Legend::of(vec![], 900.0).height(), 0.0);
    }
}
