//! The documents of a run: plausible synthetic Python, the chapter's one-line functions, or real
//! files from disk.
//!
//! ```
//! use breaklab::corpus::{Corpus, Documents};
//!
//! let shape: Documents = toml::from_str("lines = 100\nfiles = 2")?;
//! let corpus = Corpus::synthetic(shape, 1, 2);
//! assert_eq!(corpus.source(0), corpus.source(2), "two files, taken in turn");
//! assert_ne!(corpus.source(0).content, corpus.source(1).content);
//! # Ok::<(), toml::de::Error>(())
//! ```

use std::sync::Arc;

use ground::chance::mix;
use serde::{Deserialize, Serialize};

pub use disk::{CorpusError, Loaded, Skipped, load, load_some};
pub use examine::{Findings, examine, longest_increasing};
pub use filter::{Filter, PatternError};

mod disk;
mod examine;
mod filter;
mod python;

/// One source file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its path, as the client names it.
    pub path: String,
    /// Its text.
    pub content: Arc<str>,
}

/// The `[documents]` table of a scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Documents {
    /// What the files look like.
    #[serde(default)]
    pub kind: Kind,
    /// Lines of each file.
    pub lines: usize,
    /// Lines from one definition to the next.
    #[serde(default = "default_lines_per_symbol")]
    pub lines_per_symbol: usize,
    /// Mean bytes of a line, its end included.
    #[serde(default = "default_bytes_per_line")]
    pub bytes_per_line: f64,
    /// Distinct files; requests take them in turn. Absent: every request has its own.
    pub files: Option<u64>,
    /// Share of the files that is edited before each further round.
    #[serde(default)]
    pub changed_per_round: f64,
}

fn default_lines_per_symbol() -> usize {
    12
}

fn default_bytes_per_line() -> f64 {
    15.2
}

/// What synthetic files look like.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Functions, classes and methods.
    #[default]
    Python,
    /// `def func_N(): pass`, as the chapter's own test file.
    OneLiners,
}

/// Gives each request its document.
#[derive(Debug, Clone)]
pub struct Corpus {
    seed: u64,
    round: u64,
    origin: Origin,
}

#[derive(Debug, Clone)]
enum Origin {
    Synthetic(Documents),
    Disk { files: Arc<[Source]> },
}

impl Corpus {
    /// Synthetic documents. `round` is the number of requests in a round.
    #[must_use]
    pub fn synthetic(documents: Documents, seed: u64, round: u64) -> Self {
        Self {
            seed,
            round: round.max(1),
            origin: Origin::Synthetic(documents),
        }
    }

    /// Real files, taken in turn.
    ///
    /// # Panics
    /// When `files` is empty; [`load`] refuses an empty corpus.
    #[must_use]
    pub fn of_files(files: Vec<Source>) -> Self {
        assert!(!files.is_empty(), "a corpus has at least one file");
        Self {
            seed: 0,
            round: 1,
            origin: Origin::Disk {
                files: files.into(),
            },
        }
    }

    /// Whether these are real files and no synthetic ones.
    #[must_use]
    pub fn is_real(&self) -> bool {
        matches!(self.origin, Origin::Disk { .. })
    }

    /// The files in words, for reports.
    #[must_use]
    pub fn describe(&self) -> String {
        match &self.origin {
            Origin::Disk { files } => {
                let lines: usize = files.iter().map(|file| file.content.lines().count()).sum();
                format!("{} real files, {lines} lines", files.len())
            }
            Origin::Synthetic(documents) => {
                let files = match documents.files {
                    None => "a file per request".to_owned(),
                    Some(1) => "one file".to_owned(),
                    Some(files) => format!("{files} files"),
                };
                format!("{files} of {} lines", documents.lines)
            }
        }
    }

    /// The document of request `index`.
    #[must_use]
    pub fn source(&self, index: u64) -> Source {
        match &self.origin {
            Origin::Disk { files } => files[(index % files.len() as u64) as usize].clone(),
            Origin::Synthetic(documents) => self.generate(documents, index),
        }
    }

    fn generate(&self, documents: &Documents, index: u64) -> Source {
        let file = documents.files.map_or(index, |files| index % files);
        let version = match documents.files {
            Some(files) if documents.changed_per_round > 0.0 => {
                edits_until(index / self.round, file, files, documents.changed_per_round)
            }
            _ => 0,
        };
        let content = match documents.kind {
            Kind::OneLiners => one_liners(documents.lines),
            Kind::Python => python::module(
                documents.lines,
                documents.lines_per_symbol,
                documents.bytes_per_line,
                mix(&[self.seed, file]),
                version,
            ),
        };
        Source {
            path: format!("src/module_{file:04}.py"),
            content: content.into(),
        }
    }
}

/// The `count` files whose number of lines is nearest to `lines`, in the order of their paths.
#[must_use]
pub fn nearest(files: &[Source], lines: usize, count: usize) -> Vec<Source> {
    let mut order: Vec<usize> = (0..files.len()).collect();
    order.sort_by_key(|&file| files[file].content.lines().count().abs_diff(lines));
    order.truncate(count.max(1));
    order.sort_unstable();
    order.into_iter().map(|file| files[file].clone()).collect()
}

/// How often file `file` of `files` has been edited when round `round` begins: before each round
/// the next `share` of the files is, in turn, so that exactly that share changes each time.
fn edits_until(round: u64, file: u64, files: u64, share: f64) -> u64 {
    let per_round = (files as f64 * share).round() as u64;
    (1..=round)
        .filter(|earlier| {
            let first = (earlier - 1) * per_round % files;
            (file + files - first) % files < per_round
        })
        .count() as u64
}

fn one_liners(lines: usize) -> String {
    (0..lines)
        .map(|n| format!("def func_{n}(): pass\n"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn documents(files: Option<u64>) -> Documents {
        Documents {
            kind: Kind::Python,
            lines: 1000,
            lines_per_symbol: 12,
            bytes_per_line: 15.2,
            files,
            changed_per_round: 0.0,
        }
    }

    #[test]
    fn a_thousand_lines_are_a_thousand_lines_of_the_stated_size() {
        let text = Corpus::synthetic(documents(None), 1, 100).source(7).content;
        assert_eq!(text.lines().count(), 1000);
        let bytes_per_line = text.len() as f64 / 1000.0;
        assert!((bytes_per_line - 15.2).abs() < 0.1, "{bytes_per_line}");
    }

    #[test]
    fn a_definition_begins_every_twelve_lines() {
        let text = Corpus::synthetic(documents(None), 1, 100).source(7).content;
        let symbols = ground::symbols::scan(&text).count();
        assert_eq!(symbols, 83);
    }

    #[test]
    fn equal_requests_get_equal_files_and_other_seeds_others() {
        let one = Corpus::synthetic(documents(Some(1)), 1, 10);
        assert_eq!(one.source(0), one.source(9));
        let other = Corpus::synthetic(documents(Some(1)), 2, 10);
        assert_ne!(one.source(0).content, other.source(0).content);
    }

    #[test]
    fn exactly_a_tenth_of_the_files_changes_before_each_round() {
        let settings = Documents {
            changed_per_round: 0.1,
            ..documents(Some(100))
        };
        let corpus = Corpus::synthetic(settings, 1, 100);
        for round in 1..10 {
            let changed = (0..100)
                .filter(|file| {
                    corpus.source((round - 1) * 100 + file) != corpus.source(round * 100 + file)
                })
                .count();
            assert_eq!(changed, 10, "round {round}");
        }
    }
}
