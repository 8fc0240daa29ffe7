//! `breaklab logs`: reads log groups as CloudWatch would, and what it all cost.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Subcommand;

use super::Exit;
use super::exit::complain;
use crate::platform::cloudwatch::{self, Cost, Event, Filter, LogGroup};
use crate::record::{Ending, Run};
use crate::runner::Watch;
use crate::text::{self, figures};

/// Name of our service as a function.
pub(super) const FUNCTION: &str = "documentation";

/// Where `run --logs` writes unless told otherwise.
const LATEST: &str = "reports/latest/logs";

/// Arguments of `breaklab logs`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    chosen: Chosen,
    /// Print the events as they are in the file, with the fields that Logs Insights finds
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Say what a log says that everything cost: Lambda's seconds, and what calls to Claude were logged to cost
    Cost(Chosen),
}

#[derive(Debug, clap::Args)]
struct Chosen {
    /// Log groups (of `run --logs`, `serve --log-group`, `lambda --log-group`), what `aws logs filter-log-events` or
    /// `aws logs tail` prints, or plain lines; - for standard input [default: all of the latest run]
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Only events with these words, as in CloudWatch: ERROR "timed out" -health, or ?ERROR ?timeout for any of them
    #[arg(long, value_name = "PATTERN", allow_hyphen_values = true)]
    filter: Option<String>,
    /// Only events from this on: a time in UTC, e.g. "2026-11-27 14:00", or so long before the last event, e.g. 5m
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    match &args.action {
        Some(Action::Cost(chosen)) => cost(chosen)?,
        None => print(&args.chosen, args.json)?,
    }
    Ok(Exit::Done)
}

fn print(chosen: &Chosen, json: bool) -> anyhow::Result<()> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    chosen.each(|event| {
        if json {
            return writeln!(out, "{}", event.json());
        }
        let at = event.at.as_deref().unwrap_or_default();
        let gap = if at.is_empty() { "" } else { "  " };
        writeln!(out, "{at}{gap}{}", event.shown())
    })?;
    out.flush()?;
    Ok(())
}

fn cost(chosen: &Chosen) -> anyhow::Result<()> {
    let mut cost = Cost::default();
    chosen.each(|event| {
        cost.add(&event);
        Ok(())
    })?;
    let mut out = std::io::stdout().lock();
    let invocations = figures::count(cost.invocations);
    writeln!(
        out,
        "{invocations} invocations, {} killed at the time limit, {} cold starts",
        figures::count(cost.timeouts),
        figures::count(cost.cold_starts)
    )?;
    let rows = [
        (
            "Claude, as logged",
            cost.logged_usd,
            format!("{} lines name a cost", figures::count(cost.lines)),
        ),
        (
            "Lambda",
            cost.lambda_usd,
            format!(
                "{} GB-s and {invocations} requests",
                figures::number(cost.gb_seconds)
            ),
        ),
        ("together", cost.usd(), String::new()),
    ];
    for (name, usd, why) in rows {
        writeln!(
            out,
            "{}",
            format!("{name:<18} {:>10}  {why}", figures::dollars(usd)).trim_end()
        )?;
    }
    if cost.invocations > 0 {
        let each = cost.usd() / cost.invocations as f64;
        writeln!(
            out,
            "{:<18} {:>10}",
            "per invocation",
            figures::dollars(each)
        )?;
    }
    if let Some((id, usd)) = cost.dearest() {
        writeln!(
            out,
            "{:<18} {:>10}  {}",
            "dearest request",
            figures::dollars(usd),
            text::line(id)
        )?;
    }
    if cost.lines == 0 {
        writeln!(
            out,
            "No line names a cost: log each call as JSON with a member `cost` in dollars, and `request_id`."
        )?;
    }
    Ok(())
}

impl Chosen {
    fn each(&self, mut each: impl FnMut(Event) -> std::io::Result<()>) -> anyhow::Result<()> {
        let filter =
            Filter::read(self.filter.as_deref().unwrap_or("")).map_err(anyhow::Error::msg)?;
        let files = self.files()?;
        let since = match &self.since {
            Some(since) => Some(from(since, &files)?),
            None => None,
        };
        let mut outcome = Ok(());
        for file in &files {
            cloudwatch::read(open(file)?, |event| {
                let is_late = since.is_none() || event.at >= since;
                if outcome.is_ok() && is_late && filter.takes(&event.message) {
                    outcome = each(event);
                }
            })
            .with_context(|| format!("cannot read `{}`", file.display()))?;
        }
        Ok(outcome?)
    }

