//! A baseline: a summary that somebody accepted for a reason, under the hash of its content.

use std::io::Write;
use std::path::Path;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::accepted::{self, Acceptance, Accepted, BASELINE, SCHEMA};
use super::evidence::{self, Evidence, SUMMARY};
use super::obstacle::Obstacle;
use crate::summary::RunSummary;

/// Makes `current` the baseline in `dir`, for `reason`, which is kept with all earlier ones. The
/// wall times are left out, so that equal figures are equal bytes. With `fewer` it may lack runs that
/// the baseline before it held.
///
/// # Errors
/// An [`Obstacle`] when the run is interrupted, empty, invalid or lacks runs, the reason is blank, or `dir`
/// cannot be written.
pub fn accept(
    current: &Evidence,
    dir: &Path,
    reason: &str,
    fewer: bool,
) -> Result<Accepted, Obstacle> {
    refuse_unfit(current, reason)?;
    if !fewer {
        refuse_fewer(current, dir)?;
    }
    let mut summary = current.summary.clone();
    for run in &mut summary.runs {
        run.wall_s = None;
    }
    let text = to_json(&summary);
    let sha256 = hex::encode(Sha256::digest(&text));
    let mut history = accepted::read(dir)?.map_or_else(Vec::new, |accepted| accepted.history);
    history.push(Acceptance {
        reason: reason.trim().to_owned(),
        sha256: sha256.clone(),
    });
    let accepted = Accepted {
        schema: SCHEMA.to_owned(),
        sha256,
        source_sha256: current.sha256.clone(),
        history,
    };
    let written = std::fs::create_dir_all(dir)
        .and_then(|()| replace(&dir.join(SUMMARY), &text))
        .and_then(|()| replace(&dir.join(BASELINE), &to_json(&accepted)));
    written.map_err(|error| {
        Obstacle::new(
            format!(
                "cannot write the baseline into `{}`: {error}",
                dir.display()
            ),
            "choose another directory with --baseline",
        )
    })?;
    Ok(accepted)
}

fn refuse_unfit(current: &Evidence, reason: &str) -> Result<(), Obstacle> {
    if reason.trim().is_empty() {
        return Err(Obstacle::new(
            "a baseline needs a reason",
            "say with --reason why these figures are right",
        ));
    }
    if let Some(flaw) = evidence::flaws(current).into_iter().next() {
        return Err(flaw);
    }
    for run in &current.summary.runs {
        let why = match (run.violations.first(), &run.saturated) {
            (Some(violation), _) => violation,
            (None, Some(why)) => why,
            (None, None) => continue,
        };
        return Err(Obstacle::new(
            format!("{} {} is no valid run: {why}", run.scenario, run.mode),
            "mend that and run it again: breaklab run",
        ));
    }
    Ok(())
}

/// A baseline that shrinks by accident makes the gate blind to what it lost.
fn refuse_fewer(current: &Evidence, dir: &Path) -> Result<(), Obstacle> {
    // What a baseline that cannot be read held is unknown, and no reason to keep it.
    let Ok(old) = evidence::read(dir) else {
        return Ok(());
    };
    let is_lost = |run: &&RunSummary| current.summary.find(&run.scenario, &run.subject).is_none();
    let lost: Vec<&RunSummary> = old.summary.runs.iter().filter(is_lost).collect();
    let Some(first) = lost.first() else {
        return Ok(());
    };
    Err(Obstacle::new(
        format!(
            "`{}` lacks {} of the {} runs of the baseline, e.g. {} {}",
            current.dir.display(),
            lost.len(),
            old.summary.runs.len(),
            first.scenario,
            first.mode
        ),
        "run everything (breaklab run), or say --fewer if those runs are gone for good",
    ))
}

fn to_json(value: &impl Serialize) -> String {
    let mut text =
        serde_json::to_string_pretty(value).expect("our own layouts have only string keys");
    text.push('\n');
    text
}

/// The file appears whole or not at all.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let dir = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().tempfile_in(dir)?;
    file.write_all(text.as_bytes())?;
    file.persist(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // A temporary file is for its owner alone; a baseline is for the team.
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644))?;
    }
    Ok(())
}
