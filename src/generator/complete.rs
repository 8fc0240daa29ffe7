//! Whether an answer covers its chunk: which definitions it documents, in which order, and what
//! to ask for again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::chunk::{self, Chunk};
use super::outline::Outline;
use super::{answer, definitions, syntax};

use sort::{Found, Subject, last_part, sort};

mod sort;

/// A stretch of a chunk, in the order of the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stretch {
    /// Documented by this text.
    Done(String),
    /// Not documented, or not by one entry: then by this text.
    Open(Chunk, Option<String>),
}

/// A file of which a chunk is asked about.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) path: &'a str,
    pub(super) source: &'a str,
    pub(super) outline: Option<&'a Outline>,
}

/// A definition of a chunk.
#[derive(Debug)]
struct Wanted<'a> {
    name: &'a str,
    /// Where it begins in the text, and in which line.
    offset: usize,
    line: usize,
    context: Option<&'a Arc<str>>,
    /// How many definitions share the name and may have an entry each.
    times: usize,
}

/// Sorts the entries of `answer` to the definitions of `chunk`. None when it is complete and in
/// order as it stands, or says nothing that can be judged. If it is `cut_off`, its last entry is
/// not whole.
pub(super) fn check(
    view: View<'_>,
    chunk: &Chunk,
    answer: &str,
    cut_off: bool,
) -> Option<Vec<Stretch>> {
    if answer.trim().is_empty() {
        let all = || vec![Stretch::Open(chunk.clone(), None)];
        return (!cut_off).then(all);
    }
    let wanted = wanted(view, chunk);
    let as_asked = || {
        answer::marked(answer)
            .map(|(name, _)| bare_unless_listed(name, view))
            .eq(wanted.iter().map(|want| want.name))
    };
    if !cut_off && !answer::may_hide_headings(answer) && as_asked() {
        return None;
    }
    let subject = Subject {
        wanted: &wanted,
        code: &view.source[chunk.range.clone()],
        outline: view.outline,
    };
    let sorted = sort(answer, subject, cut_off);
    if sorted.is_empty() && (cut_off || !is_exact(view) || wanted.is_empty()) {
        return None;
    }
    let (preamble, mut found) = (sorted.preamble, sorted.found);
    let last_part: fn(&str) -> &str = if sorted.is_bare {
        last_part
    } else {
        |name| name
    };
    excuse_equal_names(&wanted, &mut found, last_part, cut_off);
    if !cut_off && !is_exact(view) {
        excuse_what_is_no_definition(view, chunk, &wanted, &mut found);
    }
    if !cut_off && sorted.is_in_order && found.iter().all(Found::is_whole) {
        return None;
    }
    Some(stretches(chunk, &wanted, found, preamble))
}

/// The stretches of `chunk` of which earlier `entries` are known, one for each of its names, behind an
/// `opening`.
pub(super) fn of_entries(
    view: View<'_>,
    chunk: &Chunk,
    entries: Vec<Option<String>>,
    opening: &str,
) -> Vec<Stretch> {
    let wanted = wanted(view, chunk);
    let found = entries.into_iter().map(Found::known).collect();
    stretches(chunk, &wanted, found, opening)
}

/// Where only lines are looked at, the names are bare ones.
fn bare_unless_listed<'n>(name: &'n str, view: View<'_>) -> &'n str {
    if view.outline.is_some() {
        return name;
    }
    let name = name.split('(').next().unwrap_or_default();
    name.rsplit(['.', ':']).next().unwrap_or_default().trim()
}

fn is_exact(view: View<'_>) -> bool {
    view.outline.is_some_and(|outline| outline.is_exact)
}

fn wanted<'a>(view: View<'a>, chunk: &Chunk) -> Vec<Wanted<'a>> {
    match view.outline {
        Some(outline) => listed(outline, chunk),
        None => by_lines(view.source, chunk),
    }
}

/// What the outline has in `chunk`, each name once.
fn listed<'a>(outline: &'a Outline, chunk: &Chunk) -> Vec<Wanted<'a>> {
    let mut wanted: Vec<Wanted<'a>> = Vec::with_capacity(chunk.definitions);
    let mut places = BTreeMap::new();
    for definition in outline.within(&chunk.range) {
        let place = *places
            .entry(definition.name.as_str())
            .or_insert(wanted.len());
        match wanted.get_mut(place) {
            Some(first) => first.times += 1,
            None => wanted.push(Wanted {
                name: &definition.name,
                offset: definition.start,
                line: definition.line,
                context: Some(&definition.context),
                times: 1,
            }),
        }
    }
    wanted
}

