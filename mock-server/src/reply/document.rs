//! The documentation of a prompt: one entry for each symbol in it, each with its proof token.

use std::collections::BTreeMap;

use ground::chance::{digest, mix};
use ground::profile::Profile;
use ground::proof::{self, Key};
use ground::symbols;

use crate::request::MessagesRequest;

use super::prompt;

/// Who documents, in which call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Author<'p> {
    pub(super) profile: &'p Profile,
    pub(super) key: &'p Key,
    pub(super) call: &'p str,
}

/// The untruncated text, or more than `enough` bytes of it.
pub(super) fn whole(prompt: &str, author: Author<'_>, enough: usize) -> String {
    let source = symbols::region(prompt);
    let entry_bytes = author.entry_bytes();
    // Room for a usual file, so that the list need not grow.
    let mut symbols = Vec::with_capacity(64);
    symbols.extend(symbols::asked(prompt));
    let expected = HEADING.len() + (symbols.len() + 1) * entry_bytes;
    let mut text = String::with_capacity(expected.min(enough.saturating_add(entry_bytes)));
    text.push_str(HEADING);
    for found in proof::find(source) {
        push_entry(&mut text, found.symbol, found.call, found.mac, entry_bytes);
        if text.len() > enough {
            return text;
        }
    }
    for symbol in symbols {
        author.push(&mut text, symbol);
        if text.len() > enough {
            return text;
        }
    }
    if text.len() == HEADING.len() {
        NOTHING_TO_DOCUMENT.to_owned()
    } else {
        text
    }
}

/// Each symbol of the prompt with its entry, those first that the prompt brings entries of.
pub(super) fn entries<'p>(prompt: &'p str, author: Author<'_>) -> Vec<(&'p str, String)> {
    let source = symbols::region(prompt);
    let brought = proof::find(source).map(|found| {
        let mut text = String::new();
        push_entry(
            &mut text,
            found.symbol,
            found.call,
            found.mac,
            author.entry_bytes(),
        );
        (found.symbol, text)
    });
    let new = symbols::asked(prompt).map(|symbol| {
        let mut text = String::new();
        author.push(&mut text, symbol);
        (symbol, text)
    });
    brought.chain(new).collect()
}

/// What follows an answer that broke off: the rest of the last entry and the entries that are
/// missing. `None` if there is no such answer, or if more has been sent to be documented since.
pub(super) fn rest(
    request: &MessagesRequest<'_>,
    prompt: &str,
    author: Author<'_>,
) -> Option<String> {
    let written = prompt::last_answer(request)?;
    let since = prompt::after_last_answer(request);
    if !written.contains("### `") || symbols::scan(symbols::region(&since)).next().is_some() {
        return None;
    }
    let mut done: BTreeMap<&str, usize> = BTreeMap::new();
    for found in proof::find(&written) {
        *done.entry(found.symbol).or_default() += 1;
    }
    let missing = symbols::asked(prompt).filter(|symbol| {
        let left = done
            .get_mut(symbols::bare(symbol))
            .filter(|left| **left > 0);
        left.map(|left| *left -= 1).is_none()
    });
    let mut missing = missing.peekable();
    let first = *missing.peek()?;
    let mut text = match begun(&written, first, author) {
        Some(rest) => {
            missing.next();
            rest
        }
        None if written.ends_with('\n') => String::new(),
        None => "\n\n".to_owned(),
    };
    for symbol in missing {
        author.push(&mut text, symbol);
    }
    Some(text)
}

