//! The parts of a line that defines something: words, groups, parameters, what may follow them.

/// Words that begin statements which look like methods: `if(x) {`, `return new Thing() {`.
const STATEMENTS: [&str; 33] = [
    "assert", "await", "case", "catch", "defer", "delete", "do", "elif", "else", "fn", "for",
    "foreach", "func", "function", "go", "if", "in", "let", "match", "mut", "new", "not", "or",
    "return", "select", "switch", "throw", "try", "typeof", "until", "while", "with", "yield",
];

/// Types that are not written with a capital letter.
const PRIMITIVES: [&str; 9] = [
    "boolean", "byte", "char", "double", "float", "int", "long", "short", "void",
];

/// The leading run of ASCII letters, and what follows it.
pub(super) fn split_word(text: &str) -> (&str, &str) {
    let end = text
        .bytes()
        .position(|byte| !byte.is_ascii_alphanumeric() && byte != b'_');
    text.split_at(end.unwrap_or(text.len()))
}

/// The name of the annotation that `text` begins with, and what follows its arguments.
pub(super) fn annotation(text: &str) -> Option<(&str, &str)> {
    let (name, after) = split_path(&text[1..]);
    let after = if after.starts_with('(') {
        &after[matching_parenthesis(after)? + 1..]
    } else {
        after
    };
    (!name.is_empty() && after.starts_with([' ', '\t'])).then_some((name, after))
}

/// The leading `a.b.c`, and what follows it.
fn split_path(text: &str) -> (&str, &str) {
    let inside = |byte: u8| byte.is_ascii_alphanumeric() || b"_$.".contains(&byte);
    let end = text.bytes().position(|byte| !inside(byte));
    text.split_at(end.unwrap_or(text.len()))
}

/// The identifier that follows white space, and what follows it.
fn identifier(text: &str) -> Option<(&str, &str)> {
    let start = text.trim_ascii_start();
    let end = start
        .find(|letter: char| !is_name_letter(letter))
        .unwrap_or(start.len());
    let apart = start.len() < text.len();
    (apart && begins_name(start)).then(|| start.split_at(end))
}

fn is_name_letter(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_' || letter == '$'
}

fn begins_name(text: &str) -> bool {
    text.starts_with(|letter: char| is_name_letter(letter) && !letter.is_ascii_digit())
}

pub(super) fn named_before<'a>(after: &'a str, openers: &[char]) -> Option<&'a str> {
    let (name, rest) = identifier(after)?;
    rest.trim_ascii_start().starts_with(openers).then_some(name)
}

/// Skips Rust's `(crate)` and the like.
pub(super) fn after_group(text: &str) -> &str {
    match matching_parenthesis(text) {
        Some(close) if close > 0 => text[close + 1..].trim_ascii_start(),
        _ => text,
    }
}

/// `NAME(` or `*NAME(`, as a generator is written.
pub(super) fn js_function(next: &str) -> Option<&str> {
    let start = next.strip_prefix('*').unwrap_or(next).trim_ascii_start();
    let end = start.find(|letter: char| !is_name_letter(letter))?;
    let opens = start[end..].trim_ascii_start().starts_with(['(', '<']);
    (opens && begins_name(start)).then(|| &start[..end])
}

pub(super) fn go_function(after: &str) -> Option<&str> {
    if after.trim_ascii_start().starts_with('(') {
        let (_, method) = after.split_once(')')?;
        return named_before(method, &['(']);
    }
    named_before(after, &['(', '['])
}

/// `NAME = …` of TypeScript, Rust and Python, or Go's `NAME KIND`.
pub(super) fn type_alias(after: &str) -> Option<&str> {
    const KINDS: [&str; 22] = [
        "struct",
        "interface",
        "func",
        "map",
        "chan",
        "string",
        "bool",
        "error",
        "byte",
        "rune",
        "int",
        "int8",
        "int16",
        "int32",
        "int64",
        "uint",
        "uint8",
        "uint16",
        "uint32",
        "uint64",
        "float32",
        "float64",
    ];
    let (name, rest) = identifier(after)?;
    let kind = match rest.bytes().next() {
        Some(b'[') => rest[1..].split_once(']').map_or(rest, |(_, kind)| kind),
        Some(b'<') => &rest[matching(rest, b'<', b'>')? + 1..],
        _ => rest,
    };
    let kind = kind.trim_ascii_start();
    let (path, beyond) = split_path(kind);
    let is_kind = match kind.bytes().next() {
        Some(b'=') => !kind.starts_with("=="),
        Some(b'*' | b'[') => true,
        // Another type's name alone: with more words it would be prose.
        Some(b'A'..=b'Z') => beyond.is_empty(),
        _ => KINDS.contains(&split_word(kind).0) || path.contains('.') && beyond.is_empty(),
    };
    is_kind.then_some(name)
}

pub(super) fn type_like(after: &str) -> Option<&str> {
    let (name, rest) = identifier(after)?;
    let tail = rest.trim_ascii();
    let is_body = match tail.bytes().next() {
        // A bare name at the end of a line is prose unless it looks like a type.
        None => name.starts_with(char::is_uppercase),
        Some(b'(') => rest.starts_with('('),
        Some(b'{' | b'<' | b'[' | b';') => true,
        Some(b':') => {
            let body = tail[1..].trim_ascii_start();
            body.is_empty()
                || body.starts_with(['#', '"', '\''])
                || ["pass", "..."].contains(&body)
                || body.ends_with('{')
        }
        Some(_) => ["extends", "implements", "permits", "where"].contains(&split_word(tail).0),
    };
    is_body.then_some(name)
}

