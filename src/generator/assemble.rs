//! Puts the answers together in the order of the source, with a marker wherever something is missing.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::text::{anchor, markdown};

use super::answer::marked;

/// Lines of a document that are not documented.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// First line, from 1.
    pub from_line: usize,
    /// Last line.
    pub to_line: usize,
    /// Why, in words.
    pub why: String,
}

/// The documentation of consecutive lines, or the reason why there is none.
#[derive(Debug, Clone)]
pub(super) enum Part {
    Text(Arc<str>),
    /// An answer that broke off at `max_tokens`.
    Unfinished(Arc<str>),
    Missing(Gap),
}

/// From so many entries on, a text begins with a list of them.
const ENTRIES_FOR_CONTENTS: usize = 10;

/// The documentation `text` of the file `path` as people read it: harmless, and below links to its
/// entries if there are many.
pub(super) fn page(path: &str, text: &str) -> String {
    let text = markdown::prose(text);
    match contents(path, &text) {
        Some(contents) => contents + &text,
        None => text,
    }
}

/// One text from `parts`, and the gaps among them.
pub(super) fn join(parts: Vec<Part>) -> (String, Vec<Gap>) {
    if let [Part::Text(text) | Part::Unfinished(text)] = parts.as_slice() {
        return (text.to_string(), Vec::new());
    }
    let mut text = String::new();
    let mut gaps = Vec::new();
    for part in parts {
        if !text.is_empty() {
            text.truncate(text.trim_end().len());
            text.push_str("\n\n");
        }
        match part {
            Part::Text(more) | Part::Unfinished(more) => text.push_str(&more),
            Part::Missing(gap) => {
                text.push_str(&marker(&gap));
                gaps.push(gap);
            }
        }
    }
    (text, gaps)
}

/// `name` of `Class.name(self)` or `module::name`.
fn bare_name(spelt: &str) -> &str {
    let path = spelt.split('(').next().unwrap_or_default();
    path.rsplit(['.', ':']).next().unwrap_or_default().trim()
}

/// Links to all entries, for a text that has many and stands below a heading with the file's path.
fn contents(path: &str, text: &str) -> Option<String> {
    if marked(text).count() < ENTRIES_FOR_CONTENTS {
        return None;
    }
    let headings = anchor::headings(path, text);
    let links: Vec<String> = marked(text)
        .filter_map(|(spelt, range)| {
            // An entry inside a code block is no heading, and nothing to link to.
            let at = headings.binary_search_by_key(&range.start, |heading| heading.start);
            let anchor = &headings[at.ok()?].anchor;
            Some(format!("[{}](#{anchor})", markdown::code(bare_name(spelt))))
        })
        .collect();
    (links.len() >= ENTRIES_FOR_CONTENTS).then(|| format!("**Contents:** {}\n\n", links.join(" ")))
}

fn marker(gap: &Gap) -> String {
    format!(
        "> **Missing:** lines {} to {}: {}.\n",
        gap.from_line,
        gap.to_line,
        markdown::inline(&gap.why)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_page_begins_with_links_that_tell_equal_names_apart() {
        let text: String = (0..10).map(|i| format!("### `A.f{}`\n\n", i % 9)).collect();
        let page = page("a.py", &text);
        assert!(
            page.starts_with("**Contents:** [`f0`](#af0) [`f1`](#af1)"),
            "{page}"
        );
        assert!(page.contains(" [`f0`](#af0-1)\n\n### `A.f0`"), "{page}");
    }

    #[test]
    fn gaps_are_named_where_they_are() {
        let gap = Gap {
            from_line: 11,
            to_line: 20,
            why: "the API did not answer in time".into(),
        };
        let parts = vec![
            Part::Text("### `a`\n\nref:a:1:2\n\n".into()),
            Part::Missing(gap.clone()),
            Part::Text("### `b`\n".into()),
        ];
        let (text, gaps) = join(parts);
        assert_eq!(
            text,
            "### `a`\n\nref:a:1:2\n\n> **Missing:** lines 11 to 20: the API did not answer in time.\n\n### `b`\n"
        );
        assert_eq!(gaps, [gap]);
    }
}
