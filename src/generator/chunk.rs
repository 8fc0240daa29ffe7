//! Cuts a text into chunks that fit question and answer: pure, and lossless by construction.

use std::collections::BTreeSet;
use std::ops::Range;

use super::line::{belongs_below, indent, lines_of};
use super::outline::Outline;
use super::{definitions, syntax};

/// What a chunk may hold at most; at least one line always goes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Budget {
    pub(super) lines: usize,
    pub(super) bytes: usize,
    pub(super) definitions: usize,
}

/// A part of a text. The ranges of all chunks tile the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chunk {
    pub(super) range: Range<usize>,
    /// From 1.
    pub(super) first_line: usize,
    pub(super) last_line: usize,
    /// Headers of what the chunk stands inside, e.g. its class; empty at top level.
    pub(super) context: String,
    /// How many definitions it seems to hold.
    pub(super) definitions: usize,
    /// What it defines, each name once; empty where only lines are looked at.
    pub(super) names: Vec<String>,
}

/// A line, or a piece of one that alone is over the budget.
struct Line {
    start: usize,
    number: usize,
    /// How many definitions begin in it.
    defines: usize,
}

/// The whole of `text` as one chunk.
pub(super) fn whole(text: &str, outline: Option<&Outline>) -> Chunk {
    let chunk = Chunk {
        range: 0..text.len(),
        first_line: 1,
        last_line: lines_of(text).count().max(1),
        context: String::new(),
        definitions: 0,
        names: Vec::new(),
    };
    named(chunk, text, outline)
}

/// `chunk` of `text` with what it defines.
pub(super) fn named(mut chunk: Chunk, text: &str, outline: Option<&Outline>) -> Chunk {
    let Some(outline) = outline else {
        chunk.definitions = definitions::count(&text[chunk.range.clone()]);
        return chunk;
    };
    let mut seen = BTreeSet::new();
    chunk.names = outline
        .within(&chunk.range)
        .iter()
        .filter(|definition| seen.insert(definition.name.as_str()))
        .map(|definition| definition.name.clone())
        .collect();
    chunk.definitions = chunk.names.len();
    chunk
}

/// Cuts `text` so that each chunk is within `budget`, between whole definitions where possible.
/// Without an `outline` the ending of `path` says by which grammar; without one, indentation tells.
pub(super) fn split(
    path: &str,
    text: &str,
    outline: Option<&Outline>,
    budget: &Budget,
) -> Vec<Chunk> {
    let all = whole(text, outline);
    if fits(&all, budget) {
        return vec![all];
    }
    match outline {
        None => split_by_lines(path, text, budget),
        Some(outline) => split_range(text, &all, outline, budget),
    }
}

fn split_by_lines(path: &str, text: &str, budget: &Budget) -> Vec<Chunk> {
    let lines = lines(text, budget.bytes.max(1), |_, line| {
        usize::from(definitions::name(line).is_some())
    });
    let cuts = cuts(path, text, &lines, budget);
    pack(text, &lines, &cuts, budget)
}

/// Cuts the part `chunk` of `text`.
fn split_range(text: &str, chunk: &Chunk, outline: &Outline, budget: &Budget) -> Vec<Chunk> {
    let base = chunk.range.start;
    let code = &text[chunk.range.clone()];
    let mut defined = outline.within(&chunk.range).iter().peekable();
    let lines = lines(code, budget.bytes.max(1), |start, line| {
        let end = base + start + line.len();
        std::iter::from_fn(|| defined.next_if(|definition| definition.start < end)).count()
    });
    let mut cuts = vec![None; lines.len()];
    for cut in &outline.cuts {
        let at = cut.offset.checked_sub(base);
        let index = at.and_then(|at| lines.binary_search_by_key(&at, |line| line.start).ok());
        if let Some(index) = index {
            cuts[index] = Some((cut.depth, cut.context.clone()));
        }
    }
    let mut parts = pack(code, &lines, &cuts, budget);
    for part in &mut parts {
        // The first one stands where the whole does.
        if part.range.start == 0 {
            part.context.clone_from(&chunk.context);
        }
        *part = named(moved(part, chunk), text, Some(outline));
    }
    parts
}

/// `part` of the text of `chunk` as a part of the text that `chunk` is of.
fn moved(part: &Chunk, chunk: &Chunk) -> Chunk {
    Chunk {
        range: part.range.start + chunk.range.start..part.range.end + chunk.range.start,
        first_line: part.first_line + chunk.first_line - 1,
        last_line: part.last_line + chunk.first_line - 1,
        ..part.clone()
    }
}

/// Cuts `chunk` of `text` in two or more, to get whole answers where one did not fit; none when
/// it is a single line.
pub(super) fn halve(
    path: &str,
    text: &str,
    outline: Option<&Outline>,
    chunk: &Chunk,
) -> Option<Vec<Chunk>> {
    let code = &text[chunk.range.clone()];
    let lines = chunk.last_line - chunk.first_line + 1;
    let budget = match chunk.definitions {
        0 | 1 => Budget {
            lines: lines.div_ceil(2),
            bytes: usize::MAX,
            definitions: usize::MAX,
        },
        several => Budget {
            lines,
            bytes: usize::MAX,
            definitions: several.div_ceil(2),
        },
    };
    let parts = match outline {
        Some(outline) => split_range(text, chunk, outline, &budget),
        None => split(path, code, None, &budget)
            .iter()
            .map(|part| Chunk {
                context: nested(&chunk.context, &part.context),
                ..moved(part, chunk)
            })
            .collect(),
    };
    (parts.len() > 1).then_some(parts)
}

