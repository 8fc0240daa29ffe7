//! Defaults of a project: a file `breaklab.toml` in the current folder, with a table for each command.
//!
//! ```toml
//! [run]
//! seed = 7
//! mode = ["naive", "hardened"]
//!
//! [gate.accept]
//! baseline = "reports/baseline"
//! ```
//!
//! What is typed goes before the environment, and the environment before this file.

use std::ffi::OsString;

use clap::{Arg, ArgAction, Command};
use toml::{Table, Value};

use super::environment::nearest;

/// Where a project keeps its defaults.
pub(super) const FILE: &str = "breaklab.toml";

/// `typed` with the options that `file` has for its command and that are set neither there nor in the environment; and
/// these alone, to be said.
///
/// # Errors
/// What is wrong with the file, in words.
pub(super) fn defaults(
    command: &Command,
    file: &str,
    typed: &[OsString],
    is_set: impl Fn(&str) -> bool,
) -> Result<(Vec<OsString>, Vec<String>), String> {
    let wrong = |why: String| format!("{FILE}: {why}");
    let table: Table = toml::from_str(file).map_err(|error| wrong(error.to_string()))?;
    check(command, &table, "").map_err(wrong)?;
    let (mut at, mut command, mut table) = (1, command, Some(&table));
    while let Some(sub) = typed.get(at).and_then(|word| command.find_subcommand(word)) {
        table = table.and_then(|table| table.get(sub.get_name())?.as_table());
        command = sub;
        at += 1;
    }
    let mut added = vec![];
    for (name, value) in table.into_iter().flatten() {
        let Some(arg) = option(command, name) else {
            continue;
        };
        let from_environment = arg
            .get_env()
            .is_some_and(|name| is_set(&name.to_string_lossy()));
        if !from_environment && !is_typed(&typed[at..], name) {
            added.extend(words(arg, name, value));
        }
    }
    let (before, after) = typed.split_at(at);
    let all = before.iter().cloned();
    let all = all.chain(added.iter().map(OsString::from));
    Ok((all.chain(after.iter().cloned()).collect(), added))
}

fn is_typed(typed: &[OsString], name: &str) -> bool {
    typed.iter().any(|word| {
        let word = word.to_string_lossy();
        let long = word.strip_prefix("--");
        long.is_some_and(|long| long == name || long.starts_with(&format!("{name}=")))
    })
}

fn option<'c>(command: &'c Command, name: &str) -> Option<&'c Arg> {
    command
        .get_arguments()
        .find(|arg| arg.get_long() == Some(name))
}

/// Whether every table is a command and every other key an option of it, with a value that it can have.
fn check(command: &Command, table: &Table, within: &str) -> Result<(), String> {
    for (key, value) in table {
        let place = format!("{within}{key}");
        match (value, command.find_subcommand(key), option(command, key)) {
            (Value::Table(inner), Some(sub), _) => check(sub, inner, &format!("{place}."))?,
            (_, _, Some(arg)) => fits(arg, value).map_err(|why| format!("`{place}` {why}"))?,
            _ => return Err(unknown(command, key, &place)),
        }
    }
    Ok(())
}

fn unknown(command: &Command, key: &str, place: &str) -> String {
    let commands = command
        .get_subcommands()
        .map(|sub| sub.get_name().to_owned());
    let options = command
        .get_arguments()
        .filter_map(|arg| arg.get_long().map(str::to_owned));
    let known: Vec<String> = commands.chain(options).collect();
    let meant =
        nearest(key, &known).map_or_else(String::new, |meant| format!("; did you mean `{meant}`?"));
    format!("`{place}` is neither a command nor an option{meant}")
}

fn fits(arg: &Arg, value: &Value) -> Result<(), String> {
    let is_one = |value: &Value| {
        matches!(
            value,
            Value::String(_) | Value::Integer(_) | Value::Float(_)
        )
    };
    match (arg.get_action(), value) {
        (ArgAction::SetTrue, Value::Boolean(_)) => Ok(()),
        (ArgAction::SetTrue, _) => Err("is a switch; give true or false".to_owned()),
        (ArgAction::Append, Value::Array(values)) if values.iter().all(is_one) => Ok(()),
        (_, value) if is_one(value) => Ok(()),
        (ArgAction::Append, _) => Err("takes a text, a number, or a list of them".to_owned()),
        _ => Err("takes a text or a number".to_owned()),
    }
}

/// As it would be typed.
fn words(arg: &Arg, name: &str, value: &Value) -> Vec<String> {
    let one = |value: &Value| match value {
        Value::String(text) => format!("--{name}={text}"),
        other => format!("--{name}={other}"),
    };
    match (arg.get_action(), value) {
        (ArgAction::SetTrue, value) => {
            let is_on = value.as_bool() == Some(true);
            is_on.then(|| format!("--{name}")).into_iter().collect()
        }
        (_, Value::Array(values)) => values.iter().map(one).collect(),
        (_, value) => vec![one(value)],
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::super::{Cli, environment};
    use super::*;

    const PROJECT: &str = r#"
[run]
seed = 7
mode = ["naive", "hardened"]
quiet = true
json = false

[gate.accept]
baseline = "reports/baseline"
"#;

    fn typed(words: &str, set: &str) -> String {
        let command = environment::heeding(Cli::command());
        let typed: Vec<OsString> = words.split(' ').map(OsString::from).collect();
        let (all, _) = defaults(&command, PROJECT, &typed, |name| name == set).unwrap();
        let all: Vec<_> = all.iter().map(|word| word.to_string_lossy()).collect();
        all.join(" ")
    }

    #[test]
    fn a_command_is_given_its_own_options_unless_they_are_typed_or_set() {
        let all = typed("breaklab run rate-limits", "");
        assert_eq!(
            all,
            "breaklab run --mode=naive --mode=hardened --quiet --seed=7 rate-limits"
        );
        let all = typed("breaklab run --seed=1 --mode naive", "BREAKLAB_RUN_QUIET");
        assert_eq!(all, "breaklab run --seed=1 --mode naive");
        let all = typed("breaklab gate accept", "");
        assert_eq!(all, "breaklab gate accept --baseline=reports/baseline");
        assert_eq!(typed("breaklab gate", ""), "breaklab gate");
        assert_eq!(typed("breaklab", ""), "breaklab");
    }

    #[test]
    fn what_the_file_cannot_mean_is_named_whatever_command_is_typed() {
        let command = environment::heeding(Cli::command());
        for (file, words) in [
            (
                "[run]\nsede = 7",
                "`run.sede` is neither a command nor an option; did you mean `seed`?",
            ),
            ("[runs]\nseed = 7", "did you mean `run`?"),
            ("[run]\nquiet = 1", "`run.quiet` is a switch"),
            ("[run]\nseed = [1]", "`run.seed` takes a text or a number"),
            ("[run]\nseed = ", "breaklab.toml"),
        ] {
            let why = defaults(&command, file, &["breaklab".into()], |_| false).unwrap_err();
            assert!(why.contains(words), "{why}");
        }
    }
}
