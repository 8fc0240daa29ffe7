//! What stands in a student's folder from an earlier invocation, and whether it may be believed: a
//! service could plant a record for somebody else, and it could kill its grader for ever.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context, bail};
use sha2::{Digest, Sha256};

/// A student's folder holds this file while the service is examined, with the number of graders that
/// have begun.
const BEGUN: &str = "examination.begun";
/// Graders that may be lost with one service before it is left to people.
const MOST_LOST: u32 = 2;

/// The records that this process believes: those that were there before any service ran, and its own.
pub(super) struct Records(Mutex<BTreeMap<PathBuf, Option<Vec<u8>>>>);

impl Records {
    /// Looks at the records in `folders` before anything is started.
    pub(super) fn before(folders: impl Iterator<Item = PathBuf>) -> Self {
        let known = folders.map(|folder| (folder.clone(), digest(&folder)));
        Self(Mutex::new(known.collect()))
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<PathBuf, Option<Vec<u8>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the record in `folder` is one that this process believes.
    pub(super) fn is_believed(&self, folder: &Path) -> bool {
        self.known().get(folder) == Some(&digest(folder))
    }

    /// Believes the record that has just been written into `folder`.
    pub(super) fn believe(&self, folder: &Path) {
        self.known().insert(folder.to_owned(), digest(folder));
    }

    /// Puts records aside that somebody else changed meanwhile, and returns their folders.
    pub(super) fn put_changed_aside(&self) -> Vec<PathBuf> {
        let known = self.known();
        let changed = known
            .iter()
            .filter(|(folder, before)| digest(folder) != **before);
        let changed: Vec<PathBuf> = changed.map(|(folder, _)| folder.clone()).collect();
        for folder in &changed {
            // It is told below; a folder that cannot be written cannot have been changed either.
            let _kept = std::fs::rename(folder.join("exam.json"), folder.join("exam.refused.json"));
        }
        changed
    }
}

fn digest(folder: &Path) -> Option<Vec<u8>> {
    let record = std::fs::read(folder.join("exam.json")).ok()?;
    Some(Sha256::digest(record).to_vec())
}

/// Notes that the service of this folder is about to be examined.
///
/// # Errors
/// When graders were lost with it before: then it is for people, unless `again`.
pub(super) fn begin(folder: &Path, again: bool) -> anyhow::Result<()> {
    let path = folder.join(BEGUN);
    let lost = std::fs::read_to_string(&path).ok();
    let lost: u32 = lost.and_then(|text| text.trim().parse().ok()).unwrap_or(0);
    if lost >= MOST_LOST && !again {
        bail!(
            "the grader was killed {lost} times while it examined this service; look at it, and add --again to examine \
             it once more"
        );
    }
    std::fs::write(&path, format!("{}\n", lost + 1))
        .with_context(|| format!("cannot write `{}`", path.display()))
}

/// Notes that the grader has come through it.
pub(super) fn end(folder: &Path) {
    // Where it cannot be removed, the next invocation asks for --again: too careful, and no loss.
    let _kept = std::fs::remove_file(folder.join(BEGUN));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_planted_or_changed_record_is_not_believed() {
        let class = tempfile::tempdir().unwrap();
        let [ann, bob] = ["ann", "bob"].map(|id| class.path().join(id));
        for folder in [&ann, &bob] {
            std::fs::create_dir(folder).unwrap();
        }
        std::fs::write(ann.join("exam.json"), "earlier").unwrap();
        let records = Records::before([ann.clone(), bob.clone()].into_iter());
        assert!(records.is_believed(&ann));
        std::fs::write(bob.join("exam.json"), "planted").unwrap();
        assert!(!records.is_believed(&bob));
        std::fs::write(bob.join("exam.json"), "our own").unwrap();
        records.believe(&bob);
        assert!(records.is_believed(&bob));
        std::fs::write(ann.join("exam.json"), "changed").unwrap();
        assert_eq!(records.put_changed_aside(), std::slice::from_ref(&ann));
        assert!(!ann.join("exam.json").exists());
    }

    #[test]
    fn a_service_that_took_two_graders_along_is_left_to_people() {
        let folder = tempfile::tempdir().unwrap();
        for _ in 0..MOST_LOST {
            begin(folder.path(), false).unwrap();
        }
        let error = begin(folder.path(), false).unwrap_err().to_string();
        assert!(error.contains("--again"), "{error}");
        begin(folder.path(), true).unwrap();
        end(folder.path());
        begin(folder.path(), false).unwrap();
    }
}
