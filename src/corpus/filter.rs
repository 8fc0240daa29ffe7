//! Which files of a folder are taken, in the words of `.gitignore`.

use std::path::Path;

use ignore::overrides::{Override, OverrideBuilder};

/// Largest file that is read without being asked to; the API refuses bodies over 32 MB.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// Which files are taken.
#[derive(Debug, Clone)]
pub struct Filter {
    include: Vec<String>,
    exclude: Vec<String>,
    max_bytes: u64,
}

/// A pattern that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("pattern `{pattern}` cannot be read: {why}")]
pub struct PatternError {
    /// As given.
    pub pattern: String,
    /// What is wrong with it.
    pub why: String,
}

impl Default for Filter {
    fn default() -> Self {
        Self {
            include: vec![],
            exclude: vec![],
            max_bytes: MAX_BYTES,
        }
    }
}

impl Filter {
    /// Takes what matches one of `include`, or everything if that is empty, but nothing that matches
    /// one of `exclude`, and no file above `max_bytes`. Patterns are those of `.gitignore`: `*.py`
    /// matches at any depth, `/src/` only at the top.
    ///
    /// # Errors
    /// When a pattern cannot be read.
    pub fn new(
        include: &[String],
        exclude: &[String],
        max_bytes: Option<u64>,
    ) -> Result<Self, PatternError> {
        let mut patterns = OverrideBuilder::new("");
        for pattern in include.iter().chain(exclude) {
            patterns.add(pattern).map_err(|error| PatternError {
                pattern: pattern.clone(),
                why: match error {
                    ignore::Error::Glob { err, .. } => err,
                    other => other.to_string(),
                },
            })?;
        }
        Ok(Self {
            include: include.to_vec(),
            exclude: exclude.to_vec(),
            max_bytes: max_bytes.unwrap_or(MAX_BYTES),
        })
    }

    /// The patterns for what stands below `root`.
    pub(super) fn below(&self, root: &Path) -> Result<Override, ignore::Error> {
        let mut patterns = OverrideBuilder::new(root);
        for pattern in &self.include {
            patterns.add(pattern)?;
        }
        for pattern in &self.exclude {
            // What `!` means is turned around there.
            patterns.add(&format!("!{pattern}"))?;
        }
        patterns.build()
    }

    /// Why a file of so many bytes is not read, if it is not.
    pub(super) fn too_large(&self, bytes: u64) -> Option<String> {
        (bytes > self.max_bytes).then(|| {
            format!(
                "{bytes} bytes, more than the {} that are read",
                self.max_bytes
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(include: &[&str], exclude: &[&str], path: &str) -> bool {
        let owned =
            |patterns: &[&str]| patterns.iter().map(ToString::to_string).collect::<Vec<_>>();
        let filter = Filter::new(&owned(include), &owned(exclude), None).unwrap();
        let root = Path::new("/work");
        let patterns = filter.below(root).unwrap();
        !patterns.matched(root.join(path), false).is_ignore()
    }

    #[test]
    fn patterns_are_those_of_gitignore() {
        assert!(taken(&[], &[], "a/b.py"));
        assert!(taken(&["*.py"], &[], "a/b.py") && !taken(&["*.py"], &[], "a/b.js"));
        assert!(taken(&["/src/**"], &[], "src/a/b.py") && !taken(&["/src/**"], &[], "x/src/b.py"));
        assert!(!taken(&["*.py"], &["*_test.py"], "a/b_test.py"));
        assert!(!taken(&[], &["vendor/**"], "vendor/a.py"));
    }

    #[test]
    fn a_pattern_that_cannot_be_read_is_named() {
        let error = Filter::new(&["a[".to_owned()], &[], None).unwrap_err();
        assert!(error.to_string().contains("a["), "{error}");
    }
}
