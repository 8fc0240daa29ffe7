//! `breaklab merge`: the record that one process would have written, from the records of N.

use std::io::Write;
use std::path::PathBuf;

use super::Exit;
use crate::record;
use crate::report;
use crate::runner::MAX_ROWS;
use crate::scenario;
use crate::summary;

/// Arguments of `breaklab merge`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Folders that runs with --shard wrote, all of them, in any order
    #[arg(value_name = "DIR", required = true)]
    dirs: Vec<PathBuf>,
    /// Folder for the whole
    #[arg(long, value_name = "DIR", default_value = "reports/latest")]
    out: PathBuf,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let parts = args
        .dirs
        .iter()
        .map(|dir| super::shard::read(dir))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let record = record::merge(parts, MAX_ROWS)?;
    let summary = summary::summarize(&record, &scenario::claims(), &[]);
    report::write_all(
        &args.out,
        &record,
        &summary,
        &super::report::stories(&record),
    )?;
    let mut out = std::io::stdout().lock();
    let (width, colour) = super::terminal::of_stdout();
    out.write_all(report::table(&record, &summary, width, colour).as_bytes())?;
    writeln!(out, "\nreport: {}", args.out.join("report.html").display())?;
    Ok(Exit::Done)
}
