//! What lines define, where no grammar can tell: names by the line reader, nesting by indentation.

use super::super::definitions;
use super::super::line::{belongs_below, indent, lines_of};
use super::Definition;

/// Most definitions that are taken to stand in each other: hostile text nests without end.
const MAX_SCOPES: usize = 12;

/// A definition that may have others in it.
struct Open<'a> {
    indent: usize,
    name: &'a str,
    header: &'a str,
}

/// The definitions of `text`, whose lines end with LF, CR or CRLF.
pub(super) fn definitions(text: &str) -> Vec<Definition> {
    let mut found: Vec<Definition> = Vec::new();
    let mut open: Vec<Open<'_>> = Vec::new();
    // The first of the comments and decorators above.
    let mut above: Option<(usize, usize)> = None;
    for (number, (offset, line)) in lines_of(text).enumerate() {
        let Some(name) = definitions::name(line.trim_start_matches('\u{feff}')) else {
            above = belongs_below(line).then(|| above.unwrap_or((offset, number + 1)));
            continue;
        };
        let indent = indent(line);
        while open.last().is_some_and(|outer| outer.indent >= indent) {
            open.pop();
        }
        let (start, line_number) = above.take().unwrap_or((offset, number + 1));
        let scopes: Vec<&str> = open.iter().map(|outer| outer.name).chain([name]).collect();
        let headers: Vec<&str> = open.iter().map(|outer| outer.header).collect();
        found.push(Definition {
            name: scopes.join("."),
            start,
            line: line_number,
            own_line: number + 1,
            depth: open.len(),
            context: headers.join("\n").into(),
        });
        if open.len() < MAX_SCOPES {
            open.push(Open {
                indent,
                name,
                header: line.trim_ascii().trim_end_matches('{').trim_ascii_end(),
            });
        }
    }
    found
}
