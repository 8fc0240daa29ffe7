//! Every option also by environment, for containers and functions that are set so: `--cache` of `breaklab serve` is
//! `BREAKLAB_SERVE_CACHE`.

use clap::builder::BoolishValueParser;
use clap::{ArgAction, Command};

/// What all names begin with.
const PREFIX: &str = "BREAKLAB";
/// How like a name must be to what was meant.
const LIKE: f64 = 0.8;

/// `command` with a variable for each option of each command. What is typed goes before.
pub(super) fn heeding(command: Command) -> Command {
    within(command, PREFIX)
}

fn within(command: Command, prefix: &str) -> Command {
    let command = command.mut_args(|arg| {
        let Some(name) = arg.get_long().map(|long| joined(prefix, long)) else {
            return arg;
        };
        let is_switch = matches!(arg.get_action(), ArgAction::SetTrue);
        let arg = arg.env(name).hide_env(true);
        // 1, yes and on are what people write there, too.
        if is_switch {
            arg.value_parser(BoolishValueParser::new())
        } else {
            arg
        }
    });
    command.mut_subcommands(|sub| {
        let prefix = joined(prefix, sub.get_name());
        within(sub, &prefix)
    })
}

fn joined(prefix: &str, name: &str) -> String {
    format!("{prefix}_{}", name.replace('-', "_").to_uppercase())
}

/// What is to be said of variables that begin like a command's, but name no option of it.
pub(super) fn strangers(command: &Command, set: impl Iterator<Item = String>) -> Vec<String> {
    let mut known = vec![];
    collect(command, &mut known);
    let commands: Vec<String> = command
        .get_subcommands()
        .map(|sub| joined(PREFIX, sub.get_name()) + "_")
        .collect();
    let is_stranger = |name: &String| {
        commands
            .iter()
            .any(|prefix| name.starts_with(prefix.as_str()))
            && !known.contains(name)
    };
    set.filter(is_stranger)
        .map(|name| match nearest(&name, &known) {
            Some(meant) => format!("{name} names no option; did you mean {meant}?"),
            None => format!("{name} names no option"),
        })
        .collect()
}

fn collect(command: &Command, known: &mut Vec<String>) {
    let names = command.get_arguments().filter_map(|arg| arg.get_env());
    known.extend(names.map(|name| name.to_string_lossy().into_owned()));
    command
        .get_subcommands()
        .for_each(|sub| collect(sub, known));
}

/// The one of `known` that `name` was meant to be, if any is like it.
pub(super) fn nearest<'k>(name: &str, known: &'k [String]) -> Option<&'k str> {
    let likeness = |known: &&String| strsim::jaro_winkler(name, known);
    let best = known
        .iter()
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(&best) >= LIKE).then_some(best)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::super::Cli;
    use super::*;

    #[test]
    fn every_option_has_a_variable_of_its_own_and_no_argument_has() {
        let command = heeding(Cli::command());
        let mut known = vec![];
        collect(&command, &mut known);
        let all = known.len();
        known.sort();
        known.dedup();
        assert_eq!(known.len(), all, "no two share a name");
        for name in [
            "BREAKLAB_RUN_SEED",
            "BREAKLAB_SERVE_ALLOW_REMOTE",
            "BREAKLAB_GATE_ACCEPT_REASON",
        ] {
            assert!(known.iter().any(|known| known == name), "{name}");
        }
        assert!(known.iter().all(|name| name.starts_with("BREAKLAB_")));
    }

    #[test]
    fn a_slip_is_told_with_what_was_meant_and_what_is_not_ours_is_left_alone() {
        let command = heeding(Cli::command());
        let set = [
            "BREAKLAB_RUN_SEDE",
            "BREAKLAB_RUN_SEED",
            "BREAKLAB_HOME",
            "BREAKLAB",
            "HOME",
        ];
        let said = strangers(&command, set.into_iter().map(str::to_owned));
        assert_eq!(
            said,
            ["BREAKLAB_RUN_SEDE names no option; did you mean BREAKLAB_RUN_SEED?"]
        );
    }
}
