//! `mock-claude`: the mock as a program of its own.

use std::process::ExitCode;

use clap::Parser;
use mock_claude::cli;

/// A mock of the Claude Messages API with rate limits, latency, prices and faults.
#[derive(Parser)]
#[command(version)]
struct Command {
    #[command(flatten)]
    options: cli::Options,
}

fn main() -> ExitCode {
    cli::main(&Command::parse().options)
}
