//! `breaklab gate`: hold a run against a baseline, renew the baseline, compare pairs, test the gate.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::ValueEnum;

use super::Exit;
use crate::gate::{self, Judgement, Obstacle, RuleSet, Verdict, output, pairs};
use crate::selftest;
use crate::summary::signed_rank::{MAX_PAIRS, MIN_PAIRS};
use crate::text::{COLUMNS, block, shell_word, wrapped};

/// Arguments of `breaklab gate`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Option<Action>,
    /// Folder of the baseline: one that `gate accept` or `run --out` wrote
    #[arg(long, value_name = "DIR", required = true)]
    baseline: Option<PathBuf>,
    /// Folder of the run to judge
    #[arg(long, value_name = "DIR", default_value = "reports/latest")]
    current: PathBuf,
    #[command(flatten)]
    show: Show,
}

/// What is judged by, and where the judgement goes.
#[derive(Debug, clap::Args)]
struct Show {
    /// Rules in TOML [default: the built-in ones]
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// Also write gate.json, gate.md, gate.junit.xml and benchmark.json here
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// What to print
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// Show every finding, not only what is wrong
    #[arg(long)]
    all: bool,
    /// In a GitHub workflow: print annotations and add to the step summary
    #[arg(long)]
    github: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Table,
    Json,
    Junit,
    Markdown,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Make a run the new baseline, with a reason that is kept
    Accept {
        /// Folder that `run --out` wrote
        #[arg(value_name = "DIR", default_value = "reports/latest")]
        current: PathBuf,
        /// Folder of the baseline
        #[arg(long, value_name = "DIR")]
        baseline: PathBuf,
        /// Why these figures are right
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Let it hold fewer runs than the baseline before it
        #[arg(long)]
        fewer: bool,
    },
    /// Run two commands by turns and compare them pair by pair, for real-time figures
    Run {
        /// How often each command is run
        #[arg(long, value_name = "N", default_value_t = 7)]
        pairs: usize,
        /// The command before the change; `{out}` in it becomes a folder, else --out FOLDER is added
        #[arg(long, value_name = "CMD")]
        a: String,
        /// The command after the change
        #[arg(long, value_name = "CMD")]
        b: String,
        #[command(flatten)]
        show: Show,
    },
    /// Put regressions into runs and see the gate find them
    Selftest {
        /// Rules in TOML to test [default: the built-in ones]
        #[arg(long, value_name = "FILE")]
        rules: Option<PathBuf>,
        /// Seed of the runs
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    match (&args.action, &args.baseline) {
        (None, Some(baseline)) => compare(args, baseline),
        (None, None) => bail!("--baseline DIR is needed"),
        (
            Some(Action::Accept {
                current,
                baseline,
                reason,
                fewer,
            }),
            _,
        ) => accept(current, baseline, reason, *fewer),
        (Some(Action::Run { pairs, a, b, show }), _) => by_turns(*pairs, a, b, show),
        (Some(Action::Selftest { rules, seed, json }), _) => {
            test_itself(rules.as_deref(), *seed, *json)
        }
    }
}

fn compare(args: &Args, baseline: &Path) -> anyhow::Result<Exit> {
    let current = gate::read(&args.current);
    let judgement = rules(args.show.rules.as_deref(), RuleSet::builtin).and_then(|rules| {
        let baseline = gate::read(baseline)?;
        Ok(gate::judge(
            &rules,
            &baseline,
            current.as_ref().map_err(Clone::clone)?,
        ))
    });
    let judgement = judgement.unwrap_or_else(Judgement::obstructed);
    let benchmark = current.ok().map(|current| output::benchmark(&current));
    deliver(&judgement, &args.show, benchmark.as_deref())
}

fn rules(path: Option<&Path>, builtin: fn() -> RuleSet) -> Result<RuleSet, Obstacle> {
    let Some(path) = path else {
        return Ok(builtin());
    };
    let obstacle = |why: String| Obstacle {
        why: format!("`{}`: {why}", path.display()),
        mend: "correct the rules file, or leave --rules out for the built-in rules".to_owned(),
    };
    let text = std::fs::read_to_string(path).map_err(|error| obstacle(error.to_string()))?;
    RuleSet::parse(&text).map_err(|error| obstacle(error.to_string()))
}

fn deliver(judgement: &Judgement, show: &Show, benchmark: Option<&str>) -> anyhow::Result<Exit> {
    if let Some(dir) = &show.out {
        std::fs::create_dir_all(dir)
            .with_context(|| format!("cannot create `{}`", dir.display()))?;
        let files = [
            ("gate.json", Some(output::json(judgement))),
            ("gate.md", Some(output::markdown(judgement))),
            ("gate.junit.xml", Some(output::junit(judgement))),
            ("benchmark.json", benchmark.map(str::to_owned)),
        ];
        for (name, text) in files {
            let path = dir.join(name);
            let Some(text) = text else { continue };
            std::fs::write(&path, text)
                .with_context(|| format!("cannot write `{}`", path.display()))?;
        }
    }
    let text = match show.format {
        Format::Table => output::table(judgement, show.all),
        Format::Json => output::json(judgement),
        Format::Junit => output::junit(judgement),
        Format::Markdown => output::markdown(judgement),
    };
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    if show.github {
        out.write_all(output::annotations(judgement).as_bytes())?;
        if let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY") {
            let mut file = std::fs::OpenOptions::new()
                .append(true)
                .create(true)
                .open(&path)?;
            file.write_all(output::markdown(judgement).as_bytes())?;
        }
    }
    Ok(exit(judgement.verdict))
}

