//! Foreign text made harmless, wrapping, and figures with their units: the only room that escapes.
//!
//! What a student, a file's name, a service or a model wrote must stay text wherever it is shown.
//! Each destination has one door:
//!
//! | on its way to | door |
//! |---|---|
//! | a terminal, a log, an annotation | [`line()`], [`excerpt`], [`block`], [`wrapped`] |
//! | HTML | [`line()`], and `maud`, which escapes; [`rendered()`] for Markdown |
//! | XML (JUnit) | [`line()`], and [`junit()`] by `quick-junit`, which escapes |
//! | a tag inside a prompt, an SVG file | [`markup`] |
//! | Markdown | [`markdown`], [`anchor`] |
//! | a spreadsheet | [`cell`] |
//! | a file's name | [`file_name()`] |
//! | a shell | [`shell_word`] |
//! | a GitHub workflow | [`workflow`] |
//!
//! ```
//! let said = "bad \u{1b}[31mred\u{1b}[0m\n::error::x";
//! assert_eq!(breaklab::text::line(said), "bad red : :error::x");
//! ```
//!
//! JSON needs none: its writer escapes. `tests/e2e/escaping.rs` holds as law that no other room
//! escapes. This room imports none of ours.
//!
//! ```
//! use breaklab::text;
//!
//! assert_eq!(text::line("\u{1b}[31mred\u{1b}[0m\nnext"), "red next");
//! assert_eq!(text::cell("=1+1"), "'=1+1");
//! assert_eq!(text::figures::count(1_234_567), "1,234,567");
//! ```

pub use columns::{COLUMNS, cut, left, right, width, wrapped};
pub use file_name::file_name;
pub use junit::junit;
pub use line::{block, excerpt, line};
pub use page::{PAGE_STYLE, page_head, scripted_head, shown};
pub use quoted::{cell, markup, of_cell, shell_word};
pub use rendered::rendered;

pub mod anchor;
pub mod figures;
pub mod markdown;
pub mod workflow;

mod columns;
mod disarm;
mod file_name;
mod junit;
mod line;
mod page;
mod quoted;
mod rendered;
mod sequence;
#[cfg(test)]
mod tests;
