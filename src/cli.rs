//! The command line: one file a subcommand. It parses, calls, prints and exits; it computes nothing.

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

mod cache;
mod compare;
mod completions;
mod doctor;
mod document;
mod environment;
mod exit;
mod gate;
mod grade;
mod interrupt;
mod lambda;
mod load;
mod logs;
mod man;
mod merge;
mod mock;
mod progress;
mod project;
mod report;
mod run;
mod scenario;
mod serve;
mod shard;
mod terminal;

pub use exit::Exit;

use crate::text;

/// The version, and what was built in besides.
const VERSION: &str = match (cfg!(feature = "dynamodb"), cfg!(feature = "lambda")) {
    (true, true) => concat!(env!("CARGO_PKG_VERSION"), " (with dynamodb, lambda)"),
    (true, false) => concat!(env!("CARGO_PKG_VERSION"), " (with dynamodb)"),
    (false, true) => concat!(env!("CARGO_PKG_VERSION"), " (with lambda)"),
    (false, false) => env!("CARGO_PKG_VERSION"),
};

/// Break an LLM documentation service on purpose, then prove that the hardened one holds.
#[derive(Debug, Parser)]
#[command(
    name = "breaklab",
    version = VERSION,
    max_term_width = 100,
    arg_required_else_help = true
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run scenarios and write a report: all of them, naive and hardened, when none is named
    Run(run::Args),
    /// Document real source files with the hardened generator
    Document(document::Args),
    /// Write the report again from a record
    Report(report::Args),
    /// Set two or more runs side by side in one report
    Compare(compare::Args),
    /// Hold a run against a baseline: passed, failed, or cannot tell
    Gate(gate::Args),
    /// Load any service that offers POST /document, honestly timed
    Load(Box<load::Args>),
    /// Read log groups as CloudWatch shows them, and what it all cost
    Logs(logs::Args),
    /// Put the shards of a run together
    Merge(merge::Args),
    /// List the scenarios, or check one of your own
    Scenario(scenario::Args),
    /// Examine and grade a documentation service that somebody else wrote
    Grade(Box<grade::Args>),
    /// Serve documentation over HTTP, naive or hardened, to run tests of your own against
    Serve(serve::Args),
    /// Run a real Lambda handler behind a gateway, with the limits of both
    Lambda(Box<lambda::Args>),
    /// Make, look into, or empty a cache of answers that processes or machines share
    Cache(cache::Args),
    /// Serve the mock Claude API on a local port
    Mock(mock::Args),
    /// Say what of this machine breaklab can use, and what each missing part would give
    Doctor,
    /// Print what makes a shell complete commands and options
    Completions(completions::Args),
    /// Write manual pages
    Man(man::Args),
}

/// Parses the arguments, runs the command and says how it ended.
#[must_use]
pub fn main() -> ExitCode {
    let mut command = environment::heeding(Cli::command());
    let variables = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let strangers = environment::strangers(&command, variables);
    if !strangers.is_empty() {
        exit::complain(&strangers.join("\n"));
        return Exit::Usage.into();
    }
    let typed = match typed(&command) {
        Ok(typed) => typed,
        Err(why) => {
            exit::complain(&why);
            return Exit::Usage.into();
        }
    };
    let cli = command
        .try_get_matches_from_mut(typed)
        .and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match cli {
        Ok(cli) => cli,
        Err(error) => return exit::usage(&error.format(&mut command)),
    };
    let result = match cli.command {
        Command::Run(args) => run::run(&args),
        Command::Document(args) => document::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Compare(args) => compare::run(&args),
        Command::Gate(args) => gate::run(&args),
        Command::Cache(args) => cache::run(&args),
        Command::Completions(args) => completions::run(&args),
        Command::Doctor => doctor::run(),
        Command::Lambda(args) => lambda::run(&args),
        Command::Load(args) => load::run(&args),
        Command::Logs(args) => logs::run(&args),
        Command::Man(args) => man::run(&args),
        Command::Merge(args) => merge::run(&args),
        Command::Scenario(args) => scenario::run(&args),
        Command::Grade(args) => grade::run(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Mock(args) => mock::run(&args),
    };
    exit::code(result)
}

/// What asks for words about the program, and for nothing else.
const HELP: [&str; 5] = ["-h", "--help", "help", "-V", "--version"];

/// What was typed, with the project's defaults, which are said.
fn typed(command: &clap::Command) -> Result<Vec<OsString>, String> {
    let typed: Vec<OsString> = std::env::args_os().collect();
    // Whoever asks for help gets it, whatever stands in the file.
    if typed
        .iter()
        .any(|word| HELP.iter().any(|help| word == help))
    {
        return Ok(typed);
    }
    let file = match std::fs::read_to_string(project::FILE) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(typed),
        Err(error) => return Err(format!("cannot read {}: {error}", project::FILE)),
    };
    let is_set = |name: &str| std::env::var_os(name).is_some();
    let (typed, added) = project::defaults(command, &file, &typed, is_set)?;
    if !added.is_empty() {
        // Nobody is left to tell when standard error is gone.
        let _gone = writeln!(
            std::io::stderr(),
            "{}: {}",
            project::FILE,
            text::line(&added.join(" "))
        );
    }
    Ok(typed)
}
