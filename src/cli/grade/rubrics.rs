//! `breaklab grade rubric`: the rubrics that there are, what is wrong with one, and what can be measured.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, bail};

use super::Exit;
use crate::examiner::OwnCase;
use crate::grade::{self, Rubric};
use crate::record::exam::{Case, Exam};
use crate::text::figures::points;
use crate::text::{COLUMNS, block, wrapped};

/// Subcommands of `breaklab grade rubric`.
#[derive(Debug, clap::Subcommand)]
pub(super) enum RubricAction {
    /// List the built-in rubrics
    List,
    /// Print a built-in rubric as TOML, to be copied and changed
    Show {
        /// Its name
        name: String,
    },
    /// Check rubrics for sums, unknown measures and thresholds that cannot be reached
    Lint {
        /// Built-in rubrics, or TOML files [default: all four]
        #[arg(value_name = "NAME|FILE")]
        rubrics: Vec<String>,
    },
    /// List the cases and what can be measured in them
    Measures,
}

/// Runs the command.
pub(super) fn run(action: &RubricAction) -> anyhow::Result<Exit> {
    match action {
        RubricAction::List => list(),
        RubricAction::Show { name } => {
            write!(std::io::stdout(), "{}", text(name)?)?;
            Ok(Exit::Done)
        }
        RubricAction::Lint { rubrics } => lint(rubrics),
        RubricAction::Measures => list_measures(),
    }
}

/// The rubrics by which services are graded, and the cases that they define.
pub(super) struct Rubrics {
    pub(super) all: Vec<Rubric>,
    pub(super) own: Vec<OwnCase>,
}

impl Rubrics {
    /// The rubrics of these names; all that are built in when none is named.
    pub(super) fn read(names: &[String]) -> anyhow::Result<Self> {
        let (mut all, mut own): (Vec<Rubric>, Vec<OwnCase>) = (Vec::new(), Vec::new());
        for name in or_all(names) {
            let (rubric, cases) = rubric(&name)?;
            for case in cases {
                match own.iter().find(|other| other.id() == case.id()) {
                    Some(other) if other.sha256() != case.sha256() => bail!(
                        "two rubrics define the case `{}`, each otherwise; give one of them another id",
                        case.id()
                    ),
                    Some(_) => {}
                    None => own.push(case),
                }
            }
            all.push(rubric);
        }
        Ok(Self { all, own })
    }

    /// Cases of every examination that they need, the one that may hang last.
    pub(super) fn cases(&self) -> Vec<Case> {
        let cases: BTreeSet<Case> = self.all.iter().flat_map(Rubric::cases).collect();
        cases.into_iter().collect()
    }

    /// Whether they hold times against ours.
    pub(super) fn need_reference(&self) -> bool {
        self.all.iter().any(Rubric::needs_reference)
    }

    /// Whether `exam` has all that they need.
    pub(super) fn are_answered_by(&self, exam: &Exam) -> bool {
        let mut cases = self.cases().into_iter();
        let mut own = self.own.iter();
        let unplayed = |name: &str| exam.unplayed.contains(name);
        cases.all(|case| exam.cases.contains_key(&case) || unplayed(case.name()))
            && own.all(|case| exam.own.contains_key(case.id()) || unplayed(case.id()))
    }

    /// `exam` without the records of cases that were defined otherwise when it was made.
    pub(super) fn of_these_cases(&self, mut exam: Exam) -> Exam {
        exam.own.retain(|id, record| {
            let mut own = self.own.iter();
            own.any(|case| case.id() == id && case.sha256() == record.sha256)
        });
        exam
    }
}

fn or_all(names: &[String]) -> Vec<String> {
    if names.is_empty() {
        let all = grade::builtin_names();
        return all.into_iter().map(str::to_owned).collect();
    }
    names.to_vec()
}

fn text(name: &str) -> anyhow::Result<String> {
    if name.ends_with(".toml") {
        return std::fs::read_to_string(name).with_context(|| format!("cannot read `{name}`"));
    }
    match grade::builtin(name) {
        Some(text) => Ok(text.to_owned()),
        None => bail!(
            "there is no rubric `{name}`; there are {}, or name a .toml file",
            grade::builtin_names().join(", ")
        ),
    }
}

/// A rubric and the cases that it defines.
fn rubric(name: &str) -> anyhow::Result<(Rubric, Vec<OwnCase>)> {
    let rubric = Rubric::parse(&text(name)?, name)?;
    let folder = Path::new(name).parent().unwrap_or(Path::new("."));
    let cases = rubric.case.iter().map(|case| {
        OwnCase::read(&case.id, &case.settings, folder)
            .map_err(|why| anyhow::anyhow!("rubric `{name}`: case `{}`: {why}", case.id))
    });
    let cases = cases.collect::<anyhow::Result<_>>()?;
    Ok((rubric, cases))
}

fn list() -> anyhow::Result<Exit> {
    for name in grade::builtin_names() {
        let (rubric, _) = rubric(name)?;
        let (total, pass_at) = (points(rubric.total), points(rubric.pass_at));
        let said = format!("{}; {total} points, passed from {pass_at}", rubric.title);
        write!(std::io::stdout(), "{}", entry(name, &said))?;
    }
    Ok(Exit::Done)
}

/// A name, and beside it what it is.
fn entry(name: &str, said: &str) -> String {
    wrapped(said, &format!("{name:<16} "), &" ".repeat(17), COLUMNS)
}

fn list_measures() -> anyhow::Result<Exit> {
    let mut out = std::io::stdout();
    writeln!(
        out,
        "A measure is CASE.METRIC, e.g. repeat.cost_ratio.\n\nCases:"
    )?;
    write!(
        out,
        "{}",
        wrapped(&grade::case_names().join(", "), "  ", "  ", COLUMNS)
    )?;
    writeln!(out, "\nMetrics:")?;
    for (name, what) in grade::metrics() {
        write!(out, "{}", entry(name, what))?;
    }
    Ok(Exit::Done)
}

fn lint(names: &[String]) -> anyhow::Result<Exit> {
    let (mut out, mut sound) = (std::io::stdout(), true);
    for name in or_all(names) {
        match rubric(&name) {
            Ok((rubric, _)) => {
                let criteria = rubric.criterion.len();
                let total = points(rubric.total);
                let said = format!("{name}: sound; {criteria} criteria, {total} points");
                write!(out, "{}", wrapped(&said, "", "  ", COLUMNS))?;
            }
            Err(error) => {
                sound = false;
                writeln!(out, "{}", block(&format!("{error:#}")))?;
            }
        }
    }
    Ok(if sound { Exit::Done } else { Exit::Failed })
}
