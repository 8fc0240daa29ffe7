//! Reads a line from left to right.

/// The part of a line that is not read yet.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    pub(super) rest: &'a str,
}

impl<'a> Cursor<'a> {
    pub(super) fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_ascii_start();
    }

    pub(super) fn take(&mut self, mark: &str) -> bool {
        let rest = self.rest.strip_prefix(mark);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    pub(super) fn take_while(&mut self, inside: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|letter| !inside(letter));
        let (taken, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        taken
    }

    /// Letters of keywords; may be empty.
    pub(super) fn plain_word(&mut self) -> &'a str {
        self.take_while(|letter| letter.is_ascii_alphanumeric() || letter == '_')
    }

    pub(super) fn peek_plain_word(mut self) -> &'a str {
        self.skip_blanks();
        self.plain_word()
    }

    /// The next identifier.
    pub(super) fn word(&mut self) -> Option<&'a str> {
        self.skip_blanks();
        let word = self.take_while(is_name_letter);
        is_name(word).then_some(word)
    }

    /// `a.b.c`; may be empty.
    pub(super) fn path(&mut self) -> &'a str {
        self.take_while(|letter| letter.is_ascii_alphanumeric() || "_$.".contains(letter))
    }

    /// Skips a group with all groups in it; false when it does not close, or there is none.
    pub(super) fn group(&mut self, open: char, close: char) -> bool {
        let mut depth = 0usize;
        for (at, letter) in self.rest.char_indices() {
            if letter == open {
                depth += 1;
            } else if letter == close {
                depth = depth.saturating_sub(1);
            }
            if depth == 0 {
                self.rest = if at == 0 {
                    self.rest
                } else {
                    &self.rest[at + close.len_utf8()..]
                };
                return at > 0;
            }
        }
        false
    }

    pub(super) fn goes_on_with(mut self, marks: &[&str]) -> bool {
        self.skip_blanks();
        marks.iter().any(|mark| self.rest.starts_with(mark))
    }
}

pub(super) fn is_name_letter(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_' || letter == '$'
}

pub(super) fn is_name(word: &str) -> bool {
    word.starts_with(|first: char| is_name_letter(first) && !first.is_ascii_digit())
}
