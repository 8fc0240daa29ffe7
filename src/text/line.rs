//! Text for a terminal or a log: one line, a part of one, or a block of several.

use super::disarm::disarmed;
use super::sequence::without_sequences;

/// Where the scripts begin that need invisible joiners inside words: Arabic, those of India, emoji.
const JOINED_SCRIPTS: char = '\u{600}';

/// One line without anything that a terminal, a browser or a workflow would obey.
///
/// Terminal sequences are gone. Line ends and tabs are spaces; other control characters are their
/// pictures (`␀`); invisible characters and those that turn the direction of writing are U+FFFD.
/// No word begins like a command to a workflow, wherever the line may be broken.
#[must_use]
pub fn line(text: &str) -> String {
    let text = without_sequences(text).replace("\r\n", " ");
    disarmed(&visible(&text, |_| false))
}

/// The same, cut to its first `most` characters.
#[must_use]
pub fn excerpt(text: &str, most: usize) -> String {
    // Cut afterwards: the rest of a sequence that was cut in two is text.
    let mut line = line(text);
    if let Some((end, _)) = line.char_indices().nth(most) {
        line.truncate(end);
        line.push('…');
    }
    line
}

/// Several lines of which each is harmless like a [`line()`]; tabs stay.
#[must_use]
pub fn block(text: &str) -> String {
    let text = kept_lines(text);
    let lines: Vec<String> = text.split('\n').map(disarmed).collect();
    lines.join("\n")
}

/// Several lines in which nothing is invisible or obeyed by a terminal; commands to a workflow stay,
/// because they are text wherever this is not printed.
pub(super) fn kept_lines(text: &str) -> String {
    let shown = |byte| matches!(byte, b'\n' | b'\t' | b' '..=b'~');
    if text.bytes().all(shown) {
        return text.to_owned();
    }
    let text = without_sequences(text)
        .replace("\r\n", "\n")
        .replace('\r', "\n");
    visible(&text, |letter| matches!(letter, '\n' | '\t'))
}

/// `text` with a sign for everything that would not be seen, except what `keep` lets through.
fn visible(text: &str, keep: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    let mut before = None;
    while let Some(letter) = letters.next() {
        let joins = matches!(letter, '\u{200c}' | '\u{200d}')
            && [before, letters.peek().copied()].iter().all(|beside| {
                beside.is_some_and(|letter| letter >= JOINED_SCRIPTS && sign(letter).is_none())
            });
        let shown = match sign(letter) {
            Some(sign) if !joins && !keep(letter) => sign,
            _ => letter,
        };
        out.push(shown);
        before = Some(letter);
    }
    out
}

/// What is shown instead of a character that cannot be seen; none for those that can.
///
/// Source: the Unicode property `Default_Ignorable_Code_Point` without variation selectors, which
/// choose the picture of the emoji before them, and the controls of `Bidi_Control` and
/// `General_Category=Cf` that are not in it.
fn sign(letter: char) -> Option<char> {
    match letter {
        '\t'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some(' '),
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(letter)),
        '\u{7f}' => Some('␡'),
        '\u{80}'..='\u{9f}'
        | '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{3164}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}' => Some('\u{fffd}'),
        // No characters, and forbidden in XML 1.0.
        other if u32::from(other) & 0xfffe == 0xfffe => Some('\u{fffd}'),
        _ => None,
    }
}
