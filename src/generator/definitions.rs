//! Recognises lines that define something, in the languages people document.
//!
//! Made line by line and without a parser, because every line of every document passes here: it
//! tells how long an answer will be, and which entries it must have. What counts is pinned in
//! `ground/tests/definitions.tsv`; the mock's recogniser is another one, so that one mistake
//! cannot hide in both.

use cursor::{Cursor, is_name, is_name_letter};
use words::{is_go_kind, is_modifier, is_opener, is_statement, is_visibility};

mod cursor;
mod words;

/// How many lines of `text` define something.
pub(super) fn count(text: &str) -> usize {
    text.split('\n').filter(|line| name(line).is_some()).count()
}

/// What `line` defines.
pub(super) fn name(line: &str) -> Option<&str> {
    let line = line.trim_ascii();
    let (first, last) = (line.bytes().next()?, line.bytes().last()?);
    // Almost all lines end here: they neither begin with a keyword nor end like a body.
    let ends_like_one = matches!(last, b'{' | b'}' | b';');
    let begins_like_one = match first {
        b'a'..=b'z' => begins_with_keyword(line),
        b'@' => true,
        _ => false,
    };
    let may_define = begins_like_one || ends_like_one && may_begin_name(first);
    may_define.then(|| Cursor { rest: line }.definition())?
}

fn begins_with_keyword(line: &str) -> bool {
    let end = line.bytes().position(|byte| !byte.is_ascii_lowercase());
    let word = &line[..end.unwrap_or(line.len())];
    is_modifier(word)
        || is_opener(word)
        || matches!(word, "constructor" | "const" | "pub" | "extern")
}

fn may_begin_name(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte > 127 || b"_$#<*".contains(&byte)
}