/// `NAME = (…) =>`, `NAME = async x =>`, `NAME = function`; the parameters of a `const` may begin
/// on the next line.
pub(super) fn arrow_function(after: &str, is_const: bool) -> Option<&str> {
    let (name, rest) = identifier(after)?;
    let (annotation, value) = rest.split_once('=')?;
    let annotation = annotation.trim_ascii();
    if value.starts_with(['=', '>']) || !(annotation.is_empty() || annotation.starts_with(':')) {
        return None;
    }
    let value = without_async(value.trim_ascii());
    (is_function(value) || is_const && value == "(").then_some(name)
}

fn without_async(value: &str) -> &str {
    match split_word(value) {
        ("async", function) => function.trim_ascii_start(),
        _ => value,
    }
}

fn is_function(value: &str) -> bool {
    if value.starts_with('(') {
        matching_parenthesis(value).is_some_and(|close| {
            let rest = value[close + 1..].trim_ascii_start();
            rest.starts_with("=>") || rest.starts_with(':') && rest.contains("=>")
        })
    } else if value.starts_with('<') {
        value.contains("=>")
    } else {
        let (word, rest) = split_word(value);
        is_function_word(word, rest)
            || !word.is_empty() && rest.trim_ascii_start().starts_with("=>")
    }
}

fn is_function_word(word: &str, rest: &str) -> bool {
    word == "function" && rest.starts_with(['(', ' ', '*'])
}

fn matching_parenthesis(text: &str) -> Option<usize> {
    matching(text, b'(', b')')
}

/// Where the group that `text` begins with closes.
fn matching(text: &str, open: u8, close: u8) -> Option<usize> {
    let mut depth = 0;
    text.bytes().position(|byte| {
        depth += i32::from(byte == open) - i32::from(byte == close);
        depth == 0
    })
}

/// A method without a keyword, or a function that is given to a name.
pub(super) fn member(rest: &str, visible: bool) -> Option<&str> {
    let open = memchr::memchr2(b'(', b'=', rest.as_bytes());
    match open {
        Some(open) if rest.as_bytes()[open] == b'(' => {
            method(rest, open, visible).or_else(|| given(rest))
        }
        _ => given(rest),
    }
}

/// `NAME(…) {`, `Type NAME(…) {`, `NAME(…): Type;`, `Type NAME(…);`; behind a visibility the
/// parameters may run on. `open` is where they begin.
fn method(rest: &str, open: usize, visible: bool) -> Option<&str> {
    let before = rest[..open].strip_suffix('?').unwrap_or(&rest[..open]);
    let before = match before.strip_suffix('>') {
        Some(generic) => &before[..generic.find('<')?],
        None => before,
    };
    let start = before
        .char_indices()
        .rev()
        .take_while(|(_, letter)| is_name_letter(*letter))
        .last()?
        .0;
    let (kind, name) = before.split_at(start);
    let kind = kind.trim_ascii_start();
    let is_kind = match kind {
        "" | "#" | "*" => true,
        _ => kind.ends_with([' ', '\t', '*']) && kind.bytes().all(is_type_byte),
    };
    if !is_kind || !begins_name(name) || STATEMENTS.contains(&split_word(before).0) {
        return None;
    }
    let Some(close) = matching_parenthesis(&rest[open..]) else {
        let opens = rest.ends_with(['(', ',']) && (visible || before == "constructor");
        return opens.then_some(name);
    };
    let tail = rest[open + close + 1..].trim_ascii();
    is_tail(tail, kind, visible).then_some(name)
}

fn is_type_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte > 127 || b"_$.<>,[]?&* \t".contains(&byte)
}

/// Whether `tail` may follow the parameters of a method whose name follows `kind`.
fn is_tail(tail: &str, kind: &str, visible: bool) -> bool {
    let last = tail.bytes().last();
    match tail.bytes().next() {
        None => visible,
        Some(b'{') => visible || matches!(last, Some(b'{' | b'}')),
        Some(b':') => matches!(last, Some(b'{' | b';')),
        Some(b';') => visible || tail.len() == 1 && is_type(kind),
        Some(_) => {
            split_word(tail).0 == "throws" && (visible || last == Some(b'{') || is_type(kind))
        }
    }
}

/// Whether `kind` is the name of a type and no statement's first word.
fn is_type(kind: &str) -> bool {
    let kind = match matching(kind, b'<', b'>') {
        Some(end) if kind.starts_with('<') => kind[end + 1..].trim_ascii_start(),
        _ => kind,
    };
    kind.starts_with(|letter: char| letter.is_uppercase())
        || PRIMITIVES.contains(&split_word(kind).0)
}

/// `a.b.NAME = function`, `NAME: function`, `NAME = (…) =>`.
fn given(rest: &str) -> Option<&str> {
    let rest = rest.strip_prefix('#').unwrap_or(rest);
    let (path, after) = split_path(rest);
    let after = after.trim_ascii_start();
    if !begins_name(path) || !rest.ends_with(['{', '}', ';']) {
        return None;
    }
    let is_given = if let Some(value) = after.strip_prefix(':') {
        let (word, rest) = split_word(without_async(value.trim_ascii_start()));
        is_function_word(word, rest)
    } else {
        let value = after.strip_prefix('=')?;
        !value.starts_with(['=', '>']) && is_function(without_async(value.trim_ascii_start()))
    };
    let name = path.rsplit('.').next()?;
    (is_given && begins_name(name)).then_some(name)
}
