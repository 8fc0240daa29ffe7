//! `breaklab man`: manual pages from the same definitions as the help.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use clap::CommandFactory;

use super::{Cli, Exit};

/// Arguments of `breaklab man`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Read one with: breaklab man run | man -l -")]
pub(super) struct Args {
    /// The command whose page is printed [default: the page of breaklab itself]
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
    /// Write the pages of all commands into this folder instead, e.g. ~/.local/share/man/man1
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    out: Option<PathBuf>,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let mut cli = Cli::command();
    cli.build();
    if let Some(folder) = &args.out {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder `{}`", folder.display()))?;
        clap_mangen::generate_to(cli, folder)
            .with_context(|| format!("cannot write the pages into `{}`", folder.display()))?;
        writeln!(std::io::stdout(), "manual pages: {}", folder.display())?;
        return Ok(Exit::Done);
    }
    let command = match &args.command {
        None => cli,
        Some(name) => {
            let names: Vec<_> = cli
                .get_subcommands()
                .map(|one| one.get_name().to_owned())
                .collect();
            let found = cli.find_subcommand(name).cloned();
            found.with_context(|| {
                format!("`{name}` is no command; choose from {}", names.join(", "))
            })?
        }
    };
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    std::io::stdout().write_all(&page)?;
    Ok(Exit::Done)
}
