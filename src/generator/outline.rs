//! What a file defines, as its language's own grammar sees it: each definition with the names of what
//! it stands in, in the order of the source. Without a grammar, lines and their indentation tell.

use std::sync::Arc;

use super::grammar;
use super::syntax::{self, Boundary};

mod declarator;
mod kinds;
mod lines;
mod name;
mod walk;

/// How a generator finds out what a file defines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// Line by line, without state, as the mock reads its prompts: a million files a minute, and
    /// enough for files that the simulation makes up itself.
    Lines,
    /// By the grammar of the language, for files that people wrote. Questions then list what is to
    /// be documented.
    Grammar,
}

/// What a file defines, as people are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defined {
    /// Its name behind the names of what it stands in, e.g. `A.run`.
    pub name: String,
    /// Line of its name, from 1.
    pub line: usize,
}

/// All that `text` defines, which is read as the ending of `path` says; overloads each for itself.
#[must_use]
pub fn defined(path: &str, text: &str) -> Vec<Defined> {
    let uncut = Grain {
        lines: usize::MAX,
        bytes: usize::MAX,
    };
    read(path, text, uncut).defined()
}

/// Something that a file defines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Definition {
    /// Its name behind the names of what it stands in, e.g. `A.run`. Overloads share one.
    pub(super) name: String,
    /// Where it begins: its line, that of a decorator before it, or a place within a line.
    pub(super) start: usize,
    /// Line of that place, from 1.
    pub(super) line: usize,
    /// Line of its name.
    pub(super) own_line: usize,
    /// In how many definitions it stands.
    pub(super) depth: usize,
    /// Headers of these, one a line.
    pub(super) context: Arc<str>,
}

/// What a file defines and where it may be cut.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Outline {
    /// In the order of the source.
    pub(super) definitions: Vec<Definition>,
    /// Places where a cut harms little, in order.
    pub(super) cuts: Vec<Boundary>,
    /// Whether a grammar told; lines may be wrong.
    pub(super) is_exact: bool,
}

/// Size up to which something is better moved as a whole than cut.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grain {
    pub(super) lines: usize,
    pub(super) bytes: usize,
}

/// Reads the file `path` with its `text`, which may be cut inside of what is larger than `grain`.
pub(super) fn read(path: &str, text: &str, grain: Grain) -> Outline {
    let Some(parsed) = grammar::parse(path, text) else {
        let definitions = lines::definitions(text);
        let cuts = definitions.iter().map(boundary).collect();
        return Outline {
            definitions,
            cuts,
            is_exact: false,
        };
    };
    let definitions = walk::definitions(&parsed, text);
    let big = |start: usize, end: usize| {
        let rows = || memchr::memchr_iter(b'\n', &text.as_bytes()[start..end]).count();
        end - start > grain.bytes || end - start > grain.lines && rows() > grain.lines
    };
    let mut cuts = syntax::boundaries_in(&parsed, text, &big);
    cuts.extend(definitions.iter().map(boundary));
    // Of a statement and the definition in it, the shallower one.
    cuts.sort_by_key(|cut| (cut.offset, cut.depth));
    cuts.dedup_by_key(|cut| cut.offset);
    Outline {
        definitions,
        cuts,
        is_exact: true,
    }
}

fn boundary(definition: &Definition) -> Boundary {
    Boundary {
        offset: definition.start,
        depth: definition.depth,
        context: definition.context.to_string(),
    }
}

impl Outline {
    /// The same as people are told.
    pub(super) fn defined(&self) -> Vec<Defined> {
        let defined = self.definitions.iter().map(|definition| Defined {
            name: definition.name.clone(),
            line: definition.own_line,
        });
        defined.collect()
    }

    /// The definitions that begin in `range`.
    pub(super) fn within(&self, range: &std::ops::Range<usize>) -> &[Definition] {
        let at = |offset| self.definitions.partition_point(|d| d.start < offset);
        &self.definitions[at(range.start)..at(range.end)]
    }
}

#[cfg(test)]
mod tests;
