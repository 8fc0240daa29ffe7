//! Foreign text made harmless: what a student, a file name or a model wrote must stay text.

/// Longest foreign text that a report repeats, in characters.
const LONGEST: usize = 320;

/// One line without anything that a terminal or a browser would obey: control characters become
/// their visible pictures, invisible direction marks U+FFFD.
pub(super) fn plain(text: &str) -> String {
    text.chars().map(visible).collect()
}

/// The same, cut where it is too long.
pub(super) fn excerpt(text: &str) -> String {
    let mut line: String = text.chars().take(LONGEST).map(visible).collect();
    if text.chars().nth(LONGEST).is_some() {
        line.push('…');
    }
    line
}

fn visible(character: char) -> char {
    match character {
        '\u{0}'..='\u{1f}' => {
            char::from_u32(0x2400 + u32::from(character)).expect("U+2400 to U+241F are assigned")
        }
        '\u{7f}' => '␡',
        '\u{80}'..='\u{9f}'
        | '\u{ad}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fffe}'
        | '\u{ffff}' => '\u{fffd}',
        other => other,
    }
}

/// Foreign text inside Markdown, also inside a table cell: every character with a meaning is
/// escaped, HTML too.
pub(super) fn markdown(text: &str) -> String {
    let mut escaped = String::new();
    for character in plain(text).chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '@' => escaped.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '!' | '(' | ')' => {
                escaped.push('\\');
                escaped.push(character);
            }
            other => escaped.push(other),
        }
    }
    escaped
}

/// A name that is safe as a file name: letters, digits, `-` and `.`.
pub(super) fn slug(text: &str) -> String {
    let name: String = text
        .chars()
        .take(80)
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '-' {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        })
        .collect();
    if name.is_empty() {
        "unnamed".to_owned()
    } else {
        name
    }
}

/// A spreadsheet cell that cannot start a formula.
pub(super) fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    if formula {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escape_sequences_and_direction_marks_become_visible() {
        assert_eq!(plain("a\u{1b}[31mred\u{202e}\nb"), "a␛[31mred\u{fffd}␊b");
    }

    #[test]
    fn long_text_is_cut() {
        assert_eq!(excerpt(&"x".repeat(10_000)).chars().count(), LONGEST + 1);
    }

    #[test]
    fn markdown_and_html_in_foreign_text_lose_their_meaning() {
        assert_eq!(markdown("|<b>`x`@me"), "\\|&lt;b&gt;\\`x\\`&#64;me");
    }

    #[test]
    fn a_cell_never_starts_a_formula() {
        assert_eq!(cell("=HYPERLINK(1)"), "'=HYPERLINK(1)");
        assert_eq!(cell("a=b"), "a=b");
    }

    proptest! {
        #[test]
        fn plain_text_holds_no_control_characters(text in any::<String>()) {
            prop_assert!(!plain(&text).chars().any(char::is_control));
        }

        #[test]
        fn a_slug_stays_in_its_directory(text in any::<String>()) {
            let name = slug(&text);
            prop_assert!(!name.is_empty() && !name.contains(['/', '\\', '.', '\0']));
        }
    }
}
