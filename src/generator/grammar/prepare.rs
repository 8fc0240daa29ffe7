//! Makes a text what the grammars can read, byte for byte at the same place.

use std::borrow::Cow;

use super::quoted::closing;
use super::{Grammar, preprocessor};

const MARK: &str = "\u{feff}";

/// `text` without a byte order mark, with LF for a CR that stands alone, and in Python without
/// comments that have a line of their own: the grammar looks at all of them again after each
/// definition, which takes quadratic time.
pub(super) fn prepared(grammar: Grammar, text: &str) -> Cow<'_, str> {
    let has_mark = text.starts_with(MARK);
    let bytes = text.as_bytes();
    let has_cr = lone_crs(bytes).next().is_some();
    let has_comments = grammar == Grammar::Python && bytes.contains(&b'#');
    let is_typed = matches!(grammar, Grammar::TypeScript | Grammar::Tsx);
    let is_c = matches!(grammar, Grammar::C | Grammar::Cpp | Grammar::CSharp);
    let has_stars = grammar == Grammar::Kotlin && stars(bytes).next().is_some();
    if !has_mark && !has_cr && !has_comments && !is_typed && !is_c && !has_stars {
        return Cow::Borrowed(text);
    }
    let mut bytes = bytes.to_vec();
    if has_mark {
        // Python minds blanks before a statement, but not a line end.
        bytes[..MARK.len()].fill(if grammar == Grammar::Python {
            b'\x0c'
        } else {
            b' '
        });
    }
    if has_cr {
        let crs: Vec<usize> = lone_crs(&bytes).collect();
        crs.into_iter().for_each(|at| bytes[at] = b'\n');
    }
    if has_comments {
        blank_comments(&mut bytes);
    }
    if is_typed {
        end_signatures(&mut bytes);
    }
    if has_stars {
        let stars: Vec<usize> = stars(&bytes).collect();
        stars.into_iter().for_each(|at| bytes[at] = b'T');
    }
    if is_c {
        preprocessor::simplify(&mut bytes, grammar != Grammar::CSharp);
    }
    Cow::Owned(String::from_utf8(bytes).expect("whole letters were replaced by ASCII"))
}

fn lone_crs(bytes: &[u8]) -> impl Iterator<Item = usize> + '_ {
    memchr::memchr_iter(b'\r', bytes).filter(|at| bytes.get(at + 1) != Some(&b'\n'))
}

/// Where a star stands for a type among the arguments of a Kotlin type, which the grammar takes for a
/// product when there are several.
fn stars(bytes: &[u8]) -> impl Iterator<Item = usize> + '_ {
    let is_blank = |byte: &&u8| byte.is_ascii_whitespace();
    memchr::memchr_iter(b'*', bytes).filter(move |at| {
        let before = bytes[..*at].iter().rev().find(|byte| !is_blank(byte));
        let after = bytes[at + 1..].iter().find(|byte| !is_blank(byte));
        matches!(before, Some(b'<' | b',')) && matches!(after, Some(b',' | b'>'))
    })
}

/// Puts a semicolon behind a signature without one whose next line begins with `<`: in an interface
/// that is the next signature, but the grammar reads on with type arguments.
fn end_signatures(bytes: &mut [u8]) {
    let mut is_open = false;
    let mut start = 0;
    while start < bytes.len() {
        let end = memchr::memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |at| start + at);
        let line = &mut bytes[start..end];
        let first = line.iter().position(|byte| !byte.is_ascii_whitespace());
        if let Some(first) = first {
            // Its own line keeps its length.
            if is_open && line[first] == b'<' && first > 0 {
                line[first - 1] = b';';
            }
            let code = line[first..].trim_ascii_end();
            let is_comment = [&b"//"[..], b"/*", b"*"]
                .iter()
                .any(|mark| code.starts_with(mark));
            if !is_comment {
                is_open = is_open_signature(code);
            }
        }
        start = end + 1;
    }
}

