//! What the gate looks at: a summary on disk, read with suspicion.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::IgnoredAny;
use sha2::{Digest, Sha256};

use super::accepted::{self, Accepted};
use super::obstacle::Obstacle;
use crate::record::Shard;
use crate::summary::{self, Summary};

/// Name of the file that holds the numbers.
pub(super) const SUMMARY: &str = "summary.json";

/// A summary and where it is from.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// The directory.
    pub dir: PathBuf,
    /// Its numbers.
    pub summary: Summary,
    /// SHA-256 of `summary.json`, hexadecimal.
    pub sha256: String,
    /// How it became a baseline, if it did.
    pub accepted: Option<Accepted>,
}

/// Reads the summary in `dir`.
///
/// # Errors
/// An [`Obstacle`] when it is missing, broken off, of another layout, or not what was accepted.
pub fn read(dir: &Path) -> Result<Evidence, Obstacle> {
    #[derive(Deserialize)]
    struct Head {
        schema: String,
        #[serde(default)]
        runs: Vec<Run>,
    }
    #[derive(Deserialize)]
    struct Run {
        subject: Option<IgnoredAny>,
    }
    let path = dir.join(SUMMARY);
    let shown = path.display();
    let again = format!("breaklab run --out {}", dir.display());
    let text = std::fs::read(&path)
        .map_err(|error| Obstacle::new(format!("cannot read `{shown}`: {error}"), &again))?;
    let broken = |error: serde_json::Error| {
        Obstacle::new(format!("`{shown}` is no whole summary: {error}"), &again)
    };
    let head: Head = serde_json::from_slice(&text).map_err(broken)?;
    if head.schema != summary::SCHEMA {
        return Err(Obstacle::new(
            format!(
                "`{shown}` has the layout `{}`, this breaklab reads `{}`",
                head.schema,
                summary::SCHEMA
            ),
            again,
        ));
    }
    if head.runs.iter().any(|run| run.subject.is_none()) {
        return Err(Obstacle::new(
            format!(
                "`{shown}` is from an earlier breaklab, which did not say which service a run is about"
            ),
            again,
        ));
    }
    let summary: Summary = serde_json::from_slice(&text).map_err(broken)?;
    let sha256 = hex::encode(Sha256::digest(&text));
    if let Some(shard) = shard(dir) {
        return Err(Obstacle::new(
            format!(
                "`{}` is only shard {} of {}",
                dir.display(),
                shard.index,
                shard.of
            ),
            "put all shards together: breaklab merge DIR… --out DIR",
        ));
    }
    let accepted = accepted::read(dir)?;
    if let Some(accepted) = &accepted
        && accepted.sha256 != sha256
    {
        return Err(Obstacle::new(
            format!("`{shown}` was changed after it was accepted as a baseline (SHA-256 {sha256})"),
            "restore the file, or accept a new run: breaklab gate accept",
        ));
    }
    Ok(Evidence {
        dir: dir.to_owned(),
        summary,
        sha256,
        accepted,
    })
}

/// The part of a run that `dir` holds, if its record is no whole one.
fn shard(dir: &Path) -> Option<Shard> {
    let shard: Shard = serde_json::from_slice(&std::fs::read(dir.join("shard.json")).ok()?).ok()?;
    let record = std::fs::read(dir.join("record.json")).ok()?;
    // A whole run may have been written into the directory of an earlier shard.
    (hex::encode(Sha256::digest(record)) == shard.record_sha256).then_some(shard)
}

/// What is wrong with `evidence` by itself.
pub(super) fn flaws(evidence: &Evidence) -> Vec<Obstacle> {
    let (summary, dir) = (&evidence.summary, evidence.dir.display());
    let mut found = Vec::new();
    let again = format!("breaklab run --seed {} --out {dir}", summary.seed);
    if summary.interrupted {
        found.push(Obstacle::new(
            format!("the run in `{dir}` was interrupted"),
            &again,
        ));
    }
    if summary.runs.is_empty() {
        found.push(Obstacle::new(
            format!("the summary in `{dir}` holds no run"),
            &again,
        ));
    }
    let mut seen = std::collections::BTreeSet::new();
    for run in &summary.runs {
        if !seen.insert((&run.scenario, &run.subject)) {
            found.push(Obstacle::new(
                format!("`{dir}` holds {} {} twice", run.scenario, run.mode),
                &again,
            ));
        }
    }
    found
}

/// What keeps `current` from being compared with `baseline`.
pub(super) fn obstacles(baseline: &Evidence, current: &Evidence) -> Vec<Obstacle> {
    let mut found = flaws(baseline);
    found.extend(flaws(current));
    let (old, new) = (&baseline.summary, &current.summary);
    let source = baseline
        .accepted
        .as_ref()
        .map(|accepted| &accepted.source_sha256);
    let timed = new.runs.iter().any(|run| run.wall_s.is_some());
    if same_place(&baseline.dir, &current.dir)
        || (timed && (baseline.sha256 == current.sha256 || source == Some(&current.sha256)))
    {
        found.push(Obstacle::new(
            format!(
                "`{}` and `{}` are one and the same run, which proves nothing",
                baseline.dir.display(),
                current.dir.display()
            ),
            "run the scenarios again into another directory: breaklab run --out DIR",
        ));
    }
    let renew = format!(
        "breaklab gate accept {} --baseline {} --reason TEXT, once the new figures are what you want",
        current.dir.display(),
        baseline.dir.display()
    );
    if old.version != new.version {
        found.push(Obstacle::new(
            format!(
                "the baseline is from breaklab {}, the current run from {}",
                old.version, new.version
            ),
            &renew,
        ));
    }
    if old.clock != new.clock || old.speed != new.speed {
        found.push(Obstacle::new(
            format!(
                "the baseline ran on the {:?} clock at speed {}, the current run on {:?} at {}",
                old.clock, old.speed, new.clock, new.speed
            ),
            "run both with the same --clock and --speed",
        ));
    }
    if old.seed != new.seed {
        found.push(Obstacle::new(
            format!(
                "the baseline has seed {}, the current run {}",
                old.seed, new.seed
            ),
            format!(
                "breaklab run --seed {} --out {}",
                old.seed,
                current.dir.display()
            ),
        ));
    }
    found
}

fn same_place(a: &Path, b: &Path) -> bool {
    match (a.canonicalize(), b.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    }
}
