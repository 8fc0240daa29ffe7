//! Foreign text inside something that has quotes or marks of its own.

use super::line::line;

/// Text or an attribute's value in HTML or XML that neither `maud` nor `quick-junit` writes: an SVG
/// file's title, a tag inside a prompt.
#[must_use]
pub fn markup(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for letter in line(text).chars() {
        match letter {
            '"' => quoted.push_str("&quot;"),
            '<' => quoted.push_str("&lt;"),
            '>' => quoted.push_str("&gt;"),
            '&' => quoted.push_str("&amp;"),
            other => quoted.push(other),
        }
    }
    quoted
}

/// Letters with which a formula begins.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// A spreadsheet's cell that no program takes for a formula. Separators and quotes are the CSV
/// writer's.
#[must_use]
pub fn cell(text: &str) -> String {
    let text = line(text);
    // Some programs trim a cell before they look at it.
    if text.trim_start().starts_with(FORMULA) {
        format!("'{text}")
    } else {
        text
    }
}

/// What [`cell`] was made of.
#[must_use]
pub fn of_cell(cell: &str) -> &str {
    let bare = cell.strip_prefix('\'').unwrap_or(cell);
    let is_formula = bare.trim_start().starts_with(FORMULA);
    if is_formula { bare } else { cell }
}

/// One word of a POSIX shell's command.
#[must_use]
pub fn shell_word(text: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./,:=@%+".contains(letter);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}