fn by_lines<'a>(source: &'a str, chunk: &Chunk) -> Vec<Wanted<'a>> {
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
                context: None,
                times: 1,
            });
        }
        offset += line.len();
    }
    wanted
}

/// One entry is enough for a name that is defined several times, unless the answer may have broken
/// off before the others. `spelt` is how the answer writes a name.
fn excuse_equal_names(
    wanted: &[Wanted<'_>],
    found: &mut [Found],
    spelt: fn(&str) -> &str,
    cut_off: bool,
) {
    let documented: BTreeSet<&str> = wanted
        .iter()
        .zip(found.iter())
        .filter(|(_, found)| !found.is_missing())
        .map(|(want, _)| spelt(want.name))
        .collect();
    let last = found.iter().rposition(|found| !found.is_missing());
    for (i, want) in wanted.iter().enumerate() {
        let is_passed = !cut_off || last.is_some_and(|last| i < last);
        if found[i].is_missing() && is_passed && documented.contains(spelt(want.name)) {
            found[i] = Found::excused();
        }
    }
}

/// A line that looks like a definition may stand in a string. Only the grammar knows; without one
/// nothing is missed.
fn excuse_what_is_no_definition(
    view: View<'_>,
    chunk: &Chunk,
    wanted: &[Wanted<'_>],
    found: &mut [Found],
) {
    let missing: Vec<usize> = (0..wanted.len())
        .filter(|i| found[*i].is_missing())
        .collect();
    if missing.is_empty() {
        return;
    }
    let offsets: Vec<usize> = missing
        .iter()
        .map(|i| {
            let line = &view.source[wanted[*i].offset..];
            let name = line.find(wanted[*i].name).unwrap_or(0);
            wanted[*i].offset + name - chunk.range.start
        })
        .collect();
    let code = &view.source[chunk.range.clone()];
    let is_code = match view.outline {
        // Its lines were read because no grammar could.
        Some(_) => None,
        None => syntax::are_code(view.path, code, &offsets),
    };
    let is_code = is_code.unwrap_or_else(|| vec![false; offsets.len()]);
    for (i, is_code) in missing.into_iter().zip(is_code) {
        if !is_code {
            found[i] = Found::excused();
        }
    }
}

fn stretches(
    chunk: &Chunk,
    wanted: &[Wanted<'_>],
    found: Vec<Found>,
    preamble: &str,
) -> Vec<Stretch> {
    let mut stretches = vec![Stretch::Done(preamble.to_owned())];
    for (i, found) in found.into_iter().enumerate() {
        let next = wanted.get(i + 1);
        match (found.into_text(), stretches.last_mut()) {
            (Ok(text), Some(Stretch::Done(done))) => done.push_str(&text),
            (Ok(text), _) => stretches.push(Stretch::Done(text)),
            // What is missing in a row is asked for together.
            (Err(None), Some(Stretch::Open(open, None))) => extend(open, chunk, next),
            (Err(text), _) => {
                let mut open = Chunk {
                    range: wanted[i].offset..wanted[i].offset,
                    first_line: wanted[i].line,
                    last_line: wanted[i].line,
                    context: wanted[i]
                        .context
                        .map_or_else(|| chunk.context.clone(), |own| own.to_string()),
                    definitions: 0,
                    names: Vec::new(),
                };
                extend(&mut open, chunk, next);
                stretches.push(Stretch::Open(open, text));
            }
        }
    }
    stretches.retain(|stretch| !matches!(stretch, Stretch::Done(text) if text.trim().is_empty()));
    stretches
}

/// Makes `open` reach to the next definition, or to the end of the chunk.
fn extend(open: &mut Chunk, chunk: &Chunk, next: Option<&Wanted<'_>>) {
    open.range.end = next.map_or(chunk.range.end, |next| next.offset);
    let last_line = next.map_or(chunk.last_line, |next| next.line.saturating_sub(1));
    open.last_line = last_line.max(open.first_line);
    open.definitions += 1;
}

/// `stretches` with the names of what is to be asked for.
pub(super) fn named(stretches: Vec<Stretch>, view: View<'_>) -> Vec<Stretch> {
    let Some(outline) = view.outline else {
        return stretches;
    };
    let named = |stretch| match stretch {
        Stretch::Open(open, text) => {
            Stretch::Open(chunk::named(open, view.source, Some(outline)), text)
        }
        done => done,
    };
    stretches.into_iter().map(named).collect()
}

#[cfg(test)]
mod tests;