/// The rest of the entry of `symbol`, if `written` ends in the midst of it.
fn begun(written: &str, symbol: &str, author: Author<'_>) -> Option<String> {
    let tail = &written[written.rfind("### `")?..];
    // An entry that names its call already goes on under that name.
    let named = tail.rsplit_once("\nref:").and_then(|(_, reference)| {
        let (of, rest) = reference.split_once(':')?;
        let call = rest.split(':').next()?;
        (of == symbols::bare(symbol) && call.len() == author.call.len()).then_some(call)
    });
    let author = Author {
        call: named.unwrap_or(author.call),
        ..author
    };
    let mut entry = String::new();
    author.push(&mut entry, symbol);
    if let Some(rest) = entry.strip_prefix(tail) {
        return Some(rest.to_owned());
    }
    // A client may have taken the spaces at the end away, or broken a token in two.
    let trimmed = tail.trim_end();
    if let Some(rest) = entry.strip_prefix(trimmed) {
        return Some(rest.to_owned());
    }
    let token = entry.rfind("\n\nref:")?;
    let begins = tail.rfind("\n\nref:")?;
    (tail[..begins] == entry[..token]).then(|| entry[token..].to_owned())
}

impl Author<'_> {
    fn entry_bytes(self) -> usize {
        let tokens = u64::from(self.profile.reply.tokens_per_symbol);
        self.profile.bytes(tokens)
    }

    fn push(self, text: &mut String, symbol: &str) {
        let digits = self.key.mac_digits(symbols::bare(symbol), self.call);
        let mac = std::str::from_utf8(&digits).expect("hex digits are ASCII");
        push_entry(text, symbol, self.call, mac, self.entry_bytes());
    }
}

/// Appends the entry of `symbol`, `size` bytes long if its name and token leave room for that.
fn push_entry(text: &mut String, symbol: &str, call: &str, mac: &str, size: usize) {
    let start = text.len();
    for part in ["### `", symbol, "`\n\n"] {
        text.push_str(part);
    }
    let bare = symbols::bare(symbol);
    let token_bytes = "\n\nref::".len() + bare.len() + 1 + call.len() + mac.len() + "\n\n".len();
    let end = start + size.saturating_sub(token_bytes);
    let first = mix(&[digest(symbol.as_bytes())]) as usize;
    let mut next = first;
    while text.len() < end {
        let room = end - text.len();
        let sentence = SENTENCES[next % SENTENCES.len()];
        next += 1;
        if sentence.len() >= room {
            push_cut(text, sentence, room);
            break;
        }
        text.push_str(sentence);
        text.push(' ');
    }
    for part in ["\n\nref:", bare, ":", call, ":", mac, "\n\n"] {
        text.push_str(part);
    }
}

/// Appends as many whole words of `sentence` as fit into `room` bytes, ends them with a full stop
/// and fills up with spaces, which Markdown does not show.
fn push_cut(text: &mut String, sentence: &str, room: usize) {
    let limit = room.min(sentence.len());
    let words = sentence[..limit].rfind(' ').unwrap_or(0);
    text.push_str(&sentence[..words]);
    if words > 0 {
        text.push('.');
    }
    let written = if words > 0 { words + 1 } else { 0 };
    text.extend(std::iter::repeat_n(' ', room - written));
}

const HEADING: &str = "# Documentation\n\n";

const NOTHING_TO_DOCUMENT: &str = "I did not find any function, class or type definition in what you \
sent, so there is nothing to document. Send source code and I will describe each definition in it.";

/// ASCII only, so that every cut is a character boundary.
const SENTENCES: [&str; 16] = [
    "Validates its arguments first and reports the first one that is out of range.",
    "Returns a new value and leaves its inputs unchanged, so callers may share them.",
    "Reads the current settings once and keeps no other state between calls.",
    "Runs in time proportional to the length of its input.",
    "Raises an error when the input is empty, because there is no sensible default.",
    "Callers should hold the result only for as long as the underlying resource is open.",
    "Used by the modules above it to turn raw records into checked ones.",
    "Ignores unknown keys, which keeps older files readable.",
    "Safe to call repeatedly: a second call with the same input has no further effect.",
    "Keeps the order of the elements and drops exact repeats.",
    "Logs what was skipped and why, then goes on with the rest.",
    "Prefer it over building the value by hand, since it also fills in the derived fields.",
    "The optional parameters fall back to the project's defaults.",
    "Closes everything it opened, also when an error interrupts it.",
    "Small inputs are handled directly; larger ones are split and combined.",
    "See the tests beside it for typical calls and the edge cases it covers.",
];
