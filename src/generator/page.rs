//! Documentation as people read it: below links to its entries, each with a link to its lines in the source.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::text::{anchor, excerpt, markdown};

use super::answer::marked;
use super::outline::Defined;

/// From so many entries on, a text begins with a list of them.
const ENTRIES_FOR_CONTENTS: usize = 10;
/// Most letters of a summary.
const SUMMARY_LETTERS: usize = 120;

/// A page about a source file, without its title.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Markdown.
    pub text: String,
    /// What it tells about, in the order of the source.
    pub entries: Vec<PageEntry>,
}

/// An entry of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageEntry {
    /// Its name, as its heading spells it.
    pub name: String,
    /// What a link to it names behind its `#`.
    pub anchor: String,
    /// Its first sentence, as plain text; empty if it has none.
    pub summary: String,
}

/// The page with `text` about the file `path`, which stands below a heading that says so. `defined` is what
/// the file defines, `source` where it is, seen from the page.
pub(super) fn page(path: &str, text: &str, defined: &[Defined], source: Option<&str>) -> Page {
    let text = markdown::prose(text);
    let headings = anchor::headings(path, &text);
    // An entry inside a code block is no heading, and nothing to link to.
    let found: Vec<(PageEntry, Range<usize>)> = marked(&text)
        .filter_map(|(spelt, range)| {
            let at = headings.binary_search_by_key(&range.start, |heading| heading.start);
            let entry = PageEntry {
                name: spelt.to_owned(),
                anchor: headings[at.ok()?].anchor.clone(),
                summary: summary(&text[range.clone()]),
            };
            Some((entry, range))
        })
        .collect();
    let mut out = contents(&found);
    let links = source.map(|source| links(defined, source));
    let mut copied = 0;
    for (entry, range) in &found {
        let link = links
            .as_ref()
            .and_then(|links| links.get(entry.name.as_str()));
        let end = text[range.clone()]
            .find('\n')
            .map(|end| range.start + end + 1);
        if let (Some(link), Some(end)) = (link, end) {
            out += &text[copied..end];
            out += "\n";
            out += link;
            out += "\n";
            copied = end;
        }
    }
    out += &text[copied..];
    let entries = found.into_iter().map(|(entry, _)| entry).collect();
    Page { text: out, entries }
}

/// Links to all entries if there are many.
fn contents(found: &[(PageEntry, Range<usize>)]) -> String {
    if found.len() < ENTRIES_FOR_CONTENTS {
        return String::new();
    }
    let links = found.iter().map(|(entry, _)| {
        let name = markdown::code(bare_name(&entry.name));
        format!("[{name}](#{})", entry.anchor)
    });
    let links: Vec<String> = links.collect();
    format!("**Contents:** {}\n\n", links.join(" "))
}

/// Links to the lines on which each name is defined, overloads together.
fn links<'d>(defined: &'d [Defined], source: &str) -> BTreeMap<&'d str, String> {
    let mut links: BTreeMap<&str, String> = BTreeMap::new();
    for Defined { name, line } in defined {
        let link = markdown::link_to(&line.to_string(), source, &format!("L{line}"));
        links
            .entry(name)
            .and_modify(|links| *links += &format!(", {link}"))
            .or_insert_with(|| format!("Line {link}"));
    }
    links
}

/// The first sentence of an entry that stands in a paragraph.
fn summary(entry: &str) -> String {
    let mut lines = entry.lines().skip(1);
    let is_prose = |line: &&str| {
        let line = line.trim();
        !line.is_empty()
            && !line.starts_with("ref:")
            && !line.starts_with(['#', '`', '|', '>', '<'])
    };
    let Some(first) = lines.find(is_prose) else {
        return String::new();
    };
    let rest = lines.take_while(|line| !line.trim().is_empty());
    let paragraph: Vec<&str> = std::iter::once(first).chain(rest).map(str::trim).collect();
    let paragraph = paragraph.join(" ").replace(['*', '`'], "");
    let end = paragraph.find(". ").map_or(paragraph.len(), |end| end + 1);
    excerpt(&paragraph[..end], SUMMARY_LETTERS)
}

/// `name` of `Class.name(self)` or `module::name`.
fn bare_name(spelt: &str) -> &str {
    let path = spelt.split('(').next().unwrap_or_default();
    path.rsplit(['.', ':']).next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_page_begins_with_links_that_tell_equal_names_apart() {
        let text: String = (0..10).map(|i| format!("### `A.f{}`\n\n", i % 9)).collect();
        let page = page("a.py", &text, &[], None).text;
        assert!(
            page.starts_with("**Contents:** [`f0`](#af0) [`f1`](#af1)"),
            "{page}"
        );
        assert!(page.contains(" [`f0`](#af0-1)\n\n### `A.f0`"), "{page}");
    }

    #[test]
    fn entries_lead_to_their_lines_and_code_that_looks_like_one_does_not() {
        let text = "# T\n\n### `f`\n\nAdds **two** numbers. And more.\n\n```md\n### `f`\n```\n\n### `g`\n\nref:g:1:2\n";
        let defined = [("f", 3), ("f", 9), ("h", 12)].map(|(name, line)| Defined {
            name: name.into(),
            line,
        });
        let page = page("a b.py", text, &defined, Some("../a b.py"));
        let expected = "# T\n\n### `f`\n\nLine [3](../a%20b.py#L3), [9](../a%20b.py#L9)\n\nAdds **two** numbers.";
        assert!(page.text.starts_with(expected), "{}", page.text);
        assert_eq!(page.text.matches("Line ").count(), 1);
        let told: Vec<_> = page
            .entries
            .iter()
            .map(|e| (e.name.as_str(), e.summary.as_str()))
            .collect();
        assert_eq!(told, [("f", "Adds two numbers."), ("g", "")]);
    }
}
