//! `breaklab scenario`: which there are, and whether one of your own is sound.

use std::io::Write;

use super::Exit;
use crate::scenario::{self, Loaded, Scenario};

/// Arguments of `breaklab scenario`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Name and title of each built-in scenario
    List,
    /// Check a scenario file (or a built-in one) without running it
    Check {
        /// A TOML file, or the name of a built-in scenario
        #[arg(value_name = "FILE")]
        file: String,
    },
    /// Print the JSON schema of scenario files, for editors
    Schema,
    /// Print a built-in scenario as TOML, to start your own from
    Show {
        /// The name of a built-in scenario
        #[arg(value_name = "NAME")]
        name: String,
    },
}

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let mut out = std::io::stdout().lock();
    match &args.action {
        Action::List => {
            for id in scenario::builtin_ids() {
                let loaded = Loaded::find(&id)?;
                writeln!(out, "{id:<26} {}", loaded.scenario.title)?;
            }
        }
        Action::Check { file } => {
            let loaded = Loaded::find(file)?;
            let scenario = &loaded.scenario;
            writeln!(
                out,
                "{}: sound; {}, digest {}",
                scenario.id,
                scenario.load.describe(),
                &loaded.digest()[..12]
            )?;
        }
        Action::Schema => {
            serde_json::to_writer_pretty(&mut out, &schemars::schema_for!(Scenario))?;
            writeln!(out)?;
        }
        Action::Show { name } => {
            Loaded::find(name)?;
            out.write_all(scenario::builtin(name).unwrap_or_default().as_bytes())?;
        }
    }
    Ok(Exit::Done)
}
