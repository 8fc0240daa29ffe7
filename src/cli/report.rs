//! `breaklab report DIR`: the same pages again, from the record alone.

use std::fmt;
use std::io::Write;
use std::path::PathBuf;

use super::Exit;
use crate::record::{ClockKind, Record};
use crate::report::{self, Story};
use crate::scenario::{self, Loaded};
use crate::summary;
use crate::text::shell_word;

/// Arguments of `breaklab report`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Folder that `run --out` wrote
    #[arg(value_name = "DIR", default_value = "reports/latest")]
    dir: PathBuf,
    /// Folder for the pages [default: the same]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Write pages and plots without their data, for a repository or a hand-in
    #[arg(long, requires = "out")]
    pages_only: bool,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let record = report::read_record(&args.dir)?;
    let summary = summary::summarize(&record, &scenario::claims(), &[]);
    let stories = stories(&record);
    let out = args.out.as_ref().unwrap_or(&args.dir);
    if args.pages_only {
        report::write_pages(out, &record, &summary, &stories)?;
    } else {
        report::write_all(out, &record, &summary, &stories)?;
    }
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
            let command = Command {
                scenario: &scenario.id,
                seed: record.seed,
                clock: match record.clock {
                    ClockKind::Virtual => None,
                    ClockKind::Real => Some(("real", record.speed)),
                },
                requests: Some(run.offered).filter(|offered| *offered != scenario.load.offered()),
                // The record tells what the files were like, not where they are.
                corpus: run.setting.real_files.then_some("PATH"),
            };
            stories.push(Story {
                reproduce: command.to_string(),
                scenario: scenario.id,
                story: scenario.story,
                fix: scenario.fix,
            });
        }
    }
    stories
}

/// The command that runs a scenario again as it was run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Command<'a> {
    /// Name or file.
    pub(super) scenario: &'a str,
    pub(super) seed: u64,
    /// Name and speed, unless it is the virtual one.
    pub(super) clock: Option<(&'a str, f64)>,
    /// Requests in all, unless they are the scenario's own.
    pub(super) requests: Option<u64>,
    /// Where real files are.
    pub(super) corpus: Option<&'a str>,
}

impl fmt::Display for Command<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scenario = shell_word(self.scenario);
        write!(f, "breaklab run {scenario} --seed {}", self.seed)?;
        if let Some((clock, speed)) = self.clock {
            write!(f, " --clock {clock} --speed {speed}")?;
        }
        if let Some(requests) = self.requests {
            write!(f, " --requests {requests}")?;
        }
        if let Some(corpus) = self.corpus {
            write!(f, " --corpus {}", shell_word(corpus))?;
        }
        Ok(())
    }
}
