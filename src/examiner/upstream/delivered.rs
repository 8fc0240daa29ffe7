//! What the API has handed out: the codes and the lines by which it is known what a service made itself.

use std::collections::{BTreeSet, HashSet};

use ground::proof;

use super::answer::AnswerText;
use super::case::digest;

/// What the API has handed out.
#[derive(Debug, Default)]
pub(in crate::examiner) struct Delivered {
    /// Reference codes: symbol and call.
    codes: HashSet<(String, String)>,
    /// Symbols that were documented.
    names: HashSet<String>,
    /// Digests of lines.
    lines: HashSet<u64>,
    /// Symbols that were asked for in answers that cannot be read here.
    unread: HashSet<String>,
}

impl Delivered {
    /// Keeps the lines of an answer, and the reference codes that it carries and that its prompt did not
    /// bring; `begun` is the end of the answer before it, `seen` the definitions in the prompt.
    pub(super) fn take(&mut self, answer: &AnswerText, prompt: &str, begun: &str, seen: &[&str]) {
        let brought: BTreeSet<(&str, &str)> = proof::find(prompt)
            .map(|code| (code.symbol, code.call))
            .collect();
        let lines = answer.text.lines().map(str::trim);
        self.lines.extend(lines.map(|line| digest(line.as_bytes())));
        let text = format!("{begun}{}", answer.text);
        for code in proof::find(&text) {
            if !brought.contains(&(code.symbol, code.call)) {
                self.codes
                    .insert((code.symbol.to_owned(), code.call.to_owned()));
                self.names.insert(code.symbol.to_owned());
            }
        }
        if answer.is_unreadable {
            let seen = || seen.iter().map(|name| (*name).to_owned());
            self.names.extend(seen());
            self.unread.extend(seen());
        }
    }

    /// Whether an answer carried `code`.
    pub(in crate::examiner) fn has(&self, code: &proof::Proof<'_>) -> bool {
        let key = (code.symbol.to_owned(), code.call.to_owned());
        self.codes.contains(&key) || self.unread.contains(code.symbol)
    }

    /// Whether `line` stood in an answer.
    pub(in crate::examiner) fn has_line(&self, line: &str) -> bool {
        self.lines.contains(&digest(line.as_bytes()))
    }

    /// Whether an answer documented `symbol`.
    pub(in crate::examiner) fn documents(&self, symbol: &str) -> bool {
        self.names.contains(symbol)
    }
}