    fn files(&self) -> anyhow::Result<Vec<PathBuf>> {
        if !self.files.is_empty() {
            return Ok(self.files.clone());
        }
        let Ok(entries) = std::fs::read_dir(LATEST) else {
            bail!(
                "give a log group; `breaklab run --logs` writes those of the latest run to {LATEST}"
            );
        };
        let mut files: Vec<PathBuf> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .collect();
        files.sort();
        Ok(files)
    }
}

fn open(file: &Path) -> anyhow::Result<Box<dyn std::io::BufRead>> {
    if file == Path::new("-") {
        return Ok(Box::new(std::io::stdin().lock()));
    }
    let log = File::open(file).with_context(|| format!("cannot read `{}`", file.display()))?;
    Ok(Box::new(BufReader::new(log)))
}

/// The first moment that is meant.
fn from(since: &str, files: &[PathBuf]) -> anyhow::Result<String> {
    let Ok(before) = humantime::parse_duration(since) else {
        // Times as they are written sort as they follow each other, also when only their first part is given.
        let is_time = since.len() >= 10 && since.as_bytes()[..4].iter().all(u8::is_ascii_digit);
        anyhow::ensure!(
            is_time,
            "--since is `{since}`; give a time, e.g. \"2026-11-27 14:00\", or a length, e.g. 5m"
        );
        return Ok(since.trim_end_matches('Z').replace('T', " "));
    };
    if files.iter().any(|file| file == Path::new("-")) {
        bail!(
            "--since {since} is counted from the last event, which standard input does not tell; give a time"
        );
    }
    let mut last = None;
    for file in files {
        last = last.max(cloudwatch::last(open(file)?)?);
    }
    let last = last.context("no event of these logs has a time; leave --since out")?;
    Ok(earlier(&last, before).unwrap_or_default())
}

/// So long before `time`.
fn earlier(time: &str, before: Duration) -> Option<String> {
    let time = humantime::parse_rfc3339_weak(time).ok()?;
    let earlier = humantime::format_rfc3339_millis(time.checked_sub(before)?).to_string();
    Some(earlier.trim_end_matches('Z').replace('T', " "))
}

/// A log group that is added to the file at `path`.
pub(super) fn log_group(path: &Path, function: &str) -> anyhow::Result<LogGroup> {
    let file = File::options().create(true).append(true).open(path);
    let file = file.with_context(|| format!("cannot write the log group `{}`", path.display()))?;
    Ok(LogGroup::new(function, move |line| {
        // In one piece, so that processes may share it; a log that cannot be written must not end the service.
        let _lost = (&file).write_all(format!("{line}\n").as_bytes());
    }))
}

/// What `watch` is told, and the logs of all runs in `folder`, in place of those of earlier runs.
pub(super) fn written(watch: Arc<dyn Watch>, folder: &Path) -> anyhow::Result<Arc<dyn Watch>> {
    let cannot = || format!("cannot write the logs in `{}`", folder.display());
    std::fs::create_dir_all(folder).with_context(cannot)?;
    for entry in std::fs::read_dir(folder).with_context(cannot)? {
        let path = entry.with_context(cannot)?.path();
        if is_ours(&path) {
            std::fs::remove_file(path).with_context(cannot)?;
        }
    }
    let folder = folder.to_owned();
    Ok(Arc::new(Logged { watch, folder }))
}

/// Whether an earlier run has written `path`; nothing else is removed.
fn is_ours(path: &Path) -> bool {
    let mut first = String::new();
    path.extension().is_some_and(|ending| ending == "jsonl")
        && File::open(path).is_ok_and(|log| BufReader::new(log).read_line(&mut first).is_ok())
        && first.contains(LogGroup::new(FUNCTION, |_| {}).name())
}

struct Logged {
    watch: Arc<dyn Watch>,
    folder: PathBuf,
}

impl Watch for Logged {
    fn ended(&self, ending: Ending) {
        self.watch.ended(ending);
    }

    fn finished(&self, run: &Run) {
        self.watch.finished(run);
    }

    fn log_group(&self, scenario: &str, mode: &str) -> Option<LogGroup> {
        let name = text::file_name(&format!("{scenario}.{mode}.jsonl"));
        let path = self.folder.join(name);
        match File::create(&path) {
            Ok(file) => {
                let file = Mutex::new(BufWriter::new(file));
                Some(LogGroup::new(FUNCTION, move |line| {
                    let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                    let _lost = writeln!(file, "{line}");
                }))
            }
            Err(error) => {
                complain(&format!("cannot write `{}`: {error}", path.display()));
                None
            }
        }
    }
}
