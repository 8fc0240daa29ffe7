//! `breaklab completions SHELL`: what makes a shell complete commands and options, from the same definitions as the help.

use std::io::Write;

use clap::CommandFactory;
use clap_complete::Shell;

use super::{Cli, Exit};

/// Arguments of `breaklab completions`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "bash:       breaklab completions bash > ~/.local/share/bash-completion/completions/breaklab\n\
                        zsh:        breaklab completions zsh > \"${fpath[1]}/_breaklab\"\n\
                        fish:       breaklab completions fish > ~/.config/fish/completions/breaklab.fish\n\
                        powershell: breaklab completions powershell >> $PROFILE"
)]
pub(super) struct Args {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "breaklab", &mut script);
    std::io::stdout().write_all(&script)?;
    Ok(Exit::Done)
}
