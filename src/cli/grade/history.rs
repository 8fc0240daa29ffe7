//! Every grade that a service was given, with its date and its reason: nothing is overwritten without
//! a trace. `breaklab grade history` shows it.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

use super::Exit;
use crate::grade::{Grade, Status};
use crate::record::exam::Isolation;
use crate::text::figures::points;
use crate::text::{COLUMNS, file_name, line, wrapped};

const FILE: &str = "history.jsonl";

/// Arguments of `breaklab grade history`.
#[derive(Debug, clap::Args)]
pub(super) struct HistoryArgs {
    /// Student of a class [default: the service that was graded into the folder itself]
    #[arg(value_name = "ID")]
    id: Option<String>,
    /// Folder of a grade or of a class
    #[arg(long, value_name = "DIR", default_value = "reports/grade")]
    from: PathBuf,
}

/// One grade.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Entry {
    /// When it was given, as in HTTP.
    date: String,
    why: String,
    status: Status,
    score: f64,
    max_score: f64,
    /// Name and digest of each rubric.
    rubrics: Vec<(String, String)>,
    salt: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    isolation: Option<Isolation>,
    version: String,
}

impl Entry {
    fn new(grade: &Grade, date: String) -> Self {
        let rubrics = grade.rubrics.iter();
        Self {
            date,
            why: "first examination".to_owned(),
            status: grade.status,
            score: grade.score,
            max_score: grade.max_score,
            rubrics: rubrics
                .map(|one| (one.rubric.clone(), one.sha256.clone()))
                .collect(),
            salt: grade.salt.clone(),
            isolation: grade.isolation,
            version: grade.version.clone(),
        }
    }

    /// What is new since `last`; nothing where the same record was graded alike.
    fn why_after(&self, last: &Self) -> Option<&'static str> {
        if self.salt != last.salt {
            Some("examined again")
        } else if self.rubrics != last.rubrics {
            Some("the same record by other rubrics")
        } else if self.version != last.version {
            Some("the same record by another version")
        } else {
            (self.score.to_bits() != last.score.to_bits())
                .then_some("the same record judged otherwise")
        }
    }
}

fn read(folder: &Path) -> anyhow::Result<Vec<Entry>> {
    let path = folder.join(FILE);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            return Err(error).with_context(|| format!("cannot read `{}`", path.display()));
        }
    };
    // A line that was cut short by a kill is the last; those before it count.
    Ok(text
        .lines()
        .map_while(|line| serde_json::from_str(line).ok())
        .collect())
}

/// Notes `grade`, given now, unless it says nothing new.
pub(super) fn note(folder: &Path, grade: &Grade) -> anyhow::Result<()> {
    let earlier = read(folder)?;
    let mut entry = Entry::new(grade, today());
    if let Some(last) = earlier.last() {
        let Some(why) = entry.why_after(last) else {
            return Ok(());
        };
        why.clone_into(&mut entry.why);
    }
    let path = folder.join(FILE);
    let file = File::options().create(true).append(true).open(&path);
    let written = file.and_then(|mut file| writeln!(file, "{}", serde_json::to_string(&entry)?));
    written.with_context(|| format!("cannot write `{}`", path.display()))
}

#[expect(
    clippy::disallowed_methods,
    reason = "people ask on which day a grade was given"
)]
fn today() -> String {
    httpdate::fmt_http_date(std::time::SystemTime::now())
}

/// Prints the grades of one service, the oldest first.
pub(super) fn show(args: &HistoryArgs) -> anyhow::Result<Exit> {
    let folder = match &args.id {
        Some(id) => args.from.join("students").join(file_name(id)),
        None => args.from.clone(),
    };
    let entries = read(&folder)?;
    if entries.is_empty() {
        bail!(
            "no grade was given in `{}`; name a student of the class, or another folder by --from",
            folder.display()
        );
    }
    let mut out = std::io::stdout();
    for entry in entries {
        let rubrics: Vec<String> = entry
            .rubrics
            .iter()
            .map(|(name, digest)| format!("{} {}", line(name), digest.get(..8).unwrap_or(digest)))
            .collect();
        let apart = entry
            .isolation
            .map_or_else(String::new, |one| format!(", kept apart: {one}"));
        let told = format!(
            "{}: {} of {} ({}), {}; salt {}{apart}; rubrics: {}",
            line(&entry.date),
            points(entry.score),
            points(entry.max_score),
            entry.status.name(),
            line(&entry.why),
            line(&entry.salt),
            rubrics.join(", ")
        );
        write!(out, "{}", wrapped(&told, "", "  ", COLUMNS))?;
    }
    Ok(Exit::Done)
}
