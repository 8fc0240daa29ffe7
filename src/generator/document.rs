//! What goes in and what comes out: a source file, and what was written about it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::assemble::Gap;
use super::outline::Defined;
use super::page::{self, Page};

/// A source file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Its path, as the client gave it.
    pub path: String,
    /// Its text.
    pub content: Arc<str>,
}

/// What was written about a source file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Documentation {
    /// Path of the source file.
    pub path: String,
    /// Markdown, in the order of the source.
    pub text: String,
    /// What it lacks; empty when it is whole.
    pub missing: Vec<Gap>,
    /// True when no call was made for it.
    pub cached: bool,
    /// Pico-dollars that the answers in it cost, in whichever run they were paid; known to bulk jobs
    /// only.
    #[serde(skip)]
    pub cost_pico: u64,
    /// What the file defines, where a grammar told.
    #[serde(skip)]
    pub defined: Vec<Defined>,
}

impl Documentation {
    /// The text as people read it, on a page below its path as a heading: with links to its entries
    /// in front where there are many, links to their lines in `source` (where the file is, seen from the
    /// page), and without anything that a terminal would obey.
    #[must_use]
    pub fn page(&self, source: Option<&str>) -> Page {
        page::page(&self.path, &self.text, &self.defined, source)
    }
}
