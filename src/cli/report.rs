//! `breaklab report DIR`: the same pages again, from the record alone.

use std::io::Write;
use std::path::PathBuf;

use super::Exit;
use crate::record::Record;
use crate::report::{self, Story};
use crate::scenario::{self, Loaded};
use crate::summary;

/// Arguments of `breaklab report`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Folder that `run --out` wrote
    #[arg(value_name = "DIR", default_value = "reports/latest")]
    dir: PathBuf,
    /// Folder for the pages [default: the same]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let record = report::read_record(&args.dir)?;
    let summary = summary::summarize(&record, &scenario::claims(), &[]);
    let stories = stories(&record);
    let out = args.out.as_ref().unwrap_or(&args.dir);
    report::write_all(out, &record, &summary, &stories)?;
    writeln!(
        std::io::stdout(),
        "report: {}",
        out.join("report.html").display()
    )?;
    Ok(Exit::Done)
}

/// The stories of the record's runs, as far as they are built in.
pub(super) fn stories(record: &Record) -> Vec<Story> {
    let mut stories = Vec::new();
    for run in &record.runs {
        if stories
            .iter()
            .any(|story: &Story| story.scenario == run.scenario)
        {
            continue;
        }
        // A story of the user's own file is not at hand here; its numbers still are.
        if let Ok(Loaded { scenario, .. }) = Loaded::find(&run.scenario) {
            stories.push(Story {
                reproduce: format!("breaklab run {} --seed {}", scenario.id, record.seed),
                scenario: scenario.id,
                story: scenario.story,
                fix: scenario.fix,
            });
        }
    }
    stories
}
