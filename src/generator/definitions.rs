//! Recognises lines that look like definitions, in the languages people document.
//!
//! An estimate, made line by line and without a parser: it tells how long an answer will be.

/// Words that may stand before the one that tells what is defined.
const MODIFIERS: &[&str] = &[
    "abstract",
    "async",
    "const",
    "declare",
    "default",
    "export",
    "extern",
    "final",
    "native",
    "private",
    "protected",
    "pub",
    "public",
    "sealed",
    "static",
    "synchronized",
    "unsafe",
];

/// How many lines of `text` look like definitions.
pub(super) fn count(text: &str) -> usize {
    text.split('\n').filter(|line| name(line).is_some()).count()
}

/// What `line` seems to define.
pub(super) fn name(line: &str) -> Option<&str> {
    let mut rest = line.trim_ascii_start();
    let mut modified = false;
    // Almost all lines end here: a definition begins with a keyword.
    if !rest.as_bytes().first()?.is_ascii_lowercase() {
        return None;
    }
    loop {
        let (word, after) = split_word(rest);
        let gap = after.starts_with([' ', '\t', '(', '*']);
        match word {
            _ if !gap && !modified => return None,
            "def" | "fn" | "function" | "func" => return function(after),
            "class" | "interface" | "struct" | "enum" | "trait" | "type" | "record" => {
                return type_name(after);
            }
            "const" | "let" | "var" if after.contains("=>") || after.contains("function") => {
                return Some(split_word(after.trim_ascii_start()).0)
                    .filter(|name| !name.is_empty());
            }
            _ if MODIFIERS.contains(&word) => {
                modified |= !matches!(word, "async" | "const" | "default");
                rest = skip_group(after).trim_ascii_start();
            }
            _ if modified => return method(rest),
            _ => return None,
        }
    }
}

/// The leading identifier, and what follows it.
fn split_word(text: &str) -> (&str, &str) {
    // By bytes, because this is asked of every line: all of a letter beyond ASCII are above 127.
    let ends =
        |byte: u8| byte < 128 && !byte.is_ascii_alphanumeric() && byte != b'_' && byte != b'$';
    let end = text.bytes().position(ends).unwrap_or(text.len());
    text.split_at(end)
}

/// Skips what `pub(crate)` or `extern "C"` says in its group.
fn skip_group(text: &str) -> &str {
    let start = text.trim_ascii_start();
    for (open, close) in [('(', ')'), ('"', '"')] {
        if let Some((_, rest)) = start
            .strip_prefix(open)
            .and_then(|inside| inside.split_once(close))
        {
            return rest;
        }
    }
    text
}

fn function(after: &str) -> Option<&str> {
    // A Go method names its receiver first.
    let after = skip_group(after).trim_start_matches(['*', ' ', '\t']);
    let (name, rest) = split_word(after);
    (!name.is_empty() && rest.trim_ascii_start().starts_with(['(', '[', '<'])).then_some(name)
}

fn type_name(after: &str) -> Option<&str> {
    let (name, rest) = split_word(after.trim_ascii_start());
    let rest = rest.trim_ascii();
    let goes_on = rest.is_empty()
        || rest.starts_with(['(', ':', '{', '<', '[', ';'])
        || [
            "extends",
            "implements",
            "struct",
            "interface",
            "func",
            "where",
            "permits",
        ]
        .contains(&split_word(rest).0);
    (goes_on && !name.is_empty()).then_some(name)
}

/// `Type name(` behind a visibility, as in Java.
fn method(rest: &str) -> Option<&str> {
    let (before, _) = rest.split_once('(')?;
    if before.contains(['=', '.', '"', ';']) {
        return None;
    }
    before
        .rsplit([' ', '\t', '>', ']'])
        .next()
        .filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_of_six_languages_are_seen() {
        let lines = [
            ("def func_1(): pass", "func_1"),
            ("    async def read(self):", "read"),
            ("class Reader(Base):", "Reader"),
            ("export default class Tree extends Node {", "Tree"),
            ("export const add = (a, b) => a + b", "add"),
            ("function* walk(tree) {", "walk"),
            ("export interface Shape<T> {", "Shape"),
            ("pub(crate) async fn run(&self) {", "run"),
            ("pub unsafe extern \"C\" fn abi(x: i32) {", "abi"),
            ("func (s *Server) Close() error {", "Close"),
            ("type Server struct {", "Server"),
            ("    public static List<String> names(int n) {", "names"),
            ("public final class Main {", "Main"),
        ];
        for (line, expected) in lines {
            assert_eq!(name(line), Some(expected), "{line}");
        }
    }

    #[test]
    fn statements_and_prose_are_not() {
        for line in [
            "return f(x)",
            "x = def_value",
            "class of 2020",
            "const x = 3;",
            "",
            "# def f():",
            "default: return",
            "é",
        ] {
            assert_eq!(name(line), None, "{line}");
        }
    }
}
