//! Reads an answer as the Markdown that it is: which headings begin an entry about something, and
//! where each entry ends. What stands in a code block is no heading.

use std::borrow::Cow;
use std::ops::Range;

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

/// A heading of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Heading {
    /// Start of its line.
    pub(super) at: usize,
    /// From 1.
    pub(super) level: u8,
    /// What it is about, see [`plain_name`].
    pub(super) name: String,
    /// That, as it is written.
    pub(super) spelt: String,
    /// Whether that was marked as code.
    pub(super) is_code: bool,
}

/// The headings of `text` that stand in no list, quotation or code block.
pub(super) fn headings(text: &str) -> Vec<Heading> {
    let mut headings = Vec::new();
    let mut inside = 0usize;
    let mut open: Option<(Heading, String)> = None;
    for (event, range) in Parser::new(text).into_offset_iter() {
        match event {
            Event::Start(Tag::Heading { level, .. }) if inside == 0 => {
                let heading = Heading {
                    at: line_start(text, range.start),
                    level: level as u8,
                    name: String::new(),
                    spelt: String::new(),
                    is_code: false,
                };
                open = Some((heading, String::new()));
            }
            Event::End(TagEnd::Heading(_)) => {
                if let Some((mut heading, words)) = open.take() {
                    if !heading.is_code {
                        heading.name = plain_name(&words).into_owned();
                    }
                    headings.push(heading);
                }
            }
            Event::Start(Tag::List(_) | Tag::BlockQuote(_)) => inside += 1,
            Event::End(TagEnd::List(_) | TagEnd::BlockQuote(_)) => inside -= 1,
            Event::Code(code) => {
                if let Some((heading, words)) = &mut open {
                    // A later one is mentioned, not meant.
                    if !heading.is_code && is_introduction(words) {
                        heading.name = plain_name(&code).into_owned();
                        heading.spelt = code.trim().to_owned();
                        heading.is_code = true;
                    }
                    words.push_str(&code);
                }
            }
            Event::Text(more) => {
                if let Some((_, words)) = &mut open {
                    words.push_str(&more);
                }
            }
            _ => {}
        }
    }
    headings
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |end| end + 1)
}

/// What may stand before a name: `Class`, `2.`, `async def`.
fn is_introduction(words: &str) -> bool {
    words.split_whitespace().count() <= 3
}

/// `A.run` of `class A::run(self) -> B`, of `func (a *A) run(x int)` and of `A#run`.
pub(super) fn plain_name(spelt: &str) -> Cow<'_, str> {
    let mut rest = spelt.trim();
    while let Some((word, after)) = rest.split_once([' ', '\t']) {
        if !is_keyword(word) {
            break;
        }
        rest = after.trim_start();
    }
    if let Some((receiver, method)) = receiver(rest) {
        return format!("{receiver}.{}", plain_name(method)).into();
    }
    let head = rest
        .strip_prefix('[')
        .map_or(0, |computed| computed.find(']').unwrap_or(0));
    let end = rest[head..]
        .find(['(', '<', '=', ' ', '\t', '{', ';', ','])
        .map_or(rest.len(), |at| head + at);
    let name = rest[..end].trim_end_matches([':', '.', '?', '!']);
    if !name.contains(['#', ':']) && !name.contains("prototype") && !name.contains("r#") {
        return name.into();
    }
    let name = name
        .replace("r#", "")
        .replace("::", ".")
        .replace(".prototype.", ".");
    name.trim_start_matches('#')
        .replace(".#", ".")
        .replace('#', ".")
        .replace(':', "")
        .into()
}

/// The type and the rest of a Go method, `(a *A) run(x int)` or `(*A).run`.
fn receiver(text: &str) -> Option<(&str, &str)> {
    let (inside, method) = text.strip_prefix('(')?.split_once(')')?;
    let method = method.trim_start_matches(['.', ' ']);
    let kind = inside
        .split_whitespace()
        .last()?
        .trim_start_matches(['*', '&']);
    let kind = kind.split(['[', '<']).next()?;
    (!kind.is_empty() && !method.is_empty()).then_some((kind, method))
}

fn is_keyword(word: &str) -> bool {
    matches!(
        word.to_ascii_lowercase().trim_end_matches([':', '.', ')']),
        "abstract"
            | "async"
            | "class"
            | "const"
            | "constructor"
            | "declare"
            | "def"
            | "default"
            | "enum"
            | "export"
            | "final"
            | "fn"
            | "func"
            | "function"
            | "get"
            | "impl"
            | "interface"
            | "let"
            | "macro"
            | "method"
            | "mod"
            | "module"
            | "namespace"
            | "override"
            | "private"
            | "property"
            | "protected"
            | "pub"
            | "public"
            | "record"
            | "set"
            | "static"
            | "struct"
            | "trait"
            | "type"
            | "union"
            | "unsafe"
            | "var"
    ) || word
        .trim_end_matches('.')
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// Whether `text` may hold code blocks or HTML, in which a line may look like a heading.
pub(super) fn may_hide_headings(text: &str) -> bool {
    let holds = |needle: &[u8]| memchr::memmem::find(text.as_bytes(), needle).is_some();
    holds(b"```") || holds(b"~~~") || holds(b"\n<") || text.starts_with('<')
}

/// Lines like ### `NAME` and where their entries end, for answers that hide no headings.
pub(super) fn marked(text: &str) -> impl Iterator<Item = (&str, Range<usize>)> {
    const MARK: &str = "### `";
    let mut starts = text
        .match_indices(MARK)
        .map(|(at, _)| at)
        .filter(|at| *at == 0 || text.as_bytes()[at - 1] == b'\n')
        .peekable();
    std::iter::from_fn(move || {
        let start = starts.next()?;
        let end = starts.peek().copied().unwrap_or(text.len());
        let spelt = text[start + MARK.len()..end].split(['`', '\n']).next();
        Some((spelt.unwrap_or_default(), start..end))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        headings(text)
            .into_iter()
            .map(|heading| heading.name)
            .collect()
    }

    #[test]
    fn what_stands_in_code_lists_quotations_and_html_is_no_heading() {
        let text = "# T\n\n### `f`\n\n```\n### `g`\n```\n\n~~~md\n### `h`\n~~~\n\n    ### `i`\n\n> ### `j`\n\n- ### `k`\n\n<pre>\n### `l`\n</pre>\n\n### `m`\n";
        assert_eq!(names(text), ["T", "f", "m"]);
    }

    #[test]
    fn a_name_is_found_in_what_models_write_around_it() {
        for (spelt, name) in [
            ("f", "f"),
            ("A.run(self, x: int) -> None", "A.run"),
            ("class A(Base):", "A"),
            ("async def f(x)", "f"),
            ("crate::stack::Stack::push", "crate.stack.Stack.push"),
            ("func (s *Server[T]) Close() error", "Server.Close"),
            ("(*Server).Close", "Server.Close"),
            ("Array#map", "Array.map"),
            ("#secret(x)", "secret"),
            ("r#match", "match"),
            ("[Symbol.iterator]()", "[Symbol.iterator]"),
            ("Box<T>", "Box"),
            ("type Id = string", "Id"),
            ("2. Widget", "Widget"),
            ("get size()", "size"),
            ("Socket.prototype.close", "Socket.close"),
        ] {
            assert_eq!(plain_name(spelt), name, "{spelt}");
        }
        let text = "## Class `A`\n\n### 1. `A.f`\n\n#### Parameters of `A.f` and what else there is to `x`\n\nB\n-\n";
        assert_eq!(names(text), ["A", "A.f", "A.f", "B"]);
    }
}
