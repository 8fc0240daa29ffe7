//! `breaklab grade rubric`: the rubrics that there are, what is wrong with one, and what can be measured.

use std::io::Write;

use anyhow::{Context, bail};

use super::Exit;
use crate::grade::{self, Rubric};
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

/// The rubrics of these names; all that are built in when none is named.
pub(super) fn read(names: &[String]) -> anyhow::Result<Vec<Rubric>> {
    or_all(names).iter().map(|name| rubric(name)).collect()
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

fn rubric(name: &str) -> anyhow::Result<Rubric> {
    Ok(Rubric::parse(&text(name)?, name)?)
}

fn list() -> anyhow::Result<Exit> {
    for name in grade::builtin_names() {
        let rubric = rubric(name)?;
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
        match Rubric::parse(&text(&name)?, &name) {
            Ok(rubric) => {
                let criteria = rubric.criterion.len();
                let total = points(rubric.total);
                let said = format!("{name}: sound; {criteria} criteria, {total} points");
                write!(out, "{}", wrapped(&said, "", "  ", COLUMNS))?;
            }
            Err(error) => {
                sound = false;
                writeln!(out, "{}", block(&error.to_string()))?;
            }
        }
    }
    Ok(if sound { Exit::Done } else { Exit::Failed })
}
