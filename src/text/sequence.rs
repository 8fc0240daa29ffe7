//! Terminal sequences (colours, cursor moves, titles, links) taken out of a text, whole.

use std::borrow::Cow;

use vte::{Parser, Perform};

/// `text` without the sequences that a terminal would obey. Other control characters stay.
///
/// Every line is read by itself, so that a sequence which never ends hides no more than its line.
pub(super) fn without_sequences(text: &str) -> Cow<'_, str> {
    if !text.contains([
        '\u{1b}', '\u{90}', '\u{98}', '\u{9b}', '\u{9d}', '\u{9e}', '\u{9f}',
    ]) {
        return Cow::Borrowed(text);
    }
    let mut kept = Kept(String::with_capacity(text.len()));
    for line in text.split_inclusive('\n') {
        Parser::new().advance(&mut kept, seven_bit(line).as_bytes());
    }
    Cow::Owned(kept.0)
}

/// The parser knows the introducers of sequences in their form of two characters only; most
/// terminals also obey the form of one, U+0080 to U+009F.
fn seven_bit(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    for letter in line.chars() {
        match letter {
            '\u{90}' | '\u{98}' | '\u{9b}'..='\u{9f}' => {
                text.push('\u{1b}');
                text.extend(char::from_u32(u32::from(letter) - 0x40));
            }
            other => text.push(other),
        }
    }
    text
}

struct Kept(String);

impl Perform for Kept {
    fn print(&mut self, letter: char) {
        self.0.push(letter);
    }

    fn execute(&mut self, byte: u8) {
        self.0.push(char::from(byte));
    }
}
