//! What standard output can show.

use std::io::IsTerminal;

/// Width of a terminal that does not tell, and of every file and pipe.
const DEFAULT_WIDTH: usize = 80;

/// Width in columns, and whether colours are wanted (a terminal without `NO_COLOR`).
pub(super) fn of_stdout() -> (usize, bool) {
    let terminal = std::io::stdout().is_terminal();
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let width = if terminal {
        usize::from(indicatif::TermLike::width(&console::Term::stdout()))
    } else {
        DEFAULT_WIDTH
    };
    (width.max(40), terminal && !no_colour)
}