fn exit(verdict: Verdict) -> Exit {
    match verdict {
        Verdict::Passed => Exit::Done,
        Verdict::Failed => Exit::Failed,
        Verdict::CannotTell | Verdict::NotApplicable => Exit::Unproven,
    }
}

fn accept(current: &Path, baseline: &Path, reason: &str, fewer: bool) -> anyhow::Result<Exit> {
    let accepted = gate::read(current).and_then(|run| gate::accept(&run, baseline, reason, fewer));
    match accepted {
        Ok(accepted) => {
            let mut out = std::io::stdout().lock();
            writeln!(
                out,
                "baseline: {} (SHA-256 {})",
                baseline.display(),
                accepted.sha256
            )?;
            Ok(Exit::Done)
        }
        Err(obstacle) => {
            let said = format!("cannot accept: {}\n  mend: {}", obstacle.why, obstacle.mend);
            writeln!(std::io::stderr(), "{}", block(&said))?;
            Ok(Exit::Unproven)
        }
    }
}

fn by_turns(count: usize, a: &str, b: &str, show: &Show) -> anyhow::Result<Exit> {
    if !(MIN_PAIRS..=MAX_PAIRS).contains(&count) {
        bail!(
            "--pairs is {count}; {} to {} are possible",
            MIN_PAIRS,
            MAX_PAIRS
        );
    }
    let folder = tempfile::tempdir().context("no folder for the runs")?;
    let judgement = rules(show.rules.as_deref(), pairs::builtin).and_then(|rules| {
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for pair in 0..count {
            // A B, B A, A B, …: whatever drifts over time then falls on both alike.
            let a_first = pair % 2 == 0;
            for is_a in [a_first, !a_first] {
                let (command, name) = if is_a { (a, "a") } else { (b, "b") };
                let out = folder.path().join(format!("{name}{pair}"));
                let summary = run_once(command, &out)?;
                if is_a { &mut before } else { &mut after }.push(summary);
            }
        }
        Ok(pairs::judge(&rules, &before, &after))
    });
    deliver(&judgement.unwrap_or_else(Judgement::obstructed), show, None)
}

fn run_once(command: &str, out: &Path) -> Result<crate::summary::Summary, Obstacle> {
    let quoted = shell_word(&out.display().to_string());
    let line = if command.contains("{out}") {
        command.replace("{out}", &quoted)
    } else {
        format!("{command} --out {quoted}")
    };
    let obstacle = |why: String| Obstacle {
        why: format!("`{line}`: {why}"),
        mend: "try the command by itself; it must write summary.json into its --out folder"
            .to_owned(),
    };
    let ended = std::process::Command::new("sh")
        .args(["-c", &line])
        .stdout(std::process::Stdio::null())
        .status()
        .map_err(|error| obstacle(error.to_string()))?;
    if !ended.success() {
        return Err(obstacle(format!("it ended with {ended}")));
    }
    gate::read(out).map(|evidence| evidence.summary)
}

/// Below the name of a trial.
const BELOW: &str = "       ";

fn test_itself(path: Option<&Path>, seed: u64, json: bool) -> anyhow::Result<Exit> {
    let rules = match rules(path, RuleSet::builtin) {
        Ok(rules) => rules,
        Err(obstacle) => bail!("{}", obstacle.why),
    };
    let trials = selftest::selftest(&rules, seed)?;
    let right = trials.iter().all(selftest::Trial::right);
    let mut out = std::io::stdout().lock();
    if json {
        serde_json::to_writer_pretty(&mut out, &trials)?;
        writeln!(out)?;
    } else {
        for trial in &trials {
            let name = trial
                .mutation
                .map_or("no change", selftest::Mutation::words);
            let mark = if trial.right() { "right" } else { "WRONG" };
            let first = format!("{mark}  {name:<28}  ");
            let line = wrapped(trial.verdict.word(), &first, BELOW, COLUMNS);
            out.write_all(line.as_bytes())?;
            if !trial.because.is_empty() {
                let because = wrapped(&trial.because, BELOW, BELOW, COLUMNS);
                out.write_all(because.as_bytes())?;
            }
        }
        let (changes, none): (Vec<_>, Vec<_>) =
            trials.iter().partition(|trial| trial.mutation.is_some());
        writeln!(
            out,
            "found {} of {} mutations; {} false alarms in {} comparisons of equal runs",
            changes.iter().filter(|trial| trial.right()).count(),
            changes.len(),
            none.iter().filter(|trial| !trial.right()).count(),
            none.len()
        )?;
    }
    Ok(if right { Exit::Done } else { Exit::Failed })
}
