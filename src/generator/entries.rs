//! Entries by definition: a bulk job keeps what was written about each definition under the code of that
//! definition, so that after an edit only what was edited is asked about again, and all else stays
//! as it was, to the byte. Only what was written about another version of the same file counts: within
//! one version it would depend on which answer came first, and a run that was killed would end otherwise.

use std::sync::atomic::Ordering;

use super::ask::Asking;
use super::cache::{self, Key};
use super::chunk::Chunk;
use super::complete::{self, Stretch};
use super::outline::{Definition, Outline};
use super::{Inner, Task, answer, prompt};

/// Stands for the name of what is written before the first entry of a file.
const OPENING: &str = "";

/// An entry that a journal keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) key: Key,
    pub(super) text: String,
    /// Digest of the file that it was written for.
    pub(super) version: Key,
    /// Its part of what the answer cost.
    pub(super) pico: u64,
}

impl Inner {
    /// What earlier answers say about `chunk`, if its own question was never answered and they say
    /// anything.
    pub(super) fn known(&self, task: &Task<'_>, chunk: &Chunk) -> Option<Vec<Stretch>> {
        let journal = &self.bulk.as_ref()?.journal;
        let outline = exact(task)?;
        if journal
            .find(&self.key(task, chunk, Asking::First))
            .is_some()
        {
            return None;
        }
        let version = version(task);
        let mut pico = 0;
        let mut find = |name: &str| {
            let entry = journal.entry(&self.entry_key(task, chunk, outline, name))?;
            if entry.version == version {
                return None;
            }
            pico += entry.pico;
            Some(entry.text)
        };
        let entries: Vec<Option<String>> = chunk.names.iter().map(|name| find(name)).collect();
        let is_first = chunk.range.start == 0;
        let opening = is_first
            .then(|| find(OPENING))
            .flatten()
            .unwrap_or_default();
        if entries.iter().all(Option::is_none) {
            return None;
        }
        task.cost_pico.fetch_add(pico, Ordering::Relaxed);
        let view = task.view();
        let stretches = complete::of_entries(view, chunk, entries, &opening);
        Some(complete::named(stretches, view))
    }

    /// Keeps the entries of an answer that has one for each definition of `chunk`, in order.
    pub(super) fn keep_entries(&self, task: &Task<'_>, chunk: &Chunk, text: &str) {
        let (Some(bulk), Some(outline)) = (&self.bulk, exact(task)) else {
            return;
        };
        let found: Vec<_> = answer::marked(text).collect();
        let names = found.iter().map(|(name, _)| *name);
        if found.is_empty() || !names.eq(chunk.names.iter().map(String::as_str)) {
            return;
        }
        let price = bulk.journal.price(&self.key(task, chunk, Asking::First));
        let version = version(task);
        let first = found[0].1.start;
        let opening = (first > 0 && chunk.range.start == 0).then_some((OPENING, 0..first));
        let entries = opening.into_iter().chain(found).map(|(name, range)| Entry {
            key: self.entry_key(task, chunk, outline, name),
            text: text[range].to_owned(),
            version,
            pico: if name == OPENING {
                0
            } else {
                price / chunk.names.len() as u64
            },
        });
        bulk.journal.keep_entries(entries);
    }

    /// Everything that an entry is about: the code of its definition and where that stands.
    fn entry_key(&self, task: &Task<'_>, chunk: &Chunk, outline: &Outline, name: &str) -> Key {
        let source = task.document.content.as_ref();
        let definitions = outline.within(&chunk.range);
        let mut parts = vec![
            b"entry".to_vec(),
            prompt::VERSION.to_le_bytes().to_vec(),
            self.model.as_bytes().to_vec(),
            <&str>::from(self.policy.settings.style).as_bytes().to_vec(),
            self.policy.settings.instructions.as_bytes().to_vec(),
            task.document.path.as_bytes().to_vec(),
            name.as_bytes().to_vec(),
        ];
        for definition in definitions
            .iter()
            .filter(|definition| definition.name == name)
        {
            parts.push(definition.context.as_bytes().to_vec());
            parts.push(own_code(source, outline, definition).as_bytes().to_vec());
        }
        if name == OPENING {
            let end = definitions.first().map_or(0, |first| first.start);
            parts.push(source.as_bytes()[chunk.range.start..end.max(chunk.range.start)].to_vec());
        }
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        cache::key(&parts)
    }
}

fn exact<'a>(task: &'a Task<'_>) -> Option<&'a Outline> {
    task.outline.as_deref().filter(|outline| outline.is_exact)
}

fn version(task: &Task<'_>) -> Key {
    cache::key(&[task.document.content.as_bytes()])
}

/// The code of `definition` up to the next one, which may stand in it. Blank lines at its end tell
/// nothing.
fn own_code<'s>(source: &'s str, outline: &Outline, definition: &Definition) -> &'s str {
    let next = outline
        .definitions
        .partition_point(|other| other.start <= definition.start);
    let end = outline
        .definitions
        .get(next)
        .map_or(source.len(), |next| next.start);
    source[definition.start..end].trim_end()
}
