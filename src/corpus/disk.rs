//! Real source files from a folder: what can be documented, and what was passed over and why.

use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

use super::Source;

/// Endings of the files that a folder walk takes; a file that is named itself is always taken.
const SOURCE_ENDINGS: [&str; 17] = [
    "py", "pyi", "js", "jsx", "mjs", "cjs", "ts", "tsx", "java", "go", "rs", "c", "h", "cc", "cpp",
    "rb", "kt",
];

/// Largest file that is read; the API refuses bodies over 32 MB.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

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
    let meta = std::fs::metadata(path).map_err(|source| CorpusError::Missing {
        path: path.to_owned(),
        source,
    })?;
    let mut loaded = Loaded::default();
    if meta.is_file() {
        take(&mut loaded, path, path.parent().unwrap_or(Path::new("")));
    } else {
        let walk = WalkBuilder::new(path)
            .require_git(false)
            .sort_by_file_path(Path::cmp)
            .build();
        for entry in walk {
            match entry {
                Ok(entry) if is_source(&entry) => take(&mut loaded, entry.path(), path),
                Ok(_) => {}
                Err(error) => loaded.skipped.push(Skipped {
                    path: path.to_owned(),
                    why: error.to_string(),
                }),
            }
        }
    }
    if loaded.files.is_empty() {
        return Err(CorpusError::Empty {
            path: path.to_owned(),
            skipped: loaded.skipped.len(),
        });
    }
    Ok(loaded)
}

fn is_source(entry: &ignore::DirEntry) -> bool {
    let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
    let ending = entry.path().extension().and_then(|ending| ending.to_str());
    is_file && ending.is_some_and(|ending| SOURCE_ENDINGS.contains(&ending))
}

fn take(loaded: &mut Loaded, path: &Path, root: &Path) {
    match read(path) {
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

fn read(path: &Path) -> Result<String, String> {
    let state = || {
        let meta = std::fs::metadata(path).map_err(|error| error.to_string())?;
        Ok::<_, String>((meta.len(), meta.modified().ok()))
    };
    let before = state()?;
    if before.0 > MAX_BYTES {
        return Err(format!(
            "{} bytes, more than the {MAX_BYTES} that are read",
            before.0
        ));
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
    fn a_folder_without_source_files_is_refused_with_the_way_out() {
        let folder = tempfile::tempdir().unwrap();
        let message = load(folder.path()).unwrap_err().to_string();
        assert!(
            message.contains("no source file") && message.contains("py, pyi"),
            "{message}"
        );
    }
}
