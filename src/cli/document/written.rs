//! Which files in the output folder are ours, and which source each was made from. What is not in
//! this list is somebody else's and is never written over or removed.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

const LIST: &str = ".breaklab/written.jsonl";
/// Files that a refusal names.
const NAMED: usize = 3;

/// The list of one folder.
pub(super) struct Written {
    out: PathBuf,
    /// Sources by page, both as they are on disk; the page below the folder.
    pages: Mutex<BTreeMap<PathBuf, PathBuf>>,
}

#[derive(Serialize, Deserialize)]
struct Line {
    page: PathBuf,
    source: PathBuf,
}

impl Written {
    /// Reads the list of the folder `out`.
    pub(super) fn open(out: &Path) -> Self {
        let list = std::fs::read_to_string(out.join(LIST)).unwrap_or_default();
        // A kill may have left half a line; its page was not written then.
        let lines = list
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok());
        let pages = lines.map(|Line { page, source }| (page, source)).collect();
        Self {
            out: out.to_owned(),
            pages: Mutex::new(pages),
        }
    }

    /// Makes sure that no one of `pages` would take the place of a file that is not ours.
    pub(super) fn claim(&self, pages: impl Iterator<Item = PathBuf>) -> anyhow::Result<()> {
        let ours = self.pages();
        let foreign: Vec<PathBuf> = pages
            .filter_map(|page| self.in_the_way(&page))
            .filter(|page| !ours.contains_key(page))
            .collect();
        if foreign.is_empty() {
            return Ok(());
        }
        let mut names: Vec<String> = foreign
            .iter()
            .take(NAMED)
            .map(|page| format!("`{}`", page.display()))
            .collect();
        if foreign.len() > NAMED {
            names.push(format!("{} more", foreign.len() - NAMED));
        }
        bail!(
            "`{}` already has {}, which breaklab did not write and does not touch; choose another --out, or move what \
             is there away",
            self.out.display(),
            names.join(", ")
        );
    }

    /// What stands where `page` or one of its folders is to be.
    fn in_the_way(&self, page: &Path) -> Option<PathBuf> {
        let folders = page
            .ancestors()
            .skip(1)
            .filter(|folder| *folder != Path::new(""));
        let is_file = |path: &&Path| {
            let meta = std::fs::symlink_metadata(self.out.join(path));
            meta.is_ok() && !self.out.join(path).is_dir()
        };
        if let Some(file) = folders.clone().find(is_file) {
            return Some(file.to_owned());
        }
        let exists = std::fs::symlink_metadata(self.out.join(page)).is_ok();
        exists.then(|| page.to_owned())
    }

    /// Writes down that `page` is about to be made from `source`.
    pub(super) fn note(&self, page: &Path, source: &Path) -> std::io::Result<()> {
        let mut pages = self.pages();
        if pages.get(page).is_some_and(|known| known == source) {
            return Ok(());
        }
        let line = serde_json::to_string(&Line {
            page: page.to_owned(),
            source: source.to_owned(),
        })?;
        let mut list = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.out.join(LIST))?;
        list.write_all(format!("{line}\n").as_bytes())?;
        pages.insert(page.to_owned(), source.to_owned());
        Ok(())
    }

    /// Removes the pages of sources that `is_gone`, and folders that are empty then.
    pub(super) fn remove(&self, is_gone: impl Fn(&Path) -> bool) -> anyhow::Result<usize> {
        let mut pages = self.pages();
        let gone: Vec<PathBuf> = pages
            .iter()
            .filter(|(_, source)| is_gone(source))
            .map(|(page, _)| page.clone())
            .collect();
        for page in &gone {
            let path = self.out.join(page);
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(error)
                        .with_context(|| format!("cannot remove `{}`", path.display()));
                }
                _ => {}
            }
            for folder in page
                .ancestors()
                .skip(1)
                .filter(|folder| *folder != Path::new(""))
            {
                // One that is not empty stays.
                let _kept = std::fs::remove_dir(self.out.join(folder));
            }
            pages.remove(page);
        }
        if !gone.is_empty() {
            let lines = pages.iter().map(|(page, source)| Line {
                page: page.clone(),
                source: source.clone(),
            });
            let lines: Result<Vec<String>, _> =
                lines.map(|line| serde_json::to_string(&line)).collect();
            std::fs::write(self.out.join(LIST), lines?.join("\n") + "\n")
                .with_context(|| format!("cannot write `{}`", self.out.join(LIST).display()))?;
        }
        Ok(gone.len())
    }

    fn pages(&self) -> std::sync::MutexGuard<'_, BTreeMap<PathBuf, PathBuf>> {
        self.pages
            .lock()
            .expect("nothing panics while it holds the list")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join(".breaklab")).unwrap();
        folder
    }

    fn pages(names: &[&str]) -> impl Iterator<Item = PathBuf> {
        names
            .iter()
            .map(PathBuf::from)
            .collect::<Vec<_>>()
            .into_iter()
    }

    #[test]
    fn what_we_did_not_write_is_in_the_way_and_what_we_wrote_is_not() {
        let folder = folder();
        let put = |name: &str| std::fs::write(folder.path().join(name), "mine").unwrap();
        put("index.md");
        put("a");
        let list = Written::open(folder.path());
        let message = |names: &[&str]| list.claim(pages(names)).unwrap_err().to_string();
        assert!(message(&["b.md", "index.md"]).contains("already has `index.md`"));
        assert!(message(&["a/x.md"]).contains("`a`"));
        list.claim(pages(&["b.md"])).unwrap();
        list.note(Path::new("b.md"), Path::new("/src/b.py"))
            .unwrap();
        put("b.md");
        Written::open(folder.path())
            .claim(pages(&["b.md"]))
            .unwrap();
    }

    #[test]
    fn pages_go_with_their_sources_and_folders_with_their_last_page() {
        let folder = folder();
        let list = Written::open(folder.path());
        std::fs::create_dir_all(folder.path().join("p/q")).unwrap();
        for (page, source) in [("p/q/a.md", "/a"), ("p/b.md", "/b")] {
            list.note(Path::new(page), Path::new(source)).unwrap();
            std::fs::write(folder.path().join(page), "x").unwrap();
        }
        std::fs::write(folder.path().join("p/own.md"), "x").unwrap();
        assert_eq!(list.remove(|source| source == Path::new("/a")).unwrap(), 1);
        let left = |name: &str| folder.path().join(name).exists();
        assert!(!left("p/q") && left("p/b.md") && left("p/own.md"));
        let again = Written::open(folder.path());
        assert_eq!(again.remove(|_| true).unwrap(), 1);
        assert!(left("p/own.md") && !left("p/b.md"));
    }
}
