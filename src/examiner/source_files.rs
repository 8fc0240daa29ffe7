//! The files of an examination: plausible Python whose names exist nowhere else. Neither a path nor a
//! name tells which case a file belongs to, since a service could behave well in that one alone.

use std::collections::HashSet;
use std::fmt::Write;

use ground::chance::{digest, mix};

/// A file with its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileText {
    pub(super) path: String,
    pub(super) content: String,
    /// Names of its definitions, in order.
    pub(super) symbols: Vec<String>,
    /// Definitions whose names others have as well, so that they tell nothing.
    pub(super) shared: Vec<String>,
    /// Lines of each definition; 0 where they differ.
    pub(super) lines: usize,
}

/// Shape of a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub(super) symbols: usize,
    /// Lines from one definition to the next.
    pub(super) lines: usize,
}

pub(super) const SMALL: Shape = Shape {
    symbols: 6,
    lines: 8,
};
/// About 8,000 lines and 30,000 tokens.
pub(super) const LONG: Shape = Shape {
    symbols: 660,
    lines: 12,
};
/// As short as a small module, but its documentation is about 18,000 tokens.
pub(super) const DENSE: Shape = Shape {
    symbols: 600,
    lines: 1,
};

const VERBS: [&str; 32] = [
    "parse", "load", "merge", "render", "filter", "encode", "close", "collect", "split", "sort",
    "group", "verify", "store", "fetch", "build", "update", "format", "resolve", "convert",
    "count", "schedule", "publish", "archive", "expand", "select", "apply", "trim", "match",
    "index", "export", "queue", "release",
];
const KINDS: [&str; 32] = [
    "open", "late", "daily", "pending", "local", "remote", "cached", "signed", "empty", "nested",
    "stale", "shared", "raw", "draft", "final", "partial", "active", "hidden", "foreign", "public",
    "private", "monthly", "broken", "sorted", "unique", "linked", "paid", "sealed", "legacy",
    "spare", "manual", "planned",
];
const THINGS: [&str; 32] = [
    "invoice", "session", "ticket", "vector", "account", "order", "parcel", "report", "sensor",
    "player", "course", "ledger", "token", "route", "message", "image", "recipe", "booking",
    "vehicle", "station", "contract", "survey", "payment", "product", "article", "comment",
    "playlist", "machine", "patient", "sample", "address", "device",
];
const PARTS: [&str; 32] = [
    "rows", "fields", "header", "totals", "labels", "limits", "events", "history", "summary",
    "keys", "items", "notes", "pages", "scores", "tags", "dates", "owners", "states", "prices",
    "links", "groups", "errors", "names", "units", "paths", "rules", "slots", "codes", "sizes",
    "views", "steps", "marks",
];
const FOLDERS: [&str; 16] = [
    "app", "billing", "core", "services", "models", "reports", "ingest", "api", "jobs", "storage",
    "accounts", "catalog", "shipping", "search", "notify", "tools",
];

const BODY: [&str; 6] = [
    "    total = a + len(str(b))",
    "    rows = [a, b, total]",
    "    rows.sort(key=str)",
    "    if not rows: return None",
    "    name = str(b).strip('_')",
    "    total = max(total, len(name))",
];

/// Writes the files of one examination: all names and paths in it differ.
#[derive(Debug)]
pub(super) struct Writer {
    seed: u64,
    drawn: u64,
    used: HashSet<String>,
}

impl Writer {
    /// `salt` decides all names.
    pub(super) fn new(salt: &str) -> Self {
        Self {
            seed: digest(salt.as_bytes()),
            drawn: 0,
            used: HashSet::new(),
        }
    }

    /// A file of this shape.
    pub(super) fn file(&mut self, shape: Shape) -> FileText {
        let names = self.names(shape.symbols);
        of_names(self.path(), names, shape)
    }

    /// `count` files of this shape.
    pub(super) fn files(&mut self, shape: Shape, count: usize) -> Vec<FileText> {
        (0..count).map(|_| self.file(shape)).collect()
    }

    /// Another content for the path of `file`.
    pub(super) fn changed(&mut self, file: &FileText, shape: Shape) -> FileText {
        of_names(file.path.clone(), self.names(shape.symbols), shape)
    }

