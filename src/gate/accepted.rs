//! `baseline.json`: what was accepted as a baseline, and every reason.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::obstacle::Obstacle;

/// Name of the file that says what was accepted.
pub(super) const BASELINE: &str = "baseline.json";

/// Version of the layout below.
pub(super) const SCHEMA: &str = "breaklab/baseline/v1";

/// What was accepted, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accepted {
    /// `breaklab/baseline/v1`.
    pub schema: String,
    /// SHA-256 of the `summary.json` beside it.
    pub sha256: String,
    /// SHA-256 of the `summary.json` that it was made from; that run is never held against itself.
    pub source_sha256: String,
    /// Every acceptance, the latest last.
    pub history: Vec<Acceptance>,
}

/// One acceptance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    /// Why these figures are right.
    pub reason: String,
    /// SHA-256 of the summary that was accepted.
    pub sha256: String,
}

/// What `dir` says of itself; nothing where it is no baseline.
pub(super) fn read(dir: &Path) -> Result<Option<Accepted>, Obstacle> {
    let path = dir.join(BASELINE);
    let text = match std::fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(&path, &error.to_string())),
    };
    let accepted: Accepted =
        serde_json::from_slice(&text).map_err(|error| unreadable(&path, &error.to_string()))?;
    if accepted.schema == SCHEMA {
        Ok(Some(accepted))
    } else {
        Err(unreadable(
            &path,
            &format!("its layout is `{}`", accepted.schema),
        ))
    }
}

fn unreadable(path: &Path, why: &str) -> Obstacle {
    Obstacle::new(
        format!("cannot use `{}`: {why}", path.display()),
        "restore the file, or remove it and run breaklab gate accept again",
    )
}
