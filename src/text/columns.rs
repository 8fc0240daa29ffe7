//! Text in columns: wrapped, cut and padded by the width at which a terminal shows it.
//!
//! `textwrap` adds up the widths of single characters, which is wrong for emoji made of several.

use unicode_width::UnicodeWidthStr;

use super::line::line;

/// The narrowest terminal that people still use, and what a file or a pipe is taken for.
pub const COLUMNS: usize = 80;

/// A command after this is there to be copied, and stays whole.
const COMMAND: &str = ": breaklab ";

/// Columns that a terminal needs for `text`.
#[must_use]
pub fn width(text: &str) -> usize {
    text.width()
}

/// `text` as a paragraph of lines, each at most `columns` wide and with a line end. The first begins
/// with `first`, all others with `next`.
///
/// Lines are broken between words. What is longer than a line by itself stays whole, such as a path
/// or a command at the end; so does a number with its `%`. The text is made harmless like a
/// [`line()`]; the beginnings are ours.
#[must_use]
pub fn wrapped(text: &str, first: &str, next: &str, columns: usize) -> String {
    let text = line(text);
    let mut paragraph = String::with_capacity(text.len() + first.len() + 1);
    let (mut row, mut begins) = (first.to_owned(), true);
    for word in words(&text) {
        if !begins && row.width() + 1 + word.width() > columns {
            paragraph += row.trim_end_matches(' ');
            paragraph.push('\n');
            next.clone_into(&mut row);
            begins = true;
        }
        if !begins {
            row.push(' ');
        }
        row += word;
        begins = false;
    }
    paragraph + row.trim_end_matches(' ') + "\n"
}

/// The parts of `text` between which a line may be broken.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text.trim_matches(' ');
    let command = text.find(COMMAND).map(|colon| &text[colon + 2..]);
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let whole = command.is_some_and(|command| command.starts_with(rest));
        let end = if whole { rest.len() } else { end_of_word(rest) };
        let (word, after) = rest.split_at(end);
        rest = after.trim_start_matches(' ');
        Some(word)
    })
}

/// Where the first word ends; a per cent sign belongs to the number before it.
fn end_of_word(text: &str) -> usize {
    let end = text.find(' ').unwrap_or(text.len());
    match text[end..].strip_prefix(" %") {
        Some(after) if after.is_empty() || after.starts_with([' ', ',', '.', ';', ')']) => {
            end + 2 + after.find(' ').unwrap_or(after.len())
        }
        _ => end,
    }
}

/// `text` in at most `columns` columns, with an ellipsis where it was longer.
#[must_use]
pub fn cut(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut kept = String::new();
    for letter in text.chars() {
        kept.push(letter);
        if kept.width() + 1 > columns {
            kept.pop();
            break;
        }
    }
    match columns {
        0 => kept,
        _ => kept + "…",
    }
}

/// `text` at the left of `columns` columns, with a space at their end.
#[must_use]
pub fn left(text: &str, columns: usize) -> String {
    let text = cut(text, columns.saturating_sub(1));
    let gap = " ".repeat(columns.saturating_sub(text.width()));
    text + &gap
}

/// `text` at the right of `columns` columns, with a space at their beginning.
#[must_use]
pub fn right(text: &str, columns: usize) -> String {
    let text = cut(text, columns.saturating_sub(1));
    " ".repeat(columns.saturating_sub(text.width())) + &text
}