    /// Two files of equal length that differ only in names of the middle third.
    pub(super) fn twins(&mut self, shape: Shape) -> [FileText; 2] {
        let first = self.names(shape.symbols);
        let middle = shape.symbols / 3..2 * shape.symbols / 3;
        let mut second = first.clone();
        for name in &mut second[middle] {
            *name = self.name_of_length(name.len());
        }
        [first, second].map(|names| of_names(self.path(), names, shape))
    }

    fn names(&mut self, count: usize) -> Vec<String> {
        (0..count).map(|_| self.name()).collect()
    }

    fn name(&mut self) -> String {
        self.unused(|bits| {
            let word =
                |words: &[&'static str], from: u32| words[(bits >> from) as usize % words.len()];
            let [verb, kind] = [word(&VERBS, 0), word(&KINDS, 8)];
            let [thing, part] = [word(&THINGS, 16), word(&PARTS, 24)];
            format!("{verb}_{kind}_{thing}_{part}")
        })
    }

    fn name_of_length(&mut self, length: usize) -> String {
        loop {
            let name = self.name();
            if name.len() == length {
                return name;
            }
        }
    }

    fn path(&mut self) -> String {
        self.unused(|bits| {
            let word =
                |words: &[&'static str], from: u32| words[(bits >> from) as usize % words.len()];
            let (outer, inner) = (word(&FOLDERS, 0), word(&FOLDERS, 8));
            format!(
                "{outer}/{inner}/{}_{}.py",
                word(&THINGS, 16),
                word(&PARTS, 24)
            )
        })
    }

    /// What `draw` makes of fresh bits, once it is something new. There are a million of each.
    fn unused(&mut self, draw: impl Fn(u64) -> String) -> String {
        loop {
            self.drawn += 1;
            let text = draw(mix(&[self.seed, self.drawn]));
            if self.used.insert(text.clone()) {
                return text;
            }
        }
    }
}

/// The last line of a definition, which no other has: whoever got it got the whole definition.
pub(super) fn last_line(name: &str, lines: usize) -> String {
    if lines == 1 {
        format!("def {name}(a, b=0): return a")
    } else {
        format!("return traced('{name}', total)")
    }
}

fn of_names(path: String, symbols: Vec<String>, shape: Shape) -> FileText {
    let mut content = String::new();
    for name in &symbols {
        if shape.lines > 1 {
            let _infallible = writeln!(content, "def {name}(a, b=0):");
            for line in 1..shape.lines - 2 {
                content.push_str(BODY[line % BODY.len()]);
                content.push('\n');
            }
            content.push_str("    ");
        }
        content.push_str(&last_line(name, shape.lines));
        content.push_str(if shape.lines > 1 { "\n\n" } else { "\n" });
    }
    FileText {
        path,
        content,
        symbols,
        shared: Vec::new(),
        lines: shape.lines,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_a_definition_that_the_mock_sees() {
        let mut writer = Writer::new("salt");
        for shape in [SMALL, LONG, DENSE] {
            let text = writer.file(shape);
            let seen: Vec<&str> = ground::symbols::scan(&text.content).collect();
            assert_eq!(seen, text.symbols);
            assert_eq!(text.content.lines().count(), shape.symbols * shape.lines);
        }
    }

    #[test]
    fn twins_have_equal_length_head_and_tail_but_another_middle() {
        let shape = Shape {
            symbols: 120,
            lines: 8,
        };
        let [one, two] = Writer::new("salt").twins(shape);
        assert_eq!(one.content.len(), two.content.len());
        assert_ne!(one.content, two.content);
        let end = one.content.len();
        assert_eq!(one.content[..4096], two.content[..4096]);
        assert_eq!(one.content[end - 4096..], two.content[end - 4096..]);
    }

    #[test]
    fn one_salt_writes_the_same_files_and_another_writes_others() {
        let files = |salt| Writer::new(salt).files(SMALL, 3);
        assert_eq!(files("a"), files("a"));
        assert_ne!(files("a")[0].symbols, files("b")[0].symbols);
    }
}
