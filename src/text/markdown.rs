//! Foreign text inside GitHub-flavoured Markdown.

use std::fmt::Write;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::line::{kept_lines, line};

/// What stands for itself in the path of a URL: RFC 3986's unreserved characters and the slash.
const BESIDE_PATHS: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// Text that stays text: as a label, in a heading, a table's cell, a list, or at the start of a line.
#[must_use]
pub fn inline(text: &str) -> String {
    let text = line(text);
    let text = text.trim();
    let mut escaped = String::with_capacity(text.len() + 8);
    // `-`, `+` or `1.` would begin a list, `=` and `-` underline a heading.
    let ordinal = text.trim_start_matches(|letter: char| letter.is_ascii_digit());
    for (at, letter) in text.char_indices() {
        let rest = &text[at + letter.len_utf8()..];
        let marks = match letter {
            '-' | '+' | '=' => at == 0,
            '.' | ')' => {
                let counts = at > 0 && at == text.len() - ordinal.len();
                counts && (rest.is_empty() || rest.starts_with(' '))
            }
            // It would make a picture of a link that comes next.
            '!' => rest.is_empty(),
            _ => false,
        };
        match letter {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            // A mention, or the middle of an address.
            '@' => escaped.push_str("&#64;"),
            // Bare addresses become links.
            ':' if rest.starts_with("//") => escaped.push_str("&#58;"),
            '.' if ends_with_www(&text[..at]) => escaped.push_str("&#46;"),
            // Not every renderer lets a backslash take the meaning of a bracket inside a label.
            '[' => escaped.push_str("&#91;"),
            ']' => escaped.push_str("&#93;"),
            '\\' | '`' | '*' | '_' | '|' | '#' | '~' | '$' => {
                escaped.push('\\');
                escaped.push(letter);
            }
            _ if marks => {
                escaped.push('\\');
                escaped.push(letter);
            }
            _ => escaped.push(letter),
        }
    }
    escaped
}

fn ends_with_www(text: &str) -> bool {
    text.len() >= 3
        && text.is_char_boundary(text.len() - 3)
        && text[text.len() - 3..].eq_ignore_ascii_case("www")
}

/// Text as code, which no backtick in it can end. Not for a table's cell, where a bar would.
#[must_use]
pub fn code(text: &str) -> String {
    let text = line(text);
    let longest = text.split(|letter| letter != '`').map(str::len).max();
    let fence = "`".repeat(longest.unwrap_or(0) + 1);
    // One space on each side is taken off again, if there is anything else.
    let touches = |letter: Option<char>| matches!(letter, Some('`' | ' '));
    let pad = match touches(text.chars().next()) || touches(text.chars().last()) {
        true if text.trim().is_empty() => "",
        true => " ",
        false => "",
    };
    match text.as_str() {
        "" => "` `".to_owned(),
        text => format!("{fence}{pad}{text}{pad}{fence}"),
    }
}

/// Words of an author, in which backticks mark code.
#[must_use]
pub fn marked(text: &str) -> String {
    let mut out = String::new();
    for (index, part) in text.split('`').enumerate() {
        if index % 2 == 1 {
            out += &code(part);
        } else {
            // The spaces around code are the author's.
            let blank = |side: bool| if side { " " } else { "" };
            let (before, after) = (part.starts_with(' '), part.ends_with(' '));
            let inner = inline(part);
            let after = after && !inner.is_empty();
            write!(out, "{}{inner}{}", blank(before), blank(after))
                .expect("a String takes any text");
        }
    }
    out
}

/// A link that is called `label` to the file at `path`, which is relative to the page.
#[must_use]
pub fn link(label: &str, path: &str) -> String {
    let target = utf8_percent_encode(path, BESIDE_PATHS);
    format!("[{}]({target})", inline(label))
}

/// The same to the place `anchor` of that file.
#[must_use]
pub fn link_to(label: &str, path: &str, anchor: &str) -> String {
    let target = utf8_percent_encode(path, BESIDE_PATHS);
    format!("[{}]({target}#{anchor})", inline(label))
}

/// Markdown that a model wrote: it keeps its meaning as Markdown, without anything that a terminal
/// would obey or that cannot be seen.
#[must_use]
pub fn prose(text: &str) -> String {
    kept_lines(text)
}
