//! `breaklab run`: run scenarios, write the report, show the table.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::ValueEnum;
use strum::VariantArray;

use super::Exit;
use super::progress::{Progress, Work};
use super::report::Command;
use super::shard::Plan;
use crate::clock::Clock;
use crate::corpus::{self, Corpus};
use crate::generator::Policy;
use crate::load::{Arrivals, Share, Stop};
use crate::record::{Base, Mode, Protection, Record, Run, Unit};
use crate::report::{self, Named, Story};
use crate::runner::{self, Setup};
use crate::scenario::{self, Loaded, Scenario};
use crate::summary::{self, Summary};
use crate::text::line;

/// Arguments of `breaklab run`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Scenario names (see `breaklab scenario list`) or TOML files; all when none is given
    #[arg(value_name = "SCENARIO")]
    scenarios: Vec<String>,
    /// Generator modes [default: the scenario's own, naive and hardened]
    #[arg(long, value_delimiter = ',', value_name = "naive|sdk|hardened")]
    mode: Vec<Base>,
    /// Protections to take away from the hardened mode, e.g. cache,retry
    #[arg(long, value_delimiter = ',', value_name = "PROTECTION,…")]
    without: Vec<Protection>,
    /// Also run hardened without each protection, and naive with each alone
    #[arg(long, conflicts_with_all = ["mode", "without"])]
    ablate: bool,
    /// Simulated time, wall time over loopback sockets, or one after the other and compared
    #[arg(long, value_enum, default_value = "virtual")]
    clock: ClockName,
    /// With --clock real: simulated seconds per wall second [default: 1]
    #[arg(long, value_name = "N")]
    speed: Option<f64>,
    /// Seed of documents, latencies and faults
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Document these real files instead of synthetic ones
    #[arg(long, value_name = "PATH")]
    corpus: Option<PathBuf>,
    /// Requests in all; a scenario repeats its rounds until it has sent them
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    requests: Option<u64>,
    /// Make only every N-th run, from the I-th on; `breaklab merge` puts the parts together
    #[arg(long, value_name = "I/N", value_parser = super::shard::parse)]
    shard: Option<Share>,
    /// Folder for the report
    #[arg(long, value_name = "DIR", default_value = "reports/latest")]
    out: PathBuf,
    /// Also write what the functions log, a file for each run in DIR/logs; `breaklab logs` reads them
    #[arg(long)]
    logs: bool,
    /// Print nothing but errors
    #[arg(long)]
    quiet: bool,
    /// Print the summary as JSON and nothing else
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ClockName {
    Virtual,
    Real,
    Both,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let clock = clock(args)?;
    let (mut setups, stories) = setups(args)?;
    let plan = plan(&setups, clock);
    if let Some(share) = args.shard {
        let mut position = 0..;
        setups.retain(|_| position.next().is_some_and(|index| share.holds(index)));
        anyhow::ensure!(
            !setups.is_empty(),
            "--shard {}/{} holds no run, because there are only {}; use fewer shards",
            share.index + 1,
            share.of,
            plan.total
        );
    }
    report::check_writable(&args.out)?;
    let stop = Stop::default();
    super::interrupt::on_interrupt(stop.clone())?;
    if args.clock == ClockName::Both {
        return both(args, clock, &setups, &stories, &stop);
    }
    let (record, summary) = carry_out(args, &args.out, clock, &setups, &stop)?;
    report::write_all(&args.out, &record, &summary, &stories)?;
    if let Some(share) = args.shard {
        super::shard::write(&args.out, share, plan, Vec::new())?;
    }
    show(args, &record, &summary)?;
    Ok(verdict(&record, &summary))
}

fn carry_out(
    args: &Args,
    out: &Path,
    clock: Clock,
    setups: &[Setup],
    stop: &Stop,
) -> anyhow::Result<(Record, Summary)> {
    let offered = setups
        .iter()
        .map(|setup| setup.loaded.scenario.load.offered());
    let work = Work::Requests(offered.sum());
    let progress = Progress::new(work, setups.len() as u64, args.quiet);
    let watch = if args.logs {
        super::logs::written(progress.watch(), &out.join("logs"))?
    } else {
        progress.watch()
    };
    let results = runner::run_all(setups, clock, stop, &watch);
    progress.clear();
    let (runs, walls): (Vec<Run>, Vec<Duration>) = results?.into_iter().unzip();
    let record = Record {
        interrupted: stop.is_stopped(),
        ..Record::new(clock.describe(), args.seed, runs)
    };
    let walls: Vec<f64> = walls.iter().map(Duration::as_secs_f64).collect();
    let summary = summary::summarize(&record, &scenario::claims(), &walls);
    Ok((record, summary))
}

