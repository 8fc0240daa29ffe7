//! The ways into the pages of a job: by folder, and by name. Both hold nothing that depends on when or how
//! often the job ran.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use ground::prices::PICO_PER_USD;

use super::page::{Page, PageState, below};
use crate::corpus::Skipped;
use crate::text::figures::{count, dollars};
use crate::text::markdown::{inline, link, link_to};

/// Names of what a file defines that its line has room for.
const NAMES_IN_A_LINE: usize = 6;

/// The list of all pages by their folders, below `mark`, and of what was skipped.
pub(super) fn by_folder(mark: &str, pages: &[Page], skipped: &[Skipped]) -> String {
    let mut folders: BTreeMap<&str, Vec<&Page>> = BTreeMap::new();
    for page in pages {
        let folder = page.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        folders.entry(folder).or_default().push(page);
    }
    let entries: usize = pages.iter().map(|page| page.entries.len()).sum();
    let mut index = format!("# Documentation\n\n{mark}");
    if entries > 0 {
        let names = count(entries as u64);
        let _ = write!(index, "[All {names} definitions by name](names.md)\n\n");
    }
    let is_only = folders.len() == 1;
    for (folder, pages) in folders {
        if !is_only {
            let title = if folder.is_empty() { "." } else { folder };
            let _ = write!(index, "## {}\n\n", inline(title));
        }
        index.push_str("| file | defines | lines | cost | |\n|---|---|---:|---:|---|\n");
        pages.iter().for_each(|page| index.push_str(&row(page)));
        index.push('\n');
    }
    if !skipped.is_empty() {
        index.push_str("Skipped:\n\n");
        for file in skipped {
            let path = inline(&file.path.display().to_string());
            let _ = writeln!(index, "- {path}: {}", inline(&file.why));
        }
    }
    index
}

fn row(page: &Page) -> String {
    let state = match &page.state {
        PageState::Whole => "whole".to_owned(),
        PageState::Partial(missing) => format!("{missing} lines missing"),
        PageState::Failed(why) => format!("failed: {}", inline(why)),
    };
    let link = link(&page.path, &format!("{}.md", below(&page.path)));
    let cost = dollars(page.cost_pico as f64 / PICO_PER_USD);
    format!(
        "| {link} | {} | {} | {cost} | {state} |\n",
        defines(page),
        page.lines
    )
}

/// What a file defines that stands in nothing else, in one line.
fn defines(page: &Page) -> String {
    let names: BTreeSet<&str> = page
        .entries
        .iter()
        .map(|entry| entry.name.as_str())
        .collect();
    // What stands in a namespace stands in nothing that has an entry.
    let is_top = |name: &&str| {
        let mut scopes = name.match_indices('.').map(|(at, _)| &name[..at]);
        !scopes.any(|scope| names.contains(scope))
    };
    let in_order = page.entries.iter().map(|entry| entry.name.as_str());
    let mut top: Vec<&str> = in_order.filter(is_top).collect();
    top.dedup();
    let more = top.len().saturating_sub(NAMES_IN_A_LINE);
    let shown: Vec<String> = top
        .iter()
        .take(NAMES_IN_A_LINE)
        .map(|name| inline(name))
        .collect();
    match more {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// The list of all definitions by the last part of their names, below `mark`.
pub(super) fn by_name(mark: &str, pages: &[Page]) -> String {
    let mut rows: Vec<(String, String)> = Vec::new();
    for page in pages {
        for entry in &page.entries {
            let last = ground::symbols::bare(&entry.name);
            let path = format!("{}.md", below(&page.path));
            let link = link_to(&entry.name, &path, &entry.anchor);
            let row = format!(
                "| {link} | {} | {} |\n",
                inline(&entry.summary),
                inline(&page.path)
            );
            rows.push((
                format!("{}\0{}\0{}", last.to_lowercase(), entry.name, page.path),
                row,
            ));
        }
    }
    rows.sort();
    let head = "[By folder](index.md)\n\n| name | what it is | file |\n|---|---|---|\n";
    let rows: String = rows.into_iter().map(|(_, row)| row).collect();
    format!("# By name\n\n{mark}{head}{rows}")
}

/// The way from the folder of the page `page` to `source`, both as the system names them.
pub(super) fn way(page: &Path, source: &Path) -> Option<String> {
    let from: Vec<_> = page.parent()?.components().collect();
    let to: Vec<_> = source.components().collect();
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    // On another drive there is no way.
    if shared == 0 {
        return None;
    }
    let up = from[shared..].iter().map(|_| "..".to_owned());
    let down = to[shared..]
        .iter()
        .map(|part| part.as_os_str().to_string_lossy().into_owned());
    Some(up.chain(down).collect::<Vec<_>>().join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_goes_up_to_what_both_share() {
        let way = |page: &str, source: &str| way(Path::new(page), Path::new(source)).unwrap();
        assert_eq!(
            way("/a/docs/x/f.py.md", "/a/code/x/f.py"),
            "../../code/x/f.py"
        );
        assert_eq!(way("/a/docs/f.py.md", "/a/docs/f.py"), "f.py");
    }
}
