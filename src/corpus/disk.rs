//! Real source files from a folder: what can be documented, and what was passed over and why.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

use super::Source;
use super::filter::Filter;

mod notebook;

/// Endings of the files that a folder walk takes; a file that is named itself is always taken.
const SOURCE_ENDINGS: [&str; 29] = [
    "py", "pyi", "pyw", "ipynb", "js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "cts", "java",
    "go", "rs", "c", "h", "cc", "cpp", "cxx", "hh", "hpp", "hxx", "cs", "rb", "php", "kt", "kts",
    "swift",
];

/// Files that were read, in the order of their paths, and those that were not.
#[derive(Debug, Default)]
pub struct Loaded {
    /// Readable, non-empty text.
    pub files: Vec<Source>,
    /// The rest.
    pub skipped: Vec<Skipped>,
}

/// A file that cannot be documented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Its path.
    pub path: PathBuf,
    /// Why, in a few words.
    pub why: String,
}

/// Why there is no corpus.
#[derive(Debug, thiserror::Error)]
pub enum CorpusError {
    /// The path is wrong.
    #[error("corpus `{}` cannot be read; give a file or a folder of source files", path.display())]
    Missing {
        /// As given.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// There is nothing to document.
    #[error("corpus `{}` has no source file that can be documented ({skipped} skipped); it takes files ending in {}", path.display(), SOURCE_ENDINGS.join(", "))]
    Empty {
        /// As given.
        path: PathBuf,
        /// Files passed over.
        skipped: usize,
    },
}

/// Reads `path`: one file, or every source file below a folder (`.gitignore` is respected).
///
/// # Errors
/// When the path cannot be read or holds nothing to document.
pub fn load(path: &Path) -> Result<Loaded, CorpusError> {
    load_some(path, &Filter::default())
}

/// The same for the files that `filter` takes. A file that is named itself need match no pattern.
///
/// # Errors
/// As [`load`].
pub fn load_some(path: &Path, filter: &Filter) -> Result<Loaded, CorpusError> {
    let meta = std::fs::metadata(path).map_err(|source| CorpusError::Missing {
        path: path.to_owned(),
        source,
    })?;
    let mut loaded = Loaded::default();
    if meta.is_file() {
        take(
            &mut loaded,
            path,
            path.parent().unwrap_or(Path::new("")),
            filter,
        );
    } else {
        let patterns = filter
            .below(path)
            .expect("patterns that were read once can be read again");
        let walk = WalkBuilder::new(path)
            .require_git(false)
            .follow_links(true)
            .filter_entry(move |entry| {
                let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
                !patterns.matched(entry.path(), is_folder).is_ignore()
            })
            .sort_by_file_path(Path::cmp)
            .build();
        let mut found = Vec::new();
        for entry in walk {
            match entry {
                Ok(entry) if is_source(&entry) => found.push(entry.into_path()),
                Ok(_) => {}
                Err(error) => loaded.skipped.push(refused(path, &error)),
            }
        }
        take_all(&mut loaded, &found, path, filter);
    }
    if loaded.files.is_empty() {
        return Err(CorpusError::Empty {
            path: path.to_owned(),
            skipped: loaded.skipped.len(),
        });
    }
    Ok(loaded)
}

/// An entry of a folder that could not be looked at, e.g. a link to a folder that it stands in.
fn refused(root: &Path, error: &ignore::Error) -> Skipped {
    match error {
        ignore::Error::Loop { child, ancestor } => Skipped {
            path: child.clone(),
            why: format!("it leads back to `{}`", ancestor.display()),
        },
        ignore::Error::WithPath { path, err } => Skipped {
            path: path.clone(),
            why: refused(path, err).why,
        },
        ignore::Error::WithDepth { err, .. } => refused(root, err),
        other => Skipped {
            path: root.to_owned(),
            why: other.to_string(),
        },
    }
}

/// Takes each file once: a link to one that is there anyway is passed over.
fn take_all(loaded: &mut Loaded, paths: &[PathBuf], root: &Path, filter: &Filter) {
    let real_root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let places = paths.iter().map(|path| {
        let below = path.strip_prefix(root).unwrap_or(path);
        let real = path.canonicalize().unwrap_or_else(|_| path.clone());
        let is_link = real != real_root.join(below);
        (path, real, is_link)
    });
    let places: Vec<(&PathBuf, PathBuf, bool)> = places.collect();
    let mut taken: BTreeSet<&Path> = places
        .iter()
        .filter(|(_, _, is_link)| !is_link)
        .map(|(_, real, _)| real.as_path())
        .collect();
    for (path, real, is_link) in &places {
        if *is_link && !taken.insert(real) {
            loaded.skipped.push(Skipped {
                path: (*path).clone(),
                why: format!("a link to `{}`, which is taken already", real.display()),
            });
        } else {
            take(loaded, path, root, filter);
        }
    }
}

fn is_source(entry: &ignore::DirEntry) -> bool {
    let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
    let ending = entry.path().extension().and_then(|ending| ending.to_str());
    is_file && ending.is_some_and(|ending| SOURCE_ENDINGS.contains(&&*ending.to_ascii_lowercase()))
}

fn take(loaded: &mut Loaded, path: &Path, root: &Path, filter: &Filter) {
    match read(path, filter) {
        Ok(content) => {
            let shown = path
                .strip_prefix(root)
                .unwrap_or(path)
                .display()
                .to_string();
            loaded.files.push(Source {
                path: shown,
                content: content.into(),
            });
        }
        Err(why) => loaded.skipped.push(Skipped {
            path: path.to_owned(),
            why,
        }),
    }
}

fn read(path: &Path, filter: &Filter) -> Result<String, String> {
    let state = || {
        let meta = std::fs::metadata(path).map_err(|error| error.to_string())?;
        Ok::<_, String>((meta.len(), meta.modified().ok()))
    };
    let before = state()?;
    if let Some(why) = filter.too_large(before.0) {
        return Err(why);
    }
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    if before != state()? || before.0 != bytes.len() as u64 {
        return Err("it changed while it was read; run again".to_owned());
    }
    if bytes.contains(&0) {
        return Err("binary".to_owned());
    }
    let text = String::from_utf8(bytes)
        .map_err(|error| format!("not UTF-8 at byte {}", error.utf8_error().valid_up_to()))?;
    // A byte order mark is no part of a text.
    let text = text
        .strip_prefix('\u{feff}')
        .map(str::to_owned)
        .unwrap_or(text);
    let is_notebook = path
        .extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("ipynb"));
    let text = if is_notebook {
        notebook::code(&text)?
    } else {
        text
    };
    if text.trim().is_empty() {
        Err("empty".to_owned())
    } else {
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binary_empty_and_foreign_text_are_named_and_skipped() {
        let folder = tempfile::tempdir().unwrap();
        let write =
            |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
        write("good.py", b"def f(): pass\n");
        write("empty.py", b" \n");
        write("binary.py", b"a\0b");
        write("latin.py", b"caf\xe9");
        write("notes.txt", b"not source");
        let loaded = load(folder.path()).unwrap();
        assert_eq!(loaded.files.len(), 1);
        assert_eq!(loaded.files[0].path, "good.py");
        let reasons: Vec<&str> = loaded
            .skipped
            .iter()
            .map(|skipped| skipped.why.as_str())
            .collect();
        assert_eq!(reasons, ["binary", "empty", "not UTF-8 at byte 3"]);
    }

    #[test]
    fn endings_in_capitals_marks_and_new_kinds_of_modules_are_taken() {
        let folder = tempfile::tempdir().unwrap();
        let write =
            |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("A.PY", "x = 1\n");
        write("b.mts", "export {}\n");
        write("c.py", "\u{feff}x = 1\n");
        write("d.py", "\u{feff}");
        let loaded = load(folder.path()).unwrap();
        let files: Vec<_> = loaded
            .files
            .iter()
            .map(|file| (&*file.path, &*file.content))
            .collect();
        assert_eq!(
            files,
            [
                ("A.PY", "x = 1\n"),
                ("b.mts", "export {}\n"),
                ("c.py", "x = 1\n")
            ]
        );
        assert_eq!(loaded.skipped[0].why, "empty");
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_once_and_circles_are_named() {
        use std::os::unix::fs::symlink;

        let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (here, there) = (folder.path(), other.path());
        std::fs::create_dir(here.join("sub")).unwrap();
        std::fs::write(here.join("sub/real.py"), "x = 1\n").unwrap();
        std::fs::write(there.join("lib.py"), "y = 1\n").unwrap();
        symlink(here, here.join("sub/up")).unwrap();
        symlink(here.join("sub/real.py"), here.join("a_link.py")).unwrap();
        symlink(there, here.join("linked")).unwrap();
        symlink(there.join("lib.py"), here.join("m_again.py")).unwrap();
        let loaded = load(here).unwrap();
        let files: Vec<&str> = loaded.files.iter().map(|file| &*file.path).collect();
        assert_eq!(files, ["linked/lib.py", "sub/real.py"]);
        let skipped: Vec<(String, bool)> = loaded
            .skipped
            .iter()
            .map(|file| {
                (
                    file.path
                        .file_name()
                        .unwrap()
                        .to_string_lossy()
                        .into_owned(),
                    file.why.contains("leads back"),
                )
            })
            .collect();
        let expected = [("up", true), ("a_link.py", false), ("m_again.py", false)];
        assert_eq!(
            skipped,
            expected.map(|(name, is_circle)| (name.to_owned(), is_circle))
        );
    }

    #[test]
    fn a_folder_without_source_files_is_refused_with_the_way_out() {
        let folder = tempfile::tempdir().unwrap();
        let message = load(folder.path()).unwrap_err().to_string();
        assert!(
            message.contains("no source file") && message.contains("py, pyi"),
            "{message}"
        );
    }
}