/// The same setups in virtual time and over real sockets, each with its own pages, and one page
/// that sets them beside each other.
fn both(
    args: &Args,
    real: Clock,
    setups: &[Setup],
    stories: &[Story],
    stop: &Stop,
) -> anyhow::Result<Exit> {
    let simulated = on_clock(args, Clock::Virtual, "virtual", setups, stories, stop)?;
    let measured = on_clock(args, real, "real", setups, stories, stop)?;
    let ended = verdict(&simulated.record, &simulated.summary)
        .max(verdict(&measured.record, &measured.summary));
    let (record, compared) = report::compare(&[simulated, measured])?;
    report::write_all(&args.out, &record, &compared, stories)?;
    if args.json {
        show(args, &record, &compared)?;
    } else if !args.quiet {
        let mut out = std::io::stdout().lock();
        out.write_all(report::agreement(&record, &compared).as_bytes())?;
        writeln!(out, "\nreport: {}", args.out.join("report.html").display())?;
    }
    Ok(ended)
}

/// The setups on one clock, with pages in a folder of its name.
fn on_clock(
    args: &Args,
    clock: Clock,
    name: &str,
    setups: &[Setup],
    stories: &[Story],
    stop: &Stop,
) -> anyhow::Result<Named> {
    let out = args.out.join(name);
    let (record, summary) = carry_out(args, &out, clock, setups, stop)?;
    report::write_all(&out, &record, &summary, stories)?;
    let name = name.to_owned();
    Ok(Named {
        name,
        record,
        summary,
    })
}

/// What all shards must agree on.
fn plan(setups: &[Setup], clock: Clock) -> Plan {
    let runs = setups.iter().map(|setup| {
        let files = setup.corpus.as_ref().map(Corpus::describe);
        format!(
            "{} {} {} {files:?}\n",
            setup.loaded.digest(),
            setup.policy.mode(),
            setup.seed
        )
    });
    let text = format!("{:?}\n{}", clock, runs.collect::<String>());
    Plan {
        unit: Unit::Runs,
        digest: super::shard::digest(&text),
        total: setups.len() as u64,
    }
}

fn clock(args: &Args) -> anyhow::Result<Clock> {
    match (args.clock, args.speed) {
        (ClockName::Virtual, None) => Ok(Clock::Virtual),
        (ClockName::Virtual, Some(_)) => {
            bail!("--speed needs --clock real: virtual time is always as fast as it can be")
        }
        (ClockName::Real | ClockName::Both, speed) => {
            let speed = speed.unwrap_or(1.0);
            if !(speed.is_finite() && (0.01..=10_000.0).contains(&speed)) {
                bail!("--speed is {speed}; 0.01 to 10000 are possible");
            }
            Ok(Clock::Real { speed })
        }
    }
}

fn setups(args: &Args) -> anyhow::Result<(Vec<Setup>, Vec<Story>)> {
    let names = if args.scenarios.is_empty() {
        scenario::builtin_ids()
    } else {
        args.scenarios.clone()
    };
    let corpus = args.corpus.as_deref().map(load_corpus).transpose()?;
    let (mut setups, mut stories) = (Vec::new(), Vec::new());
    for name in names {
        let mut loaded = Loaded::find(&name)?;
        let corpus = corpus.as_ref().map(|files| of_files(&mut loaded, files));
        if let Some(requests) = args.requests {
            loaded.scenario.load = loaded.scenario.load.scaled_to(requests);
        }
        stories.push(story(args, &loaded, &name));
        setups.extend(
            policies(args, &loaded.scenario)
                .into_iter()
                .map(|policy| Setup {
                    loaded: loaded.clone(),
                    policy,
                    corpus: corpus.clone(),
                    seed: args.seed,
                }),
        );
    }
    Ok((setups, stories))
}

