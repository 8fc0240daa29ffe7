//! One mark for each way in which a request can end, by shape and by colour.

use crate::record::{Attempt, AttemptEnding, Ending};

use super::canvas::{Canvas, DIAMOND, Pen, SQUARE};
use super::palette::Role;

/// Endings that are marked apart from the plain good one, with their words in a legend.
pub(super) const MARKED: [(Ending, &str); 9] = [
    (Ending::Degraded, "with gaps"),
    (Ending::RateLimited, "429"),
    (Ending::TimeLimit, "killed by the time limit"),
    (Ending::GatewayTimeout, "given up by the gateway"),
    (Ending::Throttled, "no instance"),
    (Ending::UpstreamFailed, "provider failed"),
    (Ending::Rejected, "refused"),
    (Ending::Unreachable, "no answer"),
    (Ending::Dropped, "never sent"),
];

/// How a request ended, in the words of the legend.
pub(super) fn word(ending: Ending) -> &'static str {
    let mut marked = MARKED.iter();
    marked
        .find(|(marked, _)| *marked == ending)
        .map_or("answered", |(_, word)| word)
}

/// Draws the mark of `ending` for the mode at `slot`.
pub(super) fn mark(canvas: &mut Canvas, ending: Ending, at: (f64, f64), r: f64, slot: usize) {
    let (x, y) = at;
    match ending {
        Ending::Ok => canvas.disc(at, r * 0.8, Role::Mode(slot)),
        Ending::Degraded => canvas.polygon(at, r * 1.2, &DIAMOND, Role::Gap),
        Ending::RateLimited => canvas.cross(at, r, Role::Refused),
        Ending::TimeLimit => canvas.polygon(at, r, &SQUARE, Role::Text),
        Ending::GatewayTimeout => canvas.polygon(
            at,
            r * 1.1,
            &[(0.0, -1.0), (1.0, 0.8), (-1.0, 0.8)],
            Role::Text,
        ),
        Ending::Throttled => canvas.cross(at, r, Role::Text),
        Ending::UpstreamFailed => canvas.polygon(
            at,
            r * 1.1,
            &[(0.0, 1.0), (1.0, -0.8), (-1.0, -0.8)],
            Role::Failed,
        ),
        Ending::Rejected => {
            canvas.frame((x - r, y - r), (x + r, y + r), Pen::solid(Role::Text, 1.5))
        }
        Ending::Unreachable => canvas.line((x, y - r), (x, y + r), Pen::solid(Role::Failed, 1.5)),
        Ending::Dropped => {
            canvas.line((x - r, y), (x + r, y), Pen::solid(Role::Quiet, 1.5));
        }
    }
}

/// A bar for work that brought an answer, a hollow one for work that did not.
pub(super) fn work(
    canvas: &mut Canvas,
    slot: usize,
    good: bool,
    (from, to): (f64, f64),
    (y, half): (f64, f64),
) {
    const HOLLOW: f64 = 3.0;
    if good {
        let right = to.max(from + 1.0);
        canvas.rect((from, y - half), (right, y + half), Role::Mode(slot));
    } else if to - from > HOLLOW {
        canvas.frame(
            (from, y - half),
            (to, y + half),
            Pen::solid(Role::Text, 0.75),
        );
    } else {
        canvas.line(
            (from, y - half),
            (from, y + half),
            Pen::solid(Role::Text, 1.0),
        );
    }
}

/// True for an attempt that brought an answer.
pub(super) fn good(attempt: &Attempt) -> bool {
    attempt.ending == AttemptEnding::Answered
        && attempt
            .status
            .is_some_and(|status| (200..300).contains(&status))
}
