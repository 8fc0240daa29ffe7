//! Whether an answer covers its chunk: which definitions it documents, in which order, and what
//! to ask for again.

use std::ops::Range;

use super::chunk::Chunk;
use super::{assemble, definitions, syntax};

/// A stretch of a chunk, in the order of the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stretch {
    /// Documented by this text.
    Done(String),
    /// Not documented.
    Open(Chunk),
}

/// A definition of a chunk and where its line begins in the text.
struct Wanted<'a> {
    name: &'a str,
    line: usize,
    offset: usize,
}

/// Sorts the entries of `answer` to the definitions of `chunk`. None when it is complete and in
/// order as it stands, or has no entries of ours to judge by. If it is `cut_off`, its last entry is not whole.
pub(super) fn check(
    path: &str,
    source: &str,
    chunk: &Chunk,
    answer: &str,
    cut_off: bool,
) -> Option<Vec<Stretch>> {
    let wanted = wanted(source, chunk);
    let mut entries: Vec<(&str, Range<usize>)> = assemble::entries(answer).collect();
    if cut_off {
        entries.pop();
    } else if entries
        .iter()
        .map(|entry| entry.0)
        .eq(wanted.iter().map(|want| want.name))
    {
        return None;
    }
    let first = entries.first()?.1.start;
    let mut found: Vec<Option<String>> = vec![None; wanted.len()];
    let mut last = None;
    for (name, range) in &entries {
        let text = &answer[range.clone()];
        let free = (0..wanted.len()).find(|i| found[*i].is_none() && wanted[*i].name == *name);
        match (free, last) {
            (Some(free), _) => {
                found[free] = Some(text.to_owned());
                last = Some(free);
            }
            // A second entry for one definition.
            (None, _) if wanted.iter().any(|want| want.name == *name) => {}
            // Something that is no definition of ours stays where it was said.
            (None, Some(last)) => found[last].get_or_insert_default().push_str(text),
            (None, None) => {}
        }
    }
    if found.iter().all(Option::is_none) {
        return None;
    }
    if !cut_off {
        excuse_what_is_no_definition(path, source, chunk, &wanted, &mut found);
    }
    Some(stretches(chunk, &wanted, found, &answer[..first]))
}

fn wanted<'a>(source: &'a str, chunk: &Chunk) -> Vec<Wanted<'a>> {
    let mut offset = chunk.range.start;
    let mut wanted = Vec::with_capacity(chunk.definitions);
    for (i, line) in source[chunk.range.clone()]
        .split_inclusive('\n')
        .enumerate()
    {
        if let Some(name) = definitions::name(line) {
            wanted.push(Wanted {
                name,
                line: chunk.first_line + i,
                offset,
            });
        }
        offset += line.len();
    }
    wanted
}

/// A line that looks like a definition may stand in a string. Only the grammar knows; without one
/// nothing is missed.
fn excuse_what_is_no_definition(
    path: &str,
    source: &str,
    chunk: &Chunk,
    wanted: &[Wanted<'_>],
    found: &mut [Option<String>],
) {
    let missing: Vec<usize> = (0..wanted.len()).filter(|i| found[*i].is_none()).collect();
    if missing.is_empty() {
        return;
    }
    let offsets: Vec<usize> = missing
        .iter()
        .map(|i| {
            let line = &source[wanted[*i].offset..];
            let name = line.find(wanted[*i].name).unwrap_or(0);
            wanted[*i].offset + name - chunk.range.start
        })
        .collect();
    let code = &source[chunk.range.clone()];
    let is_code =
        syntax::are_code(path, code, &offsets).unwrap_or_else(|| vec![false; offsets.len()]);
    for (i, is_code) in missing.into_iter().zip(is_code) {
        if !is_code {
            found[i] = Some(String::new());
        }
    }
}

fn stretches(
    chunk: &Chunk,
    wanted: &[Wanted<'_>],
    found: Vec<Option<String>>,
    preamble: &str,
) -> Vec<Stretch> {
    let mut stretches = vec![Stretch::Done(preamble.to_owned())];
    for (i, found) in found.into_iter().enumerate() {
        let next = wanted.get(i + 1);
        match (found, stretches.last_mut()) {
            (Some(text), Some(Stretch::Done(done))) => done.push_str(&text),
            (Some(text), _) => stretches.push(Stretch::Done(text)),
            (None, Some(Stretch::Open(open))) => extend(open, chunk, next),
            (None, _) => {
                let mut open = Chunk {
                    range: wanted[i].offset..wanted[i].offset,
                    first_line: wanted[i].line,
                    last_line: wanted[i].line,
                    context: chunk.context.clone(),
                    definitions: 0,
                };
                extend(&mut open, chunk, next);
                stretches.push(Stretch::Open(open));
            }
        }
    }
    stretches.retain(|stretch| !matches!(stretch, Stretch::Done(text) if text.trim().is_empty()));
    stretches
}

/// Makes `open` reach to the next definition, or to the end of the chunk.
fn extend(open: &mut Chunk, chunk: &Chunk, next: Option<&Wanted<'_>>) {
    open.range.end = next.map_or(chunk.range.end, |next| next.offset);
    open.last_line = next.map_or(chunk.last_line, |next| next.line - 1);
    open.definitions += 1;
}

#[cfg(test)]
mod tests {
    use super::super::chunk;
    use super::*;

    const SOURCE: &str = "import os\n\ndef a(): pass\n\nDOC = '''\ndef not_me(): pass\n'''\n\ndef b(): pass\n\ndef c(): pass\n";

    fn entry(name: &str) -> String {
        format!("### `{name}`\n\nabout {name}\n\n")
    }

    fn check(answer: &str, cut_off: bool) -> Option<Vec<Stretch>> {
        super::check("x.py", SOURCE, &chunk::whole(SOURCE), answer, cut_off)
    }

    fn open(stretch: &Stretch) -> (&str, usize, usize) {
        match stretch {
            Stretch::Open(chunk) => (
                &SOURCE[chunk.range.clone()],
                chunk.first_line,
                chunk.last_line,
            ),
            Stretch::Done(text) => panic!("done: {text}"),
        }
    }

    #[test]
    fn what_is_left_out_is_asked_for_alone_and_strings_are_not_code() {
        let answer = format!("# x\n\n{}{}", entry("a"), entry("c"));
        let stretches = check(&answer, false).unwrap();
        assert_eq!(stretches.len(), 3);
        assert_eq!(
            stretches[0],
            Stretch::Done(format!("# x\n\n{}", entry("a")))
        );
        assert_eq!(open(&stretches[1]), ("def b(): pass\n\n", 9, 10));
        assert_eq!(stretches[2], Stretch::Done(entry("c")));
    }

    #[test]
    fn entries_are_put_in_order_and_second_ones_dropped() {
        let answer = [entry("c"), entry("a"), entry("b"), entry("b")].concat();
        let whole = [entry("a"), entry("b"), entry("c")].concat();
        assert_eq!(check(&answer, false), Some(vec![Stretch::Done(whole)]));
    }

    #[test]
    fn a_cut_off_answer_is_continued_from_its_last_entry() {
        let answer = format!("{}{}", entry("a"), "### `b`\n\nabo");
        let stretches = check(&answer, true).unwrap();
        assert_eq!(stretches[0], Stretch::Done(entry("a")));
        assert_eq!((open(&stretches[1]).1, open(&stretches[1]).2), (6, 11));
        assert_eq!(check("### `a`\n\nab", true), None);
    }

    #[test]
    fn an_answer_without_entries_cannot_be_judged() {
        assert_eq!(check("It defines a, b and c.", false), None);
    }
}