impl<'a> Cursor<'a> {
    fn definition(mut self) -> Option<&'a str> {
        let mut visible = false;
        loop {
            let before = self;
            if self.take("@") {
                match self.annotation()? {
                    "interface" => return self.type_name(),
                    _ => continue,
                }
            }
            let word = self.plain_word();
            let apart = self.rest.starts_with([' ', '\t']);
            match word {
                "pub" if apart || self.rest.starts_with('(') => {
                    self.skip_blanks();
                    self.group('(', ')');
                }
                "function" if apart || self.rest.starts_with('*') => {
                    self.skip_blanks();
                    self.take("*");
                    return self.word().filter(|_| self.goes_on_with(&["(", "<"]));
                }
                _ if !apart => return before.member(visible),
                "def" | "fn" => return self.word().filter(|_| self.goes_on_with(&["(", "[", "<"])),
                "func" => return self.go_function(),
                "type" => return self.type_alias(),
                "class" | "interface" | "enum" | "struct" | "trait" | "record" => {
                    return self.type_name();
                }
                "let" | "var" => return self.function_value(false),
                "const" => match self.peek_plain_word() {
                    "fn" | "unsafe" | "async" | "extern" | "enum" => {}
                    _ => return self.function_value(true),
                },
                "extern" => {
                    self.skip_blanks();
                    self.take("\"C\"");
                }
                _ if is_visibility(word) => visible = true,
                _ if is_modifier(word) => {}
                _ => return before.member(visible),
            }
            self.skip_blanks();
        }
    }

    /// The name behind an `@`; its arguments are skipped.
    fn annotation(&mut self) -> Option<&'a str> {
        let name = self.path();
        if self.rest.starts_with('(') && !self.group('(', ')') {
            return None;
        }
        let goes_on = !name.is_empty() && self.rest.starts_with([' ', '\t']);
        self.skip_blanks();
        goes_on.then_some(name)
    }

    fn go_function(mut self) -> Option<&'a str> {
        self.skip_blanks();
        if self.take("(") {
            // A method names its receiver first.
            self.take_while(|letter| letter != ')');
            let named = self.take(")") && self.rest.starts_with([' ', '\t']);
            return self.word().filter(|_| named && self.goes_on_with(&["("]));
        }
        self.word().filter(|_| self.goes_on_with(&["(", "["]))
    }

    /// `NAME = …`, or Go's `NAME KIND`.
    fn type_alias(mut self) -> Option<&'a str> {
        let name = self.word()?;
        if self.rest.starts_with('<') {
            if !self.group('<', '>') {
                return None;
            }
        } else if self.rest.starts_with('[') && self.rest.contains(']') {
            self.take_while(|letter| letter != ']');
            self.take("]");
        }
        self.skip_blanks();
        let begin = self.rest;
        let kind = self.peek_plain_word();
        let path = self.path();
        let is_alone = self.rest.is_empty();
        let is_kind = match begin.bytes().next() {
            Some(b'=') => !begin.starts_with("=="),
            Some(b'*' | b'[') => true,
            Some(b'A'..=b'Z') => is_alone,
            _ => is_go_kind(kind) || is_alone && path.contains('.'),
        };
        is_kind.then_some(name)
    }

    fn type_name(mut self) -> Option<&'a str> {
        let name = self.word()?;
        let is_tight = self.rest.starts_with('(');
        let tail = self.rest.trim_ascii();
        let goes_on = match tail.bytes().next() {
            None => name.starts_with(char::is_uppercase),
            Some(b'(') => is_tight,
            Some(b'{' | b'<' | b'[' | b';') => true,
            Some(b':') => {
                let body = tail[1..].trim_ascii_start();
                matches!(body, "" | "pass" | "...")
                    || body.starts_with(['#', '"', '\''])
                    || body.ends_with('{')
            }
            Some(_) => matches!(
                self.peek_plain_word(),
                "extends" | "implements" | "permits" | "where"
            ),
        };
        goes_on.then_some(name)
    }

    /// `NAME = FUNCTION`; the parameters of a constant may begin on the next line.
    fn function_value(mut self, is_const: bool) -> Option<&'a str> {
        let name = self.word()?;
        let (kind, value) = self.rest.split_once('=')?;
        let kind = kind.trim_ascii();
        let is_assigned =
            !value.starts_with(['=', '>']) && (kind.is_empty() || kind.starts_with(':'));
        let value = Cursor { rest: value };
        let is_function = value.is_function() || is_const && value.is_open_function();
        (is_assigned && is_function).then_some(name)
    }

    fn skip_async(&mut self) {
        self.skip_blanks();
        if self.peek_plain_word() == "async" {
            self.take("async");
            self.skip_blanks();
        }
    }

    fn is_open_function(mut self) -> bool {
        self.skip_async();
        self.rest.trim_ascii_end() == "("
    }

    fn is_function(mut self) -> bool {
        self.skip_async();
        if self.rest.starts_with('(') {
            let closes = self.group('(', ')');
            self.skip_blanks();
            return closes
                && (self.rest.starts_with("=>")
                    || self.rest.starts_with(':') && self.rest.contains("=>"));
        }
        if self.rest.starts_with('<') {
            return self.rest.contains("=>");
        }
        self.is_function_word() || !self.plain_word().is_empty() && self.goes_on_with(&["=>"])
    }

    fn is_function_word(mut self) -> bool {
        self.plain_word() == "function" && self.rest.starts_with(['(', ' ', '*'])
    }

    /// What has no keyword: a method, or a function that is given to a name.
    fn member(self, visible: bool) -> Option<&'a str> {
        let before_group = self.rest.split('(').next()?;
        let method = if before_group.len() < self.rest.len() && !before_group.contains('=') {
            self.method(before_group, visible)
        } else {
            None
        };
        method.or_else(|| self.given())
    }

    fn method(self, before: &'a str, visible: bool) -> Option<&'a str> {
        let mut after = Cursor {
            rest: &self.rest[before.len()..],
        };
        let mut head = before.strip_suffix('?').unwrap_or(before);
        if head.ends_with('>') {
            head = &head[..head.find('<')?];
        }
        let kind = head.trim_end_matches(is_name_letter);
        let name = &head[kind.len()..];
        let is_kind = matches!(kind, "" | "#" | "*")
            || kind.ends_with([' ', '\t', '*'])
                && kind.chars().all(|letter| {
                    is_name_letter(letter) || !letter.is_ascii() || ".<>,[]?&* \t".contains(letter)
                });
        if !is_kind || !is_name(name) || is_statement(Cursor { rest: head }.plain_word()) {
            return None;
        }
        let is_method = if after.group('(', ')') {
            ends_method(after.rest.trim_ascii(), kind, visible)
        } else {
            self.rest.ends_with(['(', ',']) && (visible || head == "constructor")
        };
        is_method.then_some(name)
    }

    /// `a.b.NAME = FUNCTION`, `NAME: function`.
    fn given(mut self) -> Option<&'a str> {
        if !self.rest.ends_with(['{', '}', ';']) {
            return None;
        }
        self.take("#");
        let path = self.path();
        let name = path.rsplit('.').next().filter(|name| is_name(name))?;
        self.skip_blanks();
        let is_function = if self.take(":") {
            self.skip_async();
            self.is_function_word()
        } else {
            self.take("=") && !self.rest.starts_with(['=', '>']) && self.is_function()
        };
        (is_function && !path.starts_with(|first: char| first.is_ascii_digit() || first == '.'))
            .then_some(name)
    }
}

/// Whether `tail` may follow the parameters of a method that `kind` stands before.
fn ends_method(tail: &str, kind: &str, visible: bool) -> bool {
    let has_body = tail.ends_with('{');
    if tail.is_empty() {
        visible
    } else if tail.starts_with('{') {
        visible || has_body || tail.ends_with('}')
    } else if tail.starts_with(':') {
        has_body || tail.ends_with(';')
    } else if tail.starts_with(';') {
        visible || tail == ";" && is_type(kind)
    } else {
        let is_throws = Cursor { rest: tail }.plain_word() == "throws";
        is_throws && (visible || has_body || is_type(kind))
    }
}

/// Whether `kind` is a type as Java writes it, behind its type parameters if it has some.
fn is_type(kind: &str) -> bool {
    let mut cursor = Cursor { rest: kind };
    if cursor.rest.starts_with('<') && cursor.group('<', '>') {
        cursor.skip_blanks();
    }
    cursor.rest.starts_with(char::is_uppercase)
        || matches!(
            cursor.plain_word(),
            "boolean" | "byte" | "char" | "double" | "float" | "int" | "long" | "short" | "void"
        )
}

#[cfg(test)]
mod tests;
