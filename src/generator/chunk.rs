//! Cuts a text into chunks that fit question and answer: pure, and lossless by construction.

use std::ops::Range;

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
}

/// A line, or a piece of one that alone is over the budget.
struct Line {
    start: usize,
    number: usize,
    defines: bool,
}

/// The whole of `text` as one chunk.
pub(super) fn whole(text: &str) -> Chunk {
    let bytes = text.as_bytes();
    let ends = bytes.iter().filter(|byte| **byte == b'\n').count();
    let unfinished = !bytes.is_empty() && bytes.last() != Some(&b'\n');
    Chunk {
        range: 0..text.len(),
        first_line: 1,
        last_line: (ends + usize::from(unfinished)).max(1),
        context: String::new(),
        definitions: definitions::count(text),
    }
}

/// Cuts `text` so that each chunk is within `budget`, between whole definitions where possible.
/// The ending of `path` says by which grammar; without one, indentation tells.
pub(super) fn split(path: &str, text: &str, budget: &Budget) -> Vec<Chunk> {
    let all = whole(text);
    if fits(&all, budget) {
        return vec![all];
    }
    let lines = lines(text, budget.bytes.max(1));
    let cuts = cuts(path, text, &lines, budget);
    pack(text, &lines, &cuts, budget)
}

/// Cuts `chunk` of `text` in two or more, to get whole answers where one did not fit; none when
/// it is a single line.
pub(super) fn halve(path: &str, text: &str, chunk: &Chunk) -> Option<Vec<Chunk>> {
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
    let mut parts = split(path, code, &budget);
    for part in &mut parts {
        part.range = part.range.start + chunk.range.start..part.range.end + chunk.range.start;
        part.first_line += chunk.first_line - 1;
        part.last_line += chunk.first_line - 1;
        part.context = nested(&chunk.context, &part.context);
    }
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

fn lines(text: &str, longest: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut start = 0;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let end = start + line.len();
        let defines = definitions::name(line).is_some();
        lines.push(Line {
            start,
            number: number + 1,
            defines,
        });
        while end - start > longest {
            start = cut_before(text, start + longest, start);
            if start >= end {
                break;
            }
            lines.push(Line {
                start,
                number: number + 1,
                defines: false,
            });
        }
        start = end;
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
        defined[index + 1] = defined[index] + usize::from(line.defines);
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
    for index in (0..lines.len()).filter(|index| lines[*index].defines) {
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

fn belongs_below(line: &str) -> bool {
    let line = line.trim_ascii();
    ["#", "//", "@", "/*", "*"]
        .iter()
        .any(|mark| line.starts_with(mark))
}

/// Indentation in levels of four columns.
fn indent(line: &str) -> usize {
    let columns: usize = line
        .bytes()
        .take_while(|byte| matches!(byte, b' ' | b'\t'))
        .map(|byte| if byte == b'\t' { 4 } else { 1 })
        .sum();
    columns.div_ceil(4)
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
            definitions: lines[first..end].iter().filter(|line| line.defines).count(),
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
        definitions += usize::from(lines[end].defines);
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
mod tests {
    use std::fmt::Write;

    use proptest::prelude::*;

    use super::*;

    const WIDE: usize = usize::MAX;

    fn joined(text: &str, chunks: &[Chunk]) -> String {
        chunks
            .iter()
            .map(|chunk| &text[chunk.range.clone()])
            .collect()
    }

    #[test]
    fn ten_thousand_one_line_functions_are_cut_by_what_their_answers_need() {
        let mut text = String::new();
        for i in 0..10_000 {
            writeln!(text, "def func_{i}(): pass").unwrap();
        }
        let chunks = split(
            "a.py",
            &text,
            &Budget {
                lines: 2000,
                bytes: WIDE,
                definitions: 100,
            },
        );
        assert_eq!(chunks.len(), 100);
        assert!(chunks.iter().all(|chunk| chunk.definitions == 100));
        assert_eq!((chunks[1].first_line, chunks[1].last_line), (101, 200));
    }

    #[test]
    fn cuts_fall_before_top_level_definitions_with_their_decorators() {
        let body = "    x = 1\n".repeat(6);
        let text =
            format!("# about f\n@cached\ndef f():\n{body}\n# about g\n@cached\ndef g():\n{body}");
        let chunks = split(
            "a.py",
            &text,
            &Budget {
                lines: 14,
                bytes: WIDE,
                definitions: WIDE,
            },
        );
        assert_eq!(chunks.len(), 2);
        assert!(text[chunks[1].range.clone()].starts_with("# about g\n"));
    }

    #[test]
    fn one_line_of_five_megabytes_is_cut_between_characters() {
        let text = "é".repeat(2_500_000);
        let chunks = split(
            "a.py",
            &text,
            &Budget {
                lines: 2000,
                bytes: 999_999,
                definitions: 10,
            },
        );
        assert_eq!(joined(&text, &chunks), text);
        assert_eq!(chunks.len(), 6);
        assert!(
            chunks
                .iter()
                .all(|chunk| (chunk.first_line, chunk.last_line) == (1, 1))
        );
    }

    #[test]
    fn halving_ends_with_a_single_line() {
        let text = "def a(): pass\ndef b(): pass\n";
        let halves = halve("a.py", text, &whole(text)).unwrap();
        assert_eq!(halves.len(), 2);
        assert_eq!((halves[1].first_line, halves[1].last_line), (2, 2));
        assert_eq!(halve("a.py", text, &halves[1]), None);
    }

    proptest! {
        #[test]
        fn chunks_joined_are_the_text_and_within_the_budget(
            pieces in prop::collection::vec(prop::sample::select(vec![
                "def f():\r\n", "    return 'ü'\r\n", "class A:\n", "\n", "  x\n", "λ", "\r", "@d\n", "# c\n", "x = 1",
            ]), 0..80),
            lines in 1usize..20, bytes in 1usize..60, definitions in 1usize..5,
            path in prop::sample::select(vec!["a.py", "a.rs", "a.js", "a.txt"]),
        ) {
            let text: String = pieces.concat();
            let budget = Budget { lines, bytes, definitions };
            let chunks = split(path, &text, &budget);
            prop_assert_eq!(joined(&text, &chunks), text.as_str());
            for chunk in &chunks {
                prop_assert!(!text[..chunk.range.end].ends_with('\r') || !text[chunk.range.end..].starts_with('\n'));
                let single = text[chunk.range.clone()].chars().count() <= 2;
                prop_assert!(fits(chunk, &budget) || single, "{:?}", chunk);
            }
            let mut next = 0;
            for chunk in &chunks {
                prop_assert_eq!(chunk.range.start, next);
                prop_assert!(chunk.first_line <= chunk.last_line);
                next = chunk.range.end;
            }
        }

        #[test]
        fn halves_joined_are_the_chunk(count in 1usize..30, defines in any::<bool>()) {
            let line = if defines { "def f(): pass\n" } else { "x = 1\n" };
            let text = line.repeat(count);
            let chunk = whole(&text);
            if let Some(parts) = halve("a.py", &text, &chunk) {
                prop_assert_eq!(joined(&text, &parts), text.clone());
            } else {
                prop_assert_eq!(count, 1);
            }
        }
    }
}