/// The headers around a chunk and those within it.
fn nested(outer: &str, inner: &str) -> String {
    match (outer.is_empty(), inner.is_empty()) {
        (true, _) => inner.to_owned(),
        (_, true) => outer.to_owned(),
        _ => format!("{outer}\n{inner}"),
    }
}

fn fits(chunk: &Chunk, budget: &Budget) -> bool {
    chunk.last_line - chunk.first_line < budget.lines.max(1)
        && chunk.range.len() <= budget.bytes
        && chunk.definitions <= budget.definitions
}

/// The lines of `text`, none longer than `longest` bytes; `defines` counts the definitions in one.
fn lines(text: &str, longest: usize, mut defines: impl FnMut(usize, &str) -> usize) -> Vec<Line> {
    let mut lines = Vec::new();
    for (number, (mut start, line)) in lines_of(text).enumerate() {
        let end = start + line.len();
        lines.push(Line {
            start,
            number: number + 1,
            defines: defines(start, line),
        });
        while end - start > longest {
            start = cut_before(text, start + longest, start);
            if start >= end {
                break;
            }
            lines.push(Line {
                start,
                number: number + 1,
                defines: 0,
            });
        }
    }
    lines
}

/// The last place at or before `at`, but after `start`, that splits neither a character nor a CRLF.
fn cut_before(text: &str, at: usize, start: usize) -> usize {
    let splits_crlf = |at: usize| at > 0 && text.as_bytes()[at - 1..].starts_with(b"\r\n");
    let good = |at: &usize| text.is_char_boundary(*at) && !splits_crlf(*at);
    (start + 1..=at)
        .rev()
        .find(good)
        .or_else(|| (at..=text.len()).find(good))
        .unwrap_or(text.len())
}

/// What a cut before a line would go through: how many constructs, and their headers.
type Cut = (usize, String);

/// The cut before each line; none where no cut belongs.
fn cuts(path: &str, text: &str, lines: &[Line], budget: &Budget) -> Vec<Option<Cut>> {
    let line_at = |offset: usize| lines.partition_point(|line| line.start < offset);
    let mut defined = vec![0; lines.len() + 1];
    for (index, line) in lines.iter().enumerate() {
        defined[index + 1] = defined[index] + line.defines;
    }
    // What is small next to a chunk is better moved as a whole than cut.
    let big = |start: usize, end: usize| {
        let (first, last) = (line_at(start), line_at(end));
        last - first > budget.lines / 4
            || end - start > budget.bytes / 4
            || defined[last] - defined[first] > budget.definitions / 4
    };
    let Some(boundaries) = syntax::boundaries(path, text, &big) else {
        return cuts_by_indent(text, lines);
    };
    let mut cuts = vec![None; lines.len()];
    for boundary in boundaries {
        let index = line_at(boundary.offset);
        if lines
            .get(index)
            .is_some_and(|line| line.start == boundary.offset)
        {
            cuts[index] = Some((boundary.depth, boundary.context));
        }
    }
    cuts
}

fn cuts_by_indent(text: &str, lines: &[Line]) -> Vec<Option<Cut>> {
    let mut cuts = vec![None; lines.len()];
    for index in (0..lines.len()).filter(|index| lines[*index].defines > 0) {
        // Comments, decorators and attributes directly above belong to the definition.
        let mut first = index;
        while first > 0 && belongs_below(line_text(text, lines, first - 1)) {
            first -= 1;
        }
        cuts[first] = Some((indent(line_text(text, lines, index)), String::new()));
    }
    cuts
}

fn line_text<'a>(text: &'a str, lines: &[Line], index: usize) -> &'a str {
    let end = lines.get(index + 1).map_or(text.len(), |next| next.start);
    &text[lines[index].start..end]
}

/// Fills chunk after chunk, ending each at the cut worth most: full chunks, shallow cuts.
fn pack(text: &str, lines: &[Line], cuts: &[Option<Cut>], budget: &Budget) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    let mut first = 0;
    while first < lines.len() {
        let furthest = furthest(text, lines, first, budget);
        let end = if furthest == lines.len() {
            furthest
        } else {
            best_cut(cuts, first, furthest)
        };
        let start = lines[first].start;
        let stop = lines.get(end).map_or(text.len(), |line| line.start);
        chunks.push(Chunk {
            range: start..stop,
            first_line: lines[first].number,
            last_line: lines[end - 1].number,
            context: cuts[first]
                .as_ref()
                .map_or_else(String::new, |(_, context)| context.clone()),
            definitions: lines[first..end].iter().map(|line| line.defines).sum(),
            names: Vec::new(),
        });
        first = end;
    }
    chunks
}

/// One past the last line that a chunk from `first` on can hold.
fn furthest(text: &str, lines: &[Line], first: usize, budget: &Budget) -> usize {
    let start = lines[first].start;
    let mut definitions = 0;
    let mut end = first;
    while end < lines.len() {
        definitions += lines[end].defines;
        let stop = lines.get(end + 1).map_or(text.len(), |line| line.start);
        let over = end - first >= budget.lines
            || stop - start > budget.bytes
            || definitions > budget.definitions;
        if over && end > first {
            break;
        }
        end += 1;
    }
    end
}

fn best_cut(cuts: &[Option<Cut>], first: usize, furthest: usize) -> usize {
    // One level deeper must fill a chunk by 30 % more to be worth the header that has to be repeated.
    const DEPTH_COST: f64 = 0.3;
    let span = (furthest - first) as f64;
    let worth = |cut: usize, depth: usize| (cut - first) as f64 / span - DEPTH_COST * depth as f64;
    (first + 1..=furthest)
        .filter_map(|cut| {
            cuts[cut]
                .as_ref()
                .map(|(depth, _)| (cut, worth(cut, *depth)))
        })
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .map_or(furthest, |(cut, _)| cut)
}

#[cfg(test)]
mod tests;
