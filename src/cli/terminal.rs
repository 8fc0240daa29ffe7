//! What standard output can show.

use std::io::IsTerminal;

use crate::text::COLUMNS;

/// Width in columns, and whether colours are wanted (a terminal without `NO_COLOR`).
pub(super) fn of_stdout() -> (usize, bool) {
    let terminal = std::io::stdout().is_terminal();
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let width = if terminal {
        usize::from(indicatif::TermLike::width(&console::Term::stdout()))
    } else {
        COLUMNS
    };
    (width.max(40), terminal && !no_colour)
}