fn policies(args: &Args, scenario: &Scenario) -> Vec<Policy> {
    let mut modes: Vec<Mode> = if args.mode.is_empty() {
        scenario.modes.clone()
    } else {
        args.mode.iter().map(|&base| base.into()).collect()
    };
    for mode in modes
        .iter_mut()
        .filter(|mode| mode.base() == Base::Hardened)
    {
        let without = mode.without().iter().chain(&args.without).copied();
        *mode = Mode::new(Base::Hardened, without.collect::<Vec<_>>(), []);
    }
    if args.ablate {
        let each = || Protection::VARIANTS.iter().copied();
        modes.extend(each().map(Mode::hardened_without));
        modes.extend(each().map(Mode::naive_with));
    }
    let mut seen = BTreeSet::new();
    modes.retain(|mode| seen.insert(mode.clone()));
    let policy = |mode| Policy::new(mode, &scenario.generator);
    modes.into_iter().map(policy).collect()
}

fn load_corpus(path: &std::path::Path) -> anyhow::Result<Vec<corpus::Source>> {
    let loaded = corpus::load(path)?;
    let mut err = std::io::stderr().lock();
    for skipped in loaded.skipped.iter().take(10) {
        let said = format!("skipped {}: {}", skipped.path.display(), skipped.why);
        writeln!(err, "{}", line(&said))?;
    }
    if !loaded.skipped.is_empty() {
        writeln!(
            err,
            "corpus: {} files, {} skipped",
            loaded.files.len(),
            loaded.skipped.len()
        )?;
    }
    Ok(loaded.files)
}

/// One bulk job documents every file; the other stories take the files nearest to their own size. The
/// title says so, because it speaks of the synthetic files.
fn of_files(loaded: &mut Loaded, files: &[corpus::Source]) -> Corpus {
    let load = &mut loaded.scenario.load;
    let documents = &loaded.scenario.documents;
    let taken = if load.arrivals == Arrivals::Job {
        load.requests = files.len() as u64;
        files.to_vec()
    } else {
        let wanted = documents.files.unwrap_or(load.requests);
        corpus::nearest(files, documents.lines, wanted as usize)
    };
    let corpus = Corpus::of_files(taken);
    loaded.scenario.title = format!("on {}: {}", corpus.describe(), loaded.scenario.title);
    corpus
}

fn story(args: &Args, loaded: &Loaded, name: &str) -> Story {
    let clock = match args.clock {
        ClockName::Virtual => None,
        ClockName::Real => Some("real"),
        ClockName::Both => Some("both"),
    };
    let corpus = args.corpus.as_ref().map(|path| path.display().to_string());
    let command = Command {
        scenario: name,
        seed: args.seed,
        clock: clock.map(|clock| (clock, args.speed.unwrap_or(1.0))),
        requests: args.requests,
        corpus: corpus.as_deref(),
    };
    Story {
        scenario: loaded.scenario.id.clone(),
        story: loaded.scenario.story.clone(),
        fix: loaded.scenario.fix.clone(),
        reproduce: command.to_string(),
    }
}

fn show(args: &Args, record: &Record, summary: &Summary) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    if args.json {
        serde_json::to_writer_pretty(&mut out, summary)?;
        writeln!(out)?;
    } else if !args.quiet {
        let (width, colour) = super::terminal::of_stdout();
        out.write_all(
            report::table(record, &report::main_runs(summary), width, colour).as_bytes(),
        )?;
        if !summary.ablation.is_empty() {
            writeln!(out, "\n{}", report::ablation_table(summary).trim_end())?;
        }
        writeln!(out, "\nreport: {}", args.out.join("report.html").display())?;
    }
    out.flush().context("standard output")
}

fn verdict(record: &Record, summary: &Summary) -> Exit {
    if record.interrupted {
        Exit::Interrupted
    } else if summary.runs.iter().any(|run| !run.violations.is_empty()) {
        Exit::Bug
    } else if let Some(why) = summary.runs.iter().find_map(|run| run.saturated.as_ref()) {
        super::exit::complain(why);
        Exit::Saturated
    } else {
        Exit::Done
    }
}
