//! Where a program may be cut: before whole definitions and statements, as its grammar sees them.

use tree_sitter::{Node, TreeCursor};

use super::grammar::{self, Parsed};
use super::line;

/// Deepest nesting that is looked into: hostile text nests without end.
const MAX_DEPTH: usize = 40;
/// Most bytes of one enclosing header that go into a context.
const MAX_HEADER_BYTES: usize = 300;

/// A place where a cut harms little.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Boundary {
    /// Byte offset of the first line after the cut.
    pub(super) offset: usize,
    /// How many constructs the cut goes through.
    pub(super) depth: usize,
    /// Headers of these, one a line.
    pub(super) context: String,
}

/// Boundaries of `text` in order, by the grammar that belongs to the ending of `path`; none when
/// no grammar can read it. `big` tells which byte ranges are worth looking into.
pub(super) fn boundaries(
    path: &str,
    text: &str,
    big: &dyn Fn(usize, usize) -> bool,
) -> Option<Vec<Boundary>> {
    let parsed = grammar::parse(path, text)?;
    Some(boundaries_in(&parsed, text, big))
}

/// Boundaries of a `parsed` text, which was `given`.
pub(super) fn boundaries_in(
    parsed: &Parsed<'_>,
    given: &str,
    big: &dyn Fn(usize, usize) -> bool,
) -> Vec<Boundary> {
    let mut walk = Walk {
        text: &parsed.text,
        given,
        big,
        headers: Vec::new(),
        found: Vec::new(),
    };
    walk.children(&mut parsed.tree.walk(), 0);
    // A container and its first child may begin on one line.
    walk.found.dedup_by_key(|boundary| boundary.offset);
    walk.found
}

/// Whether what stands at each of `offsets` is code, and no part of a string or comment; none
/// when there is no grammar to tell.
pub(super) fn are_code(path: &str, text: &str, offsets: &[usize]) -> Option<Vec<bool>> {
    let parsed = grammar::parse(path, text)?;
    let is_code = |offset: &usize| {
        // Comments may have been taken out before.
        if parsed.text.as_bytes()[*offset] != text.as_bytes()[*offset] {
            return false;
        }
        let mut node = parsed
            .tree
            .root_node()
            .descendant_for_byte_range(*offset, *offset + 1);
        while let Some(inner) = node {
            if is_opaque(&inner) {
                return false;
            }
            node = inner.parent();
        }
        true
    };
    Some(offsets.iter().map(is_code).collect())
}

/// What stands before the node's body, e.g. `class A(B):`.
pub(super) fn header<'a>(node: &Node<'_>, text: &'a str) -> Option<&'a str> {
    let body = body(node)?;
    let header = text[node.start_byte()..body.start_byte()].trim_ascii();
    let header = header.strip_suffix('{').unwrap_or(header).trim_ascii_end();
    (!header.is_empty() && header.len() <= MAX_HEADER_BYTES).then_some(header)
}

/// The body of `node`; Kotlin's grammar has no field for it.
fn body<'t>(node: &Node<'t>) -> Option<Node<'t>> {
    node.child_by_field_name("body").or_else(|| {
        let mut cursor = node.walk();
        node.named_children(&mut cursor).find(is_kotlin_body)
    })
}

fn is_kotlin_body(node: &Node<'_>) -> bool {
    matches!(
        node.kind(),
        "class_body" | "enum_class_body" | "function_body"
    )
}

/// The first of the comments, decorators and attributes that stand directly above the place
/// `(offset, row)` of `text`, at the earliest in `first_row`; the start of its own line if there is
/// none; the place itself if something else begins that line. `given` still has its comments.
pub(super) fn with_lines_above(
    given: &str,
    text: &str,
    (offset, mut row): (usize, usize),
    first_row: usize,
) -> (usize, usize) {
    let line_of =
        |end: usize| memchr::memrchr(b'\n', &text.as_bytes()[..end]).map_or(0, |at| at + 1);
    let mut start = line_of(offset);
    if !text[start..offset].trim_ascii().is_empty() {
        return (offset, row);
    }
    while row > first_row && start > 0 {
        let above = line_of(start - 1);
        if !line::belongs_below(&given[above..start]) {
            break;
        }
        (start, row) = (above, row - 1);
    }
    (start, row)
}

fn is_opaque(node: &Node<'_>) -> bool {
    [
        "string",
        "comment",
        "template_string",
        "template_literal",
        "heredoc",
    ]
    .iter()
    .any(|word| node.kind().contains(word))
}

struct Walk<'a> {
    text: &'a str,
    /// The same with its comments.
    given: &'a str,
    big: &'a dyn Fn(usize, usize) -> bool,
    headers: Vec<&'a str>,
    found: Vec<Boundary>,
}

