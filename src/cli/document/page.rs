//! What came of one file, and which page it has.

use std::path::{Component, Path, PathBuf};

use crate::generator::PageEntry;

/// A page that was written, or why it could not be.
pub(super) struct Page {
    pub(super) path: String,
    pub(super) lines: usize,
    pub(super) state: PageState,
    pub(super) cached: bool,
    /// What the answers in it cost.
    pub(super) cost_pico: u64,
    pub(super) entries: Vec<PageEntry>,
    /// Its text as it stands on a page that all files share, if there is one.
    pub(super) text: Option<String>,
}

/// How much of a file is documented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PageState {
    Whole,
    /// Lines that are missing.
    Partial(usize),
    Failed(String),
}

/// The page of `source` below the folder, whatever the source's path says.
pub(super) fn page_of(source: &str) -> PathBuf {
    PathBuf::from(below(source) + ".md")
}

/// The part of a source's path that leads nowhere else.
pub(super) fn below(source: &str) -> String {
    let parts = Path::new(source).components();
    let inside = parts.filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_string_lossy()),
        _ => None,
    });
    inside.collect::<Vec<_>>().join("/")
}
