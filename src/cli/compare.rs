//! `breaklab compare DIR DIR…`: runs beside each other, the first as the baseline.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::Exit;
use crate::report::{self, Named};
use crate::scenario;
use crate::summary;

/// Arguments of `breaklab compare`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Folders that `run --out` wrote; the first is the baseline
    #[arg(value_name = "DIR", num_args = 2.., required = true)]
    dirs: Vec<PathBuf>,
    /// Folder for the report
    #[arg(long, value_name = "DIR", default_value = "reports/compared")]
    out: PathBuf,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    report::check_writable(&args.out)?;
    let mut runs = Vec::new();
    for dir in &args.dirs {
        let record = report::read_record(dir)?;
        let summary = summary::summarize(&record, &scenario::claims(), &[]);
        runs.push(Named {
            name: name(dir),
            record,
            summary,
        });
    }
    let (record, summary) = report::compare(&runs)?;
    report::write_all(
        &args.out,
        &record,
        &summary,
        &super::report::stories(&record),
    )?;
    let (width, colour) = super::terminal::of_stdout();
    let mut out = std::io::stdout().lock();
    out.write_all(report::table(&record, &summary, width, colour).as_bytes())?;
    writeln!(out, "\nreport: {}", args.out.join("report.html").display())?;
    Ok(Exit::Done)
}

/// A folder's own name, or all of its path where it has none.
fn name(dir: &Path) -> String {
    dir.file_name().map_or_else(
        || dir.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    )
}