impl<'a> Walk<'a> {
    /// Collects the boundaries between the children of the node at `cursor`.
    fn children(&mut self, cursor: &mut TreeCursor<'_>, depth: usize) {
        if depth > MAX_DEPTH || !cursor.goto_first_child() {
            return;
        }
        // Of comments, decorators and attributes above a definition, the first.
        let mut attached: Option<(usize, usize)> = None;
        let mut is_first = true;
        loop {
            let node = cursor.node();
            if node.is_named() {
                let above =
                    attached.filter(|(_, last_row)| node.start_position().row <= last_row + 1);
                let start = above.map_or_else(|| self.line_start(&node), |(start, _)| Some(start));
                // The first child stays with the header of its parent.
                let movable = depth == 0 || !is_first;
                attached = start
                    .filter(|_| movable && belongs_below(&node))
                    .map(|start| (start, last_row(&node)));
                let is_inner = depth > 0 && is_inner(cursor);
                if let (Some(offset), true) = (start, movable && attached.is_none() && !is_inner) {
                    self.found.push(Boundary {
                        offset,
                        depth,
                        context: self.headers.join("\n"),
                    });
                }
                self.inside(cursor, &node, depth + usize::from(!is_inner));
                is_first = false;
            }
            if !cursor.goto_next_sibling() {
                break;
            }
        }
        cursor.goto_parent();
    }

    /// Looks into the node at `cursor` if it is worth it; its children are at `depth`.
    fn inside(&mut self, cursor: &mut TreeCursor<'_>, node: &Node<'_>, depth: usize) {
        if is_opaque(node) || !(self.big)(node.start_byte(), node.end_byte()) {
            return;
        }
        let headers = self.headers.len();
        self.headers.extend(header(node, self.text));
        self.children(cursor, depth);
        self.headers.truncate(headers);
    }

    /// The start of the node's line, or of the comments above it, if nothing but white space stands
    /// before it.
    fn line_start(&self, node: &Node<'_>) -> Option<usize> {
        let start = node.start_byte() - node.start_position().column;
        let before = &self.text.as_bytes()[start..node.start_byte()];
        let is_first = before.iter().all(|byte| matches!(byte, b' ' | b'\t'));
        is_first.then(|| self.with_comments(start))
    }

    /// Comments that were taken out before parsing belong to what they stand above.
    fn with_comments(&self, mut start: usize) -> usize {
        let bytes = self.text.as_bytes();
        while start > 0 {
            let above = memchr::memrchr(b'\n', &bytes[..start - 1]).map_or(0, |at| at + 1);
            let line = above..start;
            if self.given[line.clone()] == self.text[line] {
                break;
            }
            start = above;
        }
        start
    }
}

/// Whether the node at `cursor` is only the inside of its parent: a body, what is decorated, what
/// is exported.
fn is_inner(cursor: &TreeCursor<'_>) -> bool {
    matches!(
        cursor.field_name(),
        Some("body" | "definition" | "declaration")
    ) || is_kotlin_body(&cursor.node())
}

fn belongs_below(node: &Node<'_>) -> bool {
    let kind = node.kind();
    kind.contains("comment") || matches!(kind, "attribute_item" | "decorator")
}

/// Row on which the node's text ends; some comments include their line end.
fn last_row(node: &Node<'_>) -> usize {
    let end = node.end_position();
    if end.column == 0 {
        end.row.saturating_sub(1)
    } else {
        end.row
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cuts(path: &str, text: &str) -> Vec<(usize, usize)> {
        let found = boundaries(path, text, &|_, _| true).unwrap();
        found
            .iter()
            .map(|b| (text[..b.offset].matches('\n').count() + 1, b.depth))
            .collect()
    }

    #[test]
    fn python_is_cut_before_decorators_and_comments_but_not_after_a_class_header() {
        let text = "import os\n\n# about f\n@cached\ndef f():\n    pass\n\nclass A:\n    def g(self):\n        pass\n\n    # about h\n    def h(self):\n        return '''\ndef not_me():\n'''\n";
        assert_eq!(cuts("a.py", text), [(1, 0), (3, 0), (8, 0), (12, 1)]);
        let inner = &boundaries("a.py", text, &|_, _| true).unwrap()[3];
        assert_eq!(inner.context, "class A:");
    }

    #[test]
    fn each_grammar_finds_the_second_definition() {
        let files = [
            (
                "a.js",
                "function f() {\n}\n\n/** doc */\nfunction g() {\n}\n",
                4,
            ),
            (
                "a.ts",
                "interface A {\n  x: number;\n}\n@dec\nexport class B {\n}\n",
                4,
            ),
            ("a.tsx", "const A = () => <a/>;\nfunction g() {\n}\n", 2),
            ("A.java", "class A {\n}\n\n@Deprecated\nclass B {\n}\n", 4),
            ("a.go", "package a\n\n// F does.\nfunc F() {\n}\n", 3),
            ("a.rs", "fn f() {}\n\n/// Doc.\n#[inline]\nfn g() {}\n", 3),
        ];
        for (path, text, line) in files {
            assert!(
                cuts(path, text).contains(&(line, 0)),
                "{path}: {:?}",
                cuts(path, text)
            );
        }
        assert_eq!(boundaries("a.txt", "x", &|_, _| true), None);
    }

    #[test]
    fn methods_know_the_class_they_stand_in() {
        let files = [
            (
                "A.java",
                "public class A {\n  int x;\n\n  int f() {\n  }\n}\n",
                "public class A",
            ),
            (
                "a.rs",
                "impl Walk for A {\n    fn f() {}\n    fn g() {}\n}\n",
                "impl Walk for A",
            ),
            (
                "a.ts",
                "class A extends B {\n  f() {}\n  g() {}\n}\n",
                "class A extends B",
            ),
        ];
        for (path, text, header) in files {
            let found = boundaries(path, text, &|_, _| true).unwrap();
            assert!(
                found.iter().any(|boundary| boundary.context == header),
                "{path}: {found:?}"
            );
        }
    }
}