fn is_open_signature(line: &[u8]) -> bool {
    let ends = line
        .last()
        .is_some_and(|last| last.is_ascii_alphanumeric() || b"_$>]}".contains(last));
    line == b">" || ends && memchr::memmem::find(line, b"):").is_some()
}

/// Fills comment lines of Python with blanks, outside of strings.
fn blank_comments(bytes: &mut [u8]) {
    let mut open: Option<u8> = None;
    let mut goes_on = false;
    let mut start = 0;
    while start < bytes.len() {
        let end = memchr::memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |at| start + at);
        let line = &mut bytes[start..end];
        let first = line
            .iter()
            .position(|byte| !matches!(byte, b' ' | b'\t' | b'\x0c'));
        match first {
            Some(first) if open.is_none() && !goes_on && line[first] == b'#' => {
                line[first..].fill(b' ');
                goes_on = false;
            }
            _ => {
                open = open_string(line, open);
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                goes_on = open.is_none() && line.ends_with(b"\\");
            }
        }
        start = end + 1;
    }
}

/// The quote of the triple-quoted string that is open behind `line`, if one is; `open` is the one
/// before it. Strings with single quotes end with their line.
fn open_string(line: &[u8], mut open: Option<u8>) -> Option<u8> {
    let mut at = 0;
    while let Some(&byte) = line.get(at) {
        let is_triple = line[at..].starts_with(&[byte; 3]);
        match (open, byte) {
            (_, b'\\') => at += 1,
            (Some(quote), _) if byte == quote && is_triple => {
                open = None;
                at += 2;
            }
            (Some(_), _) => {}
            (None, b'#') => return None,
            (None, b'"' | b'\'') if is_triple => {
                open = Some(byte);
                at += 2;
            }
            (None, b'"' | b'\'') => at += closing(&line[at + 1..], byte),
            (None, _) => {}
        }
        at += 1;
    }
    open
}

#[cfg(test)]
mod tests {
    use super::*;

    fn python(text: &str) -> String {
        let prepared = prepared(Grammar::Python, text).into_owned();
        assert_eq!(prepared.len(), text.len());
        prepared
    }

    #[test]
    fn only_comments_that_have_a_line_of_their_own_go_and_no_string_changes() {
        let kept = [
            "x = '''\n# no comment\n'''\n",
            "x = 1 \\\n# after a line that goes on\n",
            "x = 'it is \"\"\" no triple' # '''\n",
            "x = r'\\'\ny = 2\n",
            "f = f\"{d['#']}\"\n",
        ];
        for text in kept {
            assert_eq!(python(text), text);
        }
        assert_eq!(
            python("# a \"\"\" b\nx = 1\n  # é\n"),
            "         \nx = 1\n      \n"
        );
        assert_eq!(
            python("x = \"\"\"a\n\\\"\"\"\n# in\n\"\"\"\n# out\n"),
            "x = \"\"\"a\n\\\"\"\"\n# in\n\"\"\"\n     \n"
        );
    }

    #[test]
    fn a_signature_ends_where_the_next_one_begins() {
        let text = "interface F {\n  // a\n  <T>(fn: T): T & A\n  // b\n  <T>(name: string): T\n}\nfunction f\n<T>(x: T) {}\n";
        let expected = "interface F {\n  // a\n  <T>(fn: T): T & A\n  // b\n ;<T>(name: string): T\n}\nfunction f\n<T>(x: T) {}\n";
        assert_eq!(prepared(Grammar::TypeScript, text), expected);
        assert_eq!(prepared(Grammar::JavaScript, text), text);
    }

    #[test]
    fn marks_and_line_ends_are_replaced_where_they_stand() {
        assert_eq!(python("a\rb\r\nc\r"), "a\nb\r\nc\n");
        assert_eq!(
            prepared(Grammar::Java, "\u{feff}class A {}"),
            "   class A {}"
        );
        assert!(matches!(
            prepared(Grammar::Go, "package a\r\n"),
            Cow::Borrowed(_)
        ));
    }
}
