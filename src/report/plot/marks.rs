//! One mark for each way in which a request can end: shape first, colour second.

use crate::record::Ending;

use super::canvas::{Canvas, DIAMOND, Dash, Pen, SQUARE};
use super::ink::Ink;

/// Endings that are marked apart from the plain good one, with their words in a legend.
pub(super) const MARKED: [(Ending, &str); 7] = [
    (Ending::Degraded, "with gaps"),
    (Ending::RateLimited, "429"),
    (Ending::TimeLimit, "killed by the time limit"),
    (Ending::UpstreamFailed, "provider failed"),
    (Ending::Rejected, "refused"),
    (Ending::Unreachable, "no answer"),
    (Ending::Dropped, "never sent"),
];

/// Draws the mark of `ending` for the mode at `slot`.
pub(super) fn mark(canvas: &mut Canvas<'_>, ending: Ending, at: (f64, f64), r: f64, slot: usize) {
    let (x, y) = at;
    match ending {
        Ending::Ok => canvas.disc(at, r * 0.8, Ink::Mode(slot)),
        Ending::Degraded => canvas.polygon(at, r * 1.2, &DIAMOND, Ink::Gap),
        Ending::RateLimited => canvas.cross(at, r, Ink::Text),
        Ending::TimeLimit => canvas.polygon(at, r, &SQUARE, Ink::Text),
        Ending::UpstreamFailed => canvas.polygon(
            at,
            r * 1.1,
            &[(0.0, 1.0), (1.0, -0.8), (-1.0, -0.8)],
            Ink::Text,
        ),
        Ending::Rejected => {
            canvas.frame((x - r, y - r), (x + r, y + r), Pen::solid(Ink::Text, 1.5))
        }
        Ending::Unreachable => canvas.line((x, y - r), (x, y + r), Pen::solid(Ink::Text, 1.5)),
        Ending::Dropped => {
            canvas.line(
                (x - r, y),
                (x + r, y),
                Pen {
                    ink: Ink::Text,
                    width: 1.5,
                    dash: Dash::Solid,
                },
            );
        }
    }
}
